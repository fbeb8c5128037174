"""Fills, from the command to the message: filling, filling again, more candidates, and what the status bar shows of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from inpaint_studio.document.layers import FillLayer
from inpaint_studio.errors import InputError, NothingToCopyError, StudioError
from inpaint_studio.ui import ask
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.progress import Work
from inpaint_studio.ui.run_again_dialog import RunAgainDialog

if TYPE_CHECKING:
    from inpaint_studio.engines.planner import Leftover
    from inpaint_studio.ui.window import MainWindow

_Filling = Callable[[], Coroutine[Any, Any, None]]

#: The engine that needs nothing to copy from.
_CALM = "membrane"
#: Candidates that are made when more are asked for.
_MORE = 3


class FillCommands(QObject):
    """`handlers` names one for each command; `follow` has the window show how fills go on."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._filling: Work | None = None

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        return {"action.fill": self.fill, "action.finish": lambda: self._window.fills.finish()}

    def follow(self) -> None:
        """Show the progress and the results of the window's fills; call it when the window is built."""
        window = self._window
        window.engine.progressed.connect(self._progressed)
        window.fills.running.connect(self._running)
        window.fills.noted.connect(window.messages.info)
        window.fills.leftover.connect(self.offer_to_grow)
        window.fills.added.connect(self._added)
        window.fills.outdated.connect(
            lambda: window.messages.info(
                self.tr("The mask was changed during the fill; the fill has the mask as it was.")
            )
        )

    def _running(self, running: bool) -> None:
        progress = self._window.status.progress
        if running:
            self._filling = progress.begin(self.tr("Filling"), self._window.fills.cancel)
        elif self._filling is not None:
            progress.end(self._filling)
            self._filling = None
        self._window.fill_panel.set_running(running)
        self._window.refresh()

    def _progressed(self, fraction: float | None, note: str, preview: object) -> None:
        if self._filling is not None:
            self._window.status.progress.update_work(self._filling, fraction, note)
            if preview is not None:
                self._window.status.progress.offer_finish(self._filling, self._window.fills.finish)

    def _added(self, tab: DocumentTab, layer_id: str) -> None:
        """With its row chosen "Run again" is in sight; the next stroke goes where it went before."""
        if tab is self._window.tab:
            self._window.layers.choose(layer_id)

    def fill(self) -> None:
        """Fill what is selected; while a proposal is worked on, mend it."""
        tab = self._window.tab
        if tab is not None and tab.proposal_worked_on() is not None:
            self._window.review.mend()
        elif tab is not None and self._window.fills.tab is None:
            panel = self._window.fill_panel
            recipe, count, race = panel.recipe(), panel.count(), panel.race()
            smooth = replace(recipe, engine=_CALM, options={})
            self._try(
                tab,
                lambda: self._window.fills.fill(tab, recipe, count, race),
                lambda: self._window.fills.fill(tab, smooth),
            )

    def offer_to_grow(self, tab: DocumentTab, layer_id: str, left: Leftover) -> None:
        """Say that something of what was removed is still there; one click fills again with a wider mask."""

        def grow() -> None:
            layer = next((layer for layer in tab.document.layers if layer.id == layer_id), None)
            if isinstance(layer, FillLayer) and not tab.closing:
                wider = replace(layer.recipe, grow=layer.recipe.grow + left.grow_px, chosen={})
                self._try(tab, lambda: self._window.fills.run_again(tab, layer_id, wider))

        self._window.messages.info(left.note, self.tr("Grow by {0} px").format(left.grow_px), grow)

    def more_candidates(self, layer_id: str) -> None:
        """Make some more results for the hole of a fill layer."""
        tab = self._window.tab
        if tab is not None and self._window.fills.tab is None:
            self._try(tab, lambda: self._window.fills.more(tab, layer_id, _MORE))

    async def run_again(self, layer_id: str) -> None:
        """Ask for a fill layer's recipe, and run it again."""
        tab = self._window.tab
        layer = tab.document.layer(layer_id) if tab is not None else None
        if tab is None or not isinstance(layer, FillLayer):
            return
        dialog = RunAgainDialog(layer.recipe, self._window)
        if await ask.finished(dialog):
            recipe = dialog.recipe()
            smooth = replace(recipe, engine=_CALM, options={})
            self._try(
                tab,
                lambda: self._window.fills.run_again(tab, layer_id, recipe),
                lambda: self._window.fills.run_again(tab, layer_id, smooth),
            )

    def _try(self, tab: DocumentTab, filling: _Filling, smoothly: _Filling | None = None) -> None:
        """Do `filling`; where it fails by no mistake of the user's, such as a worker that was killed, offer it again.

        smoothly: what is offered where there is nothing to copy from.
        """

        async def tried() -> None:
            try:
                await filling()
            except NothingToCopyError as error:
                if smoothly is None:
                    raise
                self._window.messages.show(error, self.tr("Fill with Membrane"), lambda: self._try(tab, smoothly))
            except InputError:
                raise
            except StudioError as error:
                self._window.messages.show(error, self.tr("Try Again"), again)

        def again() -> None:
            if not tab.closing:
                self._try(tab, filling)

        self._window.spawn(tried())
