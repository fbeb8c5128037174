"""A crop of the photo made to fit an engine, and the engine's answer made to fit the photo again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Float, SizeRule
from inpaint_studio.engines.fitting.grain import REACH, matched
from inpaint_studio.engines.fitting.inks import as_inks, as_paper
from inpaint_studio.engines.fitting.passes import scaled_mask
from inpaint_studio.engines.fitting.rim import rim_matched
from inpaint_studio.errors import StudioError
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples, from_float, to_float
from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stretch import DEBAND_RADIUS, Stretch, deband


@dataclass(frozen=True, slots=True)
class Crop:
    """A piece of the photo to fill.

    samples: H×W×C in `pixel_format`, alpha included. hole: H×W, what to fill. avoid: H×W, what the engine may neither
    use nor fill, such as holes that come later. soft: float32 H×W in 0..1, how much of the hole may change; None: all.
    """

    samples: Samples
    pixel_format: PixelFormat
    hole: Hole
    avoid: Hole
    soft: Float | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to a fill before it goes back into the photo. seams: `rim_matched`; grain: `grain.matched`."""

    seams: bool = False
    grain: bool = False

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return self.seams or self.grain


@dataclass(frozen=True, slots=True)
class _Geometry:
    """How the crop became the engine's size: scaled to `scaled` (height, width), then padded to a multiple."""

    original: tuple[int, int]
    scaled: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Fitted:
    """`request` is what the engine gets; `restore` turns its result into samples of the crop."""

    request: FillRequest
    crop: Crop
    stretch: Stretch
    geometry: _Geometry
    levels: int
    inks: Samples | None = None  # of a CMYK crop, which `crop` holds as it looks on paper

    @property
    def reduced(self) -> bool:
        """Whether the engine works at less than the photo's resolution."""
        return self.geometry.scaled != self.geometry.original

    def restore(self, result: FillResult, finish: Finish = Finish()) -> Samples:
        """The crop's colour channels at the photo's depth, H×W×C without alpha: filled in the hole, else unchanged.

        finish: steps that a finished fill gets and a preview does without. Raises StudioError for a result with NaN or
        infinity in it.
        """
        height, width = self.geometry.scaled
        image: Float = result.image[:height, :width]
        if not np.isfinite(image).all():
            raise StudioError("The engine made pixels without a value.", "Try another seed, or another engine.")
        if self.reduced:
            image = np.asarray(
                cv2.resize(image, self.geometry.original[::-1], interpolation=cv2.INTER_CUBIC), np.float32
            )
        image = image.reshape(*self.geometry.original, -1)
        colours = self.crop.pixel_format.colour.channels
        restored = self.crop.samples[..., :colours].copy()
        # tones are smoothed and grain is measured in a neighbourhood; beyond that only the hole is worth the work
        reach = REACH if finish.any else DEBAND_RADIUS
        inner = Rect.around(self.crop.hole).grown(reach).clipped(Rect.of_size(*self.geometry.original[::-1]))
        below, hole = restored[inner.slices], self.crop.hole[inner.slices]
        filled = self._decoded(image[inner.slices], below, hole)
        if finish.any and hole.any():
            filled = self._finished(filled, inner, finish)
        # of the hole alone: a crop of scratches is large and has few pixels to fill
        below[hole] = from_float(filled[hole], below.dtype)
        if self.inks is None:
            return restored
        return as_inks(restored, self.inks, self.crop.hole, ~(self.crop.hole | self.crop.avoid))

    def _finished(self, image: Float, inner: Rect, finish: Finish) -> Float:
        hole = self.crop.hole[inner.slices]
        known = ~(hole | self.crop.avoid[inner.slices])
        if self.crop.pixel_format.alpha:
            known &= ~_transparent(self.crop)[inner.slices]
        deep = self.crop.pixel_format.dtype == "float32"
        low, span = np.float32(0), np.float32(1)
        if deep:
            known &= np.isfinite(image).all(2)
            image = np.where((known | hole)[..., None], image, np.float32(0))
            low = self.stretch.low.min()
            span = self.stretch.high.max() - low
            image = (image - low) / span
        if finish.seams:
            image = rim_matched(image, hole, known)
        if finish.grain:
            image = matched(image, hole, known, self.request.seed)
        return np.asarray(image * span + low, np.float32) if deep else image

    def _decoded(self, image: Float, below: Samples, hole: Hole) -> Float:
        """The crop's photo, full intensity 1, with what `image` has in the hole."""
        made = image[hole]
        if made.shape[1] != below.shape[2]:
            made = made.mean(1, keepdims=True)
        result = to_float(below).copy() if below.dtype.kind == "f" else to_float(below)
        result[hole] = self.stretch.decode(made)
        if self.levels == 8 and self.crop.pixel_format.bits > 8:
            # with the true surroundings in place the tones run on smoothly across the rim
            step = (self.stretch.high - self.stretch.low) / np.float32(255)
            # a value without a number would spread through the means
            whole = np.where(np.isfinite(result), result, self.stretch.low) if below.dtype.kind == "f" else result
            result[hole] = deband(np.asarray(whole, np.float32), step)[hole]
        return result


