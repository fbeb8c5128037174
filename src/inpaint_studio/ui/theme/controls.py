"""Controls that tests, screen readers and the style sheet find."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QWidget

from inpaint_studio.ui.icons import icon

W = TypeVar("W", bound=QWidget)

_ICON = QSize(18, 18)


def named(widget: W, name: str, tip: str = "", *, accessible: str = "", shortcut: str = "") -> W:
    """`widget` with its object name, its tooltip (which tells the shortcut) and what a screen reader says."""
    widget.setObjectName(name)
    if tip:
        widget.setToolTip(f"{tip} ({shortcut})" if shortcut else tip)
    if accessible or tip:
        widget.setAccessibleName(accessible or tip)
    return widget


def icon_button(which: str, name: str, tip: str, *, shortcut: str = "") -> QToolButton:
    """A small button with an icon only, which the Tab key reaches."""
    button = named(QToolButton(), name, tip, shortcut=shortcut)
    button.setIcon(icon(which))
    button.setIconSize(_ICON)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def hint(name: str = "", text: str = "") -> QLabel:
    """A quieter text that wraps."""
    label = named(QLabel(text), name)
    label.setProperty("role", "hint")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def heading(text: str, *, role: str = "heading") -> QLabel:
    """The title of a group (role "heading") or of a page (role "title")."""
    label = QLabel(text)
    label.setProperty("role", role)
    return label


class ElidedLabel(QLabel):
    """One line that is cut where there is no room for it; the tooltip has all of it."""

    def __init__(self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_full_text(text)

    def set_full_text(self, text: str) -> None:
        self._full = text
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._full, self._mode, self.contentsRect().width())
        self.setText(shown)
        self.setToolTip(self._full if shown != self._full else "")


def keep_keys(event: QEvent, *keys: Qt.Key) -> bool:
    """For `QWidget.event`: keep `keys` for the widget and those in it, though the window has shortcuts on them."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent) or event.key() not in keys:
        return False
    event.accept()
    return True
