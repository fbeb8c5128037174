"""A JPEG with other pixels in which every block that holds none of them keeps its coefficients bit for bit."""

from __future__ import annotations

import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from inpaint_studio.errors import StudioError
from inpaint_studio.pixels.format import Samples
from inpaint_studio.storage.containers.jpeg_segments import APP0, APP14, Segment, first
from inpaint_studio.storage.jpeg_blocks import codec
from inpaint_studio.storage.jpeg_blocks.codec import Blocks
from inpaint_studio.storage.jpeg_blocks.forward import Grid, changed_mcus, transform
from inpaint_studio.storage.jpeg_blocks.layout import UnkeptError


class Rewritten(NamedTuple):
    """Segments and scans to be written, and what `verify` holds them against: the old blocks, and the MCUs changed."""

    header: list[Segment]
    scans: bytes
    old: Blocks
    changed: Grid

    @property
    def sentence(self) -> str:
        """What the user should know."""
        height, width = self.old.layout.mcu
        return (
            f"{int(self.changed.sum()):,} of {self.changed.size:,} blocks of {width}×{height} pixels were written anew; "
            "all others keep their exact coefficients, as the written file showed when it was read back."
        )


def rewritten(source: bytes, decode: Callable[[], Samples], after: Samples) -> Rewritten:
    """The JPEG `source`, whose pixels `decode` gives, made to show `after` (both uint8 H×W×C as stored).

    Raises UnkeptError when its layout does not allow it, and what `decode` raises.
    """
    with ThreadPoolExecutor(1) as pool:  # both take long and leave the interpreter free
        reading = pool.submit(_read, source)
        before = decode()
    old = reading.result()
    frame = old.layout
    if before.shape != after.shape or after.shape != (frame.height, frame.width, len(frame.components)):
        raise UnkeptError("has another colour model than its file")
    changed = changed_mcus(frame, before, after)
    count = int(changed.sum()) * sum(c.vertical * c.horizontal for c in frame.components)
    new = old._replace(coefficients=old.coefficients.copy())
    transform(frame, old.quantisation, after, changed, new.coefficients, in_rgb=in_rgb(old))
    return Rewritten(old.header, codec.write(new, count), old, changed)


def _read(source: bytes) -> Blocks:
    try:
        return codec.read(source)
    except UnkeptError:
        raise
    except (ValueError, struct.error) as error:
        raise UnkeptError("has scans that do not follow the standard") from error


def verify(written: bytes, expected: Rewritten) -> None:
    """Raises StudioError unless every MCU of the file `written` that was not changed has its old coefficients."""
    try:
        found = codec.read(written)
    except (ValueError, struct.error) as error:
        raise _broken() from error
    old = expected.old
    same_tables = all(
        number in found.quantisation and np.array_equal(found.quantisation[number], divisors)
        for number, divisors in old.quantisation.items()
    )
    if found.layout != old.layout or not same_tables:
        raise _broken()
    differs = (found.coefficients != old.coefficients).any(1)
    if any(differs[old.layout.of_mcu(one)[~expected.changed]].any() for one in old.layout.components):
        raise _broken()


def in_rgb(blocks: Blocks) -> bool:
    """Whether a file's components are red, green and blue, or four inks, as libjpeg tells: not YCbCr or YCCK."""
    header = blocks.header
    if len(blocks.layout.components) == 4:
        adobe = first(header, APP14, b"Adobe")
        return adobe is None or adobe[6:7] != b"\2"
    if first(header, APP0, b"JFIF\0") is not None:
        return False
    adobe = first(header, APP14, b"Adobe")
    if adobe is not None and len(adobe) > 6:
        return adobe[6] == 0
    return [component.identifier for component in blocks.layout.components] == list(b"RGB")


def _broken() -> StudioError:
    return StudioError(
        "The written file does not keep the coefficients of the photo's untouched blocks, so it was not kept.",
        "This is a fault of the program: please report it with the photo's format.",
    )
