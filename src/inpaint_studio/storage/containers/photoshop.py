"""Photoshop image resources, as JPEG and TIFF carry them: IPTC, previews and more."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Previews: JPEG data in the usual order of colours, and in reverse.
PREVIEW, OLD_PREVIEW = 1036, 1033
_SIGNATURE = b"8BIM"


class Resource(NamedTuple):
    """A resource's number, its name as a counted string with padding, and its data."""

    number: int
    name: bytes
    data: bytes


def read_resources(data: bytes) -> list[Resource]:
    """All resources. Raises ValueError when something else stands among them or one is cut off."""
    resources, at = [], 0
    while at < len(data):
        name_end = at + 7 + data[at + 6] if len(data) > at + 6 else at
        name_end += (name_end - at) % 2
        length = int.from_bytes(data[name_end : name_end + 4])
        body = data[name_end + 4 : name_end + 4 + length]
        if data[at : at + 4] != _SIGNATURE or len(data) < name_end + 4 or len(body) < length:
            raise ValueError("Photoshop resources damaged")
        resources.append(Resource(int.from_bytes(data[at + 4 : at + 6]), data[at + 6 : name_end], body))
        at = name_end + 4 + length + length % 2
    return resources


def write_resources(resources: Iterable[Resource]) -> bytes:
    """The resources one behind the other."""
    parts = []
    for number, name, data in resources:
        head = _SIGNATURE + struct.pack(">H", number) + name + struct.pack(">I", len(data))
        parts += [head, data, b"\0" * (len(data) % 2)]
    return b"".join(parts)
