"""A page of a TIFF file: its layout in numbers, read from the directory without touching pixels."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from inpaint_studio.storage.containers.ifd import Ifd, Layout, read_header, read_ifd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inpaint_studio.storage.containers.ifd import Entry

SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
FILL_ORDER, STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS, PLANAR = 266, 273, 277, 278, 279, 284
PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 317, 320, 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, XMP, IPTC, ICC, IMAGE_DEPTH, DNG_VERSION = 338, 339, 700, 33723, 34675, 32997, 50706
SUB_PAGES, PHOTOSHOP = 330, 34377

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR, FILTER_ARRAY = 0, 1, 2, 3, 5, 6, 32803
UNCOMPRESSED, LZW, OLD_JPEG, JPEG, DEFLATE, OLD_DEFLATE, ZSTD = 1, 5, 6, 7, 8, 32946, 50000
UNSIGNED, FLOAT = 1, 3
ASSOCIATED_ALPHA, UNASSOCIATED_ALPHA = 1, 2
_REDUCED = 1

#: More pages than this are not counted: a chain this long is a loop or an attack.
_MOST_PAGES = 10000


@dataclass(frozen=True, slots=True)
class Page:
    """A page's directory, and what it says with the defaults of the TIFF standard filled in.

    `start` is where the directory stands, `link` where its offset is written: in the header or the page before.
    """

    layout: Layout
    ifd: Ifd
    pages: int
    index: int = 0
    start: int = 0
    link: int = 0

    def number(self, tag: int, default: int = 0) -> int:
        entry = self.ifd.entries.get(tag)
        return default if entry is None else int(entry.number(self.layout, default))

    def numbers(self, tag: int) -> tuple[int, ...]:
        entry = self.ifd.entries.get(tag)
        return () if entry is None else tuple(int(value) for value in entry.numbers(self.layout))

    @property
    def width(self) -> int:
        return self.number(WIDTH)

    @property
    def height(self) -> int:
        return self.number(HEIGHT)

    @property
    def samples(self) -> int:
        """Channels of a pixel."""
        return self.number(SAMPLES, 1)

    @property
    def bits(self) -> int:
        """Bits of a sample; 0 when the channels differ."""
        bits = set(self.numbers(BITS) or (1,))
        return bits.pop() if len(bits) == 1 else 0

    @property
    def sample_format(self) -> int:
        """UNSIGNED, FLOAT or another; 0 when the channels differ."""
        formats = set(self.numbers(SAMPLE_FORMAT) or (UNSIGNED,))
        return formats.pop() if len(formats) == 1 else 0

    @property
    def compression(self) -> int:
        return self.number(COMPRESSION, UNCOMPRESSED)

    @property
    def photometric(self) -> int:
        return self.number(PHOTOMETRIC, -1)

    @property
    def predictor(self) -> int:
        return self.number(PREDICTOR, 1)

    @property
    def planes(self) -> int:
        """How many times the picture is stored: once with whole pixels, or once for each channel."""
        return self.samples if self.number(PLANAR, 1) == 2 else 1

    @property
    def tiled(self) -> bool:
        return TILE_OFFSETS in self.ifd.entries

    @property
    def reduced(self) -> bool:
        """Whether the page says of itself that it is a preview of another image in the file."""
        return bool(self.number(SUBFILE_TYPE) & _REDUCED)

    @property
    def block(self) -> tuple[int, int]:
        """Height and width of a strip or tile. Raises ValueError when one of them is zero."""
        if self.tiled:
            height, width = self.number(TILE_HEIGHT), self.number(TILE_WIDTH)
        else:
            height, width = min(self.number(ROWS_PER_STRIP, self.height), self.height), self.width
        if height < 1 or width < 1:
            raise ValueError("TIFF blocks without a size")
        return height, width

    @property
    def grid(self) -> tuple[int, int]:
        """Blocks down and across one plane."""
        height, width = self.block
        return -(-self.height // height), -(-self.width // width)

    @property
    def offsets(self) -> tuple[int, ...]:
        return self.numbers(TILE_OFFSETS if self.tiled else STRIP_OFFSETS)

    @property
    def counts(self) -> tuple[int, ...]:
        return self.numbers(TILE_COUNTS if self.tiled else STRIP_COUNTS)

    @property
    def offsets_entry(self) -> Entry:
        return self.ifd.entries[TILE_OFFSETS if self.tiled else STRIP_OFFSETS]

    @property
    def counts_entry(self) -> Entry:
        return self.ifd.entries[TILE_COUNTS if self.tiled else STRIP_COUNTS]

    def check_blocks(self, size: int) -> None:
        """Raise ValueError when a block is missing, empty, or lies outside a file of `size` bytes."""
        if self.number(PLANAR, 1) not in (1, 2):
            raise ValueError("TIFF with an unknown arrangement of channels")
        down, across = self.grid
        blocks = down * across * self.planes
        if len(self.offsets) != blocks or len(self.counts) != blocks:
            raise ValueError("TIFF with blocks missing")
        for index, (offset, count) in enumerate(zip(self.offsets, self.counts, strict=True)):
            if offset < 8 or count < 1 or offset + count > size or count < self._least(index):
                raise ValueError("TIFF block outside the file")

    def _least(self, index: int) -> int:
        """Bytes that block `index` has at least."""
        if self.compression != UNCOMPRESSED:
            return 1
        height, width = self.block
        if not self.tiled:
            height = min(height, self.height - index % self.grid[0] * height)
        return height * (width * (self.samples // self.planes) * self.bits // 8)


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins with `head` is TIFF or BigTIFF."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_page(stream: BinaryIO, index: int = 0) -> Page:
    """The page `index`, from 0. Raises ValueError or struct.error when there is none, IndexError when too few."""
    layout, first = read_header(stream)
    places = _directories(stream, layout, first)
    start, link = places[index] if places or index else (first, 0)
    return Page(layout, read_ifd(stream, layout, start), max(1, len(places)), index, start, link)


def read_pages(stream: BinaryIO, most: int) -> Iterator[Page]:
    """The first `most` pages that can be read. Raises ValueError or struct.error when the file is no TIFF."""
    layout, first = read_header(stream)
    places = _directories(stream, layout, first)
    for index, (start, link) in enumerate(places[:most]):
        with contextlib.suppress(ValueError, struct.error, OSError, OverflowError):
            yield Page(layout, read_ifd(stream, layout, start), len(places), index, start, link)


def _directories(stream: BinaryIO, layout: Layout, offset: int) -> list[tuple[int, int]]:
    """Where each directory of the chain stands and is linked from; a broken or circular chain ends where it breaks."""
    found: dict[int, int] = {}
    link = 8 if layout.big else 4
    while offset and offset not in found and len(found) < _MOST_PAGES:
        try:
            stream.seek(offset)
            (count,) = layout.read(stream, "Q" if layout.big else "H")
            end = stream.seek(count * (20 if layout.big else 12), 1)
            (following,) = layout.read(stream, layout.offset)
        except (OSError, OverflowError, ValueError, struct.error):
            break
        found[offset] = link
        link, offset = end, following
    return list(found.items())
