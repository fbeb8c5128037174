"""The dock of the review: asks by signals, and shows what it is told."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDockWidget, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.proposal import Proposal, Verdict
from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.review.parts_table import PartsTable
from inpaint_studio.ui.review.sliders import SlidersBox
from inpaint_studio.ui.theme import hint, icon_button, named


class ReviewDock(QDockWidget):
    """Shows itself while a proposal is worked on."""

    acceptAsked = Signal()  # noqa: N815  Qt's way to name signals
    dropAsked = Signal()  # noqa: N815
    #: Whether backwards.
    nextAsked = Signal(bool)  # noqa: N815
    acceptAllAsked = Signal()  # noqa: N815
    dropAllAsked = Signal()  # noqa: N815
    maskAsked = Signal()  # noqa: N815
    mendAsked = Signal()  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Damage"))
        named(self, "dock.review", accessible=self.tr("Damage"))
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.sliders = SlidersBox(self)
        self.table = PartsTable(self)
        self._summary = named(QLabel(), "review.summary", accessible=self.tr("What was found"))
        self._summary.setProperty("role", "hint")
        self._summary.setWordWrap(True)
        self._mend = QPushButton(icon("heal"), "")
        named(self._mend, "review.mend", self.tr("Mend all that is outlined, as one step"))
        self._mask = QPushButton(self.tr("Make it a mask"))
        named(self._mask, "review.mask", self.tr("Turn what is outlined into a mask to paint on"))
        self._mend.clicked.connect(self.mendAsked)
        self._mask.clicked.connect(self.maskAsked)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 6, 8, 8)
        column.addWidget(self._summary)
        column.addWidget(hint("review.keys", self.tr("Tab: next. A: damage. Delete: none. Brush and eraser correct.")))
        column.addWidget(self.sliders)
        column.addWidget(self.table, 1)
        column.addLayout(self._verdict_rows())
        column.addWidget(self._mask)
        column.addWidget(self._mend)
        self.setWidget(body)
        self.hide()

    def _verdict_rows(self) -> QVBoxLayout:
        back = icon_button("up", "review.previous", self.tr("The part before"), shortcut=self.tr("Shift+Tab"))
        on = icon_button("down", "review.next", self.tr("The next part"), shortcut=self.tr("Tab"))
        accept = QPushButton(icon("check"), self.tr("Accept"))
        named(accept, "review.accept", self.tr("This is damage"), shortcut=self.tr("A or Enter"))
        drop = QPushButton(icon("cancel"), self.tr("Drop"))
        named(drop, "review.drop", self.tr("This is no damage"), shortcut=self.tr("Delete"))
        accept_all = QPushButton(self.tr("Accept all shown"))
        named(accept_all, "review.accept_all", self.tr("Keep them, whatever the sliders say later"))
        drop_all = QPushButton(self.tr("Drop all shown"))
        named(drop_all, "review.drop_all", self.tr("None of them is damage"))
        for button, asked in (
            (accept, self.acceptAsked),
            (drop, self.dropAsked),
            (accept_all, self.acceptAllAsked),
            (drop_all, self.dropAllAsked),
        ):
            button.clicked.connect(asked)
        back.clicked.connect(lambda: self.nextAsked.emit(True))
        on.clicked.connect(lambda: self.nextAsked.emit(False))
        one = QHBoxLayout()
        for widget in (back, on):
            one.addWidget(widget)
        one.addWidget(accept, 1)
        one.addWidget(drop, 1)
        every = QGridLayout()
        every.addWidget(accept_all, 0, 0)
        every.addWidget(drop_all, 0, 1)
        rows = QVBoxLayout()
        rows.addLayout(one)
        rows.addLayout(every)
        return rows

    def show_proposal(self, proposal: Proposal, current: int | None) -> None:
        """Show `proposal` as it is now, with its part `current` chosen."""
        shown, accepted, dropped = (
            proposal.shown(),
            proposal.said(Verdict.ACCEPTED),
            proposal.said(Verdict.DROPPED),
        )
        # what is dropped stays in the list as long as it would be shown, to be thought over
        rows = np.flatnonzero(shown | accepted)
        rows = rows[np.argsort(-proposal.sizes[rows], kind="stable")]
        kinds = len(Defect)
        of_kind = np.bincount(proposal.classes[(shown & ~dropped) | accepted], minlength=kinds)
        there = np.bincount(proposal.classes, minlength=kinds)
        self.sliders.show_values(
            proposal.sliders,
            {defect: int(of_kind[place]) for place, defect in enumerate(Defect)},
            {defect: int(there[place]) for place, defect in enumerate(Defect)},
        )
        self.table.show_parts(proposal, rows, current)
        chosen = int(np.count_nonzero(proposal.all_chosen()))
        said = self.tr("{0} of {1} parts are outlined and will be mended: {2} accepted, {3} dropped.")
        self._summary.setText(
            said.format(f"{chosen:,}", f"{len(proposal.parts):,}", int(accepted.sum()), int(dropped.sum()))
        )
        self._mend.setText(self.tr("Mend what is outlined ({0})").format(f"{chosen:,}"))
