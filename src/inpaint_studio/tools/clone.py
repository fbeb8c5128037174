"""The clone stamp: paints with what the photo shows elsewhere, as it was when the stroke began."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.tools.base import BrushSettings, Contour, Ghost, Modifier, PointerEvent
from inpaint_studio.tools.retouch_tool import RetouchStroke, RetouchTool

Place = tuple[float, float]
#: Half the diagonal of the diamond that marks the source, in pixels of the screen.
_MARK = 7.0
#: Pixels; a larger brush shows no copy under the pointer.
_LARGEST_GHOST = 300.0


@dataclass(frozen=True, slots=True)
class CloneSettings:
    """aligned: the source moves along from stroke to stroke; otherwise each stroke begins at it again.

    angle: degrees by which the copy is turned clockwise; scale: its size, 0.1..10; mirrored: left and right exchanged.
    """

    aligned: bool = True
    angle: float = 0.0
    scale: float = 1.0
    mirrored: bool = False

    LEAST_SCALE: ClassVar[float] = 0.1
    MOST_SCALE: ClassVar[float] = 10.0

    def __post_init__(self) -> None:
        if not self.LEAST_SCALE <= self.scale <= self.MOST_SCALE:
            raise ValueError(f"a scale of {self.scale}")

    @property
    def plain(self) -> bool:
        """Whether pixels are copied as they are."""
        return self.angle % 360 == 0 and self.scale == 1 and not self.mirrored


class Copying:
    """What is laid at a place: the composite at the place that belongs to it, `source` belonging to `target`."""

    def __init__(self, composite: Composite, source: Place, target: Place, settings: CloneSettings) -> None:
        self._composite = composite
        self._settings = settings
        self._extent = composite.photo.extent
        turn = math.radians(settings.angle)
        cos, sin = math.cos(turn) / settings.scale, math.sin(turn) / settings.scale
        flip = -1.0 if settings.mirrored else 1.0
        linear = np.array([[flip * cos, flip * sin], [-sin, cos]])
        if settings.plain:
            # whole pixels, so that they are copied and not interpolated
            source = tuple(round(s - t) + t for s, t in zip(source, target, strict=True))  # type: ignore[assignment]
        self._to_source = np.column_stack((linear, np.array(source) - linear @ np.array(target)))

    def place(self, x: float, y: float) -> Place:
        """Where the source of (x, y) lies."""
        found = self._to_source @ np.array([x, y, 1.0])
        return float(found[0]), float(found[1])

    def __call__(self, rect: Rect) -> tuple[Samples, NDArray[np.bool_]]:
        """The samples for `rect`, H×W×colours, and where they lie within the photo."""
        if self._settings.plain:
            way = self._to_source[:, 2]
            return self._read(rect.moved(round(way[0]), round(way[1])))
        corners = [self.place(x, y) for x in (rect.left, rect.right) for y in (rect.top, rect.bottom)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        around = Rect(math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))).grown(3)
        samples, known = self._read(around)
        # OpenCV counts from the centre of the first pixel
        matrix = self._to_source.copy()
        matrix[:, 2] = self.place(rect.left + 0.5, rect.top + 0.5)
        matrix[:, 2] -= (around.left + 0.5, around.top + 0.5)
        size, how = (rect.width, rect.height), cv2.WARP_INVERSE_MAP
        turned = cv2.warpAffine(
            samples.astype(np.float32), matrix, size, flags=cv2.INTER_CUBIC | how, borderMode=cv2.BORDER_REPLICATE
        ).reshape(rect.height, rect.width, -1)
        inside = cv2.warpAffine(known.view(np.uint8), matrix, size, flags=cv2.INTER_NEAREST | how) > 0
        if samples.dtype.kind != "f":
            turned = np.rint(turned.clip(0, self._composite.format.white))
        return turned.astype(samples.dtype), inside

    def _read(self, rect: Rect) -> tuple[Samples, NDArray[np.bool_]]:
        pixel_format = self._composite.format
        samples = self._composite.read(rect)
        known = np.zeros((rect.height, rect.width), np.bool_)
        inside = rect.clipped(self._extent)
        if not inside.empty:
            known[inside.within(rect).slices] = True
        if pixel_format.alpha:
            known &= samples[..., -1] > 0
        return samples[..., : pixel_format.colour.channels], known


class CloneTool(RetouchTool):
    """Alt+click or Ctrl+click sets the source; a stroke paints with it. Shift+press draws a straight line from the
    last stroke's end."""

    def __init__(self, brush: BrushSettings | None = None, settings: CloneSettings | None = None) -> None:
        super().__init__(brush)
        self.settings = settings or CloneSettings()
        self._source: tuple[weakref.ref[Document], Place] | None = None
        #: Of aligned strokes: which place of the photo belongs to the source.
        self._target: Place | None = None

    def source_in(self, document: Document) -> Place | None:
        """Where in `document` the source was set; None when it was not."""
        return self._source[1] if self._source is not None and self._source[0]() is document else None

    @property
    def outline(self) -> Contour | None:
        """A diamond where the copy comes from."""
        stroke = self.stroke
        if stroke is None or not isinstance(stroke.source, Copying):
            return None
        x, y = stroke.source.place(stroke.last.x, stroke.last.y)
        reach = _MARK * stroke.pixel
        return Contour(((x - reach, y), (x, y - reach), (x + reach, y), (x, y + reach)), closed=True)

    def ghost(self, document: Document, event: PointerEvent) -> Ghost | None:
        """What a press would copy, as the brush would lay it; nothing for brushes too large to follow the hand with it."""
        source, radius = self.source_in(document), self.brush.size / 2
        if source is None or radius > _LARGEST_GHOST:
            return None
        target = self._target if self._target is not None and self.settings.aligned else (event.x, event.y)
        reach = math.ceil(radius) + 1
        x, y = math.floor(event.x), math.floor(event.y)
        rect = Rect(x - reach, y - reach, x + reach + 1, y + reach + 1).clipped(document.canvas)
        if rect.empty:
            return None
        samples, known = Copying(document.composite(), source, target, self.settings)(rect)
        rows, columns = np.mgrid[rect.top : rect.bottom, rect.left : rect.right] + 0.5
        distance = np.hypot(columns - event.x, rows - event.y)
        fall = max(1.0, radius * (1 - self.brush.hardness))
        share = np.clip((radius - distance) / fall, 0, 1)
        weights = share * share * (3 - 2 * share) * known * self.brush.opacity
        return Ghost(rect, samples, weights.astype(np.float32))

    def press(self, document: Document, layer_id: str, event: PointerEvent) -> None:
        """Set the source, or begin a stroke; nothing without a source."""
        self.cancel()
        # some desktops keep the mouse with Alt for themselves
        if event.modifiers & (Modifier.ALT | Modifier.CONTROL):
            self._source, self._target = (weakref.ref(document), (event.x, event.y)), None
            return
        source = self.source_in(document)
        if source is None:
            return
        if self._target is None or not self.settings.aligned:
            self._target = event.x, event.y
        self.begin(document, layer_id, event, Copying(document.composite(), source, self._target, self.settings))

    def done(self, stroke: RetouchStroke) -> Edit | None:
        return stroke.retouching.finish("Clone stamp")
