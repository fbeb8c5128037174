"""Small pictures of layers: one sample a pixel of the picture, never a whole plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from inpaint_studio.document.layers import PROPOSED, MaskLayer, PixelLayer, ProposalLayer
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.tiled import TILE, TiledImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inpaint_studio.document.document import Document
    from inpaint_studio.document.layers import Layer
    from inpaint_studio.pixels.display_samples import ToDisplay
    from inpaint_studio.pixels.format import Samples

#: Longest side in device pixels: sharp at twice the size that the list shows.
SIDE = 80
#: Masks of more tiles show themselves without being widened.
_MOST_WIDENED = 100


def thumbnail(document: Document, layer: Layer | None, to_display: ToDisplay) -> QImage:
    """`layer` in the proportions of the canvas; None for the photo. A mask or a proposal in gray, a fill where it is opaque.

    to_display: takes the document's colours to the screen's.
    """
    shape = document.canvas
    scale = max(1.0, max(shape.width, shape.height) / SIDE)
    columns = _centres(shape.left, shape.width, max(1, int(shape.width / scale)))
    rows = _centres(shape.top, shape.height, max(1, int(shape.height / scale)))
    if isinstance(layer, MaskLayer):
        gray = _sampled(layer.coverage, rows, columns)
        return _image(np.repeat(gray, 3, axis=2))
    if isinstance(layer, ProposalLayer):
        gray = np.maximum.reduce([_sampled(layer.planes[name], rows, columns) for name in (*PROPOSED, "added")])
        return _image(np.repeat(gray, 3, axis=2))
    source = layer.pixels if isinstance(layer, PixelLayer) else document.photo
    samples = _sampled(source, rows, columns)
    rgb = to_display(np.ascontiguousarray(samples[..., : source.format.colour.channels]))
    if isinstance(layer, PixelLayer):
        opaque = _sampled(layer.alpha, rows, columns) > 0
        rgb = np.where(opaque, rgb, np.uint8(0x27))
    return _image(rgb)


def _centres(start: int, length: int, count: int) -> NDArray[np.int64]:
    return start + ((np.arange(count) + 0.5) * length / count).astype(np.int64)


def _sampled(image: TiledImage, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Samples:
    """The pixels of `image` at `rows` × `columns`, both ascending; only stored tiles are visited."""
    result = np.zeros((len(rows), len(columns), image.format.channels), image.format.numpy)
    widened = image.format == COVERAGE and len(image.tiles) <= _MOST_WIDENED
    for (row, column), tile in image.tiles.items():
        across = slice(*np.searchsorted(columns, (column * TILE, (column + 1) * TILE)))
        down = slice(*np.searchsorted(rows, (row * TILE, (row + 1) * TILE)))
        if across.start == across.stop or down.start == down.stop:
            continue
        picked = np.ix_(rows[down] - row * TILE, columns[across] - column * TILE)
        result[down, across] = _largest(tile, picked) if widened else tile[picked]
    return result


def _largest(tile: Samples, picked: tuple[NDArray[np.int64], ...]) -> Samples:
    """Samples of a mask, a little widened: a thin stroke must not fall between them."""
    down, across = (index.ravel() for index in picked)
    rows = np.maximum.reduceat(tile, _starts(down), axis=0)
    return np.asarray(np.maximum.reduceat(rows, _starts(across), axis=1))


def _starts(centres: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the span of each sample begins, for `reduceat`."""
    return np.concatenate([[0], (centres[:-1] + centres[1:]) // 2 + 1])


def _image(rgb: NDArray[np.uint8]) -> QImage:
    height, width = rgb.shape[:2]
    packed = np.ascontiguousarray(rgb)
    # a copy: the image outlives the array
    return QImage(packed.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
