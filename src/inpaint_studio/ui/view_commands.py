"""Commands about the view: a split, the original beside it, the fills alone, rotation and pixel grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from inpaint_studio.ui.document_tab import DocumentTab
    from inpaint_studio.ui.window import MainWindow


#: Degrees that a key turns the view by.
_STEP = 15


class ViewCommands(QObject):
    """`handlers` names one for each of its commands; `show_state` ticks those that are on for a tab."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        return {
            "action.split_view": self._on_tab(lambda tab: tab.canvas.set_split(None if tab.canvas.split else 0.5)),
            "action.side_by_side": self._on_tab(lambda tab: tab.show_twin(tab.twin is None)),
            "action.fills_alone": self._on_tab(lambda tab: tab.canvas.set_fills_alone(not tab.canvas.fills_alone)),
            "action.rotate_view": self._on_tab(lambda tab: tab.canvas.set_turning(not tab.canvas.turning)),
            "action.rotate_left": self._on_tab(lambda tab: _turn(tab, -_STEP)),
            "action.rotate_right": self._on_tab(lambda tab: _turn(tab, _STEP)),
            "action.rotate_reset": self._on_tab(lambda tab: tab.canvas.stop_turning()),
            "action.pixel_grid": self._on_tab(lambda tab: tab.canvas.set_grid_shown(not tab.canvas.grid_shown)),
        }

    def _on_tab(self, act: Callable[[DocumentTab], object]) -> Callable[[], object]:
        def acted() -> None:
            if self._window.tab is not None:
                act(self._window.tab)
                self.show_state(self._window.tab)

        return acted

    def watch(self, tab: DocumentTab) -> None:
        """Follow how the canvas of `tab` is turned."""
        tab.canvas.turningChanged.connect(self._follow)
        tab.canvas.viewChanged.connect(self._follow)

    def _follow(self, _change: object) -> None:
        tab = self._window.tab
        if tab is not None:
            self._show_turn(tab)

    def _show_turn(self, tab: DocumentTab) -> None:
        self._window.actions_by_name["action.rotate_view"].setChecked(tab.canvas.turning)
        self._window.status.set_angle(tab.canvas.view.angle)

    def show_state(self, tab: DocumentTab) -> None:
        """Tick what is on."""
        actions = self._window.actions_by_name
        self._show_turn(tab)
        actions["action.split_view"].setChecked(tab.canvas.split is not None)
        actions["action.side_by_side"].setChecked(tab.twin is not None)
        actions["action.fills_alone"].setChecked(tab.canvas.fills_alone)
        actions["action.pixel_grid"].setChecked(tab.canvas.grid_shown)


def _turn(tab: DocumentTab, by: int) -> None:
    """To the next multiple of `by` degrees in its direction."""
    angle = tab.canvas.view.angle
    steps = math.floor(angle / _STEP + 1e-6) + 1 if by > 0 else math.ceil(angle / _STEP - 1e-6) - 1
    tab.canvas.turn_to(steps * _STEP)
