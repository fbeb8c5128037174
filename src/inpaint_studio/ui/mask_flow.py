"""Operations on the mask that is worked on: with a live preview, as one step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import TypeVar

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtWidgets import QDialog, QWidget

from inpaint_studio.document.codec import Tiles
from inpaint_studio.document.edits import Paint
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.colour_range import colour_range
from inpaint_studio.pixels.mask_operations import MaskOperation, operate
from inpaint_studio.pixels.proxy import Proxy, rgb_reader
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import Region
from inpaint_studio.pixels.tiled import tile_rect
from inpaint_studio.tools.selection import combined
from inpaint_studio.ui import ask
from inpaint_studio.ui.colour_range_dialog import Chosen, ColourRangeDialog
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.mask_dialog import MaskDialog
from inpaint_studio.ui.messages import AdviceError

V = TypeVar("V", bound=Hashable)

#: Pixels of the picture in which colours are picked.
_PICTURE_PIXELS = 250_000


class _Preview:
    """Shows what tiles would look like in a mask, outside the history, and puts back what was there."""

    def __init__(self, tab: DocumentTab, layer: MaskLayer) -> None:
        self._tab, self._layer = tab, layer
        self.original = layer.coverage.snapshot()
        self._shown: set[tuple[int, int]] = set()

    def show(self, tiles: Tiles) -> None:
        """Show `tiles` in place of what was shown before."""
        back = {key: self.original.tile(key) for key in self._shown - set(tiles)}
        self._layer.coverage.exchange({**back, **tiles})
        self._tab.document.changed(Rect.union_of(tile_rect(key) for key in self._shown | set(tiles)))
        self._shown = set(tiles)


class MaskFlow(QObject):
    """Every method raises StudioError for what it can't do."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    async def operate(self, tab: DocumentTab, operation: MaskOperation) -> None:
        """Ask for the operation's number, if it has one, and change the mask that is worked on: one step."""
        tab.canvas.cancel_stroke()
        layer = tab.have_mask() if operation.everywhere else tab.mask_worked_on()
        if layer is None:
            raise AdviceError(self.tr("There is no mask to change."), self.tr("Paint one with the brush (B)."))
        if layer.locked:
            raise AdviceError(self.tr("{0} is locked.").format(layer.name), self.tr("Unlock it with Ctrl+/."))
        if operation.most == 0:
            tiles: Tiles = await asyncio.to_thread(operate, operation, layer.coverage.snapshot(), 0.0)
        else:
            tiles = await self._asked(tab, layer, operation)
        if tiles and layer.id in {other.id for other in tab.document.layers}:
            tab.do(Paint.of(tab.document, layer.id, "coverage", tiles, self.tr(operation.title)))

    async def _asked(self, tab: DocumentTab, layer: MaskLayer, operation: MaskOperation) -> Tiles:
        """What the operation makes of the mask with the number that the user settles on; nothing when they cancel."""
        preview = _Preview(tab, layer)
        dialog = MaskDialog(operation, self._window)
        asked = dialog.valueChanged, lambda: dialog.value
        return await self._settled_on(dialog, asked, preview, lambda value: operate(operation, preview.original, value))

    async def _settled_on(
        self,
        dialog: QDialog,
        asked: tuple[SignalInstance, Callable[[], V]],
        preview: _Preview,
        make: Callable[[V], Tiles],
    ) -> Tiles:
        """What `make`, in a thread, makes of a dialog's value, shown while it changes; nothing when the user cancels.

        asked: the signal that the value has changed, and the value.
        """
        changed, value_now = asked
        wanted, over = asyncio.Event(), asyncio.Event()
        wanted.set()
        changed.connect(lambda _: wanted.set())
        made: dict[V, Tiles] = {}

        async def made_of(value: V) -> Tiles:
            if value not in made:
                made[value] = await asyncio.to_thread(make, value)
            return made[value]

        async def keep_up() -> None:
            # always the newest value; those that came while one was computed are skipped
            while await wanted.wait() and not over.is_set():
                wanted.clear()
                preview.show(await made_of(value_now()))

        following = asyncio.get_running_loop().create_task(keep_up())
        value = value_now()
        try:
            accepted = await ask.finished(dialog)
            value = value_now()
        finally:
            over.set()
            wanted.set()
            await following
            preview.show({})
        return await made_of(value) if accepted else {}

    async def colour_range(self, tab: DocumentTab, at: tuple[int, int] | None) -> None:
        """Select by colour, at first by that of the photo's pixel `at` (x, y): one step."""
        tab.canvas.cancel_stroke()
        composite, extent = tab.document.composite(), tab.document.canvas
        read = rgb_reader(composite.read, tab.document.format)
        proxy = await asyncio.to_thread(Proxy.of, read, extent, _PICTURE_PIXELS)
        steps = tab.studio.history.position
        layer = tab.have_mask()
        if layer.locked:
            raise AdviceError(self.tr("{0} is locked.").format(layer.name), self.tr("Unlock it with Ctrl+/."))
        made_position = tab.studio.history.position
        first = None
        if at is not None and extent.contains(spot := Rect(at[0], at[1], at[0] + 1, at[1] + 1)):
            red, green, blue = (int(value) for value in read(spot)[0, 0])
            first = red, green, blue
        preview = _Preview(tab, layer)
        regions: dict[object, Region] = {}

        def make(chosen: Chosen) -> Tiles:
            samples, tolerance, how = chosen
            if (samples, tolerance) not in regions:
                regions.clear()
                regions[samples, tolerance] = colour_range(read, extent, samples, tolerance)
            return combined(preview.original, regions[samples, tolerance], how) if samples else {}

        dialog = ColourRangeDialog(proxy, first, self._window)
        tiles = await self._settled_on(dialog, (dialog.valueChanged, lambda: dialog.value), preview, make)
        if tiles and layer.id in {other.id for other in tab.document.layers}:
            tab.do(Paint.of(tab.document, layer.id, "coverage", tiles, self.tr("Colour range")))
        elif steps < made_position == tab.studio.history.position:
            # the mask that was added for the preview alone
            tab.undo()
