"""A layer is added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from inpaint_studio.document.codec import Encoded
from inpaint_studio.document.layers import LayerState, layer_from

if TYPE_CHECKING:
    from inpaint_studio.document.document import Document


@dataclass(frozen=True, slots=True)
class AddLayer:
    """Put the layer that `state` describes at `index` (0 = bottom)."""

    kind: ClassVar[str] = "add_layer"
    version: ClassVar[int] = 1

    state: LayerState
    index: int
    label: str = "Add layer"

    @property
    def nbytes(self) -> int:
        return self.state.nbytes

    def apply(self, document: Document) -> None:
        layer = layer_from(self.state)
        document.insert(layer, self.index)
        document.changed(layer.covered)

    def revert(self, document: Document) -> None:
        document.changed(document.take_out(self.index).covered)

    def encode(self) -> Encoded:
        inner = self.state.encode()
        data = {"index": self.index, "label": self.label, "layer": [inner.kind, inner.version, inner.data]}
        return Encoded(self.kind, self.version, data, inner.blobs)

    @classmethod
    def decode(cls, encoded: Encoded) -> AddLayer:
        kind, version, data = encoded.data["layer"]
        state = LayerState.decode(Encoded(kind, version, data, encoded.blobs))
        return cls(state, encoded.data["index"], encoded.data["label"])
