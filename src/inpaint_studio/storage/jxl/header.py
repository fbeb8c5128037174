"""The head of a JPEG XL codestream (ISO/IEC 18181-1, annexes A and D): read, and written anew before the same frames."""

from __future__ import annotations

from dataclasses import dataclass

from inpaint_studio.storage.jxl.bits import BitReader, BitWriter
from inpaint_studio.storage.jxl.profile import read_profile, write_profile

SIGNATURE = b"\xff\x0a"
_SIDES = ((1, 9), (1, 13), (1, 18), (1, 30))
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_ALPHA = 0


@dataclass(frozen=True, slots=True)
class Colours:
    """The colour encoding: gray or RGB, and numbers as in ITU-T H.273 where no profile is embedded.

    `start` and `end` are the bits it stands in.
    """

    gray: bool = False
    embedded: bool = False
    white: int = 1
    primaries: int = 1
    transfer: int = 13
    gamma: float = 0.0
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """What a codestream says before its first frame.

    `xyb`: pixels are stored with loss, in a space of their own. `extra`: kinds of the channels beside colour, 0 is
    alpha. `metadata`, `depth`, `channels` and `after` are the bits at which the metadata, the sample's depth, what follows
    that and what follows the metadata begin, `end` is the whole byte at which the frames do.
    """

    width: int
    height: int
    orientation: int
    animated: bool
    bits: int
    floating: bool
    extra: tuple[int, ...]
    xyb: bool
    colours: Colours
    icc: bytes | None
    plain: bool
    metadata: int
    depth: int
    channels: int
    after: int
    end: int


