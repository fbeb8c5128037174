"""A row of settings with their names, as the options bar shows it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget


def option_row(page: QWidget, *, within: bool = False) -> QHBoxLayout:
    """An empty row as the layout of `page`. within: it is a part of another row, which has the margins."""
    row = QHBoxLayout(page)
    row.setContentsMargins(*((0, 0, 0, 0) if within else (8, 2, 8, 2)))
    row.setSpacing(6)
    return row


def add_named(row: QHBoxLayout, text: str, field: QWidget) -> None:
    """Add `field` with its name before it; the letter after & leads there."""
    label = QLabel(text)
    label.setBuddy(field)
    row.addWidget(label)
    row.addWidget(field)
