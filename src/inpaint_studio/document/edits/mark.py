"""A named moment of the history: it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from inpaint_studio.document.codec import Encoded

if TYPE_CHECKING:
    from inpaint_studio.document.document import Document


@dataclass(frozen=True, slots=True)
class Mark:
    """A snapshot that the user has given a name. Undo and redo go on past it, see `is_mark`."""

    kind: ClassVar[str] = "mark"
    version: ClassVar[int] = 1
    nbytes: ClassVar[int] = 0
    #: How the labels of marks begin, and of no other edit.
    SIGN: ClassVar[str] = "◆ "

    label: str

    @classmethod
    def named(cls, name: str) -> Mark:
        return cls(cls.SIGN + name)

    def apply(self, document: Document) -> None:
        """Nothing."""

    def revert(self, document: Document) -> None:
        """Nothing."""

    def encode(self) -> Encoded:
        return Encoded(self.kind, self.version, {"label": self.label})

    @classmethod
    def decode(cls, encoded: Encoded) -> Mark:
        return cls(str(encoded.data["label"]))


def is_mark(label: str) -> bool:
    """Whether a step of the history is a mark."""
    return label.startswith(Mark.SIGN)
