"""Bits, least significant first, and the number codings of JPEG XL (ISO/IEC 18181-1, clause 9)."""

from __future__ import annotations

from collections.abc import Sequence

#: A choice of U32: a constant, and how many bits are added to it.
Choice = tuple[int, int]


class BitReader:
    """Reads from `data`. Raises ValueError past its end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def u(self, count: int) -> int:
        """A number of `count` bits."""
        end = self.at + count
        if end > len(self.data) * 8:
            raise ValueError("JPEG XL cut off")
        first, last = self.at >> 3, (end + 7) >> 3
        value = int.from_bytes(self.data[first:last], "little") >> (self.at & 7)
        self.at = end
        return value & ((1 << count) - 1)

    def peek(self, count: int) -> int:
        """The next bits without taking them; zeros past the end."""
        first = self.at >> 3
        value = int.from_bytes(self.data[first : first + 4], "little") >> (self.at & 7)
        return value & ((1 << count) - 1)

    def bool(self) -> bool:
        return bool(self.u(1))

    def u32(self, choices: Sequence[Choice]) -> int:
        start, count = choices[self.u(2)]
        return start + self.u(count)

    def enum(self) -> int:
        return self.u32(((0, 0), (1, 0), (2, 4), (18, 6)))

    def u64(self) -> int:
        match self.u(2):
            case 0:
                return 0
            case 1:
                return 1 + self.u(4)
            case 2:
                return 17 + self.u(8)
        value, shift = self.u(12), 12
        while self.bool():
            count = 4 if shift == 60 else 8
            value |= self.u(count) << shift
            shift += 8
            if count == 4:
                break
        return value

    def u8(self) -> int:
        """The variable coding of small numbers in histograms."""
        if not self.bool():
            return 0
        count = self.u(3)
        return (1 << count) + self.u(count)

    def align(self) -> None:
        """Go on to the next whole byte. Raises ValueError when the bits between are not zero."""
        if self.u(-self.at % 8):
            raise ValueError("JPEG XL padding not zero")


class BitWriter:
    """Gathers bits."""

    def __init__(self) -> None:
        self._value, self._count = 0, 0

    def u(self, value: int, count: int) -> None:
        self._value |= value << self._count
        self._count += count

    def bool(self, value: bool) -> None:
        self.u(int(value), 1)

    def copy(self, reader: BitReader, start: int, end: int) -> None:
        """The reader's bits from `start` to `end`."""
        part = BitReader(reader.data, start)
        while part.at < end:
            count = min(64, end - part.at)
            self.u(part.u(count), count)

    def u64(self, value: int) -> None:
        """Raises ValueError above 2^20, which no profile needs to say."""
        if value == 0:
            self.u(0, 2)
        elif value <= 16:
            self.u(1 | (value - 1) << 2, 6)
        elif value <= 272:
            self.u(2 | (value - 17) << 2, 10)
        elif value < 1 << 20:
            self.u(3 | (value & 0xFFF) << 2 | 1 << 14 | (value >> 12) << 15, 24)
        else:
            raise ValueError("number too large")

    def bytes(self) -> bytes:
        """All bits, with zeros up to a whole byte."""
        return self._value.to_bytes((self._count + 7) // 8, "little")
