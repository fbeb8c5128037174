"""A display that is unplugged takes no window with it: what lies outside of all that are left moves into one of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, QRect, QSize, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow

#: Pixels of a window's upper edge that have to be in sight, or nobody can take hold of it.
_HOLD = QSize(120, 24)


class ScreenKeeper(QObject):
    """Looks after all windows and dialogs of the program whenever the displays change."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        # after Qt and the window manager have done what they do
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._gather)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)  # noqa: S101  there is no window without one
        application.screenRemoved.connect(self._changed)
        application.screenAdded.connect(self._added)
        for screen in QGuiApplication.screens():
            self._added(screen)

    @Slot(QScreen)
    def _added(self, screen: QScreen) -> None:
        screen.availableGeometryChanged.connect(self._changed)

    @Slot()
    def _changed(self) -> None:
        self._soon.start()

    @Slot()
    def _gather(self) -> None:
        screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        for window in QApplication.topLevelWidgets():
            if not isinstance(window, QMainWindow | QDialog) or not window.isVisible():
                continue
            frame = window.frameGeometry()
            place = in_sight(frame, screens)
            if place != frame:
                window.resize(window.size() + place.size() - frame.size())
                window.move(place.topLeft())


def in_sight(frame: QRect, screens: Sequence[QRect]) -> QRect:
    """Where a window with that frame belongs: where it is, unless no screen shows enough of its upper edge.

    Then it goes, no larger than that, to the screen that is nearest. Without a screen it stays.
    """
    edge = QRect(frame.topLeft(), QSize(frame.width(), _HOLD.height()))
    for screen in screens:
        seen = screen.intersected(edge)
        if seen.width() >= min(_HOLD.width(), frame.width()) and seen.height() >= _HOLD.height():
            return frame
    if not screens:
        return frame
    nearest = min(screens, key=lambda screen: _distance(screen, frame.center()))
    place = QRect(frame.topLeft(), frame.size().boundedTo(nearest.size()))
    place.moveLeft(min(max(place.left(), nearest.left()), nearest.left() + nearest.width() - place.width()))
    place.moveTop(min(max(place.top(), nearest.top()), nearest.top() + nearest.height() - place.height()))
    return place


def _distance(screen: QRect, point: QPoint) -> int:
    across = max(screen.left() - point.x(), point.x() - screen.right(), 0)
    return int(across + max(screen.top() - point.y(), point.y() - screen.bottom(), 0))
