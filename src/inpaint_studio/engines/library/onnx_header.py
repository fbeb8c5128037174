"""What an ONNX file says of itself: inputs, outputs, external data. The protobuf is walked, nothing is loaded or run.

Field numbers are those of `onnx.proto`. Big blobs (weights) are stepped over, so that the walk takes milliseconds.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from inpaint_studio.errors import InputError

#: Element types by their numbers in TensorProto.DataType.
TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64"}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DEEPEST = 24
#: Where messages hold further messages that may name external data: (kind of message, field) -> kind of message.
_NESTED = {
    ("model", 7): "graph", ("model", 20): "training", ("model", 25): "function",
    ("training", 1): "graph", ("training", 2): "graph",
    ("graph", 1): "node", ("graph", 5): "tensor", ("graph", 15): "sparse", ("graph", 11): "input", ("graph", 12): "output",
    ("function", 7): "node", ("function", 11): "attribute",
    ("node", 5): "attribute",
    ("attribute", 5): "tensor", ("attribute", 6): "graph", ("attribute", 10): "tensor", ("attribute", 11): "graph",
    ("attribute", 22): "sparse", ("attribute", 23): "sparse",
    ("sparse", 1): "tensor", ("sparse", 2): "tensor",
    ("tensor", 13): "external",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output. type: of its elements, empty when unknown; shape: None where a side is free."""

    name: str
    type: str
    shape: tuple[int | None, ...]


@dataclass(slots=True)
class OnnxHeader:
    """inputs and outputs of the main graph; external: the files its weights lie in, relative to the model's folder."""

    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    external: set[str] = field(default_factory=set)


def read_onnx(path: Path) -> OnnxHeader:
    """What the ONNX file at `path` says of itself.

    Raises InputError when it is no ONNX model, or when external data is missing or lies outside the model's own folder.
    """
    header = OnnxHeader()
    try:
        with path.open("rb") as file:
            sound = path.stat().st_size > 0 and _walked(file.fileno(), header)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}).", "Check the file and its folder.") from error
    if not (sound and header.inputs and header.outputs):
        raise InputError(f"{path.name} is no ONNX model.", "Get it again from its publisher.")
    for location in header.external:
        _check_location(path, location)
    return header


def _walked(descriptor: int, header: OnnxHeader) -> bool:
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
        try:
            _walk(view, "model", header, depth=0)
        except (ValueError, IndexError):
            # told by the caller: an exception on its way out would keep views of the map open
            return False
    return True


def _check_location(path: Path, location: str) -> None:
    parts = PurePosixPath(location).parts
    foreign = PureWindowsPath(location)
    if not parts or ".." in parts or PurePosixPath(location).is_absolute() or foreign.drive or "\\" in location:
        raise InputError(f"{path.name} wants to read {location}, outside its own folder.", "Do not use this model.")
    target = (path.parent / location).resolve()
    if not target.is_relative_to(_home(path).resolve()):
        raise InputError(f"{path.name} wants to read {location}, outside its own folder.", "Do not use this model.")
    if not target.is_file():
        raise InputError(
            f"{path.name} keeps its weights in {location}, which is missing.", "Put the file beside the model."
        )


def _home(path: Path) -> Path:
    """The folder that external data may not leave. In Hugging Face's cache a snapshot's files are links to blobs beside it."""
    snapshots = path.parent.parent
    return snapshots.parent if snapshots.name == "snapshots" else path.parent


def _walk(view: memoryview, kind: str, header: OnnxHeader, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    key = value = ""
    for number, part in _fields(view):
        nested = _NESTED.get((kind, number))
        if kind == "external" and isinstance(part, memoryview):
            key, value = (_text(part), value) if number == 1 else (key, _text(part) if number == 2 else value)
        elif nested is None or not isinstance(part, memoryview):
            continue
        elif nested in {"input", "output"}:
            # only the main graph's: those of branches and loops are their own affair
            if depth == 1:
                (header.inputs if nested == "input" else header.outputs).append(_port(part))
        else:
            _walk(part, nested, header, depth + 1)
    if key == "location":
        header.external.add(value)


def _port(view: memoryview) -> Port:
    name, kind = "", ""
    shape: list[int | None] = []
    for number, part in _fields(view):
        if number == 1 and isinstance(part, memoryview):
            name = _text(part)
        elif number == 2 and isinstance(part, memoryview):
            kind, shape = _tensor_type(part)
    return Port(name, kind, tuple(shape))


def _tensor_type(view: memoryview) -> tuple[str, list[int | None]]:
    kind = ""
    shape: list[int | None] = []
    for number, tensor in _fields(view):
        if number != 1 or not isinstance(tensor, memoryview):
            continue
        for field_number, part in _fields(tensor):
            if field_number == 1 and isinstance(part, int):
                kind = TYPES.get(part, "")
            elif field_number == 2 and isinstance(part, memoryview):
                shape = [_side(side) for number, side in _fields(part) if number == 1 and isinstance(side, memoryview)]
    return kind, shape


def _side(view: memoryview) -> int | None:
    return next((value for number, value in _fields(view) if number == 1 and isinstance(value, int)), None)


def _text(view: memoryview) -> str:
    return bytes(view[:4096]).decode("utf-8")


def _fields(view: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: numbers as int, everything with a length as a view. Raises ValueError, IndexError."""
    position = 0
    while position < len(view):
        tag, position = _varint(view, position)
        wire = tag & 7
        if wire == _VARINT:
            number, position = _varint(view, position)
            yield tag >> 3, number
            continue
        if wire == _BYTES:
            length, position = _varint(view, position)
        elif wire in {_FIXED64, _FIXED32}:
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError("no such wire type")
        if position + length > len(view):
            raise ValueError("a field is longer than its message")
        with view[position : position + length] as part:
            yield tag >> 3, part
        position += length


def _varint(view: memoryview, position: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        byte = view[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
    raise ValueError("a number has no end")
