"""The dock around the list: what can be done to the layers chosen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.document.edits import AddLayer, Edit, Group, MoveLayer, RemoveLayer, SetLayer
from inpaint_studio.document.layers import FillLayer, Layer, MaskLayer
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.layers_dock.model import PHOTO, LayersModel
from inpaint_studio.ui.layers_dock.view import LayersView
from inpaint_studio.ui.theme import icon_button, named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QAction

    from inpaint_studio.document.document import Document
    from inpaint_studio.engines.contract import EngineSpec

#: Milliseconds without a change after which pictures are made again.
_QUIET = 300


class LayersDock(QDockWidget):
    """Shows the layers of one document and asks for edits by signals; it never changes the document."""

    #: An Edit to be applied through the history.
    edit = Signal(object)
    #: The id of the mask or fill that is painted on; "" for none.
    activeChanged = Signal(str)  # noqa: N815  Qt's way of naming signals
    #: The id of a fill layer.
    runAgain = Signal(str)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Layers"))
        named(self, "dock.layers", accessible=self.tr("Layers"))
        self._document: Document | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._stale: list[Rect] = []
        self._by_program = False
        self._timer = QTimer(self, singleShot=True, interval=_QUIET)
        self._timer.timeout.connect(self._refresh_pictures)
        self._model = LayersModel(self)
        self._view = named(LayersView(self), "layers.list", accessible=self.tr("Layers, top first"))
        self._view.setModel(self._model)
        self._model.renamed.connect(self._rename)
        self._view.selectionModel().selectionChanged.connect(self._chosen)
        # also on the row that is chosen already
        self._view.clicked.connect(self._chosen)
        self._view.eyeClicked.connect(self._toggle)
        self._view.dropped.connect(self._move)
        self._view.deleteAsked.connect(self._delete)
        self._view.moveAsked.connect(self._move_by)
        self._build()
        self.refresh()

    def set_engines(self, engines: Mapping[str, EngineSpec]) -> None:
        """Call engines as these are, by id, from now on."""
        self._model.set_engines(engines)

    @property
    def active(self) -> str:
        """The id of the mask or fill that is painted on; "" for none."""
        return self._model.active

    @property
    def selected(self) -> list[str]:
        """Ids of the chosen layers, bottom first."""
        return [layer.id for layer in self._selected()]

    @property
    def selected_masks(self) -> list[str]:
        """Ids of the chosen mask layers, bottom first; what a fill takes when there are several."""
        return [layer.id for layer in self._selected() if isinstance(layer, MaskLayer)]

    def set_commands(self, commands: Sequence[QAction]) -> None:
        """What the button with the dots, and a right click on the list, offer."""
        menu = QMenu(self)
        menu.addActions(commands)
        self._more.setMenu(menu)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._view.customContextMenuRequested.connect(lambda at: menu.popup(self._view.viewport().mapToGlobal(at)))

    def set_document(self, document: Document | None) -> None:
        """Show another document from now on. The topmost mask becomes the active one."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._document, self._stale = document, []
        self._unsubscribe = None if document is None else document.subscribe(self._heard)
        self._model.set_document(document)
        masks = [layer.id for layer in document.layers if isinstance(layer, MaskLayer)] if document else []
        self.set_active(masks[-1] if masks else "")
        self.refresh()

    def set_active(self, layer_id: str) -> None:
        """Make a mask or fill the one to paint on, and choose its row."""
        self.choose(layer_id)
        self._activate(layer_id)

    def choose(self, layer_id: str) -> None:
        """Choose the row of a layer; what is painted on stays."""
        if layer_id != PHOTO:
            self._select([layer_id], QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _select(self, layer_ids: Sequence[str], how: QItemSelectionModel.SelectionFlag) -> None:
        self._by_program = True
        try:
            for layer_id in layer_ids:
                row = self._model.row_of(layer_id)
                if row is not None:
                    self._view.selectionModel().setCurrentIndex(self._model.index(row), how)
        finally:
            self._by_program = False

    @Slot()
    def refresh(self) -> None:
        """Show the document as it is now."""
        chosen = [layer.id for layer in self._selected()]
        self._model.refresh()
        flag = QItemSelectionModel.SelectionFlag
        self._select(chosen, flag.Select | flag.Current)
        if self.active and self._model.row_of(self.active) is None:
            masks = [row.id for row in self._model.rows if row.kind == MaskLayer.kind]
            self.set_active(masks[0] if masks else "")
        self._show_chosen()

    def _heard(self, rect: Rect) -> None:
        """The document changed, perhaps for the hundredth time in this stroke: pictures wait until it is quiet."""
        self._stale = [Rect.union_of([*self._stale, rect])]
        self._timer.start()
        self.refresh()

    @Slot()
    def _refresh_pictures(self) -> None:
        for rect in self._stale:
            self._model.forget_pictures(rect)
        self._stale = []

    def _build(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        column.addLayout(self._opacity_row())
        column.addWidget(self._view, 1)
        column.addLayout(self._button_row())
        self.setWidget(body)

    def _opacity_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = QLabel(self.tr("O&pacity"))
        self._opacity = named(QSlider(Qt.Orientation.Horizontal), "layers.opacity", self.tr("Opacity of the layer"))
        self._opacity.setRange(0, 100)
        self._opacity.valueChanged.connect(self._slid)
        self._opacity.sliderReleased.connect(self._set_opacity)
        label.setBuddy(self._opacity)
        self._percent = named(QLabel(), "layers.opacity.value")
        self._percent.setMinimumWidth(self.fontMetrics().horizontalAdvance("100 %"))
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(label)
        row.addWidget(self._opacity, 1)
        row.addWidget(self._percent)
        return row

    def _button_row(self) -> QHBoxLayout:
        self._add = icon_button("add", "layers.add", self.tr("Add a mask"))
        self._up = icon_button("up", "layers.up", self.tr("Move up"), shortcut=self.tr("Alt+Up"))
        self._down = icon_button("down", "layers.down", self.tr("Move down"), shortcut=self.tr("Alt+Down"))
        self._remove = icon_button("delete", "layers.delete", self.tr("Delete the layer"), shortcut=self.tr("Del"))
        again = QPushButton(icon("again"), self.tr("Run again…"))
        self._again = named(again, "layers.run_again", self.tr("Make this fill again with other values"))
        self._add.clicked.connect(self._add_mask)
        self._up.clicked.connect(lambda: self._move_by(1))
        self._down.clicked.connect(lambda: self._move_by(-1))
        self._remove.clicked.connect(self._delete)
        self._again.clicked.connect(self._run_again)
        self._more = icon_button("more", "layers.more", self.tr("More to do with the chosen layers"))
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self._add)
        row.addWidget(self._more)
        row.addWidget(self._again)
        row.addStretch(1)
        for button in (self._up, self._down, self._remove):
            row.addWidget(button)
        return row

    def _selected(self) -> list[Layer]:
        """The chosen layers, bottom first."""
        if self._document is None:
            return []
        rows = {index.row() for index in self._view.selectionModel().selectedIndexes()}
        ids = {self._model.rows[row].id for row in rows if row < len(self._model.rows)}
        return [layer for layer in self._document.layers if layer.id in ids]

    def _only(self) -> Layer | None:
        selected = self._selected()
        return selected[0] if len(selected) == 1 else None

    @Slot()
    def _chosen(self) -> None:
        """The user's choice is what is painted on; a row that the program chose is only chosen."""
        layer = self._only()
        if layer is not None and not self._by_program:
            self._activate(layer.id)
        self._show_chosen()

    def _activate(self, layer_id: str) -> None:
        if layer_id != self._model.active:
            self._model.active = layer_id
            self._model.refresh()
            self.activeChanged.emit(layer_id)

    def _show_chosen(self) -> None:
        layer = self._only()
        self._add.setEnabled(self._document is not None)
        self._remove.setEnabled(any(not layer.locked for layer in self._selected()))
        self._again.setVisible(isinstance(layer, FillLayer) and layer.recipe.can_run)
        index = None if layer is None or self._document is None else self._document.index(layer.id)
        top = 0 if self._document is None else len(self._document.layers) - 1
        self._up.setEnabled(index is not None and index < top)
        self._down.setEnabled(index is not None and index > 0)
        self._opacity.setEnabled(layer is not None)
        if not self._opacity.isSliderDown():
            self._opacity.blockSignals(True)
            self._opacity.setValue(round(100 * layer.opacity) if layer else 100)
            self._opacity.blockSignals(False)
        self._percent.setText(self.tr("{percent} %").format(percent=self._opacity.value()))

    @Slot(int)
    def _slid(self, percent: int) -> None:
        self._percent.setText(self.tr("{percent} %").format(percent=percent))
        if not self._opacity.isSliderDown():
            self._set_opacity()

    @Slot()
    def _set_opacity(self) -> None:
        layer, opacity = self._only(), self._opacity.value() / 100
        if layer is not None and opacity != layer.opacity:
            self._set(layer.id, {"opacity": opacity}, self.tr("Opacity"))

    @Slot(str, str)
    def _rename(self, layer_id: str, name: str) -> None:
        self._set(layer_id, {"name": name}, self.tr("Rename layer"))

    @Slot(str)
    def _toggle(self, layer_id: str) -> None:
        if self._document is not None:
            visible = not self._document.layer(layer_id).visible
            self._set(layer_id, {"visible": visible}, self.tr("Show layer") if visible else self.tr("Hide layer"))

    def _set(self, layer_id: str, values: dict[str, object], label: str) -> None:
        if self._document is not None:
            self.edit.emit(SetLayer.of(self._document, layer_id, values, label))

    @Slot()
    def _add_mask(self) -> None:
        if self._document is None:
            return
        count = sum(isinstance(layer, MaskLayer) for layer in self._document.layers) + 1
        layer = MaskLayer.empty(
            self._document.new_id(), self.tr("Mask {number}").format(number=count), self._document.canvas
        )
        self.edit.emit(AddLayer(layer.state(), len(self._document.layers), self.tr("Add mask")))
        self.set_active(layer.id)

    @Slot()
    def _delete(self) -> None:
        layers = [layer for layer in self._selected() if not layer.locked]
        if self._document is None or not layers:
            return
        # from the top, so that the places of those below still hold
        edits: list[Edit] = [RemoveLayer.of(self._document, layer.id) for layer in reversed(layers)]
        self.edit.emit(edits[0] if len(edits) == 1 else Group(self.tr("Delete layers"), tuple(edits)))

    @Slot(int)
    def _move_by(self, steps: int) -> None:
        layer = self._only()
        if layer is not None and self._document is not None:
            self._move(layer.id, self._document.index(layer.id) + steps)

    @Slot(str, int)
    def _move(self, layer_id: str, target: int) -> None:
        if self._document is None:
            return
        source = self._document.index(layer_id)
        if source != target and 0 <= target < len(self._document.layers):
            self.edit.emit(MoveLayer(source, target, self.tr("Reorder layers")))

    @Slot()
    def _run_again(self) -> None:
        layer = self._only()
        if isinstance(layer, FillLayer):
            self.runAgain.emit(layer.id)
