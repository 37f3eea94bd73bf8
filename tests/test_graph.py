"""The ONNX building blocks, each against NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from auricle.models import winograd
from auricle.models.graph import Graph, Step

Array = NDArray[np.float32]


def run(build: Callable[[Graph, str], str], x: Array) -> Array:
    """What the operations that `build` adds make of `x`."""
    graph = Graph(name="test")
    names: list[int | str] = [f"d{k}" for k in range(x.ndim)]
    value = build(graph, graph.input("x", names))
    graph.output("y", value, [])
    model = onnx.load_from_string(graph.to_bytes())
    model.graph.output[0].type.tensor_type.ClearField("shape")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (result,) = session.run(["y"], {"x": x})
    return np.asarray(result)


def values(*shape: int) -> Array:
    """Some numbers."""
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def test_affine_scales_and_shifts_the_last_axis() -> None:
    """x·scale + shift."""
    x, scale, shift = values(5, 3), values(3), values(3)
    np.testing.assert_allclose(run(lambda g, v: g.affine(v, scale, shift), x), x * scale + shift, atol=1e-6)


def test_as_image_adds_two_axes() -> None:
    """(time, mel) → (1, 1, time, mel)."""
    x = values(5, 3)
    np.testing.assert_array_equal(run(lambda g, v: g.as_image(v), x), x[None, None])


def test_relu_and_sigmoid() -> None:
    """The two nonlinearities."""
    x = values(20)
    np.testing.assert_array_equal(run(lambda g, v: g.relu(v), x), np.maximum(x, 0))
    np.testing.assert_allclose(run(lambda g, v: g.sigmoid(v), x), 1 / (1 + np.exp(-x)), atol=1e-6)


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_conv_keeps_the_size(kernel: int) -> None:
    """A convolution with zeros around, and its bias."""
    x, weight, bias = values(1, 2, 6, 7), values(4, 2, kernel, kernel), values(4)
    half = kernel // 2
    padded = np.pad(x[0], ((0, 0), (half, half), (half, half)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(1, 2))
    wanted = np.einsum("ihwyx,oiyx->ohw", windows, weight) + bias[:, None, None]
    np.testing.assert_allclose(run(lambda g, v: g.conv(v, weight, bias), x)[0], wanted, atol=1e-4)


@pytest.mark.parametrize("bands", [4, 8, 16])
def test_half_the_multiplications_make_the_same_convolution(bands: int) -> None:
    """Two streams, zeros around, and the bias."""
    x, weight, bias = values(2, 5, bands, 9), values(7, 5, 3, 3), values(7)
    wanted = run(lambda g, v: g.conv(v, weight, bias), x)
    np.testing.assert_allclose(run(lambda g, v: winograd.conv(g, v, weight, bias, bands), x), wanted, atol=1e-4)


def test_average_pool_drops_what_does_not_fill_a_pool() -> None:
    """Means of 2 × 3; the last odd row and columns are dropped."""
    x = values(1, 2, 5, 7)
    wanted = x[:, :, :4, :6].reshape(1, 2, 2, 2, 2, 3).mean(axis=(3, 5))
    np.testing.assert_allclose(run(lambda g, v: g.average_pool(v, (2, 3)), x), wanted, atol=1e-6)


def test_reductions() -> None:
    """Mean over mel, maximum over time, linear softmax over time."""
    image, sequence = values(1, 4, 5, 3), np.abs(values(6, 4))
    np.testing.assert_allclose(run(lambda g, v: g.one(g.mean_over_mel(v)), image), image[0].mean(axis=2).T, atol=1e-6)
    np.testing.assert_array_equal(run(lambda g, v: g.max_over_time(v), sequence), sequence.max(axis=0)[None])
    pooled = np.square(sequence).sum(axis=0) / sequence.sum(axis=0)
    np.testing.assert_allclose(run(lambda g, v: g.linear_softmax_over_time(v), sequence)[0], pooled, atol=1e-6)


def test_linear() -> None:
    """x·weightᵀ + bias."""
    x, weight, bias = values(5, 3), values(2, 3), values(2)
    np.testing.assert_allclose(run(lambda g, v: g.linear(v, weight, bias), x), x @ weight.T + bias, atol=1e-5)


def test_the_model_is_valid_onnx() -> None:
    """ONNX's own checker accepts what comes out."""
    graph = Graph(name="test")
    graph.output("y", graph.relu(graph.input("x", ["n"])), ["n"])
    onnx.checker.check_model(onnx.load_from_string(graph.to_bytes()), full_check=True)


@pytest.mark.parametrize("channels", [1, 2, 3, 32])
@pytest.mark.parametrize("kernel", [1, 3])
def test_an_8_bit_convolution_does_not_saturate_on_any_processor(channels: int, kernel: int) -> None:
    """The greatest figures through filters of the greatest weights, where AVX2 alone adds pairs of products in 16 bits."""
    x = np.ones((1, 4, 5, channels), np.float32)
    weight = np.ones((8, channels, kernel, kernel), np.float32)
    weight[::2] *= -1.0
    into, out = Step(1 / 255, 0), Step(channels * kernel**2 / 255, 0)

    def build(graph: Graph, value: str) -> str:
        image = graph.quantised(value, into)
        zeros = (kernel // 2, kernel // 2)
        return graph.dequantised(
            graph.conv_relu_8bit(image, weight, np.zeros(8, np.float32), steps=(into, out), zeros=zeros), out
        )

    inner = run(build, x)[0, 1:-1, 1:-1]
    np.testing.assert_allclose(inner[..., 1::2], channels * kernel**2, rtol=0.01)
    np.testing.assert_array_equal(inner[..., ::2], 0.0)
