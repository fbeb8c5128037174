"""Where and how a photo is exported. The original is never replaced without being named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.ui.ask import file_dialog
from inpaint_studio.ui.target_look import Seen, TargetLook, free_name
from inpaint_studio.ui.theme import hint, named

if TYPE_CHECKING:
    from inpaint_studio.storage.family import Family
    from inpaint_studio.storage.photo import Photo
    from inpaint_studio.studio.export_options import ExportOptions

_QUALITY = 95
#: Milliseconds after which the user is told that the folder does not answer.
_LATE_MS = 700


class ExportDialog(QDialog):
    """Show it with `open()`; once it is accepted `path` and `options` say what to write."""

    def __init__(
        self, photo: Photo, original: Path | None, parent: QWidget, folder: Path | None = None, name: str = ""
    ) -> None:
        """Propose `name`, or one after `original`, the photo's own file if it has one, in `folder` or beside it.

        What stands there is looked at in a thread; see `proposal` for a name that is free.
        """
        super().__init__(parent)
        if folder is None:
            folder = original.parent if original is not None else Path.home()
        from inpaint_studio.studio.export_options import last_options
        from inpaint_studio.ui.export_choices import ExportChoices

        families, last = _families(), last_options()
        self.setWindowTitle(self.tr("Export a photo"))
        named(self, "dialog.export", accessible=self.windowTitle())
        self._original, self._format, self._families = original, photo.format, families
        self._own_family = photo.family
        self._look = TargetLook(original, self)
        self._look.seen.connect(self._found)
        self._seen: Seen | None = None
        #: Export was asked for before it was known what stands there.
        self._hurried = False
        self._late = QTimer(self, singleShot=True, interval=_LATE_MS)
        self._late.timeout.connect(self._show_waiting)
        self._choices = ExportChoices(photo, last, self)
        self._choices.changed.connect(self._refresh)
        self._build()
        self._quality.setValue(last.quality or _QUALITY)
        family, stem, suffix = _proposed(photo, original)
        self._folder.setText(str(folder))
        self._name.setText(name or f"{stem or self.tr('photo')}-filled{suffix}")
        self._kind.setCurrentIndex(families.index(family))
        self._refresh()
        self._name.setFocus()
        self._name.setSelection(0, len(self.path.stem))

    @property
    def path(self) -> Path:
        """The file as it is named now."""
        return Path(self._folder.text().strip()) / self._name.text().strip()

    @property
    def quality(self) -> int | None:
        """1 to 100; None for lossless formats, and to keep the original's."""
        if not self._family.takes_quality or (self._own.isChecked() and self._own_possible):
            return None
        return self._quality.value()

    @property
    def options(self) -> ExportOptions:
        """How to write the file."""
        return self._choices.options(self._family, self.quality)

    @staticmethod
    def proposal(photo: Photo, original: Path | None, folder: Path) -> str:
        """A name that is free in `folder`; blocks, so call it from a thread."""
        _, stem, suffix = _proposed(photo, original)
        return free_name(folder, f"{stem or 'photo'}-filled", suffix)

    @property
    def looking(self) -> bool:
        """Whether it is not known yet what stands at `path`."""
        return self._look.looking

    def accept(self) -> None:
        """As soon as it is known that nothing stands there that the user has not agreed to replace."""
        if self.looking:
            self._hurried = True
        elif self._export.isEnabled():
            from inpaint_studio.studio.export_options import remember_options

            remember_options(self.options)
            super().accept()

    def _build(self) -> None:
        self._name = named(QLineEdit(), "export.name", self.tr("Name of the file"))
        self._folder = named(QLineEdit(), "export.folder", self.tr("Folder"))
        browse = named(QPushButton(self.tr("Browse…")), "export.browse", self.tr("Choose the folder"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self._kind = named(QComboBox(), "export.format", self.tr("File format"))
        for family in self._families:
            self._kind.addItem(f"{family.title} ({family.suffixes[0]})")
        self._own = named(
            QCheckBox(self.tr("As the original")), "export.own_quality", self.tr("Keep the tables of the original file")
        )
        self._own.setChecked(True)
        self._quality = named(QSpinBox(), "export.quality", self.tr("Quality from 1 to 100"))
        self._quality.setRange(1, 100)
        self._quality.setValue(_QUALITY)
        self._loss = hint("export.loss")
        self._warning = hint("export.warning")
        self._replace = named(QCheckBox(), "export.replace", accessible=self.tr("Replace the file"))
        self._name.textChanged.connect(self._typed)
        self._folder.textChanged.connect(self._typed)
        self._kind.currentIndexChanged.connect(self._kind_chosen)
        self._own.toggled.connect(self._refresh)
        self._replace.toggled.connect(self._refresh)
        self._lay_out(browse)

    def _lay_out(self, browse: QPushButton) -> None:
        place, quality = QHBoxLayout(), QHBoxLayout()
        place.addWidget(self._folder, 1)
        place.addWidget(browse)
        quality.addWidget(self._quality)
        quality.addWidget(self._own)
        quality.addStretch(1)
        self._lines = QFormLayout()
        self._lines.addRow(self.tr("&Name"), self._name)
        self._lines.addRow(self.tr("Folder"), place)
        self._lines.addRow(self.tr("&Format"), self._kind)
        self._quality_row = self._lines.rowCount()
        self._lines.addRow(self.tr("Quality"), quality)
        self._choices.add_rows(self._lines)
        for widget in (self._loss, self._replace, self._warning):
            self._lines.addRow("", widget)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        cancel = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        named(cancel, "export.cancel", self.tr("Cancel"), shortcut=self.tr("Esc"))
        self._export = QPushButton(self.tr("Export"))
        named(self._export, "export.export", self.tr("Export"), shortcut=self.tr("Enter"))
        self._export.setDefault(True)
        buttons.addButton(self._export, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(14)
        column.addLayout(self._lines)
        column.addStretch(1)
        column.addWidget(buttons)
        self.setMinimumWidth(520)

    @Slot()
    def _browse(self) -> None:
        chooser = file_dialog(self, self.tr("Choose the folder"), Path(self._folder.text()))
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(self._folder.setText)
        chooser.open()

    @Slot()
    def _typed(self) -> None:
        """A suffix typed by hand chooses the format; leave to replace a file was given for the former name only."""
        self._replace.setChecked(False)
        self._hurried = False
        suffix = self.path.suffix.lower()
        for index, family in enumerate(self._families):
            if suffix in family.suffixes:
                self._kind.blockSignals(True)
                self._kind.setCurrentIndex(index)
                self._kind.blockSignals(False)
        self._refresh()

    @Slot(int)
    def _kind_chosen(self, index: int) -> None:
        target = self.path
        if target.name and target.suffix.lower() not in self._families[index].suffixes:
            known = any(target.suffix.lower() in family.suffixes for family in self._families)
            stem = target.stem if known else target.name
            self._name.setText(stem + self._families[index].suffixes[0])
        self._refresh()

    @property
    def _family(self) -> Family:
        return self._families[self._kind.currentIndex()]

    @property
    def _own_possible(self) -> bool:
        """Whether no quality can be asked for: blocks or tables of the original are kept, or nothing is lost at all."""
        if self._family.lossless:
            return True
        if self._own_family:
            return self._own_family == self._family.id
        return self._original is not None and self._original.suffix.lower() in self._family.suffixes

    @Slot()
    def _refresh(self) -> None:
        self._lines.setRowVisible(self._quality_row, self._family.takes_quality)
        self._choices.show_for(self._family)
        self._own.setText(self.tr("Without loss") if self._family.lossless else self.tr("As the original"))
        self._own.setVisible(self._own_possible and self._family.takes_quality)
        self._quality.setEnabled(not (self._own.isChecked() and self._own_possible))
        self._loss.setText(self._about_loss())
        if self._seen is not None and self._seen.path == self.path:
            self._look.forget()
            self._late.stop()
            self._show_seen(self._seen)
        else:
            # what was said of the former name stands until this one is known: nothing flickers while one types
            self._look.look(self.path)
            self._late.start()
            problem = self._problem_of_name()
            self._export.setEnabled(not problem)
            if problem:
                self._warn(problem)

    @Slot(object)
    def _found(self, seen: Seen) -> None:
        self._late.stop()
        if self._seen is None or self._seen.path != seen.path:
            self._replace.setChecked(False)
        self._seen = seen
        self._show_seen(seen)
        if self._hurried:
            self._hurried = False
            self.accept()

    @Slot()
    def _show_waiting(self) -> None:
        if not self._problem_of_name():
            self._warn(self.tr("The folder does not answer yet."))

    def _warn(self, text: str) -> None:
        self._replace.hide()
        self._warning.setText(text)
        self._warning.show()

    def _show_seen(self, seen: Seen) -> None:
        problem = self._problem_of_name() or self._problem_of_place(seen)
        there = not problem and seen.there
        if problem:
            self._warn(problem)
        else:
            self._warning.hide()
        if there:
            text = (
                self.tr("Replace the original file {name}")
                if seen.is_original
                else self.tr("Replace {name}, which exists")
            )
            self._replace.setText(text.format(name=seen.path.name))
        self._replace.setVisible(there)
        self._export.setEnabled(not problem and (not there or self._replace.isChecked()))

    def _problem_of_name(self) -> str:
        """Why no file can have this name; empty when nothing speaks against it."""
        target = self.path
        if not self._name.text().strip() or target.name != self._name.text().strip():
            return self.tr("Give the file a name without a folder.")
        if target.suffix.lower() not in self._family.suffixes:
            return self.tr("The name must end in {suffix}.").format(suffix=self._family.suffixes[0])
        return ""

    def _problem_of_place(self, seen: Seen) -> str:
        """Why nothing can be written there; empty when nothing speaks against it."""
        if seen.problem:
            return self.tr("Nothing can be written there: {problem}.").format(problem=seen.problem)
        if not seen.path.is_absolute() or not seen.folder_there:
            return self.tr("There is no such folder.")
        return self.tr("A folder has this name.") if seen.is_folder else ""

    def _about_loss(self) -> str:
        family, held = self._family, self._family.holds(self._format)
        said = []
        if self._choices.alters:
            said.append(self.tr("Scaling and converting change every pixel; that nothing else did is proven before."))
        elif family.lossless and self.quality is None:
            said.append(self.tr("{format} is lossless: what you did not fill stays exactly as it is."))
        elif family.id == "jpeg" and self._own_family == "jpeg" and self.quality is None:
            said.append(
                self.tr(
                    "Only the small squares that a fill touches are compressed anew; all others stay as they are in the "
                    "original file. PNG and TIFF change nothing at all."
                )
            )
        else:
            said.append(self.tr("{format} is lossy: it changes pixels a little everywhere. PNG and TIFF change none."))
        if held.bits < self._format.bits:
            said.append(self.tr("It holds {held} of the photo's {bits} bits."))
        if self._format.alpha and not held.alpha:
            said.append(self.tr("It holds no transparency."))
        return " ".join(said).format(format=family.title, held=held.bits, bits=self._format.bits)


def _families() -> tuple[Family, ...]:
    """Those that can be written."""
    from inpaint_studio.storage.registry import FAMILIES

    return tuple(family for family in FAMILIES if family.writes)


def _proposed(photo: Photo, original: Path | None) -> tuple[Family, str, str]:
    """The family to write, the original's stem, or none, and a suffix."""
    families = _families()
    suffix = original.suffix if original is not None else ""
    family = next((family for family in families if family.id == photo.family), None)
    family = family or next((one for one in families if suffix.lower() in one.suffixes), families[0])
    return (
        family,
        original.stem if original is not None else "",
        (suffix if suffix.lower() in family.suffixes else family.suffixes[0]),
    )
