"""Photos to store: random pixels in any format, with metadata of every kind."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.storage import exif
from inpaint_studio.storage.containers.ifd import EXIF, GPS, INTEROPERABILITY, Entry, Ifd, Layout
from inpaint_studio.storage.convert import quantised
from inpaint_studio.storage.photo import Metadata, Photo

MAKER_NOTE = b"FAKEMAKER\0" + bytes(range(256))
XMP = b"<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'>\xc3\xa9</x:xmpmeta><?xpacket end='w'?>"


def profile(colour: Colour) -> bytes:
    """A body that looks like an ICC profile from the outside."""
    space = {Colour.GRAY: b"GRAY", Colour.RGB: b"RGB ", Colour.CMYK: b"CMYK"}[colour]
    body = bytearray(600)
    body[0:4] = struct.pack(">I", 600)
    body[12:20] = b"mntr" + space
    body[36:40] = b"acsp"
    return bytes(body)


def exif_block(order: str = "<") -> bytes:
    layout = Layout("<" if order == "<" else ">")
    interoperability = Ifd({1: Entry.raw(b"R98\0", 2)})
    details = Ifd(
        {37500: Entry.raw(MAKER_NOTE), 33434: Entry(5, 1, layout.pack("II", 1, 250))},
        {INTEROPERABILITY: interoperability},
    )
    place = Ifd({1: Entry.raw(b"N\0", 2), 2: Entry(5, 3, layout.pack("6I", 52, 1, 31, 1, 12, 1))})
    return exif.serialise(layout, Ifd({271: Entry.raw(b"Maker\0", 2)}, {EXIF: details, GPS: place}))


@pytest.fixture
def make_photo() -> Callable[..., Photo]:
    def make(
        pixel_format: PixelFormat,
        size: tuple[int, int] = (37, 53),
        *,
        family: str = "",
        orientation: int = 1,
        seed: int = 1,
    ) -> Photo:
        rng = np.random.default_rng(seed)
        shape = (*size, pixel_format.channels)
        if pixel_format.dtype == "float32":
            pixels: Samples = rng.normal(0.5, 1, shape).astype(np.float32)
        else:
            pixels = rng.integers(0, pixel_format.white + 1, shape, dtype=pixel_format.dtype)
            pixels = quantised(pixels, pixel_format)
        metadata = Metadata(
            icc=profile(pixel_format.colour),
            exif=exif.with_orientation(exif_block(), orientation),
            xmp=XMP,
            resolution=(300.0, 150.0),
            orientation=orientation,
        )
        return Photo(pixels, pixel_format, metadata, None, family)

    return make
