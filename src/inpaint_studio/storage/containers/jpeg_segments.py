"""The marker segments of a JPEG file up to its first scan, and the metadata they carry."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
APP0, APP1, APP2, APP13, APP14, APP15, COM = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF, 0xFE
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})

EXIF_MARK = b"Exif\0\0"
XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP_MARK = b"http://ns.adobe.com/xmp/extension/\0"
ICC_MARK = b"ICC_PROFILE\0"
PHOTOSHOP_MARK = b"Photoshop 3.0\0"
MPF_MARK = b"MPF\0"
_LARGEST_SEGMENT = 65533
#: A marker among coded data, but for those of restarts.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_ICC_PART = _LARGEST_SEGMENT - len(ICC_MARK) - 2
_IPTC_RESOURCE = 0x0404


class Segment(NamedTuple):
    """A marker's second byte and its payload, without the length."""

    marker: int
    data: bytes


class Frame(NamedTuple):
    """What the frame header says."""

    precision: int
    width: int
    height: int
    components: int
    progressive: bool


def read_segments(data: bytes) -> tuple[list[Segment], int]:
    """The segments before the first scan, and the offset of that scan's marker. Raises ValueError when cut off."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("no JPEG signature")
    return segments_at(data, 2)


def segments_at(data: bytes, at: int) -> tuple[list[Segment], int]:
    """The segments from `at` to the next scan, and the offset of its marker. Raises ValueError when there is none."""
    segments: list[Segment] = []
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("JPEG marker missing")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == SOS:
            return segments, at
        length = int.from_bytes(data[at + 2 : at + 4])
        if length < 2 or at + 2 + length > len(data):
            raise ValueError("JPEG segment cut off")
        segments.append(Segment(marker, data[at + 4 : at + 2 + length]))
        at += 2 + length
    raise ValueError("JPEG without a scan")


def complete(data: bytes, scan: int) -> bool:
    """Whether the scans, whose first marker is at `scan`, go on to an end mark and not to the end of the file."""
    at = scan
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != EOI:
        found = _MARKER.search(data, at + 2 + int.from_bytes(data[at + 2 : at + 4]))
        at = found.start() if found is not None else len(data)
    return data[at : at + 2] == bytes([0xFF, EOI])


def write_segments(segments: list[Segment], rest: bytes) -> bytes:
    """A JPEG of `segments`, then `rest`, which begins with the first scan's marker. ValueError when one is too long."""
    parts = [b"\xff\xd8"]
    for marker, data in segments:
        if len(data) > _LARGEST_SEGMENT:
            raise ValueError("JPEG segment too long")
        parts += [bytes([0xFF, marker]), struct.pack(">H", len(data) + 2), data]
    return b"".join([*parts, rest])


def fits(data: bytes) -> bool:
    """Whether `data` can be one segment."""
    return len(data) <= _LARGEST_SEGMENT


def frame(segments: list[Segment]) -> Frame:
    """The frame header. Raises ValueError when there is none."""
    for marker, data in segments:
        if marker in _FRAMES and len(data) >= 6:
            precision, height, width, components = struct.unpack_from(">BHHB", data)
            return Frame(precision, width, height, components, progressive=marker == 0xC2)
    raise ValueError("JPEG without a frame")


def is_metadata(segment: Segment) -> bool:
    """Whether a segment holds metadata only: nothing that a decoder needs."""
    return (APP1 <= segment.marker <= APP15 and segment.marker != APP14) or segment.marker == COM


def pictured(segment: Segment) -> bool:
    """Whether an APP0 segment holds a preview: JFXX, or JFIF with one in it."""
    jfif = segment.data.startswith(b"JFIF\0") and len(segment.data) >= 14
    return segment.marker == APP0 and not (jfif and segment.data[12:14] == b"\0\0")


def first(segments: list[Segment], marker: int, mark: bytes) -> bytes | None:
    """What follows `mark` in the first such segment."""
    for segment in segments:
        if segment.marker == marker and segment.data.startswith(mark):
            return segment.data[len(mark) :]
    return None


def read_icc(segments: list[Segment]) -> bytes | None:
    """The profile put together from its numbered parts; None when there is none or a part lacks."""
    parts = {
        data[len(ICC_MARK)]: data
        for marker, data in segments
        if marker == APP2 and data.startswith(ICC_MARK) and len(data) > len(ICC_MARK) + 2
    }
    if not parts or sorted(parts) != list(range(1, len(parts) + 1)):
        return None
    return b"".join(parts[number][len(ICC_MARK) + 2 :] for number in sorted(parts))


def icc_segments(profile: bytes) -> list[Segment]:
    """The numbered parts of `profile`; none when it would need more than the 255 that can be numbered."""
    if len(profile) > 255 * _ICC_PART:
        return []
    parts = [profile[at : at + _ICC_PART] for at in range(0, len(profile), _ICC_PART)]
    return [Segment(APP2, ICC_MARK + bytes([index, len(parts)]) + part) for index, part in enumerate(parts, 1)]


def read_iptc(segments: list[Segment]) -> bytes | None:
    """The IIM records among the Photoshop resources."""
    resources = first(segments, APP13, PHOTOSHOP_MARK) or b""
    at = 0
    while resources[at : at + 4] == b"8BIM":
        number = int.from_bytes(resources[at + 4 : at + 6])
        name = resources[at + 6] if at + 6 < len(resources) else 0
        at += 6 + name + 1 + (name + 1) % 2
        length = int.from_bytes(resources[at : at + 4])
        if number == _IPTC_RESOURCE:
            return resources[at + 4 : at + 4 + length] or None
        at += 4 + length + length % 2
    return None


def iptc_segment(records: bytes) -> Segment:
    """IIM records as the only Photoshop resource."""
    resource = b"8BIM" + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(records)) + records + b"\0" * (len(records) % 2)
    return Segment(APP13, PHOTOSHOP_MARK + resource)


def read_resolution(segments: list[Segment]) -> tuple[float, float] | None:
    """Dots per inch in the JFIF header; None when it states an aspect ratio only."""
    density = first(segments, APP0, b"JFIF\0")
    if density is None or len(density) < 7:
        return None
    unit, across, down = struct.unpack_from(">BHH", density, 2)
    scale = {1: 1.0, 2: 2.54}.get(unit)
    return None if scale is None or not across or not down else (across * scale, down * scale)


def jfif_segment(resolution: tuple[float, float] | None) -> Segment:
    """The JFIF header that states `resolution`, rounded to whole dots."""
    across, down = (min(max(round(value), 1), 0xFFFF) for value in resolution or (1, 1))
    return Segment(APP0, b"JFIF\0" + struct.pack(">BBBHHBB", 1, 2, int(resolution is not None), across, down, 0, 0))
