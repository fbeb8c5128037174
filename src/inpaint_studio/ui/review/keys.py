"""The keys of the review: they count while the photo or the list of parts has the keyboard and a proposal is worked on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

if TYPE_CHECKING:
    from inpaint_studio.ui.canvas import Canvas
    from inpaint_studio.ui.review.flow import ReviewFlow

_KEYS = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)


class ReviewKeys(QObject):
    """An event filter that has its keys before shortcuts and tools do: Tab, Shift+Tab, Enter, A, Delete; Ctrl+click on
    the photo chooses a part."""

    def __init__(self, review: ReviewFlow) -> None:
        super().__init__(review)
        self._review = review
        key, none, shift = Qt.Key, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
        self._acts: dict[tuple[int, Qt.KeyboardModifier], Callable[[], object]] = {
            (key.Key_Tab, none): review.next,
            (key.Key_Backtab, shift): review.previous,
            (key.Key_Tab, shift): review.previous,
            (key.Key_Return, none): review.accept,
            (key.Key_Enter, none): review.accept,
            (key.Key_A, none): review.accept,
            (key.Key_Delete, none): review.drop,
        }

    def watch_canvas(self, canvas: Canvas) -> None:
        """Hear the keys and clicks on `canvas` first."""
        canvas.installEventFilter(self)
        canvas.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if isinstance(event, QKeyEvent) and event.type() in _KEYS:
            return self._key(event)
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
            if control and event.button() is Qt.MouseButton.LeftButton:
                return self._click(watched, event.position())
        return False

    def _key(self, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        act = self._acts.get((event.key(), modifiers))
        if act is None or not self._review.takes_keys:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            act()
        return True

    def _click(self, watched: QObject, place: QPointF) -> bool:
        tab = self._review.tab
        return tab is not None and watched is tab.canvas.viewport() and self._review.choose_at(place)
