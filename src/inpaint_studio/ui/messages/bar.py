"""The bar at the top of the window."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.errors import Cancelled, StudioError
from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.messages.queue import Action, AdviceError, Kind, Message, Queue, details_of
from inpaint_studio.ui.theme import hint, icon_button, keep_keys, named

_log = logging.getLogger(__name__)

#: Milliseconds after which an information goes by itself; warnings and errors stay.
_INFO_STAYS = 8000
#: Letters that are read in that time; a longer one stays so many times longer.
_READ = 120
_ICON = 20
_LEVELS = {Kind.INFO: logging.INFO, Kind.WARNING: logging.WARNING, Kind.ERROR: logging.ERROR}


class Messages(QObject):
    """Tells the user what happened. Every method may be called from any thread; nothing here is modal.

    `bar` is the widget, hidden while there is nothing to tell: the window lays it above everything else.
    """

    _told = Signal(object)
    _dropped = Signal(str)

    def __init__(self, parent_window: QWidget) -> None:
        super().__init__(parent_window)
        self.bar = MessageBar(parent_window)
        # to a slot of a QObject: what other threads tell is queued
        self._told.connect(self.bar.add)
        self._dropped.connect(self.bar.drop)

    def show(self, error: BaseException, action: str = "", run: Callable[[], object] | None = None) -> None:
        """Show what went wrong, perhaps with a button `action` that calls `run`. `Cancelled` is silent."""
        if isinstance(error, Cancelled):
            return
        if not isinstance(error, StudioError):
            self.unexpected(error)
            return
        button = None if run is None else Action(action, run)
        kind = Kind.INFO if isinstance(error, AdviceError) else Kind.ERROR
        self._tell(Message(kind, error.message, error.hint, details_of(error), button), error.__cause__)

    def info(
        self, text: str, action: str = "", run: Callable[[], object] | None = None, *, stays: bool = False
    ) -> None:
        """Show what happened; it goes by itself after a while, unless it `stays` until it is closed or dropped."""
        self._tell(Message(Kind.INFO, text, action=None if run is None else Action(action, run), stays=stays))

    def drop(self, text: str) -> None:
        """Take a message back that is true no more."""
        self._dropped.emit(text)

    def warn(
        self, text: str, hint: str = "", action: str = "", run: Callable[[], object] | None = None, *, later: str = ""
    ) -> None:
        """Show what the user should look at; `later` is the label of a button that only closes the message."""
        button = None if run is None else Action(action, run)
        self._tell(Message(Kind.WARNING, text, hint, action=button, later=later))

    def unexpected(self, error: BaseException) -> None:
        """Show an exception that no part of the program foresaw."""
        text = self.tr("Something unexpected went wrong: {kind}.").format(kind=type(error).__name__)
        hint = self.tr("Your work is still here; saving it now is wise. Please report this with the details.")
        self._tell(Message(Kind.ERROR, text, hint, details_of(error)))

    def _tell(self, message: Message, cause: BaseException | None = None) -> None:
        # the log has the cause in any case
        _log.log(_LEVELS[message.kind], "%s", message.full, exc_info=None if message.details else cause)
        self._told.emit(message)


class MessageBar(QFrame):
    """One message with its buttons; more of them wait behind it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self.setAccessibleName(self.tr("Messages"))
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._queue = Queue()
        self._timer = QTimer(self, singleShot=True, interval=_INFO_STAYS)
        self._timer.timeout.connect(self._expire)
        self._turns = 0
        self._icon = QLabel()
        self._text = self._label("messages.text")
        self._hint = self._label("messages.hint")
        self._hint.setProperty("role", "hint")
        self._more = hint("messages.more")
        self._more.setWordWrap(False)
        self._action = named(QPushButton(), "messages.action")
        self._action.clicked.connect(self._act)
        self._later = named(QPushButton(), "messages.later")
        self._later.clicked.connect(self.dismiss)
        self._details = named(
            QPushButton(self.tr("Details")), "messages.details", self.tr("Show the technical details")
        )
        self._details.setCheckable(True)
        self._copy = named(QPushButton(self.tr("Copy")), "messages.copy", self.tr("Copy the message with its details"))
        self._copy.clicked.connect(self._copy_all)
        self._close = icon_button("cancel", "messages.close", self.tr("Close the message"), shortcut=self.tr("Esc"))
        self._close.clicked.connect(self.dismiss)
        self._trace = named(QPlainTextEdit(), "messages.trace", accessible=self.tr("Technical details"))
        self._trace.setReadOnly(True)
        self._trace.setTabChangesFocus(True)
        self._trace.setMaximumHeight(160)
        self._trace.hide()
        self._details.toggled.connect(self._trace.setVisible)
        self._lay_out()
        self.hide()

    @Slot(object)
    def add(self, message: Message) -> None:
        """Show `message`, or have it wait for the one that is shown."""
        self._queue.add(message)
        self._refresh()

    @Slot(str)
    def drop(self, text: str) -> None:
        """Forget what says `text`, shown or waiting."""
        self._queue.drop(text)
        self._refresh()

    @Slot()
    def dismiss(self) -> None:
        """Drop the message shown; the next one takes its place."""
        self._queue.next()
        self._details.setChecked(False)
        self._refresh()

    def event(self, event: QEvent) -> bool:
        return keep_keys(event, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        button = QApplication.focusWidget()
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and isinstance(button, QAbstractButton):
            button.click()
        else:
            super().keyPressEvent(event)

    def _label(self, name: str) -> QLabel:
        label = named(QLabel(), name)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        return label

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self._text)
        texts.addWidget(self._hint)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addLayout(texts, 1)
        for widget in (self._more, self._action, self._later, self._details, self._copy, self._close):
            row.addWidget(widget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 6, 8, 6)
        whole.addLayout(row)
        whole.addWidget(self._trace)

    def _refresh(self) -> None:
        message = self._queue.current
        self._timer.stop()
        if message is None:
            self.hide()
            return
        count = f" (×{message.count})" if message.count > 1 else ""
        self._icon.setPixmap(icon(message.kind).pixmap(QSize(_ICON, _ICON), self.devicePixelRatio()))
        self._text.setText(message.text + count)
        self._hint.setText(message.hint)
        self._hint.setVisible(bool(message.hint))
        waiting = len(self._queue) - 1
        self._more.setText(self.tr("%n more", "", waiting).replace("%n", str(waiting)))
        self._more.setVisible(waiting > 0)
        self._action.setText(message.action.label if message.action else "")
        self._action.setVisible(message.action is not None)
        self._later.setText(message.later)
        self._later.setVisible(bool(message.later))
        self._trace.setPlainText(message.details)
        self._details.setVisible(bool(message.details))
        self._copy.setVisible(message.kind is Kind.ERROR)
        self.setProperty("kind", str(message.kind))
        self.style().unpolish(self)
        self.style().polish(self)
        self.setAccessibleDescription(message.full)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        if message.kind is Kind.INFO and message.action is None and not message.stays:
            self._turns = len(message.full) // _READ
            self._timer.start()

    def _expire(self) -> None:
        """An information has been there long enough, unless somebody is about to do something with it."""
        focus = QApplication.focusWidget()
        self._turns -= 1
        if self._turns >= 0 or self.underMouse() or (focus is not None and self.isAncestorOf(focus)):
            self._timer.start()
        else:
            self.dismiss()

    def _act(self) -> None:
        message = self._queue.current
        self.dismiss()
        if message is not None and message.action is not None:
            message.action.run()

    def _copy_all(self) -> None:
        message = self._queue.current
        if message is not None:
            QGuiApplication.clipboard().setText(message.full)
