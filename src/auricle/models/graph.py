"""ONNX building blocks: the only place that knows the onnx library. Each method adds one operation and names its output.

Layouts: images are (streams, channels, time, mel), or (streams, channels, mel, time), or (streams, time, mel, channels) where
they are 8-bit; sequences are (time, features).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17
_IR_VERSION = 8
_CONTRIB = "com.microsoft"
"""ONNX Runtime's own operations."""
_FILTER_STEPS = 64
"""Each way. Processors without 8-bit dot products (AVX2 alone) add two products in 16 bits, which saturate: 2 · 255 · 64 fits."""
_TYPES = {32: TensorProto.FLOAT, 8: TensorProto.UINT8}

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """How 8-bit figures stand for real ones: (figure - zero) · size."""

    size: float
    zero: int


class Graph:
    """An ONNX graph under construction."""

    def __init__(self, *, name: str) -> None:
        """An empty graph called `name`."""
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: list[int | str], *, bits: int = 32) -> str:
        """A float32 input, or a uint8 one where `bits` is 8; a text in `shape` names a dimension that may vary."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[bits], shape))
        return name

    def output(self, name: str, value: str, shape: list[int | str], *, bits: int = 32) -> None:
        """Makes `value` an output called `name`."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[bits], shape))

    def to_bytes(self) -> bytes:
        """The finished model, checked, as ONNX Runtime takes it."""
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, self._constants)
        opset = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION, producer_name="auricle")
        return bytes(model.SerializeToString())

    def affine(self, x: str, scale: Array, shift: Array) -> str:
        """x·scale + shift, along the last axis."""
        return self._op("Add", [self._op("Mul", [x, self._constant(scale)]), self._constant(shift)])

    def as_image(self, x: str) -> str:
        """(time, mel) → (1, 1, time, mel)."""
        return self._op("Unsqueeze", [x, self._constant(np.array([0, 1], np.int64))])

    def with_axis(self, x: str, axis: int) -> str:
        """`x` with a new axis of length 1."""
        return self._op("Unsqueeze", [x, self._constant(np.array([axis], np.int64))])

    def after(self, earlier: str, x: str, *, axis: int) -> str:
        """Images `earlier` and `x`, one after the other in time, which is `axis`."""
        return self.joined([earlier, x], axis=axis)

    def joined(self, parts: list[str], *, axis: int) -> str:
        """One after the other along `axis`."""
        return self._op("Concat", parts, axis=axis)

    def last(self, x: str, frames: int, *, behind: int, axis: int) -> str:
        """So many frames in time, which is `axis`, the last ones but `behind`."""
        stop = -behind if behind else np.iinfo(np.int64).max
        first, end, where = (self._constant(np.array([k], np.int64)) for k in (-frames - behind, stop, axis))
        return self._op("Slice", [x, first, end, where])

    def conv(
        self,
        x: str,
        weight: Array,
        bias: Array | None,
        *,
        stride: tuple[int, int] = (1, 1),
        groups: int = 1,
        zeros: tuple[tuple[int, int], tuple[int, int]] | None = None,
    ) -> str:
        """A 2-d convolution; `weight` (out, in / groups, and two sizes).

        Zeros lie around, so that only `stride` changes the size, or so many before and after along each axis.
        """
        sizes = weight.shape[2:]
        (top, bottom), (left, right) = zeros or [(size // 2, size // 2) for size in sizes]
        inputs = [x, self._constant(weight), *([] if bias is None else [self._constant(bias)])]
        shape = {"kernel_shape": list(sizes), "pads": [top, left, bottom, right]}
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

    def average_pool(self, x: str, size: tuple[int, int]) -> str:
        """Means over both axes; what does not fill a pool at the end is dropped."""
        return self._op("AveragePool", [x], kernel_shape=list(size), strides=list(size))

    def quantised(self, x: str, step: Step) -> str:
        """float32 → uint8."""
        return self._op("QuantizeLinear", [x, *self._step(step)])

    def dequantised(self, x: str, step: Step) -> str:
        """uint8 → float32."""
        return self._op("DequantizeLinear", [x, *self._step(step)])

    def conv_relu_8bit(
        self, x: str, weight: Array, bias: Array, *, steps: tuple[Step, Step], zeros: tuple[int, int]
    ) -> str:
        """`conv` and `relu` of 8-bit images, in integers; `steps` of the images that go in and come out.

        A filter is rounded to 64 steps of its own each way.
        """
        into, out = steps
        scale = (np.abs(weight).max(axis=(1, 2, 3)) / _FILTER_STEPS).astype(np.float32)
        scale[scale == 0] = 1.0
        filters = np.round(weight / scale[:, None, None, None]).astype(np.int8)
        # What a bias may be lies within an integer of 32 bits, with a wide margin for the sums that are added to it.
        offset = np.clip(np.round(bias / (scale * into.size)), -(2**30), 2**30).astype(np.int32)
        constants = (filters, scale, np.zeros(len(scale), np.int8))
        inputs = [x, *self._step(into), *map(self._constant, constants), *self._step(out), self._constant(offset)]
        time, mel = zeros, weight.shape[3] // 2
        shape = {"kernel_shape": list(weight.shape[2:]), "pads": [time[0], mel, time[1], mel]}
        return self._op("QLinearConv", inputs, **shape, strides=[1, 1], channels_last=1, domain=_CONTRIB)

    def average_pool_8bit(self, x: str, time: int, mel: int, channels: int, step: Step) -> str:
        """`average_pool` of 8-bit images, as a convolution of each channel with ones: four times as fast as a pooling."""
        ones, mean = self._constant(np.ones((channels, 1, time, mel), np.int8)), np.array(1 / (time * mel), np.float32)
        filters = [ones, self._constant(mean), self._constant(np.array(0, np.int8))]
        inputs = [x, *self._step(step), *filters, *self._step(step)]
        size = {"kernel_shape": [time, mel], "strides": [time, mel]}
        return self._op("QLinearConv", inputs, **size, group=channels, channels_last=1, domain=_CONTRIB)

    def squeeze(self, x: str) -> str:
        """Means over time and mel, (1, channels, time, mel) → (1, channels, 1, 1)."""
        return self._op("GlobalAveragePool", [x])

    def times(self, x: str, y: str) -> str:
        """The product x·y."""
        return self._op("Mul", [x, y])

    def product(self, matrix: Array, x: str) -> str:
        """The matrix product with the last two axes of `x`."""
        return self._op("MatMul", [self._constant(matrix), x])

    def plus(self, x: str, y: str) -> str:
        """The sum x + y."""
        return self._op("Add", [x, y])

    def mean_over(self, x: str, axis: int) -> str:
        """Means over that axis, which goes."""
        return self._op("ReduceMean", [x], axes=[axis], keepdims=0)

    def mean_over_mel(self, x: str) -> str:
        """(streams, channels, time, mel) → (streams, time, channels)."""
        return self.turned(self.mean_over(x, 3))

    def turned(self, x: str) -> str:
        """(streams, a, b) → (streams, b, a)."""
        return self._op("Transpose", [x], perm=[0, 2, 1])

    def highest(self, x: str) -> str:
        """The highest figure of all, ()."""
        return self._op("ReduceMax", [x], keepdims=0)

    def lowest(self, x: str) -> str:
        """The lowest figure of all, ()."""
        return self._op("ReduceMin", [x], keepdims=0)

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

    def _step(self, step: Step) -> list[str]:
        return [self._constant(np.array(step.size, np.float32)), self._constant(np.array(step.zero, np.uint8))]

    def _constant(self, value: NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name
