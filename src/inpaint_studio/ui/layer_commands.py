"""Commands about layers: combine, merge, duplicate, show one alone, lock, colour."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog

from inpaint_studio.document.combine import Operation, combine, duplicate, merge
from inpaint_studio.document.edits import Edit, Group, SetLayer
from inpaint_studio.document.layers import Layer, MaskLayer
from inpaint_studio.errors import InputError
from inpaint_studio.ui import ask

if TYPE_CHECKING:
    from inpaint_studio.ui.document_tab import DocumentTab
    from inpaint_studio.ui.window import MainWindow


class LayerCommands(QObject):
    """`handlers` names one for each of its commands. They work on the layers chosen in the dock, or on the one at hand."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        table: dict[str, Callable[[], object]] = {
            "action.duplicate_layer": self._with(self._duplicate),
            "action.merge_masks": self._with(self._merge),
            "action.solo_layer": self._with(self._solo),
            "action.lock_layer": self._with(self._lock),
            "action.mask_colour": self._with(lambda tab: self._window.spawn(self._colour(tab))),
        }
        for operation in Operation:
            table[f"action.combine_{operation}"] = self._with(partial(self._combine, operation))
        return table

    def _with(self, act: Callable[[DocumentTab], object]) -> Callable[[], object]:
        def acted() -> None:
            tab = self._window.tab
            if tab is None:
                return
            try:
                act(tab)
            except InputError as error:
                self._window.messages.show(error)

        return acted

    def _chosen(self, tab: DocumentTab) -> list[Layer]:
        """The layers chosen in the dock, bottom first; else the one that is worked on."""
        ids = set(self._window.layers.selected) or {tab.active or ""}
        chosen = [layer for layer in tab.document.layers if layer.id in ids]
        if not chosen:
            raise InputError(self.tr("No layer is chosen."), self.tr("Click on one in the layers."))
        return chosen

    def _masks(self, tab: DocumentTab) -> list[MaskLayer]:
        """The masks chosen, bottom first: with a single one also the next mask below it."""
        chosen = [layer for layer in self._chosen(tab) if isinstance(layer, MaskLayer)]
        if len(chosen) == 1:
            place = tab.document.index(chosen[0].id)
            below = [layer for layer in tab.document.layers[:place] if isinstance(layer, MaskLayer)]
            chosen = [*below[-1:], *chosen]
        if len(chosen) < 2:
            raise InputError(
                self.tr("This takes two masks."),
                self.tr("Choose them in the layers with Ctrl held, or one above another."),
            )
        return chosen

    def _combine(self, operation: Operation, tab: DocumentTab) -> None:
        """The mask at hand is changed by the other chosen ones, which stay."""
        masks = self._masks(tab)
        target = next((mask for mask in masks if mask.id == tab.active), masks[-1])
        self._refuse_locked([target])
        labels = {
            Operation.ADD: self.tr("Add masks"),
            Operation.SUBTRACT: self.tr("Subtract masks"),
            Operation.INTERSECT: self.tr("Intersect masks"),
        }
        tab.canvas.cancel_stroke()
        others = [mask for mask in masks if mask is not target]
        edit = combine(tab.document, target, others, operation, labels[operation])
        if edit is not None:
            tab.do(edit)

    def _merge(self, tab: DocumentTab) -> None:
        masks = self._masks(tab)
        self._refuse_locked(masks)
        tab.canvas.cancel_stroke()
        tab.do(merge(tab.document, masks, self.tr("Merge masks")))
        tab.activate(masks[0].id)

    def _duplicate(self, tab: DocumentTab) -> None:
        tab.canvas.cancel_stroke()
        layers = self._chosen(tab)
        for layer in layers:
            name = self.tr("{0} copy").format(layer.name)
            tab.do(duplicate(tab.document, layer.id, name, self.tr("Duplicate layer")))

    def _solo(self, tab: DocumentTab) -> None:
        """Hide all other layers, or show all when they are hidden: one step."""
        chosen = {layer.id for layer in self._chosen(tab)}
        others = [layer for layer in tab.document.layers if layer.id not in chosen]
        alone = not any(layer.visible for layer in others)
        label = self.tr("Show all layers") if alone else self.tr("Show one layer")
        wanted = {layer.id: layer.id in chosen or alone for layer in tab.document.layers}
        edits: list[Edit] = [
            SetLayer.of(tab.document, layer.id, {"visible": wanted[layer.id]}, label)
            for layer in tab.document.layers
            if layer.visible != wanted[layer.id]
        ]
        if edits:
            tab.do(Group(label, tuple(edits)))

    def _lock(self, tab: DocumentTab) -> None:
        layers = self._chosen(tab)
        lock = not all(layer.locked for layer in layers)
        label = self.tr("Lock layer") if lock else self.tr("Unlock layer")
        edits: list[Edit] = [
            SetLayer.of(tab.document, layer.id, {"locked": lock}, label) for layer in layers if layer.locked != lock
        ]
        tab.do(edits[0] if len(edits) == 1 else Group(label, tuple(edits)))

    async def _colour(self, tab: DocumentTab) -> None:
        masks = [layer for layer in self._chosen(tab) if isinstance(layer, MaskLayer)]
        if not masks:
            raise InputError(self.tr("Only masks have a colour."), self.tr("Choose a mask in the layers."))
        dialog = QColorDialog(QColor.fromRgb(masks[0].colour), self._window)
        dialog.setObjectName("dialog.mask_colour")
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        if not await ask.finished(dialog):
            return
        colour, label = dialog.currentColor().rgb() & 0xFFFFFF, self.tr("Mask colour")
        there = {layer.id for layer in tab.document.layers}
        edits: list[Edit] = [
            SetLayer.of(tab.document, mask.id, {"colour": colour}, label) for mask in masks if mask.id in there
        ]
        if edits:
            tab.do(edits[0] if len(edits) == 1 else Group(label, tuple(edits)))

    def _refuse_locked(self, layers: list[MaskLayer]) -> None:
        locked = next((layer for layer in layers if layer.locked), None)
        if locked is not None:
            raise InputError(
                self.tr("{0} is locked.").format(locked.name), self.tr("Unlock it in the Layer menu (Ctrl+/).")
            )
