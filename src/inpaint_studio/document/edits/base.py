"""What an edit is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, Self

if TYPE_CHECKING:
    from inpaint_studio.document.codec import Encoded
    from inpaint_studio.document.document import Document


class Edit(Protocol):
    """One step in the history: it can be done, undone and stored. Immutable; holds layer ids and tiles, never layers.

    `apply` expects the document as it was before the step, `revert` as it was after.
    """

    kind: ClassVar[str]
    #: Raised when the layout of `encode` changes; `decode` reads all older ones.
    version: ClassVar[int]

    @property
    def label(self) -> str:
        """What the history shows, such as "Brush stroke"."""
        ...

    @property
    def nbytes(self) -> int:
        """Pixel memory that is held for this step alone."""
        ...

    def apply(self, document: Document) -> None: ...

    def revert(self, document: Document) -> None: ...

    def encode(self) -> Encoded: ...

    @classmethod
    def decode(cls, encoded: Encoded) -> Self: ...
