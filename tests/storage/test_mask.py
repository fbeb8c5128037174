"""Masks: any picture becomes coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage.convert import at_depth
from inpaint_studio.storage.files import read_mask, read_masks, write_photo
from inpaint_studio.storage.photo import Metadata, Photo

GRAY = np.arange(256, dtype=np.uint8).reshape(8, 32)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("colour", list(Colour)[:2])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_gray_levels_survive_any_format(suffix, colour, dtype, tmp_path):
    pixels = np.repeat(at_depth(GRAY[..., None], dtype), colour.channels, axis=2)
    write_photo(Photo(pixels, PixelFormat(colour, dtype)), tmp_path / f"mask{suffix}")
    mask = read_mask(tmp_path / f"mask{suffix}")
    assert mask.dtype == np.uint8
    assert np.array_equal(mask, GRAY)


def test_alpha_multiplies(tmp_path):
    pixels = np.dstack([np.full_like(GRAY, 128), GRAY])
    write_photo(Photo(pixels, PixelFormat(Colour.GRAY, alpha=True)), tmp_path / "mask.png")
    assert np.array_equal(read_mask(tmp_path / "mask.png"), np.rint(GRAY * (128 / 255)))


def test_the_alpha_channel_alone(tmp_path):
    pixels = np.dstack([np.full_like(GRAY, 128), GRAY])
    write_photo(Photo(pixels, PixelFormat(Colour.GRAY, alpha=True)), tmp_path / "mask.png")
    both = read_masks(tmp_path / "mask.png")
    assert np.array_equal(both[0], read_mask(tmp_path / "mask.png"))
    assert np.array_equal(both[1], GRAY)
    pixels[..., 1] = 255
    write_photo(Photo(pixels, PixelFormat(Colour.GRAY, alpha=True)), tmp_path / "mask.png")
    assert read_masks(tmp_path / "mask.png")[1] is None


def test_luminance(tmp_path):
    Image.fromarray(np.uint8([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]])).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png").tolist() == [[76, 150, 29, 255]]


@pytest.mark.parametrize("name", ["mask.png", "mask.tif"])
def test_one_bit_and_palette(name, tmp_path):
    bits = GRAY > 100
    Image.fromarray(bits).save(tmp_path / name)
    assert np.array_equal(read_mask(tmp_path / name), bits * np.uint8(255))
    Image.fromarray(bits * np.uint8(255)).convert("P").save(tmp_path / name)
    assert np.array_equal(read_mask(tmp_path / name), bits * np.uint8(255))


def test_orientation(tmp_path):
    photo = Photo(GRAY[..., None], PixelFormat(Colour.GRAY), Metadata(orientation=6), family="tiff")
    write_photo(replace(photo), tmp_path / "mask.tif")
    assert np.array_equal(read_mask(tmp_path / "mask.tif"), GRAY)
