"""ONNX building blocks: the only place that knows the onnx library. Each method adds one operation and names its output.

Layouts: images are (1, channels, time, mel), sequences are (time, features).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17
_IR_VERSION = 8

Array = NDArray[np.float32]


class Graph:
    """An ONNX graph under construction."""

    def __init__(self, *, name: str) -> None:
        """An empty graph called `name`."""
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: list[int | str]) -> str:
        """A float32 input; a text in `shape` names a dimension that may vary."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, name: str, value: str, shape: list[int | str]) -> None:
        """Makes `value` an output called `name`."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def to_bytes(self) -> bytes:
        """The finished model, checked, as ONNX Runtime takes it."""
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, self._constants)
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION, producer_name="auricle")
        return bytes(model.SerializeToString())

    def affine(self, x: str, scale: Array, shift: Array) -> str:
        """x·scale + shift, along the last axis."""
        return self._op("Add", [self._op("Mul", [x, self._constant(scale)]), self._constant(shift)])

    def as_image(self, x: str) -> str:
        """(time, mel) → (1, 1, time, mel)."""
        return self._op("Unsqueeze", [x, self._constant(np.array([0, 1], np.int64))])

    def as_images(self, x: str) -> str:
        """(streams, time, mel) → (streams, 1, time, mel)."""
        return self._op("Unsqueeze", [x, self._constant(np.array([1], np.int64))])

    def after(self, earlier: str, x: str) -> str:
        """Images `earlier` and `x`, one after the other in time."""
        return self._op("Concat", [earlier, x], axis=2)

    def last(self, x: str, frames: int, *, behind: int) -> str:
        """So many frames in time, the last ones but `behind`."""
        stop = -behind if behind else np.iinfo(np.int64).max
        first, end, axis = (self._constant(np.array([k], np.int64)) for k in (-frames - behind, stop, 2))
        return self._op("Slice", [x, first, end, axis])

    def conv(
        self,
        x: str,
        weight: Array,
        bias: Array,
        *,
        stride: tuple[int, int] = (1, 1),
        groups: int = 1,
        zeros: tuple[int, int] | None = None,
    ) -> str:
        """A 2-d convolution; `weight` (out, in / groups, time, mel).

        Zeros lie around, so that only `stride` changes the size; in time so many before and after where `zeros` says so.
        """
        time, mel = weight.shape[2] // 2, weight.shape[3] // 2
        before, behind = zeros or (time, time)
        inputs = [x, self._constant(weight), self._constant(bias)]
        shape = {"kernel_shape": list(weight.shape[2:]), "pads": [before, mel, behind, mel]}
        return self._op("Conv", inputs, **shape, strides=list(stride), group=groups)

    def relu(self, x: str) -> str:
        """max(0, x)."""
        return self._op("Relu", [x])

    def hard_swish(self, x: str) -> str:
        """x·min(max(0, x / 6 + 1/2), 1) (Howard et al. 2019, arXiv 1905.02244, section 5.2)."""
        return self._op("HardSwish", [x])

    def sigmoid(self, x: str) -> str:
        """1 / (1 + e^-x)."""
        return self._op("Sigmoid", [x])

    def average_pool(self, x: str, time: int, mel: int) -> str:
        """Means over `time` × `mel`; what does not fill a pool at the end is dropped."""
        return self._op("AveragePool", [x], kernel_shape=[time, mel], strides=[time, mel])

    def squeeze(self, x: str) -> str:
        """Means over time and mel, (1, channels, time, mel) → (1, channels, 1, 1)."""
        return self._op("GlobalAveragePool", [x])

    def times(self, x: str, y: str) -> str:
        """The product x·y."""
        return self._op("Mul", [x, y])

    def plus(self, x: str, y: str) -> str:
        """The sum x + y."""
        return self._op("Add", [x, y])

    def mean_over_mel(self, x: str) -> str:
        """(streams, channels, time, mel) → (streams, time, channels)."""
        mean = self._op("ReduceMean", [x], axes=[3], keepdims=0)
        return self._op("Transpose", [mean], perm=[0, 2, 1])

    def one(self, x: str) -> str:
        """(1, …) → (…)."""
        return self._op("Squeeze", [x, self._constant(np.array([0], np.int64))])

    def max_over_time(self, x: str) -> str:
        """(time, features) → (1, features)."""
        return self._op("ReduceMax", [x], axes=[0], keepdims=1)

    def mean_over_time(self, x: str) -> str:
        """(time, features) → (1, features)."""
        return self._op("ReduceMean", [x], axes=[0], keepdims=1)

    def max_around(self, x: str, rows: int) -> str:
        """Maxima over an odd number of neighbouring `rows`; (time, features) as it was. The ends have fewer neighbours."""
        return self._around("MaxPool", x, rows)

    def mean_around(self, x: str, rows: int, *, zeros: bool) -> str:
        """Means over an odd number of neighbouring `rows`, with zeros beyond the ends, or over those that there are."""
        return self._around("AveragePool", x, rows, count_include_pad=int(zeros))

    def _around(self, kind: str, x: str, rows: int, **attributes: Any) -> str:
        image = self._op("Unsqueeze", [x, self._constant(np.array([0, 1], np.int64))])
        pooled = self._op(kind, [image], kernel_shape=[rows, 1], pads=[rows // 2, 0, rows // 2, 0], **attributes)
        return self._op("Squeeze", [pooled, self._constant(np.array([0, 1], np.int64))])

    def linear(self, x: str, weight: Array, bias: Array) -> str:
        """x·weightᵀ + bias, for `weight` (out, in)."""
        return self._op("Gemm", [x, self._constant(weight), self._constant(bias)], transB=1)

    def linear_softmax_over_time(self, x: str) -> str:
        """Σp² / Σp over time, (time, classes) → (1, classes) (Wang, Li & Metze 2019, arXiv 1810.09050, table 1)."""
        squares = self._op("ReduceSumSquare", [x], axes=[0], keepdims=1)
        axes = self._constant(np.array([0], np.int64))
        return self._op("Div", [squares, self._op("ReduceSum", [x, axes], keepdims=1)])

    def _op(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        output = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _constant(self, value: NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name
