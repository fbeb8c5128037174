"""Small pictures of documents, for the lists of recent and recoverable ones."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inpaint_studio.pixels.format import Colour
from inpaint_studio.pixels.smaller import smaller

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inpaint_studio.pixels.format import Samples

#: Greatest width and height of a thumbnail in pixels.
SIDE = 256

_MOST_BYTES = 1 << 20
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def make_thumbnail(picture: NDArray[np.uint8], colour: Colour) -> bytes:
    """`picture` (h×w×C in `colour`, perhaps with alpha) as a PNG of at most 256 pixels a side, without a profile."""
    height, width = picture.shape[:2]
    scale = max(1.0, max(height, width) / SIDE)
    size = max(1, int(width / scale)), max(1, int(height / scale))
    small = smaller(picture, *size)
    stream = io.BytesIO()
    Image.fromarray(_displayable(small, colour)).save(stream, "PNG")
    return stream.getvalue()


def valid_thumbnail(data: bytes) -> bool:
    """Whether `data` is a PNG that `make_thumbnail` could have made, as far as its header tells."""
    width, height = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
    return len(data) <= _MOST_BYTES and data.startswith(_PNG) and 0 < width <= SIDE and 0 < height <= SIDE


def _displayable(values: Samples, colour: Colour) -> Samples:
    """H×W×C in `colour` as gray, gray with alpha, RGB or RGBA for Pillow."""
    if colour is Colour.CMYK:
        ink, key = values[..., :3].astype(np.float32), values[..., 3:4]
        values = np.rint((255 - ink) * (255 - key) / 255).astype(np.uint8)
    if values.shape[2] == 1:
        return values[..., 0]
    if values.shape[2] == 2:
        gray, alpha = values[..., :1], values[..., 1:]
        return np.concatenate([gray, gray, gray, alpha], axis=2)
    return values
