"""Several edits that are one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from inpaint_studio.document.codec import Encoded
from inpaint_studio.document.edits.base import Edit

if TYPE_CHECKING:
    from inpaint_studio.document.document import Document


@dataclass(frozen=True, slots=True)
class Group:
    """`edits` in order; undone in the opposite order."""

    kind: ClassVar[str] = "group"
    version: ClassVar[int] = 1

    label: str
    edits: tuple[Edit, ...]

    @property
    def nbytes(self) -> int:
        return sum(edit.nbytes for edit in self.edits)

    def apply(self, document: Document) -> None:
        for done, edit in enumerate(self.edits):
            try:
                edit.apply(document)
            except BaseException:
                Group(self.label, self.edits[:done]).revert(document)
                raise

    def revert(self, document: Document) -> None:
        for edit in reversed(self.edits):
            edit.revert(document)

    def encode(self) -> Encoded:
        inner = [edit.encode() for edit in self.edits]
        data = {"label": self.label, "edits": [[e.kind, e.version, e.data, len(e.blobs)] for e in inner]}
        return Encoded(self.kind, self.version, data, tuple(blob for e in inner for blob in e.blobs))

    @classmethod
    def decode(cls, encoded: Encoded) -> Group:
        # the table of kinds holds this class, so it can't be imported before it is complete
        from inpaint_studio.document.edits import decode_edit

        edits, start = [], 0
        for kind, version, data, count in encoded.data["edits"]:
            edits.append(decode_edit(Encoded(kind, version, data, encoded.blobs[start : start + count])))
            start += count
        return cls(encoded.data["label"], tuple(edits))
