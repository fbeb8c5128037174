"""The status bar: what lies under the pointer in the photo's own numbers, and what kind of photo it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.ui.progress import Progress
from inpaint_studio.ui.theme import named

if TYPE_CHECKING:
    from inpaint_studio.document.composite import Composite
    from inpaint_studio.document.document import Document

_CHANNELS = {Colour.GRAY: "K", Colour.RGB: "RGB", Colour.CMYK: "CMYK"}
#: The widest text that each field usually holds, so that fields don't jump while the pointer moves.
_WIDEST = {"zoom": "1600.0 %", "position": "99999, 99999", "value": "R 65535  G 65535  B 65535"}
_LONGEST_NAME = 40
#: What is left out last where the window has no room for all: a progress that begins must not make it wider.
_IMPORTANCE = ("zoom", "position", "value", "angle", "engine", "depth", "size", "profile")
#: What the hint keeps at least.
_HINT = 120


class StatusBar(QStatusBar):
    """How to use the tool at hand, or progress, to the left; facts to the right. `progress` is for the window to drive."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # first of all: a status bar filters events of its own widgets
        self.progress = Progress(self)
        named(self, "status", accessible=self.tr("Status"))
        self.setSizeGripEnabled(False)
        self.addWidget(self.progress, 1)
        self._hint = named(QLabel(), "status.hint", accessible=self.tr("How to use the tool"))
        self._hint.setContentsMargins(8, 0, 8, 0)
        # cut off rather than make the window wider
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.addWidget(self._hint, 1)
        self.progress.installEventFilter(self)
        titles = {
            "position": self.tr("Position"),
            "value": self.tr("Value of the pixel, as the photo holds it"),
            "size": self.tr("Size in pixels"),
            "depth": self.tr("Colours and bits"),
            "profile": self.tr("Colour profile"),
            "engine": self.tr("Engine"),
            "angle": self.tr("How far the view is rotated; Esc brings it upright"),
            "zoom": self.tr("Zoom"),
        }
        self._fields = {name: self._field(name, title) for name, title in titles.items()}
        # its parts would add up to a least width of the window
        self.setMinimumWidth(1)
        self._document: Document | None = None
        self._composite: tuple[int, Composite] | None = None

    def set_document(self, document: Document | None) -> None:
        """Show facts of `document`; None: nothing is open."""
        self._document, self._composite = document, None
        self.set_pointer(None)
        if document is None:
            for name in ("size", "depth", "profile", "zoom", "angle"):
                self._set(name, "")
            return
        self._set("size", f"{document.canvas.width} × {document.canvas.height}")
        self._set("depth", depth_text(document.format))
        name = profile_name(document.profile) or self.tr("No profile")
        self._set("profile", name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")

    @Slot(float)
    def set_zoom(self, scale: float) -> None:
        """1 shows a pixel of the photo as one of the screen."""
        percent = 100 * scale
        self._set("zoom", f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")

    def set_angle(self, degrees: float) -> None:
        """How far the view is rotated, clockwise; nothing is shown of one that is upright."""
        self._set("angle", self.tr("Rotated {0}°").format(f"{degrees:.1f}") if degrees else "")

    def set_hint(self, text: str) -> None:
        """Say how to use the tool at hand, as long as no progress is shown."""
        self._hint.setText(text)
        self._hint.setToolTip(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Make room for the progress."""
        if watched is self.progress and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._hint.setVisible(event.type() is QEvent.Type.Hide)
            self._fit()
        return super().eventFilter(watched, event)

    def set_engine(self, title: str) -> None:
        self._set("engine", title)

    @Slot(object)
    def set_pointer(self, position: tuple[int, int] | None) -> None:
        """The pixel under the pointer; None when it is elsewhere."""
        document = self._document
        inside = position is not None and document is not None
        if not inside or position is None or document is None:
            self._set("position", "")
            self._set("value", "")
            return
        left, top = position
        pixel = Rect(left, top, left + 1, top + 1)
        self._set("position", f"{left}, {top}")
        if pixel.clipped(document.canvas).empty:
            self._set("value", "")
            return
        if self._composite is None or self._composite[0] != document.revision:
            self._composite = document.revision, document.composite()
        self._set("value", value_text(self._composite[1].read(pixel)[0, 0], document.format))

    def _field(self, name: str, title: str) -> QLabel:
        label = named(QLabel(), f"status.{name}", title)
        if name in _WIDEST:
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance(_WIDEST[name]))
        label.setContentsMargins(6, 0, 6, 0)
        label.hide()
        self.addPermanentWidget(label)
        return label

    def _set(self, name: str, text: str) -> None:
        self._fields[name].setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show the fields that have something to say, the most important first, as far as there is room."""
        spacing = 6 if (layout := self.layout()) is None else layout.spacing()
        room = self.width() - (_HINT if self.progress.isHidden() else self.progress.minimumWidth()) - spacing
        for name in _IMPORTANCE:
            label = self._fields[name]
            # a field that has its place keeps it, so that the others stand still
            wanted = bool(label.text()) or (name in _WIDEST and self._document is not None)
            if wanted:
                room -= label.sizeHint().expandedTo(label.minimumSize()).width() + spacing
            label.setVisible(wanted and room >= 0)


def value_text(samples: Samples, pixel_format: PixelFormat) -> str:
    """The samples of one pixel in the photo's own numbers, such as "R 40000  G 12  B 7"."""
    names = _CHANNELS[pixel_format.colour] + ("A" if pixel_format.alpha else "")
    show = "{} {:.4f}" if pixel_format.dtype == "float32" else "{} {}"
    return "  ".join(show.format(name, sample) for name, sample in zip(names, samples.tolist(), strict=True))


def depth_text(pixel_format: PixelFormat) -> str:
    """Such as "RGB 16 bit"."""
    name = {Colour.GRAY: "Gray", Colour.RGB: "RGB", Colour.CMYK: "CMYK"}[pixel_format.colour]
    kind = "float" if pixel_format.dtype == "float32" else "bit"
    return f"{name}{' + alpha' if pixel_format.alpha else ''} {pixel_format.bits} {kind}"


def profile_name(profile: bytes | None) -> str:
    """The description in an ICC profile (versions 2 and 4); empty when there is none that can be read."""
    if profile is None:
        return ""
    count = int.from_bytes(profile[128:132], "big")
    for entry in range(132, min(132 + 12 * count, len(profile) - 11), 12):
        if profile[entry : entry + 4] == b"desc":
            start, size = (int.from_bytes(profile[entry + at : entry + at + 4], "big") for at in (4, 8))
            return _description(profile[start : start + size]).strip("\0 ")
    return ""


def _description(tag: bytes) -> str:
    if tag[:4] == b"desc":
        length = int.from_bytes(tag[8:12], "big")
        return tag[12 : 12 + length].decode("ascii", "replace")
    if tag[:4] == b"mluc":  # the first of its languages
        length, offset = int.from_bytes(tag[20:24], "big"), int.from_bytes(tag[24:28], "big")
        return tag[offset : offset + length].decode("utf-16-be", "replace")
    return ""
