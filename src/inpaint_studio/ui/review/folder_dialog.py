"""Which folder of scans is restored, where to, and how."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.restore.defects import Defect
from inpaint_studio.restore.proposal import USUALLY_ON, Sliders
from inpaint_studio.studio.mending import Options
from inpaint_studio.studio.restoring import RIM
from inpaint_studio.ui.ask import file_dialog
from inpaint_studio.ui.review.looks import name, swatch
from inpaint_studio.ui.theme import hint, named


class FolderDialog(QDialog):
    """Show it with `open()`; once it is accepted `source`, `target` and `options` say what to do."""

    def __init__(self, source: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Restore a folder"))
        named(self, "dialog.folder", accessible=self.windowTitle())
        self.setMinimumWidth(520)
        self._source = named(QLineEdit(str(source)), "folder.source", self.tr("Folder with the scans"))
        self._target = named(
            QLineEdit(str(source.with_name(f"{source.name}-restored"))), "folder.target", self.tr("Folder to write to")
        )
        self._classes = {
            defect: named(QCheckBox(name(defect)), f"folder.class.{defect}", accessible=name(defect))
            for defect in Defect
        }
        for defect, switch in self._classes.items():
            switch.setIcon(swatch(defect))
            switch.setChecked(defect in USUALLY_ON)
            switch.toggled.connect(self._refresh)
        self._sensitivity = named(
            QSlider(Qt.Orientation.Horizontal),
            "folder.sensitivity",
            self.tr("More to the right: for a box of scans that are surely damaged, nearly to the end"),
        )
        self._sensitivity.setRange(0, 100)
        self._sensitivity.setValue(50)
        self._album = named(
            QCheckBox(self.tr("Mend in each scan what many of them have at the same place")),
            "folder.album",
            self.tr("Dust on the scanner's glass, and dates that a camera stamped"),
        )
        self._album.setChecked(True)
        self._anyway = named(
            QCheckBox(self.tr("Mend what is doubtful too")),
            "folder.anyway",
            self.tr("Marks that are not certain in a photo that looks whole, and photos of which a quarter is marked"),
        )
        self._warning = hint("folder.warning")
        self._lay_out()
        self._source.textChanged.connect(self._refresh)
        self._target.textChanged.connect(self._refresh)
        self._refresh()

    @property
    def source(self) -> Path:
        return Path(self._source.text().strip()).expanduser()

    @property
    def target(self) -> Path:
        return Path(self._target.text().strip()).expanduser()

    @property
    def options(self) -> Options:
        """The same as those of `inpaint-studio restore`."""
        classes = tuple(defect for defect, switch in self._classes.items() if switch.isChecked())
        sliders = Sliders(sensitivity=self._sensitivity.value() / 100, classes=frozenset(classes))
        return Options(
            classes=classes,
            sliders=sliders,
            recipe=Recipe(grow=RIM),
            anyway=self._anyway.isChecked(),
            album=self._album.isChecked(),
        )

    def _lay_out(self) -> None:
        lines = QFormLayout()
        for title, field, browse in (
            (self.tr("&Scans"), self._source, "folder.browse_source"),
            (self.tr("&Write to"), self._target, "folder.browse_target"),
        ):
            row = QHBoxLayout()
            row.addWidget(field, 1)
            row.addWidget(self._browse(field, browse))
            label = QLabel(title)
            label.setBuddy(field)
            lines.addRow(label, row)
        for place, switch in enumerate(self._classes.values()):
            lines.addRow(self.tr("Look for") if place == 0 else "", switch)
        lines.addRow(self.tr("Sensitivity"), self._sensitivity)
        lines.addRow("", self._album)
        lines.addRow("", self._anyway)
        text = self.tr(
            "The scans are not changed. What is done is kept after every scan: stopped work is taken up where it was. "
            "At the end a page shows each scan before, what was marked, and after."
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        named(buttons.button(QDialogButtonBox.StandardButton.Cancel), "folder.cancel", self.tr("Cancel"))
        self._start = named(QPushButton(self.tr("Restore")), "folder.start", self.tr("Restore the scans"))
        self._start.setDefault(True)
        buttons.addButton(self._start, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(lines)
        column.addWidget(hint("folder.about", text))
        column.addWidget(self._warning)
        column.addWidget(buttons)

    def _browse(self, field: QLineEdit, object_name: str) -> QPushButton:
        button = named(QPushButton(self.tr("Browse…")), object_name, self.tr("Choose the folder"))
        button.setAutoDefault(False)

        def choose() -> None:
            chooser = file_dialog(self, self.tr("Choose the folder"), Path(field.text()))
            chooser.setFileMode(QFileDialog.FileMode.Directory)
            chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            chooser.fileSelected.connect(field.setText)
            chooser.open()

        button.clicked.connect(choose)
        return button

    def _refresh(self) -> None:
        problem = ""
        if not any(switch.isChecked() for switch in self._classes.values()):
            problem = self.tr("Choose at least one kind of damage.")
        elif not self.source.is_absolute() or not self.target.is_absolute():
            problem = self.tr("Give both folders with their whole path.")
        elif self.source == self.target:
            problem = self.tr("The scans would be overwritten. Choose another folder to write to.")
        self._warning.setText(problem)
        self._warning.setVisible(bool(problem))
        self._start.setEnabled(not problem)
