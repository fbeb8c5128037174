"""The window's icons: line drawings as SVG, which Qt draws sharp at every display scale."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon

from inpaint_studio.resources import resource


def icon(name: str) -> QIcon:
    """The icon `resources/icons/<name>.svg`. Raises FileNotFoundError for one that does not ship."""
    made = QIcon(str(resource(f"icons/{name}.svg")))
    made.addFile(str(resource(f"icons/disabled/{name}.svg")), QSize(), QIcon.Mode.Disabled)
    return made
