"""A thousand random operations of tools, mask operations and layers: undone and redone byte for byte, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from inpaint_studio.document.codec import Encoded
from inpaint_studio.document.combine import Operation, combine, duplicate, merge
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import AddLayer, Edit, Mark, MoveLayer, Paint, RemoveLayer, SetLayer
from inpaint_studio.document.history import History
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.mask_operations import MASK_OPERATIONS, operate
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import Modifier, PointerEvent
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.registry import TOOLS
from inpaint_studio.tools.stroke import StrokeTool

_STEPS, _LIMIT = 1000, 4 << 20


class _Store:
    def __init__(self) -> None:
        self.kept: list[Encoded] = []

    def put(self, edit: Encoded) -> int:
        self.kept.append(edit)
        return len(self.kept) - 1

    def get(self, number: int) -> Encoded:
        return self.kept[number]


class _Hand:
    """Does random things to a document."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        photo = self.rng.integers(0, 256, (300, 420, 3), np.uint8)
        photo[80:200, 100:300] = (180, 60, 40)
        self.document = Document(TiledImage.from_array(photo, PixelFormat(Colour.RGB)))
        self.tools = {entry.id: entry.make() for entry in TOOLS if entry.id not in {"heal", "clone", "patch"}}
        self.acts: list[Callable[[History], object]] = [
            *[self._tool] * 8, self._operation, self._operation, self._add, self._remove, self._move, self._set,
            self._combine, self._merge, self._duplicate, self._mark,
        ]  # fmt: skip

    def act(self, history: History) -> None:
        if not self.document.layers:
            self._add(history)
            return
        self.acts[int(self.rng.integers(len(self.acts)))](history)

    def _layer(self) -> MaskLayer:
        layer = self.document.layers[int(self.rng.integers(len(self.document.layers)))]
        assert isinstance(layer, MaskLayer)
        return layer

    def _tool(self, history: History) -> None:
        name = str(self.rng.choice(list(self.tools), p=None))
        if name in {"smart_select", "magnetic"} and self.rng.random() < 0.9:
            name = "brush"
        bound = BoundTool(self.document, self.tools[name], self._layer().id)
        held = (Modifier.NONE, Modifier.NONE, Modifier.ALT, Modifier.ALT | Modifier.SHIFT)[int(self.rng.integers(4))]
        places = self.rng.uniform(-40, 440, (int(self.rng.integers(1, 6)), 2))
        events = [PointerEvent(float(x), float(y), float(self.rng.random()), held) for x, y in places]
        if isinstance(self.tools[name], StrokeTool):
            self.tools[name].brush = type(self.tools[name].brush)(
                size=float(self.rng.uniform(1, 120)), hardness=float(self.rng.random()), smoothing=0.3
            )
        bound.press(events[0])
        bound.move(events[1:] or events)
        if self.rng.random() < 0.1:
            bound.cancel()
        edit = bound.release(events[-1])
        if edit is None and bound.active:
            edit = bound.finish()
        if edit is not None:
            history.record(edit)

    def _operation(self, history: History) -> None:
        operation = MASK_OPERATIONS[int(self.rng.integers(len(MASK_OPERATIONS)))]
        layer = self._layer()
        value = float(self.rng.uniform(operation.least, min(operation.most, 30)))
        if layer.coverage.tiles or operation.everywhere:
            tiles = operate(operation, layer.coverage.snapshot(), value)
            if tiles:
                history.apply(Paint.of(self.document, layer.id, "coverage", tiles, operation.title))

    def _add(self, history: History) -> None:
        if len(self.document.layers) < 6:
            layer = MaskLayer.empty(self.document.new_id(), "Mask", self.document.canvas)
            history.apply(AddLayer(layer.state(), len(self.document.layers), "Add"))

    def _remove(self, history: History) -> None:
        if len(self.document.layers) > 1:
            history.apply(RemoveLayer.of(self.document, self._layer().id))

    def _move(self, history: History) -> None:
        count = len(self.document.layers)
        history.apply(MoveLayer(int(self.rng.integers(count)), int(self.rng.integers(count)), "Move"))

    def _set(self, history: History) -> None:
        values = {"opacity": float(self.rng.random()), "visible": bool(self.rng.random() < 0.5)}
        history.apply(SetLayer.of(self.document, self._layer().id, values, "Set"))

    def _combine(self, history: History) -> None:
        operation = list(Operation)[int(self.rng.integers(3))]
        edit = combine(self.document, self._layer(), [self._layer()], operation, "Combine")
        if edit is not None:
            history.apply(edit)

    def _merge(self, history: History) -> None:
        masks = [layer for layer in self.document.layers if isinstance(layer, MaskLayer)]
        if len(masks) > 1:
            history.apply(merge(self.document, masks[:2], "Merge"))

    def _duplicate(self, history: History) -> None:
        if len(self.document.layers) < 6:
            history.apply(duplicate(self.document, self._layer().id, "Copy", "Duplicate"))

    def _mark(self, history: History) -> None:
        history.apply(Mark.named("Here"))


def _digest(document: Document) -> str:
    found = hashlib.sha256()
    for layer in document.layers:
        found.update(f"{layer.id} {layer.properties()}".encode())
        for name in sorted(layer.planes):
            found.update(layer.planes[name].read(document.canvas).tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("seed", [1])
def test_a_thousand_operations_there_and_back(seed: int) -> None:
    hand = _Hand(seed)
    document, store = hand.document, _Store()
    history = History(document, _LIMIT, store)
    digests = {0: _digest(document)}
    tried = 0
    while history.position < _STEPS:
        tried += 1
        assert tried < 4 * _STEPS
        before = history.position
        hand.act(history)
        assert history.nbytes <= _LIMIT + 16 * 65536, "the newest step alone may go beyond"
        if history.position != before:
            digests = {at: digest for at, digest in digests.items() if at < history.position}
            digests[history.position] = _digest(document)
        if hand.rng.random() < 0.1:
            history.go_to(max(0, history.position - int(hand.rng.integers(1, 4))))
            assert _digest(document) == digests[history.position]
    assert store.kept, "memory has no room for all of it"
    for position in [*range(_STEPS, -1, -37), 0, 500, 499, _STEPS]:
        history.go_to(position)
        assert _digest(document) == digests[position], position


def test_every_edit_of_a_thousand_is_one_of_the_registry() -> None:
    hand, seen = _Hand(2), set[str]()
    history = History(hand.document, _LIMIT, heard=lambda _, edit: seen.add(_kind(edit)))
    for _ in range(300):
        hand.act(history)
    assert {"paint", "add_layer", "remove_layer", "move_layer", "set_layer", "group", "mark"} <= seen


def _kind(edit: Edit | None) -> str:
    return "" if edit is None else edit.kind
