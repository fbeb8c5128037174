"""The search for damage in the window: seen while it goes on, one step when it is done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication

from inpaint_studio.background import step_back
from inpaint_studio.document.edits import AddLayer
from inpaint_studio.document.layers import LayerState, ProposalLayer, layer_from
from inpaint_studio.engines.contract import Decision, Float
from inpaint_studio.errors import Cancelled
from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.finding import NOTHING, Found, thresholds
from inpaint_studio.restore.places import Places, Sketch
from inpaint_studio.restore.proposal import Proposal, Sliders, layer_of
from inpaint_studio.studio import restoring
from inpaint_studio.ui.canvas.marks import Marks
from inpaint_studio.ui.errand import Errand
from inpaint_studio.ui.review import looks
from inpaint_studio.ui.select_flow import pen_up

if TYPE_CHECKING:
    from inpaint_studio.studio.jobs import JobRunner
    from inpaint_studio.ui.document_tab import DocumentTab
    from inpaint_studio.ui.progress import Progress


class Searching:
    """Looks for damage from the middle of the view outward."""

    def __init__(self, runner: JobRunner, progress: Progress) -> None:
        self._runner = runner
        self._progress = progress

    async def find(self, tab: DocumentTab, classes: frozenset[Defect], title: str) -> Sequence[str]:
        """Add what is found to `tab` as a proposal, one step; what the user should know. Raises StudioError."""
        job = restoring.search_job(tab.studio, classes, _middle(tab))
        layer_id, label = tab.document.new_id(), _tr("Find damage")
        loop, sliders = asyncio.get_running_loop(), Sliders(classes=classes)
        going = threading.Event()
        going.set()

        def later(act: Callable[..., object], *arguments: object) -> None:
            """On the window's thread, as long as somebody waits for the search."""
            if going.is_set():
                loop.call_soon_threadsafe(lambda: act(*arguments) if going.is_set() else None)

        levels = {defect: (round(t.pixel * 255), round(t.part * 255)) for defect, t in thresholds().items()}
        sketch = Sketch(
            job.extent, lambda places: later(self._sketch, tab, places), {defect: levels[defect] for defect in NETWORK}
        )

        def search(cancelled: Callable[[], bool]) -> tuple[Found, LayerState, bool]:
            step_back()
            steps = Steps(cancelled, lambda *report: later(self._progress.update_work, work, *report))
            found = restoring.find(job, self._runner, steps, sketch.hear)
            layer = layer_from(state := layer_of(found, layer_id, title, sliders))
            return found, state, isinstance(layer, ProposalLayer) and bool(Proposal(layer).shown().any())

        work = self._progress.begin(_tr("Looking for damage"), lambda: errand.cancel())
        errand = Errand(search)
        try:
            found, state, shows = await errand.done()
        except Cancelled:
            return ()
        finally:
            going.clear()
            self._progress.end(work)
            if not tab.closing:
                tab.canvas.set_marks(None)
        return await self._add(tab, found, AddLayer(state, len(tab.document.layers), label), shows=shows)

    async def _add(self, tab: DocumentTab, found: Found, edit: AddLayer, *, shows: bool) -> Sequence[str]:
        notes = [note for note in found.notes if note != NOTHING]
        if not found.parts:
            return [*notes, _tr("Nothing was found.")]
        await pen_up(tab)
        if tab.closing:
            return ()
        tab.do(replace(edit, index=len(tab.document.layers)))
        if not shows:
            notes.append(_tr("Nothing was found at the usual sensitivity. Raise it to see fainter traces."))
        return notes

    @staticmethod
    def _sketch(tab: DocumentTab, places: Places) -> None:
        """Outline what has been found so far."""
        if not tab.closing:
            codes = np.arange(1, len(Defect) + 1, dtype=np.uint8)
            tab.canvas.set_marks(Marks(places, codes, looks.style(tab.canvas.devicePixelRatioF())))


class Steps:
    """The progress of a search: tells the window, and ends the search when nobody waits for it."""

    def __init__(self, cancelled: Callable[[], bool], tell: Callable[[float | None, str], object]) -> None:
        self._cancelled, self._tell = cancelled, tell

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.check()
        self._tell(fraction, note)
        return Decision.CONTINUE

    def check(self) -> None:
        if self._cancelled():
            raise Cancelled


def _middle(tab: DocumentTab) -> tuple[int, int]:
    view = tab.canvas.view
    x, y = view.to_photo(view.width / 2, view.height / 2)
    return round(x), round(y)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Searching", text)
