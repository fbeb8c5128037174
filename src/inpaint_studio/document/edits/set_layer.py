"""Properties of a layer are set: name, visibility, opacity, colour, recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from inpaint_studio.document.codec import Encoded, Json

if TYPE_CHECKING:
    from inpaint_studio.document.document import Document


@dataclass(frozen=True, slots=True)
class SetLayer:
    """Give properties of a layer the values `after`, or back the values `before`."""

    kind: ClassVar[str] = "set_layer"
    version: ClassVar[int] = 1
    nbytes: ClassVar[int] = 0

    layer_id: str
    before: Json
    after: Json
    label: str = "Change layer"

    @classmethod
    def of(cls, document: Document, layer_id: str, after: Json, label: str = "Change layer") -> SetLayer:
        """Raises KeyError for an unknown layer or property."""
        now = document.layer(layer_id).properties()
        return cls(layer_id, {key: now[key] for key in after}, dict(after), label)

    def apply(self, document: Document) -> None:
        self._set(document, self.after)

    def revert(self, document: Document) -> None:
        self._set(document, self.before)

    def _set(self, document: Document, values: Json) -> None:
        layer = document.layer(self.layer_id)
        layer.set_properties(values)
        document.changed(layer.covered)

    def encode(self) -> Encoded:
        data = {"layer": self.layer_id, "before": self.before, "after": self.after, "label": self.label}
        return Encoded(self.kind, self.version, data)

    @classmethod
    def decode(cls, encoded: Encoded) -> SetLayer:
        data = encoded.data
        return cls(data["layer"], data["before"], data["after"], data["label"])
