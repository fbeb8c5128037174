"""What a family of photo files must offer. One module a family in `families/`, listed in `registry.FAMILIES`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.pixels.format import PixelFormat
    from inpaint_studio.storage.photo import Photo, PhotoInfo


class Keep(StrEnum):
    """How much of a photo's metadata goes into a written file. Profile, orientation and resolution always do."""

    ALL = "all"
    NO_LOCATION = "no-location"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write: `quality` 1 to 100 for families that take one, None for the source's own or the family's best.

    `replaces_source` when the file being written will take the place of the one the photo came from. `edited` unless
    the pixels are those that were read with the metadata: then previews show what no longer is. `keep`: what of the
    metadata that only the source file holds is handed on; those in `photo.metadata` have been seen to.
    """

    quality: int | None = None
    replaces_source: bool = False
    edited: bool = True
    keep: Keep = Keep.ALL


@runtime_checkable
class Paged(Protocol):
    """What a family offers besides, whose files may hold several pictures, of which one is opened."""

    def pages(self, path: Path) -> tuple[int, ...]:
        """The pages that can be opened, counted from 0, by their headers; none where there is no such page."""


@runtime_checkable
class Claiming(Protocol):
    """What a family offers besides, whose files begin as another's do."""

    def claims(self, path: Path, head: bytes) -> bool:
        """Whether the file `path`, which begins with `head`, is of this family by what stands further inside."""


class Family(Protocol):
    """A file family. Methods raise InputError for what they refuse, `refusals.DECODER_ERRORS` for damaged bytes."""

    @property
    def id(self) -> str: ...

    @property
    def title(self) -> str:
        """The name users know, such as "PNG"."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Lower-case file name endings with their dot, the usual one first."""

    @property
    def lossless(self) -> bool:
        """Whether written pixels read back exactly, in every format that it holds, unless a quality is asked for."""

    @property
    def takes_quality(self) -> bool:
        """Whether `WriteOptions.quality` changes anything: pixels are then compressed with loss."""

    @property
    def writes(self) -> bool:
        """Whether `write` is offered; other families are only read."""

    @property
    def largest_side(self) -> int:
        """Greatest width and height in pixels."""

    def sniff(self, head: bytes) -> bool:
        """Whether a file that begins with `head` (32 bytes or more, unless the file is shorter) is of this family."""

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        """Read the header only. Refuses what `read` could not give: animations, sample types.

        `page` counts from 0, in families whose files hold several; ValueError when there is no such page.
        """

    def read(self, path: Path, page: int = 0) -> Photo:
        """Decode everything. The caller has probed the file and found its size acceptable."""

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        """The nearest format that this family can store; the same one when it can."""

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        """Write `photo`, whose format it holds, to `target`, in the stored layout that its orientation asks for.

        When `photo.path` still is a file of this family, what the pixels and metadata do not say is taken from it.
        Returns what the user should know about the file, in sentences.
        """
