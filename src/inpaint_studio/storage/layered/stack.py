"""A document's layers as pictures with opacity: what both exchange formats are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.layers import Layer, MaskLayer, PixelLayer
from inpaint_studio.pixels.format import PixelFormat, Samples, from_float
from inpaint_studio.pixels.rect import Rect


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One layer where it holds anything: `colours` H×W×C in the document's format without alpha, `alpha` 16-bit H×W.

    `mask` (8 bits H×W, 255 shows) hides parts; None hides nothing. opacity: 0..1.
    """

    name: str
    place: Rect
    colours: Samples
    alpha: NDArray[np.uint16]
    mask: NDArray[np.uint8] | None = None
    visible: bool = True
    opacity: float = 1.0


def sheets(photo: Samples, pixel_format: PixelFormat, layers: tuple[Layer, ...], title: str) -> Iterator[Sheet]:
    """The photo as `title`, then each fill and mask of `layers`, bottom first. A mask is a hidden sheet of its colour."""
    height, width = photo.shape[:2]
    colours = pixel_format.colour.channels
    opaque = np.full((height, width), 65535, np.uint16)
    if pixel_format.alpha:
        alpha = photo[..., -1]
        opaque = alpha.astype(np.uint16) * np.uint16(257) if alpha.dtype == np.uint8 else alpha.astype(np.uint16)
    yield Sheet(title, Rect.of_size(width, height), photo[..., :colours], opaque)
    for layer in layers:
        place = layer.covered.clipped(Rect.of_size(width, height))
        if place.empty:
            continue
        plane = layer.alpha if isinstance(layer, PixelLayer) else layer.planes.get("coverage")
        if plane is None:
            continue
        place = Rect.around(plane.read(place)[..., 0] > 0).moved(place.left, place.top)
        if place.empty:
            continue
        if isinstance(layer, PixelLayer):
            hidden = layer.hidden.read(place)[..., 0]
            mask = 255 - hidden if hidden.any() else None
            alpha = layer.alpha.read(place)[..., 0]
            yield Sheet(layer.name, place, layer.pixels.read(place), alpha, mask, layer.visible, layer.opacity)
        elif isinstance(layer, MaskLayer):
            coverage = layer.coverage.read(place)[..., 0].astype(np.uint16) * np.uint16(257)
            rgb = [(layer.colour >> shift & 255) / 255 for shift in (16, 8, 0)]
            shade = rgb if colours == 3 else [sum(rgb) / 3] if colours == 1 else [*(1 - part for part in rgb), 0]
            flat = from_float(np.asarray(shade, np.float32), pixel_format.numpy)
            yield Sheet(layer.name, place, np.broadcast_to(flat, (*coverage.shape, colours)), coverage, visible=False)
