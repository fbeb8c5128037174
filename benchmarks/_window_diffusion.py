"""A window that fills with a diffusion model, under a heartbeat, for `diffusion`: the real program, driven by input events."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox

from benchmarks._window_life import _Life
from inpaint_studio import app
from inpaint_studio.engines.contract import Payload, Silent
from inpaint_studio.resources import resource
from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.lent_runner import LentRunner
from inpaint_studio.ui.window import MainWindow

_PATIENCE_S = 300.0
_SIDE = 300
#: So many that a cancel is always quicker.
_ENDLESS = 200


class _Learned(_Life):
    """Import, load, run, cancel; `figures` are ready when the window has closed."""

    def __init__(self, window: MainWindow, engine: str, steps: int, cancels: int) -> None:
        super().__init__(window, Path())
        self._engine, self._steps, self._cancels = engine, steps, cancels
        self._mib: dict[str, float] = {}

    async def _live(self) -> None:
        await self._until(self._warm)
        await self._until(lambda: self.window.tab is not None)
        await asyncio.sleep(2)  # the first view, and what else begins with the window
        self._weigh("before")
        runner = LentRunner(self.window.engine)
        async with self.beat.phase("import"):
            await in_thread(lambda: runner.task("heavy.probe", Payload(), Silent()))
        self.window.fill_panel.form.choose(self._engine)
        self.window.toolbox.change_brush(size=80)
        await self._cover(300, 200, _SIDE)
        async with self.beat.phase("load"):
            options = {"engine": self._engine, "options": {}}
            await in_thread(lambda: runner.task("heavy.load", Payload(options), Silent()))
        async with self.beat.phase("run"):
            self._set_steps(self._steps)
            await self._key(Qt.Key.Key_Return)
            await self._begun()
            await self._stroke((100, 100), (200, 150))  # work goes on meanwhile
            await self._until(lambda: self.window.fills.tab is None)
        await self._key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        self._set_steps(_ENDLESS)
        async with self.beat.phase("cancel"):
            for _ in range(self._cancels):
                await self._cancel_one()
        self._weigh("after")
        self.beat.stop()
        while self.window.tab is not None:
            await self._close_tab()
        self.window.close()

    async def _cancel_one(self) -> None:
        await self._key(Qt.Key.Key_Return)
        await self._begun()
        begin = time.perf_counter()
        await self._key(Qt.Key.Key_Escape)
        await self._until(lambda: self.window.actions_by_name["action.fill"].isEnabled())
        self.cancel_free_ms.append((time.perf_counter() - begin) * 1e3)
        await asyncio.sleep(0.3)

    async def _begun(self) -> None:
        """Until a step has been seen."""
        end = time.perf_counter() + _PATIENCE_S
        while not self.tab.canvas.preview_shown:
            if time.perf_counter() > end:
                raise TimeoutError("no step was seen")
            await asyncio.sleep(0.01)

    def _set_steps(self, steps: int) -> None:
        control = self._found("fill.option.steps")
        assert isinstance(control, QSpinBox)
        control.setValue(steps)

    def _weigh(self, when: str) -> None:
        self._mib[when] = psutil.Process().memory_info().rss / 2**20

    def figures(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "stalls": self.beat.worst,
            "waited": self.beat.waited,
            "gaps": self.beat.gaps,
            "cancel_p95_ms": float(np.percentile(self.cancel_free_ms, 95)),
            "gui_mib": self._mib["after"],
            "gui_before_mib": self._mib["before"],
            "gui_imports_torch": "torch" in sys.modules,
        }


def main(arguments: Sequence[str]) -> None:
    """Live once; arguments: the engine's id, the steps of the fill, how many cancels."""
    lives: list[_Learned] = []
    engine, steps, cancels = arguments

    def ready(window: MainWindow) -> None:
        lives.append(_Learned(window, engine, int(steps), int(cancels)))
        window.spawn(lives[0].run())

    app.main([str(resource("samples/canyon-wren.jpg"))], ready)
    sys.stdout.write(json.dumps(lives[0].figures()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
