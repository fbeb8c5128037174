"""Thumbnails: small, of every format, and nothing else passes for one."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from inpaint_studio.pixels.display_samples import eight_bit
from inpaint_studio.pixels.format import Colour
from inpaint_studio.storage.project.thumbnail import make_thumbnail, valid_thumbnail
from tests.pixels.strategies import FORMATS, name_of, noise


@pytest.mark.parametrize("pixel_format", FORMATS, ids=name_of)
@pytest.mark.parametrize("size", [(1, 1), (3, 700), (900, 2), (400, 300)])
def test_every_format_and_shape_has_one(pixel_format, size):
    data = make_thumbnail(eight_bit(noise(*size, pixel_format, 1)), pixel_format.colour)
    assert valid_thumbnail(data)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert max(image.size) == min(256, max(size))


def test_it_shows_the_photo():
    samples = np.zeros((512, 512, 3), np.uint8)
    samples[:256, :, 0] = 200
    with Image.open(io.BytesIO(make_thumbnail(samples, Colour.RGB))) as image:
        assert image.getpixel((10, 10)) == (200, 0, 0)
        assert image.getpixel((10, 250)) == (0, 0, 0)


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"\xff\xd8\xff\xe0" + bytes(100)])
def test_other_bytes_are_none(data):
    assert not valid_thumbnail(data)


def test_a_large_picture_is_none():
    stream = io.BytesIO()
    Image.new("L", (257, 10)).save(stream, "PNG")
    assert not valid_thumbnail(stream.getvalue())
