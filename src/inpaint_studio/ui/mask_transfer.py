"""Masks on their way: from and into files, and from one open photo to another."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from inpaint_studio.document.edits import AddLayer, Edit, Group
from inpaint_studio.document.layers import LayerState, MaskLayer
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.mask_placing import centred, fitted
from inpaint_studio.pixels.masks import Coverage
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.folders import folder_of
from inpaint_studio.ui import ask
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.messages import AdviceError
from inpaint_studio.ui.theme import named

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow

#: Makes coverage of some size into coverage of `height` × `width`.
Placing = Callable[[Coverage, int, int], Coverage]


@dataclass(frozen=True, slots=True)
class CopiedMasks:
    """Masks of a photo, frozen, bottom first, and the photo's canvas."""

    states: tuple[LayerState, ...]
    canvas: Rect

    @property
    def names(self) -> str:
        """For a sentence."""
        return ", ".join(str(state.properties["name"]) for state in self.states)


class MaskTransfer(QObject):
    """`handlers` names one for each of its commands; `menu` offers the other open photos."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._copied: CopiedMasks | None = None
        self.menu = named(QMenu(self.tr("Copy the Mask to"), window), "menu.copy_mask_to")
        self.menu.aboutToShow.connect(self._list_photos)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        return {
            "action.copy_mask": lambda: self._with_tab(self._copy),
            "action.paste_mask": lambda: self._with_tab(self._paste),
            "action.mask_import": lambda: self._with_tab(self._import),
            "action.mask_export": lambda: self._with_tab(self._export),
        }

    def _with_tab(self, act: Callable[[DocumentTab], Coroutine[Any, Any, None]]) -> None:
        if self._window.tab is not None:
            self._window.spawn(act(self._window.tab))

    # ---- to another photo

    def _chosen(self, tab: DocumentTab) -> CopiedMasks:
        """The masks chosen in the layers, else the one that is worked on. Raises AdviceError when there is none."""
        tab.canvas.cancel_stroke()
        ids = set(self._window.layers.selected_masks)
        masks = [layer for layer in tab.document.layers if isinstance(layer, MaskLayer) and layer.id in ids]
        worked_on = tab.mask_worked_on()
        if not masks and worked_on is not None:
            masks = [worked_on]
        if not masks:
            raise AdviceError(self.tr("There is no mask to copy."), self.tr("Paint one with the brush (B)."))
        return CopiedMasks(tuple(mask.state() for mask in masks), tab.document.canvas)

    async def _copy(self, tab: DocumentTab) -> None:
        self._copied = self._chosen(tab)
        self._window.messages.info(self.tr("Copied {0}. Paste it into any open photo.").format(self._copied.names))

    async def _paste(self, tab: DocumentTab) -> None:
        if self._copied is None:
            raise AdviceError(
                self.tr("No mask has been copied."),
                self.tr("Choose one in the layers, then copy it from the Mask menu."),
            )
        await self._put(self._copied, tab, self.tr("Paste mask"))

    def _list_photos(self) -> None:
        self.menu.clear()
        others = [tab for tab in self._window.all_tabs if tab is not self._window.tab]
        for number, tab in enumerate(others):
            action = self.menu.addAction(tab.session.name.replace("&", "&&"))
            action.setObjectName(f"menu.copy_mask_to.{number}")
            action.triggered.connect(partial(self._copy_to, tab))
        if not others:
            self.menu.addAction(self.tr("No other photo is open")).setEnabled(False)

    def _copy_to(self, target: DocumentTab) -> None:
        async def copied(source: DocumentTab) -> None:
            masks = self._chosen(source)
            if await self._put(masks, target, self.tr("Copy mask")):
                self._window.messages.info(
                    self.tr("{0} is in {1} now.").format(masks.names, target.session.name),
                    self.tr("Go There"),
                    lambda: None if target.closing else self._window.tabs.setCurrentWidget(target),
                )

        self._with_tab(copied)

    async def _put(self, masks: CopiedMasks, target: DocumentTab, label: str) -> bool:
        """Add `masks` on top of `target` as one step, and work on the last; False when the user thought better of it."""
        canvas, planes = target.document.canvas, [state.planes["coverage"] for state in masks.states]
        if masks.canvas != canvas:
            place = await self._ask_how(masks.canvas.width, masks.canvas.height, canvas)
            if place is None:
                return False
            planes = await in_thread(lambda: [_placed(plane, masks.canvas, canvas, place) for plane in planes])
        if target.closing:
            return False
        above, edits = len(target.document.layers), list[Edit]()
        for state, plane in zip(masks.states, planes, strict=True):
            properties = {**state.properties, "visible": True, "locked": False}
            copy = LayerState(MaskLayer.kind, target.document.new_id(), properties, {"coverage": plane})
            edits.append(AddLayer(copy, above + len(edits), label))
        target.do(edits[0] if len(edits) == 1 else Group(label, tuple(edits)))
        target.activate(target.document.layers[-1].id)
        return True

    async def _ask_how(self, width: int, height: int, canvas: Rect) -> Placing | None:
        """How a mask of another size goes onto `canvas`; None when the user cancels."""
        text = self.tr("The mask is {0}×{1} pixels, the photo {2}×{3}.").format(
            width, height, canvas.width, canvas.height
        )
        fit, centre, cancel = self.tr("Scale to Fit"), self.tr("Centre"), self.tr("Cancel")
        answer = await ask.choice(self._window, text, "", fit, centre, cancel)
        return (fitted, centred, None)[answer]

    # ---- from and into files

    async def _import(self, tab: DocumentTab) -> None:
        """Ask for pictures and add them as masks."""
        suffixes = " ".join(f"*{suffix}" for family in FAMILIES for suffix in family.suffixes)
        kinds = self.tr("Pictures") + f" ({suffixes})"
        folder = folder_of(tab.session)
        for path in await ask.files_to_open(self._window, self.tr("Import a Mask"), folder, kinds):
            await self._read(tab, path)

    async def _read(self, tab: DocumentTab, path: Path) -> None:
        """Add the picture `path` as a mask: its brightness, or its alpha channel where it has one."""
        coverage, alpha = await self._window.files.read_masks(path)
        if alpha is not None and not coverage.any():
            coverage = alpha  # of a black picture
        elif alpha is not None and not np.array_equal(alpha, coverage):
            answer = await ask.choice(
                self._window,
                self.tr("{0} has a picture and an alpha channel. Which of them is the mask?").format(path.name),
                "",
                self.tr("Alpha Channel"),
                self.tr("Picture"),
                self.tr("Cancel"),
            )
            if answer == 2:
                return
            coverage = alpha if answer == 0 else coverage
        canvas, (height, width) = tab.document.canvas, coverage.shape
        if (width, height) != (canvas.width, canvas.height):
            place = await self._ask_how(width, height, canvas)
            if place is None:
                return
            coverage = await in_thread(lambda: place(coverage, canvas.width, canvas.height))
        if tab.closing:
            return
        tab.canvas.cancel_stroke()
        tab.activate(tab.studio.add_mask(coverage, path.stem))
        tab.settled()

    async def _export(self, tab: DocumentTab) -> None:
        """Ask for a name and write the mask that is worked on as a gray picture; white is selected."""
        layer = tab.mask_worked_on()
        if layer is None:
            raise AdviceError(self.tr("There is no mask to export."), self.tr("Paint one with the brush (B)."))
        proposed = folder_of(tab.session) / f"{Path(tab.session.name).stem}-mask.png"
        kinds = "PNG (*.png);;TIFF (*.tif)"
        target = await ask.file_to_save(self._window, self.tr("Export the Mask"), proposed, kinds, "png")
        if target is not None:
            await self._window.files.export_mask(tab, layer.coverage.snapshot(), target)


def _placed(plane: TiledImage, own: Rect, canvas: Rect, place: Placing) -> TiledImage:
    """`plane`, which belongs to the canvas `own`, on another one."""
    coverage = place(plane.read(own)[..., 0], canvas.width, canvas.height)
    result, bounds = TiledImage(COVERAGE, canvas), Rect.around(coverage > 0)
    result.write(bounds.moved(canvas.left, canvas.top), np.ascontiguousarray(coverage[bounds.slices])[..., None])
    result.drop_blank_tiles()
    return result
