"""Shortcuts as the user wants them: applied to the window's actions, changed in a dialog, kept in a file."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.ui.actions import COMMANDS
from inpaint_studio.ui.theme import hint, named

#: For each command its keys, written portably.
Keys = dict[str, tuple[str, ...]]

_NAME = Qt.ItemDataRole.UserRole


def usual_keys() -> Keys:
    """The program's own."""
    return {command.name: tuple(portable(key) for key in command.keys) for command in COMMANDS}


def portable(key: str) -> str:
    """One way to write a key, so that two spellings of it are found to be the same."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def with_changes(changes: Mapping[str, tuple[str, ...]]) -> Keys:
    """The program's own with the user's in their place. Commands that are no more are left out.

    Where two commands would have one key, the user's choice keeps it.
    """
    keys = usual_keys()
    chosen = {
        name: tuple(portable(key) for key in given if portable(key)) for name, given in changes.items() if name in keys
    }
    taken = {key for given in chosen.values() for key in given}
    rest = {name: tuple(key for key in given if key not in taken) for name, given in keys.items() if name not in chosen}
    return {name: chosen.get(name, rest.get(name, ())) for name in keys}


def changes_of(keys: Keys) -> Keys:
    """What differs from the program's own."""
    usual = usual_keys()
    return {name: given for name, given in keys.items() if given != usual[name]}


def apply_keys(actions: Mapping[str, QAction], keys: Keys) -> None:
    """Give the window's actions their keys; tooltips tell the first one."""
    for name, given in keys.items():
        action = actions[name]
        action.setShortcuts([QKeySequence(key) for key in given])
        shown = QKeySequence(given[0]).toString(QKeySequence.SequenceFormat.NativeText) if given else ""
        action.setToolTip(f"{action.text()} ({shown})" if shown else action.text())


