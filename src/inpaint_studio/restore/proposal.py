"""A proposal under review: which parts are shown, what the user said of them, and the mask that comes of it.

Everything here reads a `ProposalLayer` or returns the edit that changes it; nothing searches again. The rules:
a part that the user dropped is out; one that the user accepted is in; all others are in when the sliders and switches show
them. Painting adds pixels and takes pixels away, last of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.codec import Json
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import SetLayer
from inpaint_studio.document.layers import LayerState, ProposalLayer
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage, tile_keys, tile_rect
from inpaint_studio.restore.defects import CERTAIN, NETWORK, Defect, Threshold
from inpaint_studio.restore.finding import Found
from inpaint_studio.restore.parts import StoredParts

#: What is on when a proposal is made. Stamped text is part of many photos: it is never on by itself.
USUALLY_ON = frozenset(NETWORK)


class Verdict(StrEnum):
    """What the user said of a part."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Sliders:
    """What hides parts. sensitivity: 0..1. smallest, largest: pixels of a part; largest 0 is without limit."""

    sensitivity: float = 0.5
    smallest: int = 0
    largest: int = 0
    classes: frozenset[Defect] = USUALLY_ON

    def __post_init__(self) -> None:
        if not 0 <= self.sensitivity <= 1:
            raise InputError(f"{self.sensitivity:g} is no sensitivity.", "It goes from 0 to 1.")

    def to_json(self) -> Json:
        return {
            "sensitivity": self.sensitivity,
            "smallest": self.smallest,
            "largest": self.largest,
            "classes": sorted(self.classes),
        }

    @classmethod
    def from_json(cls, data: Json) -> Sliders:
        """What `to_json` wrote; what is missing is as usual."""
        usual = cls().to_json() | {key: value for key, value in data.items() if key != "thresholds"}
        classes = frozenset(map(Defect, usual.pop("classes")))
        return cls(classes=classes, **usual)


def needed(threshold: Threshold, sensitivity: float) -> float:
    """The confidence that a part of a class needs to be shown at `sensitivity` (½: the tested one, 1: all that there is)."""
    if threshold.part > 1 and sensitivity <= 0.5:
        return threshold.part
    odds = [np.log(p / (1 - p)) for p in (CERTAIN, min(threshold.part, CERTAIN), threshold.pixel)]
    logit = np.interp(sensitivity, [0, 0.5, 1], odds)
    return round(float(1 / (1 + np.exp(-logit))), 6)


def layer_of(found: Found, layer_id: str, name: str, sliders: Sliders, *, alone: bool = False) -> LayerState:
    """A new proposal layer with what a search found; an `AddLayer` edit puts it into a document.

    alone: it is mended before anybody looks at it, so only what is a good bet is chosen; how good it has to be follows the
    sensitivity.
    """
    canvas = next(iter(found.planes.values())).extent if found.planes else Rect(0, 0, 0, 0)
    layer = ProposalLayer.empty(layer_id, name, canvas)
    for defect, plane in found.planes.items():
        layer.planes[defect.value] = plane.snapshot()
    layer.parts = [part.to_json() for part in found.parts]
    layer.verdicts = {str(index): Verdict.ACCEPTED.value for index in sorted(found.accepted)}
    if alone:
        doubted = found.doubted(sliders.sensitivity) - found.accepted
        layer.verdicts |= {str(index): Verdict.DROPPED.value for index in sorted(doubted)}
    levels = (found.alone if alone else None) or found.thresholds
    layer.settings = sliders.to_json() | {"thresholds": {d.value: [t.pixel, t.part] for d, t in levels.items()}}
    return layer.state()


