"""A colour profile inside a JPEG XL codestream: predicted, then coded by entropy (ISO/IEC 18181-1, annex E.4)."""

from __future__ import annotations

from inpaint_studio.storage.jxl.bits import BitReader, BitWriter
from inpaint_studio.storage.jxl.entropy import Numbers

_CONTEXTS = 41
_LARGEST = 1 << 24  # bytes of a profile
_HEAD = 128
_NAMES = b"cprt wtpt bkpt rXYZ gXYZ bXYZ kXYZ rTRC gTRC bTRC kTRC chad desc chrm dmnd dmdd lumi".split()
_TYPES = b"XYZ |desc|text|mluc|para|curv|sf32|gbd ".split(b"|")
_OF_XYZ = frozenset({b"rXYZ", b"gXYZ", b"bXYZ", b"kXYZ", b"wtpt", b"bkpt", b"lumi"})


def read_profile(reader: BitReader) -> bytes:
    """The profile that begins at the reader's bit. Raises ValueError when it is damaged."""
    size = reader.u64()
    if size > _LARGEST or size > len(reader.data) * 2000:
        raise ValueError("JPEG XL profile too large")
    numbers = Numbers(reader, _CONTEXTS)
    coded = bytearray()
    for index in range(size):
        before = coded[-1] if coded else 0
        value = numbers.read(_context(index, before, coded[-2] if index > 1 else 0))
        if value > 255:
            raise ValueError("JPEG XL profile damaged")
        coded.append(value)
    numbers.finish()
    return _restored(bytes(coded))


def write_profile(writer: BitWriter, profile: bytes) -> None:
    """Put `profile` into `writer`: its bytes by a code of eight bits each. Raises ValueError above a megabyte."""
    residual = bytes((byte - guess) & 255 for byte, guess in zip(profile[:_HEAD], _expected(profile), strict=False))
    # no list of tags, then everything behind the head as it is
    commands = b"\0\1" + _varint(len(profile) - _HEAD) if len(profile) > _HEAD else b""
    coded = _varint(len(profile)) + _varint(len(commands)) + commands + residual + profile[_HEAD:]
    writer.u64(len(coded))
    writer.bool(False)  # no copies
    writer.u(1, 3)  # clusters: simple, of zero bits: all contexts are one
    writer.bool(True)  # prefix codes
    writer.u(8, 4)  # numbers below 256 are their own tokens
    writer.u(0, 4)
    writer.u(0, 4)
    writer.bool(True)
    writer.u(7, 4)  # an alphabet of 1 + 128 + 127 symbols
    writer.u(127, 7)
    writer.u(0, 2)  # a prefix code whose lengths are coded, none skipped
    for index in range(18):
        # lengths in the order 1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8 …: the eighth alone is used, by codes of one bit
        if index == 10:
            writer.u(0b0111, 4)
        else:
            writer.u(0, 2)
    for byte in coded:
        writer.u(int(f"{byte:08b}"[::-1], 2), 8)


def _context(index: int, before: int, twice_before: int) -> int:
    if index <= _HEAD:
        return 0
    return 1 + _first_class(before) + 8 * _second_class(twice_before)


def _first_class(byte: int) -> int:
    if chr(byte).isalpha() and byte < 128:
        return 0
    if byte in b"0123456789.,":
        return 1
    if byte < 16:
        return 2 + byte if byte <= 1 else 4
    return 7 if byte <= 240 else 6 if byte == 255 else 5


def _second_class(byte: int) -> int:
    if chr(byte).isalpha() and byte < 128:
        return 0
    if byte in b"0123456789.,":
        return 1
    return 2 if byte < 16 else 3 if byte > 240 else 4


def _expected(profile: bytes) -> bytes:
    """What each byte of the head is most likely to be, given all of `profile` before it."""
    guess = _plain_guess(len(profile))
    return bytes(_guess(profile, guess, index) for index in range(min(_HEAD, len(profile))))


def _plain_guess(size: int) -> bytearray:
    """The head of a display's profile of `size` bytes."""
    guess = bytearray(_HEAD)
    guess[0:4] = size.to_bytes(4)
    guess[8] = 4
    guess[12:24] = b"mntrRGB XYZ "
    guess[36:40] = b"acsp"
    guess[68:80] = bytes([0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D])
    return guess


