"""Commands about layers: combine, merge, duplicate, show one alone, lock, colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog

from inpaint_studio.document.combine import Operation, combine, duplicate, merge
from inpaint_studio.document.edits import Edit, Group, SetLayer
from inpaint_studio.document.layers import FillLayer, Layer, MaskLayer, PixelLayer
from inpaint_studio.document.merge_fills import Merging
from inpaint_studio.errors import InputError
from inpaint_studio.ui import ask
from inpaint_studio.ui.errand import Errand
from inpaint_studio.ui.messages import AdviceError
from inpaint_studio.ui.select_flow import pen_up

if TYPE_CHECKING:
    from inpaint_studio.ui.document_tab import DocumentTab
    from inpaint_studio.ui.window import MainWindow

L = TypeVar("L", bound=Layer)

#: Of masks, by their role.
_COLOURS = {"fill": 0xFF0000, "avoid": 0xFFB000, "source": 0x2090FF}
#: What ends sooner needs no progress bar.
_UNTOLD_MS = 300


class LayerCommands(QObject):
    """`handlers` names one for each of its commands. They work on the layers chosen in the dock, or on the one at hand."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        table: dict[str, Callable[[], object]] = {
            "action.duplicate_layer": self._with(self._duplicate),
            "action.merge_layers": self._with(self._merge),
            "action.solo_layer": self._with(self._solo),
            "action.lock_layer": self._with(self._lock),
            "action.mask_colour": self._with(lambda tab: self._window.spawn(self._colour(tab))),
            "action.mask_avoid": self._with(partial(self._role, "avoid")),
            "action.mask_source": self._with(partial(self._role, "source")),
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
            raise AdviceError(self.tr("No layer is chosen."), self.tr("Click on one in the layers."))
        return chosen

    def _masks(self, tab: DocumentTab) -> list[MaskLayer]:
        """The masks chosen, bottom first: with a single one also the next mask below it."""
        chosen = self._with_the_next([layer for layer in self._chosen(tab) if isinstance(layer, MaskLayer)], tab)
        if len(chosen) < 2:
            raise AdviceError(
                self.tr("This takes two masks."),
                self.tr("Choose them in the layers with Ctrl held, or one above another."),
            )
        return chosen

    @staticmethod
    def _with_the_next(chosen: list[L], tab: DocumentTab) -> list[L]:
        """`chosen`; a single one with the next of its kind below it."""
        if len(chosen) != 1:
            return chosen
        kind = PixelLayer if isinstance(chosen[0], PixelLayer) else MaskLayer
        below = [layer for layer in tab.document.layers[: tab.document.index(chosen[0].id)] if isinstance(layer, kind)]
        return [*cast("list[L]", below[-1:]), *chosen]

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
        """Masks into one mask, fills and retouching into one layer that shows the same."""
        chosen = self._chosen(tab)
        fills = [layer.id for layer in chosen if isinstance(layer, PixelLayer)]
        if not fills:
            masks = self._masks(tab)
            self._refuse_locked(masks)
            tab.canvas.cancel_stroke()
            tab.do(merge(tab.document, masks, self.tr("Merge masks")))
            tab.activate(masks[0].id)
        elif len(fills) < len(chosen):
            raise AdviceError(
                self.tr("Masks and fills can't be merged with each other."),
                self.tr("Choose only masks in the layers, or only fills."),
            )
        else:
            self._window.spawn(self._merge_fills(tab, fills))

    async def _merge_fills(self, tab: DocumentTab, ids: list[str]) -> None:
        """One step when no stroke is being drawn; what was changed meanwhile is merged as it is then."""
        planes, revision = None, -1
        while planes is None or tab.document.revision != revision:
            await pen_up(tab)
            if tab.closing:
                return
            merging, revision = Merging.of(tab.document, self._fills(tab, ids)), tab.document.revision
            errand = Errand(merging.planes)
            work = self._window.status.progress.begin(self.tr("Merging"), errand.cancel, after_ms=_UNTOLD_MS)
            try:
                planes = await errand.done()
            finally:
                self._window.status.progress.end(work)
        if tab.closing:
            return
        worked_on = tab.active in {state.id for state in merging.states}
        place = tab.document.index(merging.states[0].id)
        tab.do(merging.edit(tab.document, planes, self.tr("Merge fills")))
        merged = tab.document.layers[place]
        if worked_on:
            tab.activate(merged.id)
        if tab is self._window.tab:
            self._window.layers.choose(merged.id)
        if isinstance(merged, FillLayer) and not merged.recipe.can_run:
            self._window.messages.info(
                self.tr("They were made in different ways: {0} can't be run again.").format(merged.name)
            )

    def _fills(self, tab: DocumentTab, ids: list[str]) -> list[PixelLayer]:
        """The layers of pixels with these ids, bottom first: with a single one also the next below it."""
        chosen = [layer for layer in tab.document.layers if isinstance(layer, PixelLayer) and layer.id in ids]
        chosen = self._with_the_next(chosen, tab)
        if len(chosen) < 2:
            raise AdviceError(
                self.tr("This takes two fills."),
                self.tr("Choose them in the layers with Ctrl held, or one above another."),
            )
        self._refuse_locked(chosen)
        first, last = (tab.document.index(layer.id) for layer in (chosen[0], chosen[-1]))
        for layer in tab.document.layers[first : last + 1]:
            if layer in chosen and not layer.visible:
                raise AdviceError(
                    self.tr("{0} is hidden.").format(layer.name), self.tr("Show it or leave it out, then merge.")
                )
            if layer not in chosen and isinstance(layer, PixelLayer) and layer.visible:
                raise AdviceError(
                    self.tr("{0} lies between them.").format(layer.name),
                    self.tr("Choose it too, hide it, or move it out of the way."),
                )
        return chosen

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
            raise AdviceError(self.tr("Only masks have a colour."), self.tr("Choose a mask in the layers."))
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

    def _role(self, role: str, tab: DocumentTab) -> None:
        """The chosen masks say where to copy from, in a colour of their own; those that do are to be filled again."""
        masks = [layer for layer in self._chosen(tab) if isinstance(layer, MaskLayer)]
        if not masks:
            raise AdviceError(
                self.tr("Only masks say where to copy from."), self.tr("Choose a mask in the layers, or add one.")
            )
        if all(mask.role == role for mask in masks):
            role = "fill"
        labels = {
            "fill": self.tr("Mask to fill"),
            "avoid": self.tr("Don't copy from here"),
            "source": self.tr("Copy only from here"),
        }
        tab.canvas.cancel_stroke()
        values = {"role": role, "colour": _COLOURS[role]}
        edits: list[Edit] = [SetLayer.of(tab.document, mask.id, values, labels[role]) for mask in masks]
        tab.do(edits[0] if len(edits) == 1 else Group(labels[role], tuple(edits)))

    def _refuse_locked(self, layers: Sequence[Layer]) -> None:
        locked = next((layer for layer in layers if layer.locked), None)
        if locked is not None:
            raise AdviceError(
                self.tr("{0} is locked.").format(locked.name), self.tr("Unlock it in the Layer menu (Ctrl+/).")
            )
