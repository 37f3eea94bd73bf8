"""ONNX Runtime lives here only."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Its official builds report to their makers, and keep an identifier, unless told not to before they are loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime as ort

ort.disable_telemetry_events()  # the older builds for Windows, which do not read the variable

Array = NDArray[np.float32]


VERSION = str(ort.__version__)


class OnnxGraph:
    """Any graph. One thread at a time."""

    def __init__(self, *, graph: bytes, threads: int) -> None:
        """`threads` cores at most."""
        self._session = _session(graph, threads)

    def run(self, **inputs: Array) -> list[Array]:
        """All outputs, in their order."""
        outputs: list[Array] = self._session.run(None, inputs)
        return outputs


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


class OnnxSteps:
    """A network's graphs for running step by step, which any number of OnnxStreams share. Any thread, once prepared."""

    def __init__(
        self, *, step: Callable[[], bytes], peek: Callable[[], bytes], rows: bytes, head: bytes, threads: int
    ) -> None:
        """Graphs as models/panns_graphs.py builds them, the two large ones at their first use."""
        self._make_step, self._make_peek, self._threads = step, peek, threads
        self.rows, self.head = _session(rows, threads), _session(head, threads)

    @cached_property
    def step(self) -> ort.InferenceSession:
        """Gives what is complete."""
        return _session(self._make_step(), self._threads)

    @cached_property
    def peek(self) -> ort.InferenceSession:
        """Gives the newest as well."""
        return _session(self._make_peek(), self._threads)

    def prepare(self, *, step: bool) -> None:
        """Loads what will be needed, before there is sound that would have to wait; without `step`, every step peeks."""
        _ = self.peek, step and self.step


@dataclass(frozen=True)
class _Bound:
    """A run whose memory is settled: only the sound changes."""

    session: ort.InferenceSession
    binding: ort.IOBinding
    logmel: ort.OrtValue
    embeddings: ort.OrtValue


class OnnxStream:
    """A network run step by step by ONNX Runtime, in whose memory the layers' states stay. One thread at a time.

    The states lie in two sets of buffers, from each of which a step goes to the other, so that a step of a length that
    was there before binds nothing anew: for a small network that takes half as long again as the network itself.
    """

    def __init__(
        self,
        *,
        steps: OnnxSteps,
        states: Callable[[int], Mapping[str, NDArray[Any]]],
        pooled_frames: int,
        unsettled: int,
    ) -> None:
        """`states`: what so many streams have kept before their first frames; `unsettled` as models/memory.py has it."""
        self._steps, self._states, self._pooled, self._unsettled = steps, states, pooled_frames, unsettled
        self.reset(1)

    def reset(self, streams: int) -> None:
        """Begins so many new streams."""
        self._sets = [_values(self._states(streams))]  # the second comes with the first step, which gives their lengths
        self._turn = 0
        self._bound: dict[tuple[bool, bool, int, int], _Bound] = {}

    def step(self, logmel: Array, *, peek: bool) -> tuple[Array, Array]:
        """Log-mel (streams, t, n_mels), t whole pooled frames → embeddings (streams, p, dims) that are complete now.

        With `peek` also those that the future may still change, as if the sound ended here; else none of them.
        """
        rows = self._settled(logmel, peek, keep=True) if len(self._sets) == 2 else self._first(logmel, peek)
        complete = rows.shape[1] - (self._unsettled if peek else 0)
        return rows[:, :complete], rows[:, complete:]

    def peek(self, logmel: Array) -> Array:
        """All embeddings that are not complete, t ≥ 0, as if the sound ended there; nothing is kept."""
        if len(self._sets) == 2 and logmel.shape[1] % self._pooled == 0 < logmel.shape[1]:
            return self._settled(logmel, True, keep=False)
        return _array(self._run(self._steps.peek, logmel, ["embeddings"])[0])

    def _first(self, logmel: Array, peek: bool) -> Array:
        names = list(self._sets[0])
        session = self._steps.peek if peek else self._steps.step
        embeddings, *kept = self._run(session, logmel, ["embeddings", *(f"{name} next" for name in names)])
        self._sets = [_values(dict(zip(names, (value.numpy() for value in kept), strict=True))) for _ in range(2)]
        return _array(embeddings)

    def _settled(self, logmel: Array, peek: bool, *, keep: bool) -> Array:
        """A run of whole pooled frames, all of whose lengths are known."""
        key = peek, keep, logmel.shape[1], self._turn
        bound = self._bound.get(key) or self._bound.setdefault(key, self._bind(logmel, peek, keep=keep))
        bound.logmel.update_inplace(np.ascontiguousarray(logmel))
        bound.session.run_with_iobinding(bound.binding)
        self._turn = 1 - self._turn if keep else self._turn
        return _array(bound.embeddings).copy()

    def _bind(self, logmel: Array, peek: bool, *, keep: bool) -> _Bound:
        """From the set whose turn it is to the other."""
        session = self._steps.peek if peek else self._steps.step
        rows = logmel.shape[1] // self._pooled + (self._unsettled if peek else 0)
        dims = session.get_outputs()[-1].shape[2]
        sound = ort.OrtValue.ortvalue_from_numpy(np.zeros(logmel.shape, np.float32))
        embeddings = ort.OrtValue.ortvalue_from_numpy(np.zeros((len(logmel), rows, dims), np.float32))
        binding = session.io_binding()
        binding.bind_ortvalue_input("logmel", sound)
        binding.bind_ortvalue_output("embeddings", embeddings)
        for name, value in self._sets[self._turn].items():
            binding.bind_ortvalue_input(name, value)
            if keep:
                binding.bind_ortvalue_output(f"{name} next", self._sets[1 - self._turn][name])
        return _Bound(session, binding, sound, embeddings)

    def rows(self, embeddings: Array) -> Array:
        """Embeddings (p, dims) → probabilities (p, classes), each pooled frame's own."""
        return _array(self._steps.rows.run(["probabilities"], {"embeddings": embeddings})[0])

    def pool(self, embeddings: Array) -> Array:
        """Embeddings (p, dims) of a stretch of sound → probabilities (classes,)."""
        return _array(self._steps.head.run(["probabilities"], {"embeddings": embeddings})[0][0])

    def _run(self, session: ort.InferenceSession, logmel: Array, outputs: list[str]) -> list[ort.OrtValue]:
        binding = session.io_binding()
        binding.bind_cpu_input("logmel", np.ascontiguousarray(logmel))
        for name, value in self._sets[self._turn].items():
            binding.bind_ortvalue_input(name, value)
        for name in outputs:
            binding.bind_output(name)
        session.run_with_iobinding(binding)
        return list(binding.get_outputs())


def _values(states: Mapping[str, NDArray[Any]]) -> dict[str, ort.OrtValue]:
    return {name: ort.OrtValue.ortvalue_from_numpy(kept.copy()) for name, kept in states.items()}


def _array(value: ort.OrtValue | Array) -> Array:
    array: Array = value if isinstance(value, np.ndarray) else value.numpy()
    return array


def _session(graph: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    # A waiting thread sleeps: spinning would take a whole core from a machine that only listens.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