class ShortcutsDialog(QDialog):
    """Show it with `open()`; once accepted, `keys` are the ones wanted. A key that another command has is taken from it,
    after a word about it."""

    def __init__(self, actions: Mapping[str, QAction], keys: Keys, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Shortcuts"))
        named(self, "dialog.shortcuts", accessible=self.windowTitle())
        self.resize(600, 600)
        self._texts = {name: action.text().replace("&", "") for name, action in actions.items()}
        self.keys: Keys = dict(keys)
        self._build_list()
        self._build_editor()
        self._lay_out()
        self._show_keys()
        self._list.setCurrentItem(self._rows()[0])
        self._find.setFocus()

    def _build_list(self) -> None:
        self._find = named(QLineEdit(), "shortcuts.find", self.tr("Find a command or a key"))
        self._find.setPlaceholderText(self.tr("Find a command or a key"))
        self._list = named(QTreeWidget(), "shortcuts.list", self.tr("Commands and their keys"))
        self._list.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self._list.setRootIsDecorated(False)
        self._list.setStyleSheet("QTreeWidget::item { padding: 3px 2px; }")
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.header().setStretchLastSection(False)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for command in COMMANDS:
            menu = command.menu.replace("/", " ▸ ")
            item = QTreeWidgetItem([f"{menu} ▸ {self._texts[command.name]}", ""])
            item.setData(0, _NAME, command.name)
            self._list.addTopLevelItem(item)
        self._find.textChanged.connect(self._filter)
        self._list.currentItemChanged.connect(lambda *_: self._chosen())

    def _build_editor(self) -> None:
        self._edit = named(_OneKey(), "shortcuts.key", self.tr("Press the new key"))
        self._edit.setMaximumSequenceLength(1)
        self._edit.keySequenceChanged.connect(lambda _: self._look())
        self._said = hint("shortcuts.conflict")
        self._set = self._button("set", self.tr("Set"), self.tr("Give the command this key alone"))
        self._more = self._button("add", self.tr("Add"), self.tr("Give the command this key too"))
        self._none = self._button("none", self.tr("No Key"), self.tr("Take the command's keys away"))
        self._reset = self._button("reset", self.tr("Reset"), self.tr("The program's own keys"))
        self._all = self._button("reset_all", self.tr("Reset All"), self.tr("The program's own keys for all"))
        self._set.clicked.connect(lambda: self._give(()))
        self._more.clicked.connect(lambda: self._give(self.keys[self._name]))
        self._none.clicked.connect(lambda: self._put(self._name, ()))
        self._reset.clicked.connect(self._reset_one)
        self._all.clicked.connect(self._reset_all)

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        button = named(QPushButton(text), f"shortcuts.{name}", tip)
        button.setAutoDefault(False)  # Enter in the search must not press it
        return button

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        for which, name, tip in (
            (QDialogButtonBox.StandardButton.Ok, "shortcuts.ok", self.tr("Use these keys")),
            (QDialogButtonBox.StandardButton.Cancel, "shortcuts.cancel", self.tr("Leave them as they were")),
        ):
            named(buttons.button(which), name, tip)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self._edit, 1)
        for button in (self._set, self._more, self._none, self._reset):
            row.addWidget(button)
        last = QHBoxLayout()
        last.addWidget(self._all)
        last.addWidget(buttons, 1)
        column = QVBoxLayout(self)
        column.addWidget(self._find)
        column.addWidget(self._list, 1)
        column.addWidget(self._said)
        column.addLayout(row)
        column.addLayout(last)

    def _rows(self) -> list[QTreeWidgetItem]:
        found = (self._list.topLevelItem(row) for row in range(self._list.topLevelItemCount()))
        return [item for item in found if item is not None]

    @property
    def _name(self) -> str:
        item: QTreeWidgetItem | None = self._list.currentItem()
        return "" if item is None else str(item.data(0, _NAME))

    @property
    def _pressed(self) -> str:
        return self._edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _owner(self, key: str) -> str | None:
        """Which other command has `key`."""
        return next((name for name, given in self.keys.items() if key in given and name != self._name), None)

    def _chosen(self) -> None:
        self._edit.clear()
        self._look()

    def _look(self) -> None:
        """Say whether the pressed key is another command's."""
        owner = self._owner(self._pressed) if self._pressed else None
        text = "" if owner is None else self.tr("{0} has this key, and would lose it.").format(self._texts[owner])
        self._said.setText(text)
        for button in (self._set, self._more):
            button.setEnabled(bool(self._pressed and self._name))

    def _give(self, beside: tuple[str, ...]) -> None:
        key, name = self._pressed, self._name
        owner = self._owner(key)
        if owner is not None:
            self.keys[owner] = tuple(other for other in self.keys[owner] if other != key)
        self._put(name, (*(other for other in beside if other != key), key))

    def _put(self, name: str, keys: tuple[str, ...]) -> None:
        if name:
            self.keys[name] = keys
            self._show_keys()
            self._chosen()

    def _reset_one(self) -> None:
        """The command's own keys, taken back from whichever command has them."""
        own = usual_keys().get(self._name, ())
        for name, given in self.keys.items():
            self.keys[name] = tuple(key for key in given if key not in own)
        self._put(self._name, own)

    def _reset_all(self) -> None:
        self.keys = usual_keys()
        self._show_keys()
        self._chosen()

    def _show_keys(self) -> None:
        for item in self._rows():
            given = self.keys[str(item.data(0, _NAME))]
            native = QKeySequence.SequenceFormat.NativeText
            item.setText(1, "   ".join(QKeySequence(key).toString(native) for key in given))

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._rows():
            said = f"{item.text(0)} {item.text(1)}".lower()
            item.setHidden(not all(word in said for word in words))


class _OneKey(QKeySequenceEdit):
    """Takes every key but Tab, with which one leaves it, and Esc, which closes the dialog."""

    def event(self, event: QEvent) -> bool:
        key = getattr(event, "key", None)
        leaves = {Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape}
        if event.type() == QEvent.Type.KeyPress and key is not None and key() in leaves:
            return QWidget.event(self, event)
        return super().event(event)
