"""Filling in the window: one fill at a time, in the engine thread, for the document that it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.document.sourcing import Sourcing
from inpaint_studio.engines.planner import Filled, FillJob, Plan
from inpaint_studio.errors import Cancelled
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.studio.candidates import candidates, hold, recipes, score
from inpaint_studio.studio.studio import with_choice
from inpaint_studio.ui.canvas import Canvas
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.engine_thread import EngineThread
from inpaint_studio.ui.messages import AdviceError


class FillFlow(QObject):
    """Runs fills and adds what they make as one step. Errors come out of `fill` and `run_again` as StudioError."""

    #: Whether a fill is running now.
    running = Signal(bool)
    #: The document that a running fill belongs to was changed under its mask meanwhile; the result was added all the same.
    outdated = Signal()
    #: What the user should know about a fill, in one sentence.
    noted = Signal(str)
    #: The DocumentTab, the id of the fill, and the Leftover: what was removed may reach beyond the mask.
    leftover = Signal(object, str, object)
    #: The DocumentTab and the id of the fill layer that was added to it.
    added = Signal(object, str)

    def __init__(self, engine: EngineThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        engine.progressed.connect(self._show)
        self.tab: DocumentTab | None = None
        #: What there is shall be kept, and no further candidate made.
        self._enough = False
        #: Set while a finished fill waits for the end of a stroke; the result says whether it is still wanted.
        self._pen: asyncio.Future[bool] | None = None

    def cancel(self) -> None:
        """Drop the running fill: whoever awaits it is free at once, and nothing is added."""
        if self._pen is not None and not self._pen.done():
            self._pen.set_result(False)
        self._engine.cancel()

    def finish(self) -> None:
        """Stop the running fill at its next step, keep what there is of it, and make no more candidates."""
        self._enough = True
        self._engine.finish()

    async def fill(self, tab: DocumentTab, recipe: Recipe, count: int = 1, race: Sequence[str] = ()) -> None:
        """Fill what the mask of `tab` selects, with `count` candidates: by the engines of `race` in turn, then by seeds.

        Does nothing while another fill runs.
        """
        if self.tab is not None:
            return
        mask = tab.mask_to_fill()
        if mask is None and tab.fill_worked_on() is not None:
            raise AdviceError(
                self.tr("Nothing is selected: you are working on a fill."),
                self.tr("Click on a mask in the layers, or add one (Ctrl+Shift+N), and paint over what should go."),
            )
        if mask is None:
            raise AdviceError(
                self.tr("Nothing is selected yet."), self.tr("Paint over what should go with the brush (B), then fill.")
            )
        job = tab.studio.fill_job([mask], recipe)
        await self._run(tab, job, [mask], replaced=None, wanted=recipes(recipe, count, race))

    async def fill_job(self, tab: DocumentTab, job: FillJob, hidden: Sequence[str]) -> None:
        """Do a fill that was made elsewhere, and hide the layers it came from. Does nothing while another fill runs."""
        if self.tab is None:
            await self._run(tab, job, hidden, replaced=None)

    async def run_again(self, tab: DocumentTab, layer_id: str, recipe: Recipe) -> None:
        """Fill what the fill layer `layer_id` was made from once more, in its place. Does nothing while another fill runs."""
        layer = tab.document.layer(layer_id)
        if self.tab is not None or not isinstance(layer, FillLayer):
            return
        where = Sourcing.of(tab.document)
        job = FillJob(tab.document.composite(below=layer_id), layer.mask.snapshot(), recipe, *where)
        await self._run(tab, job, [], replaced=layer_id)

    async def more(self, tab: DocumentTab, layer_id: str, count: int) -> None:
        """Make `count` more candidates of a fill layer, by the seeds after its own. Does nothing while another fill runs."""
        layer = tab.document.layer(layer_id)
        if self.tab is not None or not isinstance(layer, FillLayer):
            return
        where = Sourcing.of(tab.document)
        job = FillJob(tab.document.composite(below=layer_id), layer.mask.snapshot(), layer.recipe, *where)
        with self._work(tab):
            if not layer.variants:
                await self._hold(tab, layer_id, job, layer.alpha.snapshot(), layer.pixels.snapshot())
            seeds = [candidate.recipe.seed for candidate in candidates(layer)]
            first = replace(layer.recipe, seed=max(seeds, default=layer.recipe.seed) + 1)
            await self._more(tab, layer_id, job, recipes(first, count))

    async def _run(
        self, tab: DocumentTab, job: FillJob, masks: Sequence[str], replaced: str | None, wanted: Sequence[Recipe] = ()
    ) -> None:
        filled: Filled | None = None
        layer_id = ""
        with self._work(tab):
            plan, filled = await self._engine.fill(job)
            judged = None
            if len(wanted) > 1:
                judged = await asyncio.to_thread(score, job.source, filled.alpha, filled.pixels)
            if not await self._pen_up(tab):
                return
            outdated = self._differs(tab, masks, plan.job)
            layer_id = self._add(tab, plan, filled, masks, replaced, judged)
            # the window shows it before it says anything about it
            await asyncio.sleep(0)
            if outdated:
                self.outdated.emit()
            await self._more(tab, layer_id, job, wanted[1:])
        if filled is None or not layer_id:
            return
        await asyncio.sleep(0)
        for note in filled.notes:
            if filled.leftover is None or note != filled.leftover.note:
                self.noted.emit(note)
        if filled.leftover is not None:
            self.leftover.emit(tab, layer_id, filled.leftover)

    @contextmanager
    def _work(self, tab: DocumentTab) -> Iterator[None]:
        """One fill at a time; what was cancelled ends here."""
        self.tab, self._enough = tab, False
        self.running.emit(True)
        try:
            with suppress(Cancelled):
                yield
        finally:
            tab.canvas.clear_preview()
            self.tab = None
            self.running.emit(False)

    async def _more(self, tab: DocumentTab, layer_id: str, job: FillJob, wanted: Sequence[Recipe]) -> None:
        """A candidate for each recipe, as long as the fill is there, has room, and more are wanted."""
        for recipe in wanted:
            if self._enough:
                return
            plan, filled = await self._engine.fill(replace(job, recipe=recipe))
            made = replace(job, recipe=with_choice(plan))
            if not await self._hold(tab, layer_id, made, filled.alpha, filled.pixels):
                return

    async def _hold(self, tab: DocumentTab, layer_id: str, job: FillJob, alpha: TiledImage, pixels: TiledImage) -> bool:
        """Keep a candidate that was made by `job`; whether that could be done."""
        judged = await asyncio.to_thread(score, job.source, alpha, pixels)
        if not await self._pen_up(tab) or all(layer.id != layer_id for layer in tab.document.layers):
            return False
        edit = hold(tab.document, layer_id, pixels, job.recipe, judged)
        if edit is not None:
            tab.studio.history.apply(edit)
            tab.changed.emit()
        return edit is not None

    def _show(self, _fraction: float | None, _note: str, preview: tuple[Rect, Samples] | None) -> None:
        """Lay what there is of the running fill over the photo."""
        if self.tab is not None and preview is not None and not self.tab.closing:
            self.tab.canvas.show_filling(*preview)

    async def _pen_up(self, tab: DocumentTab) -> bool:
        """Let a stroke that is being drawn come to its end; whether the fill is still wanted then."""
        while tab.canvas.stroke_running:
            if not await self._stroke_end(tab.canvas):
                return False
        return not tab.closing

    async def _stroke_end(self, canvas: Canvas) -> bool:
        """False when the fill was cancelled before."""
        pen: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pen = pen

        def ended() -> None:
            if not pen.done():
                pen.set_result(True)

        canvas.strokeEnded.connect(ended)
        try:
            return await pen
        finally:
            self._pen = None
            canvas.strokeEnded.disconnect(ended)

    def _add(
        self,
        tab: DocumentTab,
        plan: Plan,
        filled: Filled,
        masks: Sequence[str],
        replaced: str | None,
        judged: float | None,
    ) -> str:
        """One step: the fill in, what it replaces out, its masks hidden; its id. What was deleted meanwhile is left out."""
        there = {layer.id for layer in tab.document.layers}
        masks = [mask for mask in masks if mask in there]
        worked_on = tab.active
        tab.canvas.give_way()
        replaced = replaced if replaced in there else None
        layer_id = tab.studio.accept(plan, filled, masks, replaced=replaced, score=judged)
        if worked_on is not None and worked_on == replaced:
            tab.activate(layer_id)
        tab.settled()
        self.added.emit(tab, layer_id)
        return layer_id

    @staticmethod
    def _differs(tab: DocumentTab, masks: Sequence[str], job: FillJob) -> bool:
        now = [layer for layer in tab.document.layers if layer.id in masks and isinstance(layer, MaskLayer)]
        return not all(layer.coverage.same_pixels(job.coverage) for layer in now)
