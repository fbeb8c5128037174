"""Filling in the window: one fill at a time, in the engine thread, for the document that it was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.planner import Filled, FillJob, Plan
from inpaint_studio.errors import Cancelled, InputError
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.engine_thread import EngineThread


class FillFlow(QObject):
    """Runs fills and adds what they make as one step. Errors come out of `fill` and `run_again` as StudioError."""

    #: Whether a fill is running now.
    running = Signal(bool)
    #: The document that a running fill belongs to was changed under its mask meanwhile; the result was added all the same.
    outdated = Signal()
    #: What the user should know about a fill, in one sentence.
    noted = Signal(str)

    def __init__(self, engine: EngineThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.tab: DocumentTab | None = None

    async def fill(self, tab: DocumentTab, recipe: Recipe) -> None:
        """Fill what the mask of `tab` selects. Does nothing while another fill runs."""
        if self.tab is not None:
            return
        mask = tab.mask_to_fill()
        if mask is None:
            raise InputError(
                self.tr("Nothing is selected yet."), self.tr("Paint over what should go with the brush (B), then fill.")
            )
        await self._run(tab, tab.studio.fill_job([mask], recipe), [mask], replaced=None)

    async def run_again(self, tab: DocumentTab, layer_id: str, recipe: Recipe) -> None:
        """Fill what the fill layer `layer_id` was made from once more, in its place. Does nothing while another fill runs."""
        layer = tab.document.layer(layer_id)
        if self.tab is not None or not isinstance(layer, FillLayer):
            return
        job = FillJob(tab.document.composite(below=layer_id), layer.mask.snapshot(), recipe)
        await self._run(tab, job, [], replaced=layer_id)

    async def _run(self, tab: DocumentTab, job: FillJob, masks: Sequence[str], replaced: str | None) -> None:
        self.tab = tab
        self.running.emit(True)
        try:
            plan, filled = await self._engine.fill(job)
            if tab.closing:
                return
            self._add(tab, plan, filled, masks, replaced)
        except Cancelled:
            return
        finally:
            self.tab = None
            self.running.emit(False)
        for note in filled.notes:
            self.noted.emit(note)

    def _add(self, tab: DocumentTab, plan: Plan, filled: Filled, masks: Sequence[str], replaced: str | None) -> None:
        """One step: the fill in, what it replaces out, its masks hidden. What was deleted meanwhile is left out."""
        there = {layer.id for layer in tab.document.layers}
        masks = [mask for mask in masks if mask in there]
        outdated = self._differs(tab, masks, plan.job)
        tab.canvas.cancel_stroke()
        tab.studio.accept(plan, filled, masks, replaced=replaced if replaced in there else None)
        tab.settled()
        if outdated:
            self.outdated.emit()

    @staticmethod
    def _differs(tab: DocumentTab, masks: Sequence[str], job: FillJob) -> bool:
        now = [layer for layer in tab.document.layers if layer.id in masks and isinstance(layer, MaskLayer)]
        return not all(layer.coverage.same_pixels(job.coverage) for layer in now)
