"""What tests of several rooms draw: formats, rectangles, and samples in a format."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect

FORMATS = [
    PixelFormat(colour, dtype, alpha=alpha)
    for colour in Colour
    for dtype in ("uint8", "uint16", "float32")
    for alpha in (False, True)
]

formats = st.sampled_from(FORMATS)
seeds = st.integers(0, 2**32 - 1)


def name_of(pixel_format: PixelFormat) -> str:
    return f"{pixel_format.colour}{'+alpha' * pixel_format.alpha}-{pixel_format.dtype}"


def rects(least: int = -320, most: int = 320) -> st.SearchStrategy[Rect]:
    side = st.integers(least, most)
    return st.builds(Rect, side, side, side, side)


def rects_in(bounds: Rect) -> st.SearchStrategy[Rect]:
    """Rectangles with at least one pixel, inside `bounds`."""

    def spans(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
        return st.integers(low, high - 1).flatmap(lambda a: st.tuples(st.just(a), st.integers(a + 1, high)))

    return st.builds(
        lambda x, y: Rect(x[0], y[0], x[1], y[1]), spans(bounds.left, bounds.right), spans(bounds.top, bounds.bottom)
    )


def noise(height: int, width: int, pixel_format: PixelFormat, seed: int) -> Samples:
    """Samples of the whole range, none of them zero."""
    rng = np.random.default_rng(seed)
    shape = (height, width, pixel_format.channels)
    if pixel_format.dtype == "float32":
        return rng.uniform(0.01, 2, shape).astype(np.float32)
    return rng.integers(1, pixel_format.white, shape, pixel_format.numpy, endpoint=True)
