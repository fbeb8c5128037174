"""The review of a proposal: what the dock and the keys ask for becomes steps of the document in front."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QObject, QPointF

from inpaint_studio.document.edits import AddLayer, Edit, Group, SetLayer
from inpaint_studio.document.layers import MaskLayer, ProposalLayer
from inpaint_studio.errors import Cancelled
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.finding import ABSURD
from inpaint_studio.restore.places import Codes, Places
from inpaint_studio.restore.proposal import Proposal, Sliders, Verdict, share_marked
from inpaint_studio.studio import restoring
from inpaint_studio.ui import ask
from inpaint_studio.ui.canvas.marks import Marks
from inpaint_studio.ui.canvas.pointing import to_photo
from inpaint_studio.ui.errand import Errand
from inpaint_studio.ui.lent_runner import LentRunner
from inpaint_studio.ui.messages import AdviceError
from inpaint_studio.ui.review import looks
from inpaint_studio.ui.review.dock import ReviewDock
from inpaint_studio.ui.review.keys import ReviewKeys
from inpaint_studio.ui.review.search import Searching
from inpaint_studio.ui.select_flow import pen_up

if TYPE_CHECKING:
    from inpaint_studio.ui.document_tab import DocumentTab
    from inpaint_studio.ui.window import MainWindow

#: What ends sooner needs no progress bar.
_UNTOLD_MS = 300
#: How near, in pixels of the screen, a click has to be to a part.
_NEAR = 4


class ReviewFlow(QObject):
    """One for the window; follows the document in front while a proposal is worked on in it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.dock = ReviewDock(window)
        self.keys = ReviewKeys(self)
        self.tab: DocumentTab | None = None
        self._proposal: Proposal | None = None
        self._current: int | None = None
        #: Where the parts of each proposal lie, without what was painted.
        self._places: WeakKeyDictionary[ProposalLayer, Places] = WeakKeyDictionary()
        #: The painted planes that the outlines were made with.
        self._outlined: tuple[object, ...] = ()
        self._drawing = False
        self._searching: DocumentTab | None = None
        self.dock.table.installEventFilter(self.keys)
        self.dock.table.partChosen.connect(self.go)
        self.dock.sliders.moved.connect(self._slide)
        self.dock.sliders.settled.connect(self._settle)
        self.dock.acceptAsked.connect(self.accept)
        self.dock.dropAsked.connect(self.drop)
        self.dock.nextAsked.connect(lambda back: self._step(back=back))
        self.dock.acceptAllAsked.connect(lambda: self._do(Proposal.accept_shown))
        self.dock.dropAllAsked.connect(lambda: self._do(Proposal.drop_shown))
        self.dock.maskAsked.connect(self.make_mask)
        self.dock.mendAsked.connect(self.mend)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command."""
        return {
            "action.find_damage": lambda: self._find(frozenset(NETWORK), self.tr("Damage")),
            "action.find_text": lambda: self._find(frozenset({Defect.TEXT}), self.tr("Text and stamps")),
            "action.mend": self.mend,
            "action.proposal_mask": self.make_mask,
        }

    # ---- what is worked on

    @property
    def takes_keys(self) -> bool:
        """Whether the keys of the review mean parts now: not while a tool goes on between clicks."""
        if self.tab is None or self._proposal is None:
            return False
        pointer = self.tab.canvas.pointer
        return pointer is None or not pointer.active

    def follow(self) -> None:
        """Show the proposal that is worked on in front, as it is now, or nothing."""
        tab = self._window.tab
        layer = None if tab is None or tab.closing else tab.proposal_worked_on()
        if tab is None or layer is None:
            self._leave()
            return
        if self._proposal is None or self._proposal.layer is not layer or self.tab is not tab:
            self._leave()
            self.tab, self._proposal, self._current = tab, Proposal(layer), None
            self.dock.show()
        else:
            self._proposal.follow()
        self._refresh()
        if self._outlined != _painted(layer):
            self._window.spawn(self._outline())

    def _leave(self) -> None:
        tab, self.tab, self._proposal, self._current, self._outlined = self.tab, None, None, None, ()
        if tab is not None and not tab.closing:
            tab.canvas.set_marks(None)
        self.dock.hide()

    def _refresh(self) -> None:
        if self.tab is not None and self._proposal is not None:
            self.tab.canvas.recode_marks(self._codes())
            self.dock.show_proposal(self._proposal, self._current)

    def _codes(self) -> Codes:
        """How each part is outlined, and after them what was painted."""
        assert self._proposal is not None  # noqa: S101  who asks has one
        codes = np.zeros(len(self._proposal.parts) + 1, np.uint8)
        chosen = np.flatnonzero(self._proposal.all_chosen())
        codes[chosen] = self._proposal.classes[chosen] + 1
        codes[-1] = looks.PAINTED
        if self._current is not None:
            codes[self._current] = looks.LOUD
        return codes

    async def _outline(self) -> None:
        """Make the outlines anew, in a thread: one at a time, until they are those of what is there."""
        if self._drawing:
            return
        self._drawing = True
        try:
            while self._proposal is not None and self._outlined != _painted(self._proposal.layer):
                proposal, layer = self._proposal, self._proposal.layer
                painted = _painted(layer)
                added, removed = layer.planes["added"].snapshot(), layer.planes["removed"].snapshot()
                places = await asyncio.to_thread(self._made, proposal, added, removed)
                if self._proposal is proposal and self.tab is not None:
                    self._outlined = painted
                    ratio = self.tab.canvas.devicePixelRatioF()
                    self.tab.canvas.set_marks(Marks(places, self._codes(), looks.style(ratio)))
        finally:
            self._drawing = False

    def _made(self, proposal: Proposal, added: TiledImage, removed: TiledImage) -> Places:
        base = self._places.get(proposal.layer)
        if base is None:
            base = self._places[proposal.layer] = Places.of(proposal)
        return base.corrected(added, removed, len(proposal.parts))

    # ---- parts

    def go(self, index: int) -> None:
        """Look at a part."""
        if self.tab is not None and self._proposal is not None:
            self._current = index
            self.tab.canvas.look_at(self._proposal.parts[index].rect)
            self._refresh()

    def next(self) -> None:
        """Look at the next part, the largest first."""
        self._step(back=False)

    def previous(self) -> None:
        """Look at the part before."""
        self._step(back=True)

    def accept(self) -> None:
        """The part that is looked at is damage; go on to the next."""
        self._say(Verdict.ACCEPTED)

    def drop(self) -> None:
        """The part that is looked at is none; go on to the next."""
        self._say(Verdict.DROPPED)

    def choose_at(self, place: QPointF) -> bool:
        """Choose the part at a place of the canvas; whether there is one."""
        if self.tab is None or self._proposal is None:
            return False
        canvas = self.tab.canvas
        ratio = canvas.viewport().devicePixelRatioF()
        x, y = to_photo(place, canvas.view, ratio)
        index = self._proposal.part_at(int(x // 1), int(y // 1), max(1, round(_NEAR * ratio / canvas.view.zoom)))
        if index is None:
            return False
        self._current = index
        self._refresh()
        return True

    def _step(self, *, back: bool) -> None:
        if self._proposal is None:
            return
        index = self._proposal.next(self._current, back=back)
        if index is None:
            self._window.messages.info(self.tr("No part is shown. Raise the sensitivity to see more."))
        else:
            self.go(index)

    def _say(self, verdict: Verdict) -> None:
        if self.tab is None or self._proposal is None:
            return
        index = self._current
        if index is None:
            self._step(back=False)
            return
        following = self._proposal.next(index)
        self.tab.do(self._proposal.with_verdict([index], verdict))
        if following is not None and following != index:
            self.go(following)

    # ---- all of them

    def _slide(self, sliders: Sliders) -> None:
        if self._proposal is not None:
            self._proposal.looked(sliders)
            self._refresh()

    def _settle(self, sliders: Sliders) -> None:
        if self._proposal is not None and sliders != Sliders.from_json(self._proposal.layer.settings):
            self._do(lambda proposal: proposal.with_sliders(sliders))

    def _do(self, make: Callable[[Proposal], Edit]) -> None:
        if self.tab is not None and self._proposal is not None:
            self.tab.do(make(self._proposal))

    # ---- what comes of it

    def _find(self, classes: frozenset[Defect], title: str) -> None:
        tab = self._window.tab
        if tab is None or self._searching is not None:
            return
        search = Searching(LentRunner(self._window.engine), self._window.status.progress)

        async def found() -> None:
            self._searching = tab
            try:
                notes = await search.find(tab, classes, title)
            finally:
                self._searching = None
                if not tab.closing and tab.active is None and before in {layer.id for layer in tab.document.layers}:
                    tab.activate(before)
            self.follow()
            for note in notes:
                self._window.messages.info(note)

        before = tab.active
        if self._proposal is not None:
            # what is under review makes room for what is being found
            tab.activate(None)
            self.follow()
        self._window.spawn(found())

    def mend(self) -> None:
        """Fill all that is outlined, as one step."""
        if self.tab is not None and self._proposal is not None:
            self._window.spawn(self._mend(self.tab, self._proposal.layer.id))
        elif self._window.tab is not None:
            self._nothing()

    def make_mask(self) -> None:
        """Turn all that is outlined into a mask."""
        if self.tab is not None and self._proposal is not None:
            self._window.spawn(self._make_mask(self.tab, self._proposal.layer.id))
        elif self._window.tab is not None:
            self._nothing()

    def _nothing(self) -> None:
        self._window.messages.show(
            AdviceError(
                self.tr("There is nothing to review yet."),
                self.tr("Look for damage first (Restore menu), or click in the layers on what was found."),
            )
        )

    async def _mend(self, tab: DocumentTab, layer_id: str) -> None:
        if self._window.fills.tab is not None:
            return
        job = await self._gathered(restoring.mending(tab.studio, layer_id))
        if job is None:
            self._nothing_outlined()
            return
        share = share_marked(job.coverage)
        if share > ABSURD:
            text = self.tr("{0} of the photo is outlined. Mend all of that?").format(f"{share:.0%}")
            more = self.tr("That much is hardly damage. Lower the sensitivity, or drop what is none.")
            if await ask.choice(self._window, text, more, self.tr("Mend It"), self.tr("Cancel")):
                return
        if not tab.closing:
            await self._window.fills.fill_job(tab, job, [layer_id])

    async def _make_mask(self, tab: DocumentTab, layer_id: str) -> None:
        job = await self._gathered(restoring.mending(tab.studio, layer_id))
        if job is None:
            self._nothing_outlined()
            return
        await pen_up(tab)
        if tab.closing or all(layer.id != layer_id for layer in tab.document.layers):
            return
        document, label = tab.document, self.tr("Make a mask")
        mask = MaskLayer(document.new_id(), document.layer(layer_id).name, {"coverage": job.coverage})
        hide = SetLayer.of(document, layer_id, {"visible": False}, label)
        tab.do(Group(label, (AddLayer(mask.state(), len(document.layers), label), hide)))
        tab.activate(mask.id)

    async def _gathered(self, make: Callable[[], restoring.Job | None]) -> restoring.Job | None:
        """What `make` makes in a thread; None also when the user does not want to wait."""
        errand = Errand(lambda _: make())
        work = self._window.status.progress.begin(self.tr("Gathering the parts"), errand.cancel, after_ms=_UNTOLD_MS)
        try:
            return await errand.done()
        except Cancelled:
            return None
        finally:
            self._window.status.progress.end(work)

    def _nothing_outlined(self) -> None:
        self._window.messages.info(self.tr("Nothing is outlined. Raise the sensitivity, or paint over damage."))


def _painted(layer: ProposalLayer) -> tuple[object, ...]:
    """What was painted, to be compared: tiles that are there, by identity; a tile in work counts as it is."""
    return tuple(
        (name, key, id(tile)) for name in ("added", "removed") for key, tile in layer.planes[name].tiles.items()
    ) or ("nothing",)
