"""One open document in the window: its session, its canvas, and the layer that is worked on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, Mark, Paint, SetLayer, is_mark
from inpaint_studio.document.layers import FillLayer, Layer, MaskLayer, ProposalLayer
from inpaint_studio.errors import StudioError
from inpaint_studio.studio.session import Session
from inpaint_studio.studio.studio import Studio
from inpaint_studio.tools.base import Tool
from inpaint_studio.tools.selection import Combine
from inpaint_studio.ui.canvas import Canvas
from inpaint_studio.ui.colour import screen_space, to_display
from inpaint_studio.ui.messages import AdviceError
from inpaint_studio.ui.painting import Painting


class DocumentTab(QWidget):
    """Everything that belongs to one document. All steps go through `do`, `remember`, `undo`, `redo` and `go_to`."""

    #: The history moved, or what is saved changed.
    changed = Signal()
    #: Another layer is worked on: its id, or "".
    activeChanged = Signal(str)  # noqa: N815  Qt's way to name signals
    #: A stroke on a fill changed nothing.
    strokeInVain = Signal()  # noqa: N815
    #: The name of a locked layer that was to be painted on.
    lockedTouched = Signal(str)  # noqa: N815
    #: A LateSelection that has to be found.
    lateSelection = Signal(object)  # noqa: N815
    #: A LateHeal or LatePatch that has to be mended.
    lateHeal = Signal(object)  # noqa: N815
    #: The clone stamp does not know yet where to copy from.
    sourceMissing = Signal()  # noqa: N815
    #: What was pointed at is no object.
    nothingFound = Signal()  # noqa: N815
    #: A step could not be taken back or done again: a StudioError.
    failed = Signal(object)

    def __init__(self, session: Session, tool: Tool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        #: The session is being ended, or has been.
        self.closing = False
        #: The proposal that was worked on when it was hidden, as mending does.
        self._put_aside: str | None = None
        self.canvas = Canvas(self)
        self._bound = Painting(self, tool)
        #: Shows the original beside the canvas, zoomed and moved with it.
        self.twin: Canvas | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.canvas, 1)
        self._screen = screen_space(self)
        self.canvas.set_document(self.document, to_display(self.document, self._screen))
        self.canvas.pointer = self._bound
        self.canvas.strokeFinished.connect(self.remember)
        self.setFocusProxy(self.canvas)
        self.activate(self._topmost_mask() or self._topmost_proposal())

    def event(self, event: QEvent) -> bool:
        """Follow the window to a screen with other colours."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.ScreenChangeInternal) and not self.closing:
            screen = screen_space(self)
            if screen != self._screen:
                self._screen = screen
                for canvas in (self.canvas, self.twin):
                    if canvas is not None:
                        canvas.show_by(to_display(self.document, screen))
        return super().event(event)

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

    def show_twin(self, shown: bool) -> None:
        """Have the original photo beside the canvas, or no longer."""
        if shown == (self.twin is not None):
            return
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)  # noqa: S101  it is made above
        if self.twin is not None:
            gone, self.twin = self.twin, None
            # before it shows nothing: the canvas would follow it there
            self.canvas.viewChanged.disconnect(gone.follow)
            gone.viewChanged.disconnect(self.canvas.follow)
            fitted = self.canvas.view.zoom == self.canvas.view.fitted(self.document.canvas).zoom
            gone.set_document(None)
            gone.hide()
            gone.deleteLater()
            layout.activate()
            if fitted:
                self.canvas.zoom_fit()
            return
        self.twin = twin = Canvas(self)
        twin.setObjectName("canvas.before")
        twin.setAccessibleName(self.tr("Original photo"))
        twin.set_document(self.document, to_display(self.document, self._screen))
        twin.set_before_shown(True)
        twin.set_panning(True)
        layout.insertWidget(0, twin, 1)
        twin.show()
        self.canvas.viewChanged.connect(twin.follow)
        twin.viewChanged.connect(self.canvas.follow)

    def set_tool(self, tool: Tool) -> None:
        """Paint with `tool` from the next press on; what another one goes on with between clicks is left."""
        if not self.canvas.stroke_running:
            self.canvas.cancel_stroke()
        self.canvas.set_turning(False)
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
        if self.canvas.cancel_stroke():
            return
        labels, target = self.studio.history.labels, self.studio.history.position - 1
        # a named moment is no step of its own: the one before it goes too
        while target > 0 and is_mark(labels[target]):
            target -= 1
        self._travel(target)

    def redo(self) -> None:
        """Do the next undone step again."""
        self.canvas.cancel_stroke()
        labels, target = self.studio.history.labels, self.studio.history.position + 1
        while target < len(labels) and is_mark(labels[target - 1]):
            target += 1
        self._travel(target)

    @property
    def snapshots(self) -> int:
        """How many moments of the history have a name."""
        return sum(is_mark(label) for label in self.studio.history.labels)

    def add_mark(self, name: str) -> None:
        """Give the document as it is now a name in the history. Raises AdviceError where that would cost undone steps."""
        history = self.studio.history
        if history.position < len(history.labels):
            raise AdviceError(
                self.tr("The steps that were undone would be lost."),
                self.tr("Redo them first (Ctrl+Shift+Z), or paint on from here and then take the snapshot."),
            )
        self.do(Mark.named(name))

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
        if layer is not None and layer.coverage.tiles and layer.locked:
            self.lockedTouched.emit(layer.name)
        elif layer is not None and layer.coverage.tiles:
            tiles = dict.fromkeys(layer.coverage.tiles)
            self.do(Paint.of(self.document, layer.id, "coverage", tiles, self.tr("Clear mask")))

    def mask_to_fill(self) -> str | None:
        """The mask that Fill takes: the one worked on, else the topmost visible one; None when nothing is selected."""
        active = self._active_mask()
        masks = [layer for layer in reversed(self.document.layers) if isinstance(layer, MaskLayer) and layer.visible]
        for layer in ([active] if active is not None and active.visible else []) + masks:
            if layer.role == "fill" and any(tile.any() for tile in layer.coverage.tiles.values()):
                return layer.id
        return None

    def settled(self) -> None:
        """After the history moved: work on a layer that is there, and tell."""
        layer = self._active_layer()
        if any(other.id == self._put_aside and other.visible for other in self.document.layers):
            # mending it was taken back
            self.activate(self._put_aside)
            self._put_aside = None
        elif layer is None or (isinstance(layer, MaskLayer | ProposalLayer) and not layer.visible):
            if isinstance(layer, ProposalLayer):
                self._put_aside = layer.id
            self.activate(self._topmost_mask() or self._topmost_proposal())
        self.changed.emit()

    def mask_worked_on(self) -> MaskLayer | None:
        """The mask that is painted on, else the topmost visible one."""
        topmost = self._topmost_mask()
        layer = self._active_mask() or (None if topmost is None else self.document.layer(topmost))
        return layer if isinstance(layer, MaskLayer) else None

    def fill_worked_on(self) -> FillLayer | None:
        """The fill that strokes go to: the eraser brings the original back, the brush the fill."""
        layer = self._active_layer()
        return layer if isinstance(layer, FillLayer) else None

    def proposal_worked_on(self) -> ProposalLayer | None:
        """The proposal that is under review."""
        layer = self._active_layer()
        return layer if isinstance(layer, ProposalLayer) and layer.visible else None

    def have_mask(self) -> MaskLayer:
        """`mask_worked_on`, made if there is none."""
        layer = self.mask_worked_on()
        if layer is None:
            self.add_mask()
            layer = self._active_mask()
        assert layer is not None  # noqa: S101  a mask that was added is the active one
        return layer

    def have_something_to_paint_on(self, *, make: bool = True) -> None:
        """A stroke begins: without a layer it gets a new mask, unless `make` is false, and a hidden layer is shown."""
        layer = self._active_layer()
        if layer is None and make:
            self.add_mask()
        elif layer is not None and not layer.visible:
            label = self.tr("Show mask") if isinstance(layer, MaskLayer) else self.tr("Show layer")
            self._apply(SetLayer.of(self.document, layer.id, {"visible": True}, label))

    def tell_if_locked(self) -> None:
        """Say so when the layer that is worked on can't be painted on."""
        layer = self._active_layer()
        if layer is not None and layer.locked:
            self.lockedTouched.emit(layer.name)

    def select_into(self, how: Combine) -> str | None:
        """The mask that a selection goes into; only what adds makes one."""
        return self.mask_to_select_into(make=how is Combine.ADD)

    def mask_to_select_into(self, *, make: bool) -> str | None:
        """The mask worked on, in sight and active from now on; None when there is none and none is to be made."""
        layer = self.have_mask() if make else self.mask_worked_on()
        if layer is None:
            return None
        if layer.id != self.active:
            self.activate(layer.id)
        self.have_something_to_paint_on()
        self.tell_if_locked()
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

    def _topmost_proposal(self) -> str | None:
        found = [layer for layer in self.document.layers if isinstance(layer, ProposalLayer) and layer.visible]
        return found[-1].id if found else None