class Proposal:
    """A proposal layer as the review sees it. Cheap to make: it makes of the parts what is asked for, and keeps no pixels."""

    def __init__(self, layer: ProposalLayer) -> None:
        self.layer = layer
        try:
            self.parts = StoredParts(layer.parts)
            levels: dict[str, Any] = layer.settings.get("thresholds", {})
            self._levels = {Defect(name): Threshold(*pair) for name, pair in levels.items()}
        except (TypeError, ValueError, KeyError) as error:
            raise _damaged(layer, error) from error
        #: For each part the place of its class in `Defect`, its size and its confidence: thousands are compared at once.
        self.classes, self.sizes, self._confidences = self.parts.classes, self.parts.sizes, self.parts.confidences
        self.follow()

    def follow(self) -> None:
        """Take over the sliders and verdicts that the layer has now; its parts never change."""
        try:
            self.sliders = Sliders.from_json(self.layer.settings)
            self._verdicts = {int(index): Verdict(said) for index, said in self.layer.verdicts.items()}
        except (TypeError, ValueError, KeyError) as error:
            raise _damaged(self.layer, error) from error

    def verdict(self, index: int) -> Verdict:
        return self._verdicts.get(index, Verdict.OPEN)

    def shows(self, index: int) -> bool:
        """Whether the sliders and switches show the part, whatever the user said of it."""
        part, sliders = self.parts[index], self.sliders
        return (
            part.defect in sliders.classes
            and part.confidence >= needed(self._level(part.defect), sliders.sensitivity)
            and part.pixels >= sliders.smallest
            and (sliders.largest == 0 or part.pixels <= sliders.largest)
        )

    def shown(self) -> NDArray[np.bool_]:
        """For each part what `shows` says."""
        sliders = self.sliders
        lowest = np.array(
            [
                needed(self._level(defect), sliders.sensitivity) if defect in sliders.classes else np.inf
                for defect in Defect
            ]
        )
        result = (self._confidences >= lowest[self.classes]) & (self.sizes >= sliders.smallest)
        if sliders.largest:
            result &= self.sizes <= sliders.largest
        return np.asarray(result, np.bool_)

    def said(self, verdict: Verdict) -> NDArray[np.bool_]:
        """For each part whether the user said `verdict` of it."""
        result = np.full(len(self.parts), verdict is Verdict.OPEN)
        for index, own in self._verdicts.items():
            if index < len(result):
                result[index] = own is verdict
        return result

    def all_chosen(self) -> NDArray[np.bool_]:
        """For each part what `chosen` says."""
        return self.said(Verdict.ACCEPTED) | (self.said(Verdict.OPEN) & self.shown())

    def chosen(self, index: int) -> bool:
        """Whether the part would be mended now."""
        said = self.verdict(index)
        return said is Verdict.ACCEPTED or (said is Verdict.OPEN and self.shows(index))

    def listed(self, *, by_size: bool = True) -> list[int]:
        """Indices of the parts to review, those that are shown or accepted: the largest first, or in reading order."""
        indices = np.flatnonzero(self.shown() | self.said(Verdict.ACCEPTED))
        if by_size:
            indices = indices[np.argsort(-self.sizes[indices], kind="stable")]
        return [int(index) for index in indices]

    def next(self, index: int | None, *, back: bool = False, by_size: bool = True) -> int | None:
        """The part after (or before) `index` in the list that is not dropped, round and round; None when there is none."""
        order = [i for i in self.listed(by_size=by_size) if self.verdict(i) is not Verdict.DROPPED]
        if not order:
            return None
        if index not in order:
            return order[-1 if back else 0]
        return order[(order.index(index) + (-1 if back else 1)) % len(order)]

    def pixels(self, index: int) -> tuple[Rect, Hole]:
        """Where the part lies, and which pixels of that rectangle are its own."""
        part = self.parts[index]
        values = self.layer.planes[part.defect.value].read(part.rect)[..., 0]
        return part.rect, part.pixels_in(values >= self.lowest(part.defect), part.rect)

    def part_at(self, x: int, y: int, reach: int = 3) -> int | None:
        """The shown part at or within `reach` pixels of a point; the smallest when there are several."""
        near = Rect(x - reach, y - reach, x + reach + 1, y + reach + 1)
        touching = self._touching(near)
        touched = [i for i in self.listed() if touching[i]]
        for index in reversed(touched):
            rect, own = self.pixels(index)
            if own[near.clipped(rect).within(rect).slices].any():
                return index
        return None

    def mask(self, rect: Rect | None = None) -> TiledImage:
        """8-bit coverage of all that would be mended now: the chosen parts, and what was painted. Only within `rect`."""
        extent = self.layer.planes["added"].extent
        area = extent if rect is None else rect.clipped(extent)
        result = TiledImage(COVERAGE, extent)
        for index in np.flatnonzero(self.all_chosen() & self._touching(area)).tolist():
            self._draw(result, index)
        self._correct(result, area)
        result.drop_blank_tiles()
        return result

    def with_sliders(self, sliders: Sliders) -> SetLayer:
        """The edit that moves the sliders; dragging may set `self.sliders` first and make one edit on release."""
        return self._set(
            {"settings": sliders.to_json() | {"thresholds": self.layer.settings.get("thresholds", {})}},
            "Change sensitivity",
        )

    def with_verdict(self, indices: Iterable[int], verdict: Verdict) -> SetLayer:
        """The edit that says `verdict` of parts."""
        said = self.layer.verdicts | {str(index): verdict.value for index in indices}
        label = {Verdict.ACCEPTED: "Accept parts", Verdict.DROPPED: "Drop parts", Verdict.OPEN: "Reconsider parts"}[
            verdict
        ]
        return self._set(
            {"verdicts": {key: value for key, value in said.items() if value != Verdict.OPEN.value}}, label
        )

    def accept_shown(self) -> SetLayer:
        """The edit that accepts every part that is shown and not dropped."""
        return self.with_verdict(np.flatnonzero(self.all_chosen()).tolist(), Verdict.ACCEPTED)

    def drop_shown(self) -> SetLayer:
        """The edit that drops every part that is shown."""
        return self.with_verdict(np.flatnonzero(self.shown()).tolist(), Verdict.DROPPED)

    def looked(self, sliders: Sliders) -> None:
        """See the proposal with other sliders, without an edit."""
        self.sliders = replace(sliders)

    def _set(self, after: Json, label: str) -> SetLayer:
        now = self.layer.properties()
        return SetLayer(self.layer.id, {key: now[key] for key in after}, after, label)

    def lowest(self, defect: Defect) -> int:
        """From which value on (1..255) a pixel of the class's plane belongs to a part."""
        return max(1, round(self._level(defect).pixel * 255))

    def _level(self, defect: Defect) -> Threshold:
        return self._levels.get(defect, Threshold(0.3, 0.5))

    def _touching(self, area: Rect) -> NDArray[np.bool_]:
        """For each part whether its rectangle touches `area`."""
        left, top, right, bottom = self.parts.rects.T
        return np.asarray(
            (left < area.right) & (right > area.left) & (top < area.bottom) & (bottom > area.top), np.bool_
        )

    def _draw(self, image: TiledImage, index: int) -> None:
        rect, own = self.pixels(index)
        for key in tile_keys(rect):
            area = tile_rect(key).clipped(rect)
            part = own[area.within(rect).slices]
            if part.any():
                image.writable(key)[area.within(tile_rect(key)).slices][part] = 255

    def _correct(self, image: TiledImage, area: Rect) -> None:
        added, removed = self.layer.planes["added"], self.layer.planes["removed"]
        for key in {key for key in (*added.tiles, *removed.tiles) if not tile_rect(key).clipped(area).empty}:
            tile = image.writable(key)
            if (more := added.tile(key)) is not None:
                np.maximum(tile, more, out=tile)
            if (less := removed.tile(key)) is not None:
                np.minimum(tile, 255 - less, out=tile)


def _damaged(layer: ProposalLayer, error: Exception) -> InputError:
    return InputError(f"The proposal “{layer.name}” is damaged ({error}).", "Look for damage again.")


def proposals(document: Document) -> list[ProposalLayer]:
    """The proposal layers of a document, bottom first."""
    return [layer for layer in document.layers if isinstance(layer, ProposalLayer)]


def share_marked(mask: TiledImage) -> float:
    """The share (0..1) of the photo that `mask` selects."""
    count = sum(int(np.count_nonzero(tile)) for tile in mask.tiles.values())
    return count / max(1, mask.extent.area)


def as_array(mask: TiledImage) -> NDArray[np.uint8]:
    """The whole mask as H×W."""
    return np.asarray(mask.read(mask.extent)[..., 0], np.uint8)
