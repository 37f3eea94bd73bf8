"""ONNX Runtime behind the Network protocol."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from auricle.app import DEMONSTRATION
from auricle.models import panns_graphs
from auricle.models.runtime import OnnxNetwork
from auricle.stages import Network
from tests.material import network, noise, random_tensors, small_card


def test_shapes_and_types() -> None:
    """Ten frames give two pooled frames: embeddings, probabilities between 0 and 1, and a clip's scores."""
    net: Network = network(small_card(), random_tensors(small_card(), seed=1))
    embeddings, probabilities = net.run(-40 + noise(160, seed=1).reshape(10, 16))
    clip = net.pool(embeddings)
    assert (embeddings.shape, probabilities.shape, clip.shape) == ((2, 6), (2, 3), (3,))
    assert embeddings.dtype == probabilities.dtype == clip.dtype == np.float32
    assert ((probabilities > 0) & (probabilities < 1)).all()


def test_the_same_bits_on_every_run() -> None:
    """The same frames give the same scores, to the last bit."""
    net = network(small_card(), random_tensors(small_card(), seed=1))
    logmel = -40 + noise(1600, seed=2).reshape(100, 16)
    np.testing.assert_array_equal(net.run(logmel)[1], net.run(logmel)[1])


def test_one_thread_that_sleeps_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sessions take the threads that they are given and never spin."""
    made = []

    class Session:
        def __init__(self, graph: bytes, options: onnxruntime.SessionOptions, providers: list[str]) -> None:
            made.append((options, providers))

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    tensors = random_tensors(small_card(), seed=1)
    OnnxNetwork(
        trunk=panns_graphs.trunk(small_card(), tensors, "float32"),
        head=panns_graphs.head(small_card(), tensors),
        threads=1,
    )
    for options, providers in made:
        assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
        assert providers == ["CPUExecutionProvider"]
    assert len(made) == 2


@pytest.mark.parametrize("told", ["0", ""])
def test_nothing_is_reported_home(tmp_path: Path, told: str) -> None:
    """ONNX Runtime's official builds send reports and keep an identifier; no folder of theirs may appear, whatever was set."""
    script = "import sys, auricle; auricle.detect(sys.argv[1])"
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "ORT_DISABLE_TELEMETRY": told}
    subprocess.run([sys.executable, "-c", script, str(DEMONSTRATION)], env=environment, check=True, timeout=120)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set()
