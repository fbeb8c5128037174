"""The parts of a proposal as a table: thousands of rows that cost nothing until they are seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.proposal import Proposal, Verdict
from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.review.looks import name, short_name, swatch
from inpaint_studio.ui.theme import DARK, named

_Index = QModelIndex | QPersistentModelIndex
_KIND, _SIZE, _SURE, _SAID = range(4)


class PartsModel(QAbstractTableModel):
    """Rows are parts in the order that `show` was given."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._proposal: Proposal | None = None
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._swatches = {defect: swatch(defect) for defect in Defect}
        self._signs: dict[Verdict, QIcon] = {Verdict.ACCEPTED: icon("check"), Verdict.DROPPED: icon("cancel")}
        self._titles = (self.tr("Kind"), self.tr("Pixels"), self.tr("Sure"), "")

    def show(self, proposal: Proposal | None, rows: NDArray[np.int64]) -> None:
        """rows: indices of the parts of `proposal`."""
        same = proposal is self._proposal and np.array_equal(rows, self._rows)
        if not same:
            self.beginResetModel()
        self._proposal, self._rows = proposal, rows
        if not same:
            self.endResetModel()
        elif len(rows):
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, _SAID))

    def part(self, row: int) -> int | None:
        """The index of the part in a row."""
        return int(self._rows[row]) if 0 <= row < len(self._rows) else None

    def row(self, part: int) -> int | None:
        """The row of a part."""
        found = np.flatnonzero(self._rows == part)
        return int(found[0]) if len(found) else None

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's signature
        return 0 if parent.isValid() else len(self._titles)

    def headerData(  # noqa: N802  Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        number = self.part(index.row())
        if number is None or self._proposal is None:
            return None
        part, said = self._proposal.parts[number], self._proposal.verdict(number)
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            texts = {_KIND: short_name(part.defect), _SIZE: f"{part.pixels:,}", _SURE: f"{part.confidence:.0%}"}
            return texts.get(column)
        if role == Qt.ItemDataRole.DecorationRole:
            return (
                self._swatches[part.defect] if column == _KIND else self._signs.get(said) if column == _SAID else None
            )
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (_SIZE, _SURE):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole and said is Verdict.DROPPED:
            return QColor(DARK.faint)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            words = {Verdict.ACCEPTED: self.tr("accepted"), Verdict.DROPPED: self.tr("dropped")}
            text = self.tr("{0}, {1} pixels, {2} sure").format(name(part.defect), part.pixels, f"{part.confidence:.0%}")
            return ", ".join(filter(None, (text, words.get(said, ""))))
        return None


class PartsTable(QTableView):
    """One part is chosen at a time."""

    #: The user chose a part: its index.
    partChosen = Signal(int)  # noqa: N815  Qt's way to name signals

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "review.parts", accessible=self.tr("Parts, the largest first"))
        self.parts = PartsModel(self)
        self.setModel(self.parts)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        columns.setHighlightSections(False)
        columns.setMinimumSectionSize(24)
        columns.setSectionResizeMode(_KIND, QHeaderView.ResizeMode.Stretch)
        digit = self.fontMetrics().horizontalAdvance("0")
        for column, digits in ((_SIZE, 9), (_SURE, 7), (_SAID, 4)):
            columns.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            columns.resizeSection(column, digits * digit)
        self._by_program = False
        self.selectionModel().currentRowChanged.connect(self._chosen)

    def show_parts(self, proposal: Proposal | None, rows: NDArray[np.int64], current: int | None) -> None:
        """List `rows`, with the part `current` chosen."""
        self._by_program = True
        try:
            self.parts.show(proposal, rows)
            self._choose(current)
        finally:
            self._by_program = False

    def _choose(self, part: int | None) -> None:
        row = None if part is None else self.parts.row(part)
        if row is None:
            self.clearSelection()
            return
        index = self.parts.index(row, _KIND)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def _chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        part = self.parts.part(index.row())
        if part is not None and not self._by_program:
            self.partChosen.emit(part)
