"""Candidates of a fill: several results for the same hole, kept in one fill layer, one of them shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit, Group, Paint, SetLayer
from inpaint_studio.document.layers import FillLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import AUTO, COPIES, EngineSpec
from inpaint_studio.pixels.blend import blend
from inpaint_studio.pixels.format import Samples, to_float
from inpaint_studio.pixels.judging import incoherence
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage

#: How many a fill can have.
MOST = len(FillLayer.VARIANTS)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One result. score: `incoherence` of the fill, the less the better."""

    number: int
    recipe: Recipe
    score: float


def recipes(recipe: Recipe, count: int, race: Sequence[str] = ()) -> list[Recipe]:
    """`count` ways to fill: `recipe`, then the engines of `race` with their own options, then the same with later seeds."""
    engines = [recipe.engine, *(engine for engine in race if engine != recipe.engine)]
    made = []
    for number in range(min(count, MOST)):
        later, turn = divmod(number, len(engines))
        other = recipe if turn == 0 else replace(recipe, engine=engines[turn], options={})
        made.append(replace(other, seed=recipe.seed + later, chosen={}))
    return made


def rivals(engine: str, specs: Mapping[str, EngineSpec]) -> list[str]:
    """Ids of the engines worth a race with `engine`: those for objects that can run here and need no words."""
    # a network's native size tells that it draws; for objects `auto` takes patchmatch
    same = {engine, "patchmatch"} if engine == AUTO and specs["patchmatch"].availability.available else {engine}
    return [
        spec.id
        for spec in specs.values()
        if (COPIES in spec.takes or spec.size.native)
        and spec.availability.available
        and spec.id not in same
        and "prompt" not in spec.takes
    ]


def candidates(layer: FillLayer) -> list[Candidate]:
    """Those that were not discarded, the best first."""
    found = [
        Candidate(number, Recipe.from_json(held["recipe"]), float(held["score"]))
        for number, held in enumerate(layer.variants)
        if held is not None
    ]
    return sorted(found, key=lambda candidate: (candidate.score, candidate.number))


def hold(document: Document, layer_id: str, pixels: TiledImage, recipe: Recipe, judged: float) -> Edit | None:
    """The step that adds a candidate to the fill `layer_id`, without showing it; None when it has no room for more.

    judged: its `score`.
    """
    layer = _fill(document, layer_id)
    number = len(layer.variants)
    if number >= MOST:
        return None
    held = {"recipe": recipe.to_json(), "score": judged}
    label = f"Candidate {number + 1}"
    tiles = Paint.of(document, layer_id, FillLayer.VARIANTS[number], dict(pixels.tiles), label)
    return Group(label, (tiles, SetLayer.of(document, layer_id, {"variants": [*layer.variants, held]}, label)))


def choose(document: Document, layer_id: str, number: int) -> Edit:
    """The step that shows the candidate `number`. Raises ValueError for one that is not there."""
    layer = _fill(document, layer_id)
    held = layer.variants[number] if 0 <= number < len(layer.variants) else None
    if held is None:
        raise ValueError(f"there is no candidate {number}")
    label = f"Choose candidate {number + 1}"
    plane = layer.planes[FillLayer.VARIANTS[number]]
    tiles = {key: plane.tile(key) for key in plane.tiles.keys() | layer.pixels.tiles.keys()}
    paint = Paint.of(document, layer_id, "pixels", tiles, label)
    return Group(label, (paint, SetLayer.of(document, layer_id, {"recipe": held["recipe"], "variant": number}, label)))


def discard(document: Document, layer_id: str, number: int) -> Edit | None:
    """The step that drops the candidate `number`, and shows the best other one if it was shown; None for the last one."""
    layer = _fill(document, layer_id)
    others = [candidate for candidate in candidates(layer) if candidate.number != number]
    if not others or layer.variants[number] is None:
        return None
    label = f"Discard candidate {number + 1}"
    steps: list[Edit] = []
    if layer.variant == number:
        steps.append(choose(document, layer_id, others[0].number))
    plane = FillLayer.VARIANTS[number]
    steps.append(Paint.of(document, layer_id, plane, dict.fromkeys(layer.planes[plane].tiles), label))
    kept = [None if index == number else held for index, held in enumerate(layer.variants)]
    steps.append(SetLayer.of(document, layer_id, {"variants": kept}, label))
    return Group(label, tuple(steps))


def score(source: Composite, alpha: TiledImage, pixels: TiledImage) -> float:
    """How unlike its surroundings a fill of `source` with `pixels` and the opacity `alpha` is; the less the better.

    Takes a moment; any thread may call it.
    """
    area = place(source, alpha)
    if area.empty:
        return 0.0
    return incoherence(to_float(seen(source, alpha, pixels, area)), alpha.read(area)[..., 0] > 0)


def place(source: Composite, alpha: TiledImage) -> Rect:
    """A fill with as much around it as judges it, as a rectangle of the photo."""
    covered = alpha.covered
    if covered.empty:
        return covered
    tight = Rect.around(alpha.read(covered)[..., 0] > 0).moved(covered.left, covered.top)
    return tight.grown(max(24, max(tight.width, tight.height) // 2)).clipped(source.photo.extent)


def seen(source: Composite, alpha: TiledImage, pixels: TiledImage, rect: Rect) -> Samples:
    """What `rect` shows with a fill over `source`: samples H×W×colours."""
    below = source.read(rect)[..., : source.format.colour.channels]
    return blend(below, pixels.read(rect), alpha.read(rect)[..., 0])


def _fill(document: Document, layer_id: str) -> FillLayer:
    layer = document.layer(layer_id)
    if not isinstance(layer, FillLayer):
        raise TypeError(f"{layer_id} is no fill")
    return layer
