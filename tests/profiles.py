"""Colour profiles made from their definitions: matrix and curves, gray, and tables as scanners and presses have them."""

from __future__ import annotations

import struct
from itertools import product

import numpy as np

_D50 = (0.9642, 1.0, 0.8249)
#: Columns XYZ of the primaries, adapted to D50, and gamma.
SPACES = {
    "sRGB": (((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7142)), 2.2),
    "AdobeRGB": (((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)), 2.19921875),
    "ProPhoto": (((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249)), 1.8),
    "Display-P3": (((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)), 2.2),
}


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _text(text: str) -> bytes:
    data = text.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(data)) + data + bytes(78 + 1)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": _text("Test profile"), b"wtpt": _xyz(_D50), b"cprt": b"text\0\0\0\0none\0", **tags}
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data = data.ljust(-(-len(data) // 4) * 4, b"\0")
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"test", 0x02400000, kind, space, connection)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + b"".join(map(_fixed, _D50))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def matrix(name: str) -> bytes:
    """A display's profile: three primaries and a gamma."""
    primaries, gamma = SPACES[name]
    tags = {tag: _xyz(value) for tag, value in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags | {tag: _curve(gamma) for tag in (b"rTRC", b"gTRC", b"bTRC")})


def gray(gamma: float = 2.2) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def _table(inputs: int, points: int, lab: np.ndarray) -> bytes:
    """A lut16 table of `points` grid points a channel to Lab (version 2's encoding)."""
    encoded = np.empty((*lab.shape[:-1], 3))
    encoded[..., 0] = lab[..., 0] / 100 * 65280
    encoded[..., 1:] = (lab[..., 1:] + 128) * 256
    body = encoded.round().clip(0, 65535).astype(">u2").tobytes()
    straight = np.array([0, 65535], ">u2").tobytes()
    head = b"mft2\0\0\0\0" + bytes([inputs, 3, points, 0]) + b"".join(map(_fixed, (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    return head + struct.pack(">HH", 2, 2) + straight * inputs + body + straight * 3


def scanner() -> bytes:
    """RGB to Lab by a table of 9³ points that bends colours as no matrix does."""
    grid = np.array(list(product(np.linspace(0, 1, 9), repeat=3)))
    red, green, blue = grid.T
    light = 100 * (0.3 * red + 0.6 * green + 0.1 * blue) ** 0.9
    lab = np.stack([light, 90 * (red - green) * (1 - 0.2 * blue), 80 * ((red + green) / 2 - blue)], 1)
    return _profile(b"scnr", b"RGB ", b"Lab ", {b"A2B0": _table(3, 9, lab)})


def press() -> bytes:
    """CMYK to Lab by a table of 5⁴ points."""
    grid = np.array(list(product(np.linspace(0, 1, 5), repeat=4)))
    cyan, magenta, yellow, black = grid.T
    light = 95 * (1 - black * 0.9) * (1 - 0.4 * cyan) * (1 - 0.5 * magenta) * (1 - 0.1 * yellow) + 3
    shade = 1 - black
    lab = np.stack([light, (70 * magenta - 35 * cyan) * shade, (85 * yellow - 45 * cyan) * shade], 1)
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": _table(4, 5, lab), b"A2B1": _table(4, 5, lab)})


def broken() -> bytes:
    """Looks like a profile of RGB from the outside, and is none."""
    return matrix("sRGB")[:140] + bytes(300)
