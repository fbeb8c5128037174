"""Layers of pixels merged into one that shows the same, sample for sample.

The new layer is the ordinary "over" of the old ones (Porter and Duff, "Compositing Digital Images", SIGGRAPH 1984), so it
stays as transparent as they were together and can still be faded, hidden or moved. Each old layer was rounded when it was
laid over the one below, the new one is rounded once: where that shows, the sample or the opacity is nudged until what
lies below comes out as before. In integers that always succeeds; of floats the few that don't become opaque there.

Photoshop's Merge Down gives the lower layer's name and turns what could be changed later into plain pixels. So here, but
that fills made alike (all but the seed) become one fill of all their masks, which can be run again. Of others the
recipe keeps only which engines had a part in it, for the record in an exported file; `Recipe.can_run` is False then.
Retouching merged with retouching stays retouching.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.composite import Composite, FrozenFill
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, Group, RemoveLayer
from inpaint_studio.document.layers import (
    CloneLayer,
    FillLayer,
    Layer,
    LayerState,
    PixelLayer,
    layer_from,
    new_fill_planes,
)
from inpaint_studio.document.recipe import MERGED, Recipe
from inpaint_studio.errors import Cancelled
from inpaint_studio.pixels.blend import blend
from inpaint_studio.pixels.format import COVERAGE, Samples
from inpaint_studio.pixels.masks import OPAQUE, Opacity
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage, TileKey, tile_rect

Wide = NDArray[np.float64]

#: How many levels of opacity are tried for a float sample that no colour reproduces.
_TRIES = 16


@dataclass(frozen=True, slots=True)
class Merging:
    """Layers of pixels that are to become one: frozen, so that any thread may work on them."""

    below: Composite
    fills: tuple[FrozenFill, ...]
    states: tuple[LayerState, ...]

    @classmethod
    def of(cls, document: Document, layers: Sequence[PixelLayer]) -> Merging:
        """`layers` bottom first, all visible, and no other visible layer of pixels between them."""
        through = document.layers[: document.index(layers[-1].id) + 1]
        seen = Composite.of(document.photo, through)
        first = len(seen.fills) - len(layers)
        below = Composite(seen.photo, seen.fills[:first])
        return cls(below, seen.fills[first:], tuple(layer.state() for layer in layers))

    def planes(self, cancelled: Callable[[], bool] = lambda: False) -> tuple[TiledImage, TiledImage]:
        """The planes "pixels" and "alpha" of the merged layer. Raises Cancelled soon after `cancelled` says so."""
        pixels, alpha = new_fill_planes(self.below.format, self.below.photo.extent)
        for key in sorted({key for fill in self.fills for key in fill.alpha.tiles}):
            if cancelled():
                raise Cancelled
            self._merge_tile(key, pixels, alpha)
        alpha.drop_blank_tiles()
        pixels.exchange(dict.fromkeys(pixels.tiles.keys() - alpha.tiles.keys()))
        return pixels, alpha

    def _merge_tile(self, key: TileKey, pixels: TiledImage, alpha: TiledImage) -> None:
        fills = [fill for fill in self.fills if key in fill.alpha.tiles]
        only = fills[0]
        if len(fills) == 1 and key not in only.hidden.tiles and only.opacity >= 1:
            # shared, not copied
            pixels.exchange({key: only.pixels.tile(key)})
            alpha.exchange({key: only.alpha.tile(key)})
            return
        area = tile_rect(key).clipped(alpha.extent)
        below = self.below.read(area)[..., : self.below.format.colour.channels]
        colours, opacity = _merged(below, fills, area)
        pixels.write(area, colours)
        alpha.write(area, opacity[..., None])

    def _layer_state(self, layer_id: str, pixels: TiledImage, alpha: TiledImage) -> LayerState:
        name = str(self.states[0].properties["name"])
        layers = [layer_from(state) for state in self.states]
        if not any(isinstance(layer, FillLayer) for layer in layers):
            hidden = TiledImage(COVERAGE, pixels.extent)
            return CloneLayer(layer_id, name, {"pixels": pixels, "alpha": alpha, "hidden": hidden}).state()
        # what was retouched by hand was selected by the stroke itself
        masks = [layer.mask if isinstance(layer, FillLayer) else _touched(layer.planes["alpha"]) for layer in layers]
        return FillLayer.made(layer_id, name, pixels, alpha, _union(masks), _recipe(layers)).state()

    def edit(self, document: Document, planes: tuple[TiledImage, TiledImage], label: str) -> Edit:
        """One step, not applied yet: the merged layer in place of the lowest one. `planes`: what `planes()` made."""
        place = document.index(self.states[0].id)
        gone: list[Edit] = [RemoveLayer.of(document, state.id) for state in reversed(self.states)]
        merged = self._layer_state(document.new_id(), *planes)
        return Group(label, (*gone, AddLayer(merged, place, label)))


def _merged(below: Samples, fills: Sequence[FrozenFill], area: Rect) -> tuple[Samples, Opacity]:
    """Samples H×W×C and opacity H×W that show over `below` what `fills` do one after the other."""
    shown = below
    opacity = np.zeros(below.shape[:2])
    colours = np.zeros(below.shape)
    with np.errstate(all="ignore"):  # a photo of floats may hold infinities
        for fill in fills:
            own, samples = fill.opacity_in(area), fill.pixels.read(area)
            shown = blend(shown, samples, own)
            weight = own / OPAQUE
            # alone it is taken as it is, to the last bit
            alone = (own == OPAQUE) | ((opacity == 0) & (own > 0))
            whole = weight + opacity * (1 - weight)
            share = np.divide(weight, whole, out=np.zeros_like(whole), where=whole > 0)[..., None]
            mixed = colours * (1 - share) + samples * share
            colours = np.where(alone[..., None], samples, np.where((own > 0)[..., None], mixed, colours))
            opacity = np.where(alone, weight, whole)
        found = np.rint(opacity * OPAQUE).astype(np.uint16)
        if below.dtype.kind != "f":
            colours = np.rint(colours)
        result: Samples = np.where(found[..., None] > 0, colours, 0).astype(below.dtype)
        wrong = _differ(blend(below, result, found), shown)
        if wrong.any():
            solve = _nudged_floats if below.dtype.kind == "f" else _nudged
            result[wrong], found[wrong] = solve(below[wrong], shown[wrong], found[wrong])
    return result, found


def _differ(one: Samples, other: Samples) -> NDArray[np.bool_]:
    """Where two arrays ...×C of one dtype differ in any bit: bool without the last axis."""
    bits = np.dtype(f"u{one.dtype.itemsize}")
    differ = np.ascontiguousarray(one).view(bits) != np.ascontiguousarray(other).view(bits)
    return np.asarray(differ.any(-1))


def _nudged(below: Samples, shown: Samples, opacity: Opacity) -> tuple[Samples, Opacity]:
    """Integer samples (N×C), and opacity no smaller than given, that over `below` come out as `shown`.

    With enough opacity w the sample p + (r - p) / w lies in the range of samples; rounded, it moves the result by w / 2
    at most, which is less than half a level.
    """
    white = float(np.iinfo(below.dtype).max)
    p, r = below.astype(np.float64), shown.astype(np.float64)
    way = np.where(r > p, white - p, p)
    need = np.divide(np.abs(r - p), way, out=np.zeros_like(way), where=way > 0).max(-1)
    enough = np.maximum(opacity, np.ceil(need * OPAQUE)).astype(np.uint16)
    weight = (np.maximum(enough, 1) / OPAQUE)[:, None]
    samples = np.clip(np.rint(p + (r - p) / weight), 0, white).astype(below.dtype)
    samples[enough == OPAQUE] = shown[enough == OPAQUE]
    return samples, enough


def _nudged_floats(below: Samples, shown: Samples, opacity: Opacity) -> tuple[Samples, Opacity]:
    """As `_nudged` for floats: the nearest floats are tried with a few levels of opacity; what fails becomes opaque."""
    samples, found = shown.copy(), np.full(opacity.shape, OPAQUE, np.uint16)
    left = np.ones(opacity.shape, np.bool_)
    p, r = below.astype(np.float64), shown.astype(np.float64)
    for more in range(_TRIES):
        tried = np.minimum(opacity.astype(np.int64) + more, OPAQUE - 1).astype(np.uint16)
        weight = (tried / OPAQUE)[:, None]
        middle = ((r - p * (1 - weight)) / weight).astype(below.dtype)
        best, fits = middle, np.zeros(middle.shape, np.bool_)
        for near in (middle, np.nextafter(middle, np.inf), np.nextafter(middle, -np.inf)):
            near = near.astype(below.dtype)
            hit = ~_differ(blend(below, near, tried)[..., None], shown[..., None])
            best = np.where(hit & ~fits, near, best)
            fits |= hit
        done = left & fits.all(-1)
        samples[done], found[done] = best[done], tried[done]
        left &= ~done
        if not left.any():
            break
    return samples, found


def _recipe(layers: Sequence[Layer]) -> Recipe:
    """That of the topmost fill with what all were filled by, where all are fills made alike; else one that can't run."""
    recipes = [layer.recipe for layer in layers if isinstance(layer, FillLayer)]
    chosen: dict[str, int] = {}
    for recipe in recipes:
        for engine, parts in (recipe.chosen or {recipe.engine: 1}).items():
            chosen[engine] = chosen.get(engine, 0) + parts
    alike = len({repr(replace(recipe, seed=0, chosen={})) for recipe in recipes}) == 1
    if alike and len(recipes) == len(layers):
        return replace(recipes[-1], chosen=chosen)
    return Recipe(MERGED, seed=recipes[-1].seed, chosen=chosen)


def _touched(alpha: TiledImage) -> TiledImage:
    """Full coverage wherever there is any opacity."""
    coverage = TiledImage(COVERAGE, alpha.extent)
    coverage.exchange({key: (tile > 0) * np.uint8(255) for key, tile in alpha.tiles.items()})
    return coverage


def _union(planes: Sequence[TiledImage]) -> TiledImage:
    """The greatest coverage of `planes`."""
    union = planes[0].snapshot()
    for plane in planes[1:]:
        for key, tile in plane.tiles.items():
            old = union.tile(key)
            union.exchange({key: tile if old is None else np.maximum(old, tile)})
    return union
