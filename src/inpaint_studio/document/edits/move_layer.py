"""A layer gets another place in the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from inpaint_studio.document.codec import Encoded

if TYPE_CHECKING:
    from inpaint_studio.document.document import Document


@dataclass(frozen=True, slots=True)
class MoveLayer:
    """Take the layer at `source` out and put it in so that its position is `target` (0 = bottom)."""

    kind: ClassVar[str] = "move_layer"
    version: ClassVar[int] = 1
    nbytes: ClassVar[int] = 0

    source: int
    target: int
    label: str = "Reorder layers"

    def apply(self, document: Document) -> None:
        _move(document, self.source, self.target)

    def revert(self, document: Document) -> None:
        _move(document, self.target, self.source)

    def encode(self) -> Encoded:
        return Encoded(self.kind, self.version, {"source": self.source, "target": self.target, "label": self.label})

    @classmethod
    def decode(cls, encoded: Encoded) -> MoveLayer:
        return cls(encoded.data["source"], encoded.data["target"], encoded.data["label"])


def _move(document: Document, source: int, target: int) -> None:
    layer = document.take_out(source)
    document.insert(layer, target)
    document.changed(layer.covered)
