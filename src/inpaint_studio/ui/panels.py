"""The panels around the document: where they stand, which are shown, and how they were left."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QSize, Qt
from PySide6.QtWidgets import QDockWidget, QToolBar, QWidget

from inpaint_studio.errors import StudioError
from inpaint_studio.studio.preferences import Layout, load_layout, save_layout
from inpaint_studio.ui.errand import in_thread

if TYPE_CHECKING:
    from inpaint_studio.ui.window import MainWindow

#: What the commands show and hide, by object name.
_PANELS = {
    "action.navigator": "dock.navigator",
    "action.panel_fill": "dock.fill",
    "action.panel_layers": "dock.layers",
    "action.panel_history": "dock.history",
    "action.panel_tools": "toolbar.tools",
    "action.panel_options": "toolbar.options",
}
#: To be raised when a panel comes or goes, so that an older arrangement is left alone.
_ARRANGEMENT = 1
#: The window's size where the screen has room for it, and the share of a larger screen that it takes.
_USUAL = QSize(1360, 860)
_SHARE = 0.85
#: Heights of fill, layers and history, as shares of what there is.
_HEIGHTS = (340, 260, 170)


class Panels(QObject):
    """`arrange` puts the panels in their places; `restore` and `keep` carry an arrangement from one start to the next."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._hidden: list[QWidget] = []

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        toggles = {name: partial(self._toggle, name) for name in _PANELS}
        return {"action.panels": self.toggle_all, "action.reset_panels": self.reset, **toggles}

    def arrange(self) -> None:
        """Put every panel where it stands at first, and show those that are shown at first."""
        window, area = self._window, Qt.DockWidgetArea
        # the strip of candidates lies under the photo alone: the docks beside it need their height
        window.setCorner(Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)
        window.addDockWidget(area.LeftDockWidgetArea, window.review.dock)
        window.addDockWidget(area.BottomDockWidgetArea, window.candidates)
        stack = (window.navigator, window.fill_dock, window.layers, window.history)
        for dock in stack:
            dock.setFloating(False)
            window.addDockWidget(area.RightDockWidgetArea, dock)
        for dock in stack[1:]:
            dock.show()
        window.navigator.hide()
        window.resizeDocks(list(stack[1:]), list(_HEIGHTS), Qt.Orientation.Vertical)
        window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, window.tool_bar)
        window.addToolBar(Qt.ToolBarArea.TopToolBarArea, window.options_bar)
        window.tool_bar.show()
        window.options_bar.show()

    def follow(self) -> None:
        """Tick the commands of the panels that are shown."""
        for name in _PANELS:
            self._panel(name).visibilityChanged.connect(self._tick)
        self._tick()

    def _tick(self) -> None:
        for name in _PANELS:
            self._window.actions_by_name[name].setChecked(not self._panel(name).isHidden())

    def _panel(self, name: str) -> QDockWidget | QToolBar:
        panel = self._window.findChild(QWidget, _PANELS[name])
        assert isinstance(panel, QDockWidget | QToolBar)  # noqa: S101  the window has built them
        return panel

    def _toggle(self, name: str) -> None:
        panel = self._panel(name)
        panel.setVisible(panel.isHidden())
        panel.raise_()

    def toggle_all(self) -> None:
        """Hide all panels and bars, or show those again that were there."""
        window = self._window
        panels = [*window.findChildren(QDockWidget), *window.findChildren(QToolBar), window.statusBar()]
        if self._hidden:
            self._show_hidden()
        else:
            self._hidden = [panel for panel in [*panels, window.menuBar()] if panel.isVisible()]
            for panel in self._hidden:
                panel.hide()

    def _show_hidden(self) -> None:
        for panel in self._hidden:
            panel.show()
        self._hidden = []

    def reset(self) -> None:
        """As on the first day, whatever was closed, moved or torn off."""
        self._show_hidden()
        self.arrange()
        self._window.refresh()

    # ---- from one start to the next

    def fit_screen(self) -> None:
        """Give the window a size that its screen has room for."""
        room = self._window.screen().availableGeometry().size()
        large = QSize(round(room.width() * _SHARE), round(room.height() * _SHARE))
        # a first frame is not there yet: its title bar is some 40 pixels high
        self._window.resize(_USUAL.expandedTo(large).boundedTo(room - QSize(8, 48)))

    def restore(self) -> None:
        """Call it before the window is shown: as it was left, or as it fits. Raises InputError for an unreadable file."""
        self.fit_screen()
        layout = load_layout()
        with suppress(binascii.Error, ValueError):
            geometry, state = (QByteArray(base64.b64decode(part)) for part in (layout.window, layout.panels))
            if layout.window and self._window.restoreGeometry(geometry):
                self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowFullScreen)
            if layout.panels and self._window.restoreState(state, _ARRANGEMENT):
                self._show_bars()
        self._tick()
        # panels that belong to what is open show themselves
        self._window.refresh()

    def _show_bars(self) -> None:
        """A window without a single tool is no way to begin."""
        if self._window.tool_bar.isHidden() and self._window.options_bar.isHidden():
            self._window.tool_bar.show()

    async def keep(self) -> None:
        """Write down how the window was left. That it could not be kept is no reason to trouble anybody."""
        self._show_hidden()
        window, state = self._window.saveGeometry(), self._window.saveState(_ARRANGEMENT)
        layout = Layout(*(base64.b64encode(part.data()).decode() for part in (window, state)))
        with suppress(StudioError):
            await in_thread(lambda: save_layout(layout))
