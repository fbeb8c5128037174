"""One scan of a JPEG: its header, and its entropy-coded bytes from and to coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels import compiled
from inpaint_studio.storage.jpeg_blocks.huffman import Table, best
from inpaint_studio.storage.jpeg_blocks.layout import Layout, UnkeptError

#: In a table's number: it is for AC coefficients.
_AC = 0x10
_BLOCK_BYTES = 256  # what 64 codes and their bits need at most
_SPARE = 1 << 16

Coefficients = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as it stands in a file, and what holds when it begins.

    `header` is the payload of its marker; `chosen` are indices of components, `tables` their (DC, AC) numbers. It codes
    coefficients `first` to `last` from bit `high` (0 for the first time) down to bit `low`. `codes` are all Huffman
    tables by class and number, `restart` the MCUs between restart markers (0 for none), `data` the coded bytes.
    """

    header: bytes
    chosen: tuple[int, ...]
    tables: tuple[tuple[int, int], ...]
    first: int
    last: int
    high: int
    low: int
    codes: dict[int, Table]
    restart: int
    data: memoryview

    @property
    def dc(self) -> list[int]:
        """Numbers of the DC tables that the scan uses, one a component; none when it uses none."""
        return [number for number, _ in self.tables] if self.first == 0 and self.high == 0 else []

    @property
    def ac(self) -> list[int]:
        return [number | _AC for _, number in self.tables] if self.last > 0 else []

    def plan(self, layout: Layout) -> tuple[NDArray[np.int32], NDArray[np.uint8], int]:
        """Its blocks in coding order, the component of each, and how many lie between restart markers."""
        order, slots, size = layout.order(self.chosen)
        return order, slots, self.restart * size or order.size

    def table(self, number: int) -> Table:
        """Raises ValueError when there is none of this class and number."""
        if number not in self.codes:
            raise ValueError("JPEG Huffman table missing")
        return self.codes[number]


def kernels(name: str) -> Any:
    """The compiled inner loops in the module `name`_kernels. The first time ever takes seconds. Raises UnkeptError."""
    try:
        return compiled.load(f"inpaint_studio.storage.jpeg_blocks.{name}_kernels")
    except compiled.UncompiledError as error:
        raise UnkeptError("needs compiled code for that, which could not be made on this computer") from error


def warm() -> None:
    """Compile all inner loops, or load them: for a process or a moment in which that disturbs nobody."""
    for name in ("decoding", "encoding", "progressive_decoding", "progressive_encoding"):
        kernels(name)


def parse(header: bytes, layout: Layout, codes: dict[int, Table], restart: int, data: memoryview) -> Scan:
    """A scan from its header; `data` may go on behind it. Raises ValueError when the header is damaged."""
    count = header[0] if header else 0
    if not 1 <= count <= len(layout.components) or len(header) != 4 + 2 * count:
        raise ValueError("JPEG scan damaged")
    identifiers = [component.identifier for component in layout.components]
    chosen = tuple(identifiers.index(identifier) for identifier in header[1 : 1 + 2 * count : 2])
    tables = tuple((both >> 4, both & 15) for both in header[2 : 2 + 2 * count : 2])
    first, last, bits = header[-3:]
    high, low = bits >> 4, bits & 15
    if layout.progressive:
        sound = first <= last < 64 and (first > 0 or last == 0) and (first == 0 or count == 1)
        sound = sound and low < 14 and high in (0, low + 1)
    else:
        sound = (first, last, high, low) == (0, 63, 0, 0)
    if not sound or len(set(chosen)) != count or any(dc > 3 or ac > 3 for dc, ac in tables):
        raise ValueError("JPEG scan damaged")
    return Scan(header, chosen, tables, first, last, high, low, dict(codes), restart, data)


def decode(layout: Layout, scan: Scan, coefficients: Coefficients) -> int:
    """Put what `scan` codes into `coefficients`; the bytes of its data that were its own. Raises ValueError for damage."""
    loops = kernels("decoding")
    order, slots, interval = scan.plan(layout)
    parts = -(-order.size // interval)
    bits = np.zeros(len(scan.data) + loops.MARGIN, np.uint8)
    starts, ends = np.zeros(parts, np.int64), np.zeros(parts, np.int64)
    found, used = loops.unstuffed(np.frombuffer(scan.data, np.uint8), bits, starts, ends)
    if found != parts:
        raise ValueError("JPEG restart markers missing")
    tables = [np.stack([scan.table(number).reading() for number in some]) for some in (scan.dc, scan.ac) if some]
    loop, numbers = _loop(layout, scan, "decoding")
    if not loop(bits, starts, ends, order, slots, interval, *tables, *numbers, coefficients):
        raise ValueError("JPEG scan damaged")
    return int(used)


def _loop(layout: Layout, scan: Scan, direction: str) -> tuple[Any, tuple[int, ...]]:
    """The compiled loop for `scan`, and the numbers that it wants behind its tables."""
    if not layout.progressive:
        return kernels(direction).sequential, ()
    loops = kernels(f"progressive_{direction}")
    if scan.first == 0:
        return loops.dc_refine if scan.high else loops.dc_first, (scan.low,)
    return loops.ac_refine if scan.high else loops.ac_first, (scan.first, scan.last, scan.low)


def encode(layout: Layout, scan: Scan, coefficients: Coefficients, changed: int) -> bytes | None:
    """The coded bytes of `scan`, None when its tables lack a code. `changed` blocks may need more room than before."""
    loops = kernels("encoding")
    room = len(scan.data) + changed * _BLOCK_BYTES + _SPARE
    while True:
        out = np.zeros(room, np.uint8)
        size, ends, _ = _run(layout, scan, coefficients, out)
        if size == loops.MISSING:
            return None
        if size != loops.FULL:
            break
        room *= 2
    stuffed = np.empty(size + np.count_nonzero(out[:size] == 0xFF) + 2 * (len(ends) - 1), np.uint8)
    loops.stuffed(out, ends, len(ends), stuffed)
    return stuffed.tobytes()


def best_codes(layout: Layout, scan: Scan, coefficients: Coefficients) -> dict[int, Table]:
    """The shortest Huffman tables for what `scan` has to code, by class and number."""
    _, _, counts = _run(layout, scan, coefficients, np.zeros(0, np.uint8))
    return {number: best(used) for number, used in counts.items()}


def _run(
    layout: Layout, scan: Scan, coefficients: Coefficients, out: NDArray[np.uint8]
) -> tuple[int, NDArray[np.int64], dict[int, NDArray[np.int64]]]:
    """Encode into `out`: bytes written or why not, where intervals end, and how often tables' symbols were used."""
    order, slots, interval = scan.plan(layout)
    ends = np.zeros(-(-order.size // interval), np.int64)
    used = [some for some in (scan.dc, scan.ac) if some]
    if out.size:
        tables = [np.stack([scan.table(number).writing() for number in some]) for some in used]
    else:
        tables = [np.zeros((len(some), 256), np.uint32) for some in used]
    counts = [np.zeros(table.shape, np.int64) for table in tables]
    loop, numbers = _loop(layout, scan, "encoding")
    size = loop(coefficients, order, slots, interval, *tables, *counts, *numbers, out, ends)
    total: dict[int, NDArray[np.int64]] = {}
    for some, rows in zip(used, counts, strict=True):
        for number, row in zip(some, rows, strict=True):
            total[number] = total.get(number, 0) + row
    return int(size), ends, total
