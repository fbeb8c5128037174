"""A photo as it came from a file: pixels as shown, and what the file says beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.pixels.format import PixelFormat, Samples


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a photo file holds beside its pixels.

    `exif` is a TIFF-structured block without the "Exif" prefix, `xmp` a UTF-8 packet, `iptc` IIM records, `resolution`
    dots per inch across and down, `orientation` the EXIF value 1 to 8 as stored in the file.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    resolution: tuple[float, float] | None = None
    orientation: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Original:
    """What was read from the file `path`, as `Photo` holds it, and how to tell that it is still the same file."""

    pixels: Samples
    extra: Samples | None
    path: Path
    stamp: tuple[int, ...]

    @staticmethod
    def stamp_of(path: Path) -> tuple[int, ...]:
        """What changes when a file is written or replaced. Raises OSError."""
        seen = path.stat()
        return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns

    @property
    def stands(self) -> bool:
        """Whether the file still holds these pixels."""
        try:
            return self.stamp_of(self.path) == self.stamp
        except OSError:
            return False


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A decoded photo. `pixels` are H×W×C as shown, that is with the orientation applied, in `format`.

    `path` is the file the pixels came from and `family` the id of its family: a writer of the same family takes from
    that file what the pixels do not say. `extra` (H×W×N as shown, same sample type) are channels that are neither
    colour nor alpha, such as a scanner's infrared. `page` counts from 0 in files of several. `notes` are what the user
    should know about the file, in sentences. `original` stays with what is made of a photo that was read: a writer can tell
    by it what has changed.
    """

    pixels: Samples
    format: PixelFormat
    metadata: Metadata = field(default_factory=Metadata)
    path: Path | None = None
    family: str = ""
    extra: Samples | None = None
    page: int = 0
    notes: tuple[str, ...] = ()
    original: Original | None = None


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """What a file's header tells before anything is decoded; width and height as stored, before the orientation."""

    family: str
    width: int
    height: int
    format: PixelFormat
    orientation: int = 1
    frames: int = 1

    @property
    def megapixels(self) -> float:
        return self.width * self.height / 1e6
