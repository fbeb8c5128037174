"""An open photo with its layers. Only the thread that owns the document changes it, and only through edits."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.layers import Layer
from inpaint_studio.pixels.format import PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage

#: Hears of every change with the rectangle that may look different.
Listener = Callable[[Rect], None]


class Document:
    """A photo, which is never changed, a canvas rectangle, layers from bottom to top, and a colour profile.

    `revision` rises with every change.
    """

    def __init__(self, photo: TiledImage, profile: bytes | None = None) -> None:
        self.photo = photo
        self.profile = profile
        self.canvas = photo.extent
        self.revision = 0
        self._layers: list[Layer] = []
        self._last_id = 0
        self._listeners: list[Listener] = []
        #: The parts of the rectangle that listeners are told of just now, for those that can do with less than all.
        self.changed_parts: tuple[Rect, ...] = ()

    @property
    def format(self) -> PixelFormat:
        return self.photo.format

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Bottom first."""
        return tuple(self._layers)

    def layer(self, layer_id: str) -> Layer:
        """Raises KeyError for an id that no layer has."""
        return self._layers[self.index(layer_id)]

    def index(self, layer_id: str) -> int:
        for index, layer in enumerate(self._layers):
            if layer.id == layer_id:
                return index
        raise KeyError(layer_id)

    def new_id(self) -> str:
        """An id that no layer of this document has or had."""
        self._last_id += 1
        return f"L{self._last_id}"

    def insert(self, layer: Layer, index: int) -> None:
        """For edits: put `layer` in so that it has the position `index`."""
        self._layers.insert(index, layer)
        # ids of layers that come back from a journal must not be given again
        if layer.id[1:].isdecimal():
            self._last_id = max(self._last_id, int(layer.id[1:]))

    def take_out(self, index: int) -> Layer:
        """For edits: remove the layer at `index`."""
        return self._layers.pop(index)

    def composite(self, below: str | None = None) -> Composite:
        """What is visible now, frozen; with `below`, only what lies under that layer."""
        layers = self._layers if below is None else self._layers[: self.index(below)]
        return Composite.of(self.photo, layers)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after every change; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def changed(self, rect: Rect, parts: Sequence[Rect] = ()) -> None:
        """For edits: say that `rect` may look different now; of it only `parts`, where they are given.

        A listener that fails is reported by `sys.excepthook` and by nothing else: the edit is done, and has to get into
        the history.
        """
        self.revision += 1
        self.changed_parts = tuple(parts) or (rect,)
        for listener in tuple(self._listeners):
            try:
                listener(rect)
            except Exception as error:  # noqa: BLE001  whatever it is, it is the listener's
                sys.excepthook(type(error), error, error.__traceback__)
