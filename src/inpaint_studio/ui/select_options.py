"""The settings of the tools that select."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QWidget

from inpaint_studio.tools.selection import Combine
from inpaint_studio.tools.smart_select import Pointing, SmartSelectSettings
from inpaint_studio.ui.option_row import add_named, option_row
from inpaint_studio.ui.theme import named


class CombineBox(QWidget):
    """Whether what is selected adds to the mask, takes away from it, or is what is left of it."""

    #: The Combine that the user has chosen.
    changed = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        row = option_row(self, within=True)
        self._how = named(
            QComboBox(),
            name,
            self.tr(
                "What a selection does to the mask. Alt subtracts and Shift+Alt intersects, whatever is chosen here."
            ),
            accessible=self.tr("What a selection does to the mask"),
        )
        self._how.addItem(self.tr("Adds to the mask"), Combine.ADD)
        self._how.addItem(self.tr("Subtracts (Alt)"), Combine.SUBTRACT)
        self._how.addItem(self.tr("Intersects (Shift+Alt)"), Combine.INTERSECT)
        add_named(row, self.tr("&Selection"), self._how)
        self._how.currentIndexChanged.connect(lambda _: self.changed.emit(Combine(self._how.currentData())))

    def set_how(self, how: Combine) -> None:
        """Show `how`, without a signal."""
        blocker = QSignalBlocker(self._how)
        self._how.setCurrentIndex(self._how.findData(how))
        blocker.unblock()


class SmartSelectOptions(QWidget):
    """One row: how the object is shown, and how wide a scribble is."""

    #: The SmartSelectSettings that the user has made.
    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        row = option_row(self)
        self._by = named(
            QComboBox(),
            "smart.by",
            self.tr(
                "Drag a box round the object, or scribble on it; then scribble with Alt on what it should not take in"
            ),
            accessible=self.tr("How the object is shown"),
        )
        self._by.addItem(self.tr("Box round it"), Pointing.BOX)
        self._by.addItem(self.tr("Scribble on it"), Pointing.SCRIBBLE)
        self._by.addItem(self.tr("Scribble to leave out (Alt)"), Pointing.LEAVE_OUT)
        self._width = named(QDoubleSpinBox(), "smart.width", self.tr("How wide a scribble is on the screen"))
        self._width.setRange(1, 200)
        self._width.setDecimals(0)
        self._width.setSuffix(self.tr(" px"))
        add_named(row, self.tr("&Object"), self._by)
        add_named(row, self.tr("&Scribble width"), self._width)
        row.addStretch(1)
        self.set_settings(SmartSelectSettings())
        self._by.currentIndexChanged.connect(self._tell)
        self._width.valueChanged.connect(self._tell)

    def set_settings(self, settings: SmartSelectSettings) -> None:
        """Show `settings`, without a signal."""
        blockers = [QSignalBlocker(control) for control in (self._by, self._width)]
        self._by.setCurrentIndex(self._by.findData(settings.by))
        self._width.setValue(settings.width)
        for blocker in blockers:
            blocker.unblock()

    def _tell(self) -> None:
        self.changed.emit(SmartSelectSettings(Pointing(self._by.currentData()), self._width.value()))
