"""One open document in the window: its session, its canvas, and the layer that is worked on."""

from __future__ import annotations

import weakref

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, Paint, SetLayer
from inpaint_studio.document.layers import Layer, MaskLayer
from inpaint_studio.errors import StudioError
from inpaint_studio.studio.session import Session
from inpaint_studio.studio.studio import Studio
from inpaint_studio.tools.base import PointerEvent, Tool
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.selection import Combine
from inpaint_studio.tools.stroke import StrokeTool
from inpaint_studio.ui.canvas import Canvas


class _Painting(BoundTool):
    """Paints on the active layer and selects into the mask worked on; whoever begins without one gets a mask."""

    def __init__(self, tab: DocumentTab, tool: Tool) -> None:
        super().__init__(tab.document, tool, None)
        # weakly: the photo's memory is to be free as soon as the tab is gone, not at some later collection
        self._tab: DocumentTab = weakref.proxy(tab)

    def press(self, event: PointerEvent) -> None:
        """Begin with the tool and the layer of this moment."""
        if isinstance(self.tool, StrokeTool):
            self._tab.have_something_to_paint_on()
        super().press(event)

    def mask_for(self, how: Combine) -> str | None:
        """Only what adds makes a mask."""
        return self._tab.mask_to_select_into(make=how is Combine.ADD)


class DocumentTab(QWidget):
    """Everything that belongs to one document. All steps go through `do`, `remember`, `undo`, `redo` and `go_to`."""

    #: The history moved, or what is saved changed.
    changed = Signal()
    #: Another layer is worked on: its id, or "".
    activeChanged = Signal(str)  # noqa: N815  Qt's way to name signals
    #: A step could not be taken back or done again: a StudioError.
    failed = Signal(object)

    def __init__(self, session: Session, tool: Tool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        #: The session is being ended, or has been.
        self.closing = False
        self.canvas = Canvas(self)
        self._bound = _Painting(self, tool)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)
        self.canvas.set_document(self.document)
        self.canvas.pointer = self._bound
        self.canvas.strokeFinished.connect(self.remember)
        self.setFocusProxy(self.canvas)
        self.activate(self._topmost_mask())

    @property
    def studio(self) -> Studio:
        return self.session.studio

    @property
    def document(self) -> Document:
        return self.session.studio.document

    @property
    def title(self) -> str:
        """The tab's text, with an asterisk while there is something unsaved."""
        return f"{self.session.name}{'*' if self.session.unsaved else ''}"

    @property
    def active(self) -> str | None:
        """The layer that is painted on."""
        return self._bound.layer_id

    def set_tool(self, tool: Tool) -> None:
        """Paint with `tool` from the next press on; what another one goes on with between clicks is left."""
        if not self.canvas.stroke_running:
            self.canvas.cancel_stroke()
        self._bound.tool = tool

    def activate(self, layer_id: str | None) -> None:
        """Work on a layer from now on."""
        self._bound.layer_id = layer_id
        self.canvas.set_active_layer(layer_id)
        self.activeChanged.emit(layer_id or "")

    def do(self, edit: Edit) -> None:
        """Do a step; a stroke that is still being drawn goes first."""
        self.canvas.cancel_stroke()
        self._apply(edit)

    def _apply(self, edit: Edit) -> None:
        self.studio.history.apply(edit)
        if isinstance(edit, AddLayer):
            self.activate(edit.state.id)
        if isinstance(edit, SetLayer):
            # a mask that is hidden or renamed stays at hand, and its row chosen
            self.changed.emit()
        else:
            self.settled()

    def remember(self, edit: Edit) -> None:
        """Take note of a step that is done already, such as a stroke."""
        self.studio.history.record(edit)
        self.settled()

    def undo(self) -> None:
        """Take the last step back; a stroke that is still being drawn goes first."""
        if not self.canvas.cancel_stroke():
            self._travel(self.studio.history.position - 1)

    def redo(self) -> None:
        """Do the next undone step again."""
        self.canvas.cancel_stroke()
        self._travel(self.studio.history.position + 1)

    def go_to(self, position: int) -> None:
        """Go to a moment of the history."""
        self.canvas.cancel_stroke()
        self._travel(position)

    def add_mask(self) -> str:
        """Add an empty mask on top, and work on it; its id. A stroke may just be beginning."""
        number = 1 + sum(isinstance(layer, MaskLayer) for layer in self.document.layers)
        layer = MaskLayer.empty(self.document.new_id(), self.tr("Mask {0}").format(number), self.document.canvas)
        self._apply(AddLayer(layer.state(), len(self.document.layers), self.tr("Add mask")))
        return layer.id

    def clear_mask(self) -> None:
        """Select nothing any more in the mask that is worked on."""
        layer = self._active_mask()
        if layer is not None and layer.coverage.tiles:
            tiles = dict.fromkeys(layer.coverage.tiles)
            self.do(Paint.of(self.document, layer.id, "coverage", tiles, self.tr("Clear mask")))

    def mask_to_fill(self) -> str | None:
        """The mask that Fill takes: the one worked on, else the topmost visible one; None when nothing is selected."""
        active = self._active_mask()
        masks = [layer for layer in reversed(self.document.layers) if isinstance(layer, MaskLayer) and layer.visible]
        for layer in ([active] if active is not None and active.visible else []) + masks:
            if any(tile.any() for tile in layer.coverage.tiles.values()):
                return layer.id
        return None

    def settled(self) -> None:
        """After the history moved: work on a layer that is there, and tell."""
        layer = self._active_layer()
        if layer is None or (isinstance(layer, MaskLayer) and not layer.visible):
            self.activate(self._topmost_mask())
        self.changed.emit()

    def mask_worked_on(self) -> MaskLayer | None:
        """The mask that is painted on, else the topmost visible one."""
        topmost = self._topmost_mask()
        layer = self._active_mask() or (None if topmost is None else self.document.layer(topmost))
        return layer if isinstance(layer, MaskLayer) else None

    def have_mask(self) -> MaskLayer:
        """`mask_worked_on`, made if there is none."""
        layer = self.mask_worked_on()
        if layer is None:
            self.add_mask()
            layer = self._active_mask()
        assert layer is not None  # noqa: S101  a mask that was added is the active one
        return layer

    def have_something_to_paint_on(self) -> None:
        """A stroke begins: without a layer it gets a new mask, and a hidden mask is shown."""
        layer = self._active_layer()
        if layer is None:
            self.add_mask()
        elif isinstance(layer, MaskLayer) and not layer.visible:
            self._apply(SetLayer.of(self.document, layer.id, {"visible": True}, self.tr("Show mask")))

    def mask_to_select_into(self, *, make: bool) -> str | None:
        """The mask worked on, in sight and active from now on; None when there is none and none is to be made."""
        layer = self.have_mask() if make else self.mask_worked_on()
        if layer is None:
            return None
        if layer.id != self.active:
            self.activate(layer.id)
        self.have_something_to_paint_on()
        return layer.id

    def _active_layer(self) -> Layer | None:
        return next((layer for layer in self.document.layers if layer.id == self.active), None)

    def _active_mask(self) -> MaskLayer | None:
        layer = self._active_layer()
        return layer if isinstance(layer, MaskLayer) else None

    def _travel(self, position: int) -> None:
        try:
            self.studio.history.go_to(position)
        except StudioError as error:
            self.failed.emit(error)
        self.settled()

    def _topmost_mask(self) -> str | None:
        masks = [layer for layer in self.document.layers if isinstance(layer, MaskLayer) and layer.visible]
        return masks[-1].id if masks else None
