"""The program that `crash` kills: it edits a photo at speed through a `Session`, and tells what it has done.

Lines on stdout, in the order of events: `state D` before a change whose result has the digest D, `did N` once the
journal was handed it as number N, `ack N` when number N can't be lost any more, `saving` and `saved` around each save,
`export NAME D` before a photo with the pixels of digest D is written to NAME.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, RemoveLayer
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Silent
from inpaint_studio.pixels.stroke import Ink
from inpaint_studio.settings import Settings
from inpaint_studio.studio.export import export
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.session import Session, open_any
from inpaint_studio.studio.shown import Shown
from inpaint_studio.tools.base import BrushSettings, PointerEvent
from inpaint_studio.tools.stroke import StrokeTool

#: Strokes are handed over faster than any hand paints; beyond this many the queue would only grow.
_AHEAD = 6
_MOST_LAYERS = 6


def digest(document: Document) -> str:
    """What tells one state of a document from all others: every layer's properties and pixels, in order."""
    found = hashlib.blake2b(digest_size=12)
    for layer in document.layers:
        found.update(f"{layer.kind} {layer.id} {sorted(layer.properties().items())}".encode())
        for name, plane in sorted(layer.planes.items()):
            for key, tile in sorted(plane.tiles.items()):
                if tile.any():
                    found.update(f"{name} {key}".encode())
                    found.update(np.ascontiguousarray(tile).data)
    return found.hexdigest()


def pixels_digest(samples: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(samples).data, digest_size=12).hexdigest()


def tell(*words: object) -> None:
    """One line in one system call, so that no death can tear it."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class _Editor:
    """Someone in a hurry. Owns the document; saves and exports run in a thread beside."""

    def __init__(self, session: Session, folder: Path, rng: random.Random) -> None:
        self._session = session
        self._studio = session.studio
        self._folder = folder
        self._rng = rng
        self._errands: SimpleQueue[partial[None]] = SimpleQueue()
        self._tools = {ink: StrokeTool(ink) for ink in Ink}
        history = self._studio.history
        record = history._heard
        assert record is not None

        def told(position: int, edit: Edit | None) -> None:
            tell("state", digest(self._studio.document))
            tell("did", record(position, edit))

        history._heard = told
        threading.Thread(target=self._run_errands, daemon=True).start()

    def work(self) -> None:
        """Until death."""
        steps: dict[str, int] = {"stroke": 60, "undo": 12, "redo": 8, "fill": 5, "mask": 3, "delete": 2}
        for number in range(1 << 30):
            getattr(self, f"_{self._rng.choices(list(steps), list(steps.values()))[0]}")()
            if self._errands.empty():
                self._send_on_errand()
            if number % _AHEAD == 0:
                self._session.writer.flush()

    # ---- steps

    def _stroke(self) -> None:
        masks = [layer.id for layer in self._studio.document.layers]
        if not masks:
            self._mask()
            return
        tool = self._tools[self._rng.choice(list(Ink))]
        tool.brush = BrushSettings(size=self._rng.uniform(5, 120), hardness=self._rng.random())
        tool.press(self._studio.document, self._rng.choice(masks), self._anywhere())
        tool.move([self._anywhere() for _ in range(self._rng.randrange(1, 6))])
        edit = tool.release(self._anywhere())
        if edit is not None:
            self._studio.history.record(edit)

    def _anywhere(self) -> PointerEvent:
        canvas = self._studio.document.canvas
        return PointerEvent(self._rng.uniform(0, canvas.width), self._rng.uniform(0, canvas.height))

    def _undo(self) -> None:
        self._studio.history.undo()

    def _redo(self) -> None:
        self._studio.history.redo()

    def _mask(self) -> None:
        document = self._studio.document
        if len(document.layers) < _MOST_LAYERS:
            layer = MaskLayer.empty(document.new_id(), "Mask", document.canvas)
            self._studio.history.apply(AddLayer(layer.state(), len(document.layers), "Add mask"))

    def _delete(self) -> None:
        document = self._studio.document
        if len(document.layers) > 2:
            self._studio.history.apply(RemoveLayer.of(document, self._rng.choice(document.layers).id))

    def _fill(self) -> None:
        """A small hole, filled in this process and accepted as one step."""
        if len(self._studio.document.layers) >= _MOST_LAYERS:
            self._delete()
            return
        canvas = self._studio.document.canvas
        coverage = np.zeros((canvas.height, canvas.width), np.uint8)
        left, top = self._rng.randrange(canvas.width - 40), self._rng.randrange(canvas.height - 40)
        coverage[top : top + 12, left : left + 30] = 255
        with self._studio.history.transaction("Fill"):
            mask = self._studio.add_mask(coverage)
            job = self._studio.fill_job(
                [mask], Recipe(engine="smooth", seed=self._rng.randrange(99), grow=2, feather=2)
            )
            plan, filled = self._studio.run(job, HereRunner(), Silent())
            self._studio.accept(plan, filled, [mask])

    # ---- errands

    def _send_on_errand(self) -> None:
        kind = self._rng.random()
        if kind < 0.5:
            self._errands.put(partial(self._save, self._folder / f"work-{self._rng.randrange(2)}.inpaint"))
        else:
            name = f"photo-{self._rng.randrange(2)}{self._rng.choice(['.png', '.tif'])}"
            self._errands.put(partial(self._export, self._folder / name, self._studio.shown()))

    def _run_errands(self) -> None:
        while True:
            self._errands.get()()

    def _save(self, target: Path) -> None:
        tell("saving", target.name)
        self._session.save(target)
        tell("saved", target.name)

    @staticmethod
    def _export(target: Path, shown: Shown) -> None:
        tell("export", target.name, pixels_digest(shown.composite.read(shown.extent)))
        export(shown, target)


def _acknowledged(number: int) -> None:
    tell("ack", number)


def main(arguments: Iterable[str]) -> None:
    """Edit the photo, and write beside it, with the choices of a seed."""
    photo, seed = arguments
    session = open_any(Path(photo), Settings(), acknowledged=_acknowledged)
    tell("state", digest(session.studio.document))
    tell("did", 0)
    tell("ack", 0)
    _Editor(session, Path(photo).parent, random.Random(int(seed))).work()


if __name__ == "__main__":
    main(sys.argv[1:])
