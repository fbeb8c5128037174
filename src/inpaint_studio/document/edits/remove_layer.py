"""A layer is removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from inpaint_studio.document.codec import Encoded
from inpaint_studio.document.edits.add_layer import AddLayer

if TYPE_CHECKING:
    from inpaint_studio.document.document import Document


@dataclass(frozen=True, slots=True)
class RemoveLayer:
    """The opposite of `added`, which brings the layer back."""

    kind: ClassVar[str] = "remove_layer"
    version: ClassVar[int] = 1

    added: AddLayer
    label: str = "Delete layer"

    @classmethod
    def of(cls, document: Document, layer_id: str) -> RemoveLayer:
        """Raises KeyError for an id that no layer has."""
        index = document.index(layer_id)
        return cls(AddLayer(document.layer(layer_id).state(), index))

    @property
    def nbytes(self) -> int:
        return self.added.nbytes

    def apply(self, document: Document) -> None:
        self.added.revert(document)

    def revert(self, document: Document) -> None:
        self.added.apply(document)

    def encode(self) -> Encoded:
        added = self.added.encode()
        return Encoded(
            self.kind, self.version, {"label": self.label, "added": [added.version, added.data]}, added.blobs
        )

    @classmethod
    def decode(cls, encoded: Encoded) -> RemoveLayer:
        version, data = encoded.data["added"]
        added = AddLayer.decode(Encoded(AddLayer.kind, version, data, encoded.blobs))
        return cls(added, encoded.data["label"])
