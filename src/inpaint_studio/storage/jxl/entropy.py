"""Numbers coded by prefix codes or ANS, as JPEG XL stores a colour profile (ISO/IEC 18181-1, annex C)."""

from __future__ import annotations

from typing import NamedTuple

from inpaint_studio.storage.jxl.bits import BitReader

_ORDER = (1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#: Length and value of the code lengths' own code, by its next four bits (RFC 7932, 3.5).
_LENGTH_CODE = (
    *((2, 0), (2, 4), (2, 3), (3, 2), (2, 0), (2, 4), (2, 3), (4, 1)),
    *((2, 0), (2, 4), (2, 3), (3, 2), (2, 0), (2, 4), (2, 3), (4, 5)),
)
_ANS_START, _ANS_BITS = 0x130000, 12
_ANS_TOTAL = 1 << _ANS_BITS
_LARGEST_WINDOW = 1 << 20


class _Config(NamedTuple):
    """How a token and the bits behind it make a number."""

    split_exponent: int
    msb: int
    lsb: int

    def number(self, reader: BitReader, token: int) -> int:
        split = 1 << self.split_exponent
        if token < split:
            return token
        both = self.msb + self.lsb
        count = self.split_exponent - both + ((token - split) >> both)
        if count > 32:
            raise ValueError("JPEG XL number too large")
        low = token & ((1 << self.lsb) - 1)
        high = (token >> self.lsb) & ((1 << self.msb) - 1) | (1 << self.msb)
        return ((high << count | reader.u(count)) << self.lsb) | low


def _ceil_log2(value: int) -> int:
    return max(0, (value - 1).bit_length())


def _read_config(reader: BitReader, log_alphabet: int) -> _Config:
    split = reader.u(_ceil_log2(log_alphabet + 1))
    if split == log_alphabet:
        return _Config(split, 0, 0)
    msb = reader.u(_ceil_log2(split + 1))
    if msb > split:
        raise ValueError("JPEG XL number coding damaged")
    lsb = reader.u(_ceil_log2(split - msb + 1))
    if msb + lsb > split:
        raise ValueError("JPEG XL number coding damaged")
    return _Config(split, msb, lsb)


class _Prefix:
    """Symbols by prefix codes: `lengths` of the code of each."""

    def __init__(self, lengths: list[int]) -> None:
        used = [symbol for symbol, length in enumerate(lengths) if length]
        self._single = used[0] if len(used) == 1 else (0 if not used else None)
        self._codes: dict[tuple[int, int], int] = {}
        code = 0
        for length in range(1, 16):
            for symbol in used:
                if lengths[symbol] == length:
                    self._codes[length, code] = symbol
                    code += 1
            code <<= 1

    def symbol(self, reader: BitReader) -> int:
        if self._single is not None:
            return self._single
        code = 0
        for length in range(1, 16):
            code = code << 1 | reader.u(1)
            if (length, code) in self._codes:
                return self._codes[length, code]
        raise ValueError("JPEG XL code damaged")


def _read_prefix(reader: BitReader, size: int) -> _Prefix:
    if size == 1:
        return _Prefix([1])
    skip = reader.u(2)
    return _Prefix(_simple_lengths(reader, size) if skip == 1 else _complex_lengths(reader, size, skip))


def _simple_lengths(reader: BitReader, size: int) -> list[int]:
    count = reader.u(2) + 1
    symbols = [reader.u(_ceil_log2(size)) for _ in range(count)]
    if len(set(symbols)) < count or max(symbols) >= size:
        raise ValueError("JPEG XL prefix code damaged")
    own = {1: [1], 2: [1, 1], 3: [1, 2, 2], 4: [2, 2, 2, 2]}[count]
    if count == 4 and reader.bool():
        own = [1, 2, 3, 3]
    lengths = [0] * size
    for symbol, length in zip(symbols, own, strict=True):
        lengths[symbol] = length
    return lengths


def _complex_lengths(reader: BitReader, size: int, skip: int) -> list[int]:
    code, space = [0] * 18, 32
    for index in _ORDER[skip:]:
        if space <= 0:
            break
        length, value = _LENGTH_CODE[reader.peek(4)]
        reader.u(length)
        code[index] = value
        space -= 32 >> value if value else 0
    prefix = _Prefix(code)
    lengths: list[int] = []
    space, previous, repeated, repeats = 1 << 15, 8, 0, 0
    while len(lengths) < size and space > 0:
        symbol = prefix.symbol(reader)
        if symbol < 16:
            repeats = 0
            lengths.append(symbol)
            if symbol:
                previous = symbol
                space -= (1 << 15) >> symbol
            continue
        extra, value = (2, previous) if symbol == 16 else (3, 0)
        if repeated != value:
            repeats = 0
        before = repeats
        repeats = ((repeats - 2) << extra if repeats else 0) + reader.u(extra) + 3
        repeated = value
        lengths += [value] * (repeats - before)
        space -= (repeats - before) * ((1 << 15) >> value) if value else 0
    if space or len(lengths) > size:
        raise ValueError("JPEG XL prefix code damaged")
    return lengths + [0] * (size - len(lengths))


def _log_count(reader: BitReader) -> int:
    """One symbol of the fixed code of logarithms of counts; 13 repeats."""
    bits = reader.peek(7)
    short = {0: 10, 2: 7, 4: 6, 5: 8, 6: 9}
    if bits & 7 in short:
        length, value = 3, short[bits & 7]
    elif bits & 15 in (3, 7, 9, 11, 15):
        length, value = 4, {3: 3, 7: 5, 9: 4, 11: 1, 15: 2}[bits & 15]
    elif bits & 31 == 17:
        length, value = 5, 0
    elif bits & 63 == 33:
        length, value = 6, 11
    else:
        length, value = 7, 12 if bits == 1 else 13
    reader.u(length)
    return value


def _read_counts(reader: BitReader, log_alphabet: int) -> list[int]:
    """An ANS distribution: how many of 4096 each symbol has."""
    size = 1 << log_alphabet
    if reader.bool():
        symbols = [reader.u8() for _ in range(reader.u(1) + 1)]
        share = reader.u(_ANS_BITS) if len(symbols) == 2 else _ANS_TOTAL
        counts = [0] * (max(symbols) + 1)
        counts[symbols[0]] = share
        if len(symbols) == 2:
            counts[symbols[1]] += _ANS_TOTAL - share
    elif reader.bool():
        number = reader.u8() + 1
        counts = [_ANS_TOTAL // number + (symbol < _ANS_TOTAL % number) for symbol in range(number)]
    else:
        counts = _coded_counts(reader)
    if len(counts) > size or min(counts) < 0 or sum(counts) != _ANS_TOTAL:
        raise ValueError("JPEG XL distribution damaged")
    return counts + [0] * (size - len(counts))


def _coded_counts(reader: BitReader) -> list[int]:
    length = 0
    while length < 3 and reader.bool():
        length += 1
    shift = (1 << length | reader.u(length)) - 1
    size = reader.u8() + 3
    logs, same, at = [0] * size, [0] * size, 0
    greatest = omitted = -1
    while at < size:
        logs[at] = _log_count(reader)
        if logs[at] == _ANS_BITS + 1:
            run = reader.u8()
            same[at] = run + 5
            at += run + 4
            continue
        if logs[at] > greatest:
            greatest, omitted = logs[at], at
        at += 1
    counts, previous, left = [0] * size, 0, 0
    for symbol in range(size):
        if same[symbol]:
            left, previous = same[symbol] - 1, counts[symbol - 1] if symbol else 0
        if left:
            counts[symbol], left = previous, left - 1
        elif symbol != omitted and logs[symbol]:
            log = logs[symbol] - 1
            precise = max(0, min(log, shift - ((_ANS_BITS - log) >> 1)))
            counts[symbol] = (1 << log) + (reader.u(precise) << (log - precise))
    if omitted < 0:
        raise ValueError("JPEG XL distribution damaged")
    counts[omitted] = _ANS_TOTAL - sum(counts)
    return counts


class _Alias:
    """Symbols of an ANS distribution by the alias method: each of equal buckets holds at most two."""

    def __init__(self, counts: list[int], log_alphabet: int) -> None:
        self.counts, size = counts, 1 << log_alphabet
        self._log_bucket = _ANS_BITS - log_alphabet
        bucket = 1 << self._log_bucket
        self._cut, self._other, self._offset = list(counts), [0] * size, [0] * size
        whole = next((symbol for symbol, count in enumerate(counts) if count == _ANS_TOTAL), None)
        if whole is not None:
            self._cut = [0] * size
            self._other = [whole] * size
            self._offset = [bucket * index for index in range(size)]
            return
        over = [index for index, count in enumerate(counts) if count > bucket]
        under = [index for index, count in enumerate(counts) if count < bucket]
        while over:
            full, poor = over[-1], under.pop()
            self._cut[full] -= bucket - self._cut[poor]
            self._other[poor], self._offset[poor] = full, self._cut[full]
            if self._cut[full] < bucket:
                under.append(over.pop())
            elif self._cut[full] == bucket:
                over.pop()
        for index in range(size):
            if self._cut[index] == bucket:
                self._other[index] = index
                self._offset[index] = self._cut[index] = 0
            else:
                self._offset[index] -= self._cut[index]

    def look_up(self, value: int) -> tuple[int, int]:
        """Symbol and offset of a state's lower twelve bits."""
        index, at = value >> self._log_bucket, value & ((1 << self._log_bucket) - 1)
        if at >= self._cut[index]:
            return self._other[index], self._offset[index] + at
        return index, at


class Numbers:
    """A stream of numbers, each read in one of `contexts`. Raises ValueError for a damaged one."""

    def __init__(self, reader: BitReader, contexts: int, *, nested: bool = False) -> None:
        self._reader = reader
        self._copies = reader.bool()
        if self._copies:
            if nested and contexts <= 1:
                raise ValueError("JPEG XL clusters damaged")
            self._least_symbol = reader.u32(((224, 0), (512, 0), (4096, 0), (8, 15)))
            self._least_length = reader.u32(((3, 0), (4, 0), (5, 2), (9, 8)))
            self._lengths = _read_config(reader, 8)
            contexts += 1
        self._clusters = _read_clusters(reader, contexts)
        count = max(self._clusters) + 1
        self._prefixed = reader.bool()
        log_alphabet = 15 if self._prefixed else 5 + reader.u(2)
        self._configs = [_read_config(reader, log_alphabet) for _ in range(count)]
        self._codes: list[_Prefix] = []
        self._aliases: list[_Alias] = []
        if self._prefixed:
            sizes = [1 + (1 << (n := reader.u(4))) + reader.u(n) if reader.bool() else 1 for _ in range(count)]
            self._codes = [_read_prefix(reader, size) for size in sizes]
        else:
            self._aliases = [_Alias(_read_counts(reader, log_alphabet), log_alphabet) for _ in range(count)]
        self._state = 0 if self._prefixed else reader.u(32)
        self._window: list[int] = []
        self._to_copy = self._copy_from = 0

    def read(self, context: int) -> int:
        """The next number."""
        if self._to_copy:
            return self._copied()
        cluster = self._clusters[context]
        token = self._symbol(cluster)
        if self._copies and token >= self._least_symbol:
            self._to_copy = self._lengths.number(self._reader, token - self._least_symbol) + self._least_length
            cluster = self._clusters[-1]
            distance = self._configs[cluster].number(self._reader, self._symbol(cluster)) + 1
            self._copy_from = len(self._window) - min(distance, len(self._window), _LARGEST_WINDOW)
            return self._copied()
        number = self._configs[cluster].number(self._reader, token)
        if self._copies:
            self._window.append(number)
        return number

    def _copied(self) -> int:
        number = self._window[self._copy_from] if self._window else 0
        self._window.append(number)
        self._copy_from, self._to_copy = self._copy_from + 1, self._to_copy - 1
        return number

    def _symbol(self, cluster: int) -> int:
        if self._prefixed:
            return self._codes[cluster].symbol(self._reader)
        alias = self._aliases[cluster]
        symbol, offset = alias.look_up(self._state & (_ANS_TOTAL - 1))
        self._state = alias.counts[symbol] * (self._state >> _ANS_BITS) + offset
        if self._state < 1 << 16:
            self._state = self._state << 16 | self._reader.u(16)
        return symbol

    def finish(self) -> None:
        """Raises ValueError unless the stream ends as it must."""
        if not self._prefixed and self._state != _ANS_START:
            raise ValueError("JPEG XL stream damaged")


def _read_clusters(reader: BitReader, contexts: int) -> list[int]:
    """Which contexts share a distribution."""
    if contexts == 1:
        return [0]
    if reader.bool():
        bits = reader.u(2)
        return [reader.u(bits) for _ in range(contexts)]
    moved = reader.bool()
    numbers = Numbers(reader, 1, nested=contexts <= 2)
    clusters = [numbers.read(0) for _ in range(contexts)]
    numbers.finish()
    if max(clusters) >= contexts:
        raise ValueError("JPEG XL clusters damaged")
    if moved:
        order = list(range(256))
        for index, place in enumerate(clusters):
            value = order.pop(place)
            clusters[index] = value
            order.insert(0, value)
    return clusters
