"""Means of areas, of every format."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.pixels.format import to_float
from inpaint_studio.pixels.pyramid import Pyramid
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.smaller import smaller
from tests.pixels.strategies import FORMATS, name_of, noise


@pytest.mark.parametrize("pixel_format", FORMATS, ids=name_of)
def test_each_pixel_is_a_mean(pixel_format):
    samples = noise(60, 80, pixel_format, 1)
    means = to_float(samples).reshape(12, 5, 16, 5, -1).mean((1, 3))
    assert np.abs(to_float(smaller(samples, 16, 12)) - means).max() <= 0.6 / 255


@pytest.mark.parametrize("pixel_format", FORMATS, ids=name_of)
def test_pyramids_are_made_of_every_format(pixel_format):
    samples = noise(101, 77, pixel_format, 1)
    pyramid = Pyramid(lambda rect: samples[rect.slices], Rect.of_size(77, 101))
    part = pyramid.part(1, Rect.of_size(39, 51))
    means = to_float(samples[:100, :76]).reshape(50, 2, 38, 2, -1).mean((1, 3))
    assert np.abs(to_float(part)[:50, :38] - means).max() <= 0.6 / 255
