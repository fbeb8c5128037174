"""The header of a safetensors file, read with suspicion: what it claims must fit the file to the byte."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from inpaint_studio.errors import InputError

#: Bits of one element. What is not here is no type of the format.
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "C64": 64, "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip
#: The headers of the largest models are below 1 MiB; a longer one only serves to fill the memory.
_LONGEST = 16 << 20
_LENGTH = 8
#: What other files begin with that get this ending now and then.
_DISGUISES = {
    b"\x80": "a Python pickle",
    b"PK\x03\x04": "a zip archive, as PyTorch writes its pickles",
    b"\x89HDF": "an HDF5 file",
    b"GGUF": "a GGUF file",
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of a header. shape: as stored; count: number of elements; nbytes: what it takes in the file."""

    dtype: str
    shape: tuple[int, ...]
    nbytes: int

    @property
    def count(self) -> int:
        return prod(self.shape)


def read_header(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name; only its header is read.

    Raises InputError when it is something else under that name, or when a length, a type, a shape or an offset in the header
    does not fit the others or the file (overlaps and gaps included).
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(_LENGTH)
            length = int.from_bytes(start, "little")
            _refuse_disguise(path, start, length, size)
            text = file.read(length)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}).", "Check the file and its folder.") from error
    return _tensors(path, _parsed(path, text), size - _LENGTH - length)


def _refuse_disguise(path: Path, start: bytes, length: int, size: int) -> None:
    # a true length may begin with any of these bytes: only an impossible one tells a disguise
    if length + _LENGTH <= size and length <= _LONGEST:
        return
    for magic, what in _DISGUISES.items():
        if start.startswith(magic):
            raise _refusal(path, f"it is {what} that was given this ending")
    raise _refusal(path, "its header is longer than the file, or than any model's")


def _parsed(path: Path, text: bytes) -> dict[str, Any]:
    if not text.startswith(b"{"):
        raise _refusal(path, "its header is no JSON object")
    try:
        header = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _refusal(path, "its header cannot be understood") from error
    if not isinstance(header, dict):
        raise _refusal(path, "its header is no JSON object")
    header.pop("__metadata__", None)
    return header


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name occurs twice")
    return made


def _tensors(path: Path, header: dict[str, Any], room: int) -> dict[str, Tensor]:
    spans = []
    tensors = {}
    for name, entry in header.items():
        tensors[name], span = _tensor(path, name, entry)
        spans.append(span)
    end = 0
    for first, last in sorted(spans):
        if first != end:
            raise _refusal(path, "its tensors overlap or leave gaps")
        end = last
    if end != room:
        raise _refusal(path, "its tensors end before or after the file does; the download may be incomplete")
    return tensors


def _tensor(path: Path, name: str, entry: Any) -> tuple[Tensor, tuple[int, int]]:
    try:
        bits, shape, (first, last) = _BITS[entry["dtype"]], entry["shape"], entry["data_offsets"]
    except (KeyError, TypeError, ValueError) as error:
        raise _refusal(path, f"its header tells nothing usable of {name[:60]}") from error
    numbers = [*shape, first, last] if isinstance(shape, list) else [None]
    # bool is an int for Python, but no number here
    if any(type(number) is not int or number < 0 for number in numbers):
        raise _refusal(path, f"its header has no whole numbers for {name[:60]}")
    if (prod(shape) * bits + 7) // 8 != last - first:
        raise _refusal(path, f"the length of {name[:60]} is not what its shape needs")
    return Tensor(entry["dtype"], tuple(shape), last - first), (first, last)


def _refusal(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path.name} is not a sound safetensors file: {reason}.", "Get it again from its publisher, as .safetensors."
    )
