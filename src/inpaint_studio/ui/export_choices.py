"""What an export may do beside its name and format: depth, size, profile, metadata and what it says of fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QSpinBox

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage.family import Keep
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.ui.status import profile_name
from inpaint_studio.ui.theme import hint, named

if TYPE_CHECKING:
    from inpaint_studio.storage.family import Family
    from inpaint_studio.storage.photo import Photo


class ExportChoices(QObject):
    """The rows of a form. They begin with `chosen`, what the user took last time."""

    changed = Signal()

    def __init__(self, photo: Photo, chosen: ExportOptions, parent: QObject) -> None:
        super().__init__(parent)
        self._format = photo.format
        self._side = max(photo.pixels.shape[:2])
        self._bits = named(QComboBox(), "export.bits", self.tr("Bits of a sample"))
        self._bits.addItem(self.tr("As the photo ({0} bits)").format(photo.format.bits), None)
        for bits in (16, 8):
            self._bits.addItem(self.tr("{0} bits").format(bits), bits)
        self._smaller = named(QCheckBox(self.tr("Scale down, long side")), "export.smaller", self.tr("Scale down"))
        self._size = named(QSpinBox(), "export.size", self.tr("Long side in pixels"))
        self._size.setRange(1, self._side)
        self._size.setSuffix(self.tr(" px"))
        self._profile = named(QComboBox(), "export.profile", self.tr("Colour profile of the file"))
        kept = profile_name(photo.metadata.icc) or self.tr("none")
        self._profile.addItem(self.tr("As the photo: {0}").format(kept), False)
        self._profile.addItem(self.tr("Convert to sRGB"), True)
        self._metadata = named(QComboBox(), "export.metadata", self.tr("Metadata that the file gets"))
        texts = {
            Keep.ALL: self.tr("Everything the photo holds"),
            Keep.NO_LOCATION: self.tr("Everything but the place"),
            Keep.NONE: self.tr("Nothing"),
        }
        for keep, text in texts.items():
            self._metadata.addItem(text, keep)
        self._provenance = named(
            QCheckBox(self.tr("Say that parts were filled in")), "export.provenance", self.tr("Record the fills")
        )
        self._about = hint("export.about_provenance")
        self._about.setText(
            self.tr("Puts engine, seed and size of each fill into the file’s own metadata. Nothing is sent anywhere.")
        )
        self._begin_with(chosen)
        self._smaller.toggled.connect(self._size.setEnabled)
        self._bits.currentIndexChanged.connect(self.changed)
        self._profile.currentIndexChanged.connect(self.changed)
        self._smaller.toggled.connect(self.changed)

    def _begin_with(self, chosen: ExportOptions) -> None:
        self._bits.setCurrentIndex(max(0, self._bits.findData(chosen.bits)))
        self._smaller.setChecked(chosen.long_side is not None and chosen.long_side < self._side)
        self._size.setValue(chosen.long_side or self._side)
        self._size.setEnabled(self._smaller.isChecked())
        self._profile.setCurrentIndex(int(chosen.srgb))
        self._metadata.setCurrentIndex(list(Keep).index(chosen.keep))
        self._provenance.setChecked(chosen.provenance)

    def add_rows(self, form: QFormLayout) -> None:
        """Put the rows below those that are there."""
        size = QHBoxLayout()
        size.addWidget(self._smaller)
        size.addWidget(self._size)
        size.addStretch(1)
        self._form, self._bits_row = form, form.rowCount()
        form.addRow(self.tr("Depth"), self._bits)
        form.addRow(self.tr("Size"), size)
        form.addRow(self.tr("Profile"), self._profile)
        form.addRow(self.tr("Metadata"), self._metadata)
        form.addRow("", self._provenance)
        form.addRow("", self._about)

    def show_for(self, family: Family) -> None:
        """Offer only what a file of `family` can be."""
        deep = family.holds(PixelFormat(Colour.RGB, "uint16")).dtype == "uint16"
        self._form.setRowVisible(self._bits_row, deep)

    def options(self, family: Family, quality: int | None) -> ExportOptions:
        """What is chosen now."""
        deep = family.holds(PixelFormat(Colour.RGB, "uint16")).dtype == "uint16"
        bits = self._bits.currentData() if deep else None
        return ExportOptions(
            quality=quality,
            bits=None if bits == self._format.bits else bits,
            long_side=self._size.value() if self._smaller.isChecked() else None,
            keep=Keep(self._metadata.currentData()),
            srgb=bool(self._profile.currentData()),
            provenance=self._provenance.isChecked(),
        )

    @property
    def alters(self) -> bool:
        """Whether size or colours of the written photo are others than the photo's."""
        return self._smaller.isChecked() or bool(self._profile.currentData())
