"""The layers of a document as rows, top first, the photo last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from inpaint_studio.document.layers import FillLayer, Layer, MaskLayer, ProposalLayer
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.ui.colour import screen_space, to_display
from inpaint_studio.ui.engine_names import short_name
from inpaint_studio.ui.layers_dock.thumbnails import thumbnail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inpaint_studio.document.document import Document
    from inpaint_studio.engines.contract import EngineSpec
    from inpaint_studio.pixels.display_samples import ToDisplay

_Index = QModelIndex | QPersistentModelIndex

#: The id of the photo's row, which is no layer.
PHOTO = ""

#: Roles beyond Qt's: the row as a `Row`, and its picture.
ROW = Qt.ItemDataRole.UserRole
PICTURE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Row:
    """What a row shows."""

    id: str
    kind: str
    name: str
    subtitle: str = ""
    visible: bool = True
    opacity: float = 1.0
    active: bool = False
    locked: bool = False


class LayersModel(QAbstractListModel):
    """Rows are rebuilt from the document when one differs; pictures when they are asked for after a change."""

    #: Layer id and the name that the user typed.
    renamed = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._rows: list[Row] = []
        self._engines: Mapping[str, EngineSpec] = {}
        #: With each picture where its layer held anything when it was made.
        self._pictures: dict[str, tuple[QImage, Rect]] = {}
        self._to_display: ToDisplay | None = None
        self.active = PHOTO

    @property
    def rows(self) -> list[Row]:
        return self._rows

    def set_document(self, document: Document | None) -> None:
        self._document, self._pictures, self._to_display = document, {}, None
        self.refresh()

    def set_engines(self, engines: Mapping[str, EngineSpec]) -> None:
        """Call engines as these are, by id; others by their ids."""
        self._engines = engines
        self.refresh()

    def _shown_by(self) -> ToDisplay:
        """Takes the document's colours to the screen's; made once for a document."""
        assert self._document is not None  # noqa: S101  only rows of one have pictures
        if self._to_display is None:
            parent = self.parent()
            assert isinstance(parent, QWidget)  # noqa: S101  it was made with one
            self._to_display = to_display(self._document, screen_space(parent))
        return self._to_display

    def refresh(self) -> None:
        """Take over what differs; a change of values alone keeps the selection and an open name editor."""
        rows = self._wanted()
        if [row.id for row in rows] != [row.id for row in self._rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        for number, (old, new) in enumerate(zip(self._rows, rows, strict=True)):
            if old != new:
                self._rows[number] = new
                self.dataChanged.emit(self.index(number), self.index(number))

    def forget_pictures(self, rect: Rect) -> None:
        """The pictures of layers that reach into `rect` are to be made again."""
        if self._document is None:
            return
        layers = {layer.id: layer for layer in self._document.layers}
        for layer_id in list(self._pictures):
            layer = layers.get(layer_id)
            if layer_id == PHOTO:
                continue
            reach = self._pictures[layer_id][1]  # what was cleared is not covered any more
            if layer is None or rect.empty or not Rect.union_of([reach, layer.covered]).clipped(rect).empty:
                del self._pictures[layer_id]
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), [PICTURE])

    def row_of(self, layer_id: str) -> int | None:
        """None for an id that no row has."""
        return next((number for number, row in enumerate(self._rows) if row.id == layer_id), None)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole}:
            return row.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        if role == ROW:
            return row
        if role == PICTURE:
            return self._picture(row.id)
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802  Qt's name
        row = self._rows[index.row()]
        name = str(value).strip()
        if role == Qt.ItemDataRole.EditRole and name and name != row.name:
            self.renamed.emit(row.id, name)
        return False

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        flags = flag.ItemIsEnabled | flag.ItemIsSelectable
        if self._rows[index.row()].id != PHOTO:
            flags |= flag.ItemIsEditable | flag.ItemIsDragEnabled
        return flags

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802  Qt's name
        return Qt.DropAction.MoveAction

    def _wanted(self) -> list[Row]:
        if self._document is None:
            return []
        rows = [self._row(layer) for layer in reversed(self._document.layers)]
        return [*rows, Row(PHOTO, "photo", self.tr("Photo"))]

    def _row(self, layer: Layer) -> Row:
        active = layer.id == self.active
        subtitle = ""
        if active and isinstance(layer, FillLayer):
            subtitle = self.tr("Eraser: original, brush: fill")
        elif isinstance(layer, FillLayer):
            made_by = sorted(layer.recipe.chosen) or [layer.recipe.engine]
            chosen = ", ".join(short_name(engine, self._engines) for engine in made_by)
            pattern = self.tr("{engine}, seed {seed}") if layer.recipe.can_run else self.tr("Merged: {engine}")
            subtitle = pattern.format(engine=chosen, seed=layer.recipe.seed)
        elif active and isinstance(layer, ProposalLayer):
            subtitle = self.tr("Under review: paint to correct")
        elif isinstance(layer, ProposalLayer):
            subtitle = self.tr("{count} parts found").format(count=f"{len(layer.parts):,}")
        elif isinstance(layer, MaskLayer) and layer.role != "fill":
            avoided = layer.role == "avoid"
            subtitle = self.tr("Fills don't copy from here") if avoided else self.tr("Fills copy only from here")
        elif active:
            subtitle = self.tr("Paint here")
        return Row(layer.id, layer.kind, layer.name, subtitle, layer.visible, layer.opacity, active, layer.locked)

    def _spoken(self, row: Row) -> str:
        parts = [
            row.name,
            row.subtitle,
            "" if row.visible else self.tr("hidden"),
            self.tr("locked") if row.locked else "",
        ]
        return ", ".join(part for part in parts if part)

    def _picture(self, layer_id: str) -> QImage | None:
        if self._document is None:
            return None
        if layer_id not in self._pictures:
            layer = None if layer_id == PHOTO else self._document.layer(layer_id)
            covered = Rect(0, 0, 0, 0) if layer is None else layer.covered
            self._pictures[layer_id] = thumbnail(self._document, layer, self._shown_by()), covered
        return self._pictures[layer_id][0]