def read_header(stream: bytes) -> Header:
    """The head of the codestream `stream`, of which all before the frames is there. Raises ValueError when damaged."""
    if stream[:2] != SIGNATURE:
        raise ValueError("no JPEG XL signature")
    reader = BitReader(stream, 16)
    width, height = _read_size(reader)
    metadata = reader.at
    orientation, animated, bits, floating, xyb, colours = 1, False, 8, False, True, Colours()
    extra: tuple[int, ...] = ()
    plain, depth = reader.bool(), reader.at
    channels = depth
    if not plain:
        more = reader.bool()
        if more:
            orientation, animated = _read_more(reader)
        depth = reader.at
        bits, floating = _read_depth(reader)
        channels = reader.at
        reader.bool()
        count = reader.u32(((0, 0), (1, 0), (2, 4), (1, 12)))
        extra = tuple(_read_extra(reader) for _ in range(count))
        xyb = reader.bool()
        colours = _read_colours(reader)
        if more and not reader.bool():  # tone mapping that is not the default
            reader.u(16 * 2)
            reader.bool()
            reader.u(16)
        if reader.u64():
            raise ValueError("JPEG XL with extensions")
    after = reader.at
    if not reader.bool():
        raise ValueError("JPEG XL with transforms of its own")
    icc = read_profile(reader) if colours.embedded else None
    reader.align()
    place = (metadata, depth, channels, after, reader.at // 8)
    return Header(width, height, orientation, animated, bits, floating, extra, xyb, colours, icc, plain, *place)


def with_head(stream: bytes, icc: bytes | None, orientation: int) -> bytes:
    """The codestream `stream`, whose colours are stored as they are, saying another profile and orientation.

    Raises ValueError for one that can't be written so.
    """
    head = read_header(stream)
    if head.plain or head.xyb:
        raise ValueError("JPEG XL with colours of its own")
    reader, writer = BitReader(stream), BitWriter()
    writer.copy(reader, 0, head.metadata)
    writer.bool(False)
    writer.bool(orientation != 1)
    if orientation != 1:
        writer.u(orientation - 1, 3)
        writer.u(0, 3)  # no intrinsic size, no preview, no animation
    writer.copy(reader, head.depth, head.colours.start)
    if icc is None:
        writer.copy(reader, head.colours.start, head.colours.end)
    else:
        writer.bool(False)
        writer.bool(True)
        writer.u(int(head.colours.gray), 2)
    if orientation != 1:
        writer.bool(True)  # default tone mapping
    writer.u64(0)
    writer.bool(True)
    if icc is not None:
        write_profile(writer, icc)
    return writer.bytes() + stream[head.end :]


def as_floats_in_srgb(stream: bytes) -> bytes:
    """The codestream `stream`, whose colours are of the lossy kind, asking for floats in sRGB instead of its profile.

    What lies outside sRGB is then decoded to values below 0 and above 1. Raises ValueError for another kind.
    """
    head = read_header(stream)
    if head.plain or not head.xyb:
        raise ValueError("JPEG XL with colours as they are")
    reader, writer = BitReader(stream), BitWriter()
    writer.copy(reader, 0, head.depth)
    writer.bool(True)  # floats of 32 bits, 8 of them for the exponent
    writer.u(0, 2)
    writer.u(7, 4)
    writer.copy(reader, head.channels, head.colours.start)
    writer.bool(True)  # sRGB
    writer.copy(reader, head.colours.end, head.after)
    writer.bool(True)
    return writer.bytes() + stream[head.end :]


def _read_size(reader: BitReader) -> tuple[int, int]:
    small = reader.bool()
    height = 8 * (1 + reader.u(5)) if small else reader.u32(_SIDES)
    ratio = reader.u(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return height * across // down, height
    return (8 * (1 + reader.u(5)) if small else reader.u32(_SIDES)), height


def _read_more(reader: BitReader) -> tuple[int, bool]:
    """Orientation and whether there is an animation."""
    orientation = 1 + reader.u(3)
    if reader.bool():
        _read_size(reader)
    if reader.bool():
        raise ValueError("JPEG XL with a preview")
    return orientation, reader.bool() and bool(_read_animation(reader))


def _read_animation(reader: BitReader) -> int:
    reader.u32(((100, 0), (1000, 0), (1, 10), (1, 30)))
    reader.u32(((1, 0), (1001, 0), (1, 8), (1, 10)))
    reader.u32(((0, 0), (0, 3), (0, 16), (0, 32)))
    reader.bool()
    return 1


def _read_depth(reader: BitReader) -> tuple[int, bool]:
    if reader.bool():
        bits = reader.u32(((32, 0), (16, 0), (24, 0), (1, 6)))
        reader.u(4)
        return bits, True
    return reader.u32(((8, 0), (10, 0), (12, 0), (1, 6))), False


def _read_extra(reader: BitReader) -> int:
    """The kind of an extra channel."""
    if reader.bool():
        return _ALPHA
    kind = reader.enum()
    _read_depth(reader)
    reader.u32(((0, 0), (3, 0), (4, 0), (1, 3)))
    length = reader.u32(((0, 0), (0, 4), (16, 5), (48, 10)))
    reader.u(8 * length)
    if kind == _ALPHA and reader.bool():
        raise ValueError("JPEG XL with premultiplied alpha")
    if kind == 2:  # a spot colour
        reader.u(16 * 4)
    if kind == 5:  # a colour filter
        reader.u32(((1, 0), (0, 2), (3, 4), (19, 8)))
    return kind


def _read_colours(reader: BitReader) -> Colours:
    start = reader.at
    if reader.bool():
        return Colours(start=start, end=reader.at)
    embedded, space = reader.bool(), reader.enum()
    gray = space == 1
    if embedded:
        return Colours(gray, embedded=True, start=start, end=reader.at)
    white, primaries, transfer, gamma = 1, 1, 13, 0.0
    if space != 2:
        white = reader.enum()
        if white == 2:
            _read_points(reader, 1)
        if not gray:
            primaries = reader.enum()
            if primaries == 2:
                _read_points(reader, 3)
    if reader.bool():
        gamma, transfer = reader.u(24) / 1e7, 0
    else:
        transfer = reader.enum()
    reader.enum()
    return Colours(
        gray,
        embedded=False,
        white=white,
        primaries=primaries,
        transfer=transfer,
        gamma=gamma,
        start=start,
        end=reader.at,
    )


def _read_points(reader: BitReader, count: int) -> None:
    for _ in range(2 * count):
        reader.u32(((0, 19), (524288, 19), (1048576, 20), (2097152, 21)))
