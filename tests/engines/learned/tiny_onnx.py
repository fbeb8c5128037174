"""ONNX files with the published inputs and outputs of LaMa and MI-GAN: the hole gets the mean of what is known around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17


def _constant(name: str, value: float) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, np.float32), name)


def _filling(image: str, hole: str, made: str) -> list[onnx.NodeProto]:
    """`made` = `image` outside `hole`, and inside it the mean of the known pixels of the whole picture."""
    return [
        helper.make_node("Sub", ["one", hole], ["known"]),
        helper.make_node("Mul", [image, "known"], ["kept"]),
        helper.make_node("ReduceMean", ["kept"], ["sum"], axes=[2, 3], keepdims=1),
        helper.make_node("ReduceMean", ["known"], ["count"], axes=[2, 3], keepdims=1),
        helper.make_node("Add", ["count", "little"], ["some"]),
        helper.make_node("Div", ["sum", "some"], ["mean"]),
        helper.make_node("Mul", ["mean", hole], ["drawn"]),
        helper.make_node("Add", ["kept", "drawn"], [made]),
    ]


def _written(
    path: Path,
    nodes: list[onnx.NodeProto],
    ports: tuple[list[object], list[object]],
    constants: dict[str, float],
    others: Sequence[onnx.TensorProto] = (),
) -> Path:
    initial = [_constant(name, value) for name, value in {"one": 1.0, "little": 1e-6, **constants}.items()]
    initial += others
    graph = helper.make_graph(nodes, "tiny", *ports, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def write_migan(path: Path) -> Path:
    """`image` uint8 1×3×H×W, `mask` uint8 1×1×H×W with 0 in the hole → `result` uint8 1×3×H×W; any size."""
    nodes = [
        helper.make_node("Cast", ["image"], ["picture"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["mask"], ["kept255"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["kept255", "white"], ["keep"]),
        helper.make_node("Sub", ["one", "keep"], ["hole"]),
        *_filling("picture", "hole", "made"),
        helper.make_node("Round", ["made"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["result"], to=TensorProto.UINT8),
    ]
    ports: tuple[list[object], list[object]] = (
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, [1, 3, "h", "w"]),
            helper.make_tensor_value_info("mask", TensorProto.UINT8, [1, 1, "h", "w"]),
        ],
        [helper.make_tensor_value_info("result", TensorProto.UINT8, [1, 3, "h", "w"])],
    )
    return _written(path, nodes, ports, {"white": 255.0})


def write_lama(path: Path, side: int = 64) -> Path:
    """`image` float 1×3×side×side in 0..1, `mask` with 1 in the hole → `output` in 0..255: the fixed size of the export."""
    nodes = [*_filling("image", "mask", "made"), helper.make_node("Mul", ["made", "white"], ["output"])]
    shape = [1, 3, side, side]
    ports: tuple[list[object], list[object]] = (
        [
            helper.make_tensor_value_info("image", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, side, side]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
    )
    return _written(path, nodes, ports, {"white": 255.0})


def write_migan_network(path: Path, side: int = 64) -> Path:
    """MI-GAN without its pipeline: float 1×4×side×side, half minus the hole and the picture in -1..1 with 0 in the hole, →
    1×3×side×side in -1..1.
    """
    slices = {"zero": [0], "first": [1], "last": [4], "channels": [1]}
    nodes = [
        helper.make_node("Slice", ["input", "zero", "first", "channels"], ["half"]),
        helper.make_node("Slice", ["input", "first", "last", "channels"], ["picture"]),
        helper.make_node("Sub", ["middle", "half"], ["hole"]),
        *_filling("picture", "hole", "output"),
    ]
    ports: tuple[list[object], list[object]] = (
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 4, side, side])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3, side, side])],
    )
    numbers = [numpy_helper.from_array(np.asarray(value, np.int64), name) for name, value in slices.items()]
    return _written(path, nodes, ports, {"middle": 0.5}, numbers)