def _guess(known: bytes | bytearray, plain: bytes | bytearray, index: int) -> int:
    """The guess for byte `index` of a head, whose bytes before it are `known`."""
    if 80 <= index < 84:
        return known[index - 76]
    if 41 <= index < 44:
        platform = known[40]
        if platform == ord("A"):
            return b"PPL"[index - 41]
        if platform == ord("M"):
            return b"SFT"[index - 41]
        if platform == ord("S") and index >= 42:
            return {ord("G"): b"I ", ord("U"): b"NW"}.get(known[41], b"\0\0")[index - 42]
    return plain[index]


def _varint(value: int) -> bytes:
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    return bytes([*result, value])


class _Bytes:
    """Bytes taken one after the other. Raises ValueError past the end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise ValueError("JPEG XL profile damaged")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128 or shift > 56:
                return value

    @property
    def left(self) -> bool:
        return self.at < len(self.data)


def _restored(coded: bytes) -> bytes:
    """The profile from its commands and data."""
    start = _Bytes(coded)
    size, length = start.varint(), start.varint()
    if size > _LARGEST:
        raise ValueError("JPEG XL profile too large")
    commands = _Bytes(start.take(length))
    data = _Bytes(coded[start.at :])
    result = bytearray()
    plain = _plain_guess(size)
    for index in range(min(_HEAD, size)):
        result.append((data.byte() + _guess(result, plain, index)) & 255)
    if size > _HEAD:
        _restore_tags(commands, data, result)
        while commands.left:
            _restore_part(commands, data, result)
    if len(result) != size:
        raise ValueError("JPEG XL profile damaged")
    return bytes(result)


def _restore_tags(commands: _Bytes, data: _Bytes, result: bytearray) -> None:
    count = commands.varint()
    if count == 0:
        return
    count -= 1
    if count > 1 << 16:
        raise ValueError("JPEG XL profile damaged")
    result += count.to_bytes(4)
    start, size = count * 12 + _HEAD, 0
    while commands.left:
        command = commands.byte()
        code = command & 63
        if code == 0:
            return
        if code == 1:
            name = data.take(4)
        elif code in (2, 3):
            name = b"rTRC" if code == 2 else b"rXYZ"
        elif code - 4 < len(_NAMES):
            name = _NAMES[code - 4]
        else:
            raise ValueError("JPEG XL profile damaged")
        start = commands.varint() if command & 64 else start + size
        size = 20 if name in _OF_XYZ else size
        size = commands.varint() if command & 128 else size
        rows = [(name, start)]
        if code == 2:
            rows += [(b"gTRC", start), (b"bTRC", start)]
        elif code == 3:
            rows += [(b"gXYZ", start + size), (b"bXYZ", start + 2 * size)]
        for tag, place in rows:
            result += tag + (place & 0xFFFFFFFF).to_bytes(4) + (size & 0xFFFFFFFF).to_bytes(4)
        if len(result) > _LARGEST:
            raise ValueError("JPEG XL profile too large")


def _restore_part(commands: _Bytes, data: _Bytes, result: bytearray) -> None:
    command = commands.byte()
    if command == 1:
        result += data.take(commands.varint())
    elif command in (2, 3):
        result += _shuffled(data.take(commands.varint()), 2 if command == 2 else 4)
    elif command == 4:
        _restore_predicted(commands, data, result)
    elif command == 10:
        result += b"XYZ \0\0\0\0" + data.take(12)
    elif 16 <= command < 16 + len(_TYPES):
        result += _TYPES[command - 16] + bytes(4)
    else:
        raise ValueError("JPEG XL profile damaged")


def _restore_predicted(commands: _Bytes, data: _Bytes, result: bytearray) -> None:
    flags = commands.byte()
    width, order = (flags & 3) + 1, flags >> 2 & 3
    stride = commands.varint() if flags & 16 else width
    if width == 3 or order == 3 or stride < width or stride * 4 >= len(result):
        raise ValueError("JPEG XL profile damaged")
    count = commands.varint()
    values = data.take(count)
    if width > 1:
        values = _shuffled(values, width)
    weights = ((1,), (2, -1), (3, -3, 1))[order]
    for at in range(0, count, width):
        end = len(result)
        before = [
            int.from_bytes(result[end - stride * n : end - stride * n + width]) for n in range(1, len(weights) + 1)
        ]
        guess = sum(weight * value for weight, value in zip(weights, before, strict=True)) & ((1 << 8 * width) - 1)
        for index in range(min(width, count - at)):
            result.append((values[at + index] + (guess >> 8 * (width - 1 - index))) & 255)


def _shuffled(data: bytes, width: int) -> bytes:
    """The inverse of writing the first bytes of all numbers, then the second ones, and so on."""
    rows = -(-len(data) // width)
    return bytes(data[at] for column in range(rows) for at in range(column, len(data), rows))
