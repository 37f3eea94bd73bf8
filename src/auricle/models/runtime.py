"""ONNX Runtime lives here only."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

Array = NDArray[np.float32]


class OnnxNetwork:
    """A network run by ONNX Runtime on the CPU. One thread at a time."""

    def __init__(self, *, trunk: bytes, head: bytes, threads: int) -> None:
        """`trunk` and `head` as models/panns.py builds them; `threads` cores at most."""
        self._trunk = _session(trunk, threads)
        self._head = _session(head, threads)

    def run(self, logmel: Array) -> tuple[Array, Array]:
        """Log-mel (t, n_mels) → embeddings (p, dims) and probabilities (p, classes)."""
        embeddings, probabilities = self._trunk.run(["embeddings", "probabilities"], {"logmel": logmel})
        return embeddings, probabilities

    def pool(self, embeddings: Array) -> Array:
        """Embeddings (p, dims) of a whole clip → probabilities (classes,)."""
        (probabilities,) = self._head.run(["probabilities"], {"embeddings": embeddings})
        result: Array = probabilities[0]
        return result


def _session(graph: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    # A waiting thread sleeps: spinning would take a whole core from a machine that only listens.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