def fit(spec: EngineSpec, crop: Crop, seed: int, options: Any) -> Fitted:
    """Make `crop` fit the engine `spec`: channels, sample depth, size and what it can't be told to avoid."""
    if crop.pixel_format.colour is Colour.CMYK:
        inks = crop.samples[..., :4]
        paper = PixelFormat(Colour.RGB, "uint16")
        avoid = crop.avoid | (_transparent(crop) & ~crop.hole)
        looks = replace(crop, samples=as_paper(inks), pixel_format=paper, avoid=avoid)
        return replace(fit(spec, looks, seed, options), inks=inks)
    colours = crop.pixel_format.colour.channels
    image = to_float(crop.samples[..., :colours])
    avoid = (crop.avoid | _transparent(crop)) & ~crop.hole
    if crop.pixel_format.dtype == "float32":
        bad = np.asarray(~np.isfinite(image).all(2), np.bool_)
        image = np.where(bad[..., None], np.float32(0), image)
        avoid |= bad & ~crop.hole
    stretch = Stretch.identity(colours)
    if crop.pixel_format.dtype == "float32" or (spec.levels == 8 and crop.pixel_format.bits > 8):
        stretch = Stretch.of(image, ~(crop.hole | avoid))
        image = stretch.encode(image)
        if spec.levels == 8:
            image = np.asarray(np.rint(image * 255) / 255, np.float32)
    if colours == 1 and 1 not in spec.channels:
        image = np.repeat(image, 3, 2)
    soft = crop.soft if "soft" in spec.takes else None
    image, mask, avoid, geometry = _resize(spec.size, image, crop.hole, avoid, soft)
    if "avoid" not in spec.takes:
        # an engine that can't avoid pixels fills them too; the result is thrown away
        mask = np.maximum(mask, avoid.astype(np.float32))
    request = FillRequest(
        image=np.ascontiguousarray(image, np.float32),
        mask=mask,
        seed=seed,
        options=options,
        avoid=avoid.astype(np.float32) if "avoid" in spec.takes and avoid.any() else None,
    )
    return Fitted(request, crop, stretch, geometry, spec.levels)


def _transparent(crop: Crop) -> NDArray[np.bool_]:
    """Pixels whose colour nobody sees: their values are arbitrary, so they are no source."""
    if not crop.pixel_format.alpha:
        return np.zeros(crop.hole.shape, np.bool_)
    return np.asarray(crop.samples[..., -1] == 0)


def _resize(
    size: SizeRule, image: Float, hole: Hole, avoid: Hole, soft: Float | None
) -> tuple[Float, Float, Hole, _Geometry]:
    """Scale down to the engine's largest side, pad up to its smallest and to its multiple; padding is to be avoided.

    Returns image, mask (the hole, or how much of it may change), avoid and the geometry.
    """
    mask = hole.astype(np.float32) if soft is None else np.where(hole, soft, np.float32(0))
    height, width = hole.shape
    scale = min(1.0, size.most / max(height, width))
    scaled = max(1, round(height * scale)), max(1, round(width * scale))
    if scaled != (height, width):
        image = _shrink(image, scaled).reshape(*scaled, image.shape[2])
        # any touched pixel counts, so that nothing of the object is left at the rim
        mask = scaled_mask(mask, scaled)
        avoid = (_shrink(avoid.astype(np.float32), scaled) > 0) & (mask <= 0)
    pad_y, pad_x = (_padding(side, size.least, size.multiple_of) for side in scaled)
    if pad_y or pad_x:
        image = np.pad(image, ((0, pad_y), (0, pad_x), (0, 0)), mode="edge")
        mask = np.pad(mask, ((0, pad_y), (0, pad_x)))
        avoid = np.pad(avoid, ((0, pad_y), (0, pad_x)), constant_values=True)
    return image, mask, avoid, _Geometry((height, width), scaled)


def _shrink(image: Float, size: tuple[int, int]) -> Float:
    return np.asarray(cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _padding(side: int, least: int, multiple: int) -> int:
    wanted = max(side, least)
    return -(-wanted // multiple) * multiple - side
