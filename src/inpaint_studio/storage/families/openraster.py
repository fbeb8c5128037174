"""OpenRaster: the picture of all layers that such a file holds, as its program showed them; read only."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import PixelFormat
from inpaint_studio.storage.containers.png_chunks import SIGNATURE
from inpaint_studio.storage.families import png
from inpaint_studio.storage.families.psd import FLATTENED
from inpaint_studio.storage.layered.openraster import MIMETYPE
from inpaint_studio.storage.refusals import unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from inpaint_studio.storage.family import WriteOptions
    from inpaint_studio.storage.photo import Photo, PhotoInfo

_MERGED = "mergedimage.png"
_MOST_MEMBERS = 10_000
_LARGEST = 1 << 30  # bytes of the merged picture's file
_HEAD = 33  # of a PNG: its signature and first chunk
_OVERHEAD = 16 << 20  # what a PNG may hold beside its pixels


class OpenRaster:
    """The OpenRaster family, read only. Nothing is unpacked to disk, and no member but the merged picture is read."""

    id = "openraster"
    title = "OpenRaster"
    suffixes: tuple[str, ...] = (".ora",)
    lossless = True
    takes_quality = False
    writes = False
    largest_side = 1_000_000

    def sniff(self, head: bytes) -> bool:
        return head.startswith(b"PK\3\4") and head[30:54] == b"mimetype" + MIMETYPE

    def probe(self, path: Path, page: int = 0) -> PhotoInfo:
        return replace(png.probed(path, io.BytesIO(_merged(path))), family=self.id)

    def read(self, path: Path, page: int = 0) -> Photo:
        photo = png.decoded(path, _merged(path))
        return replace(photo, family=self.id, notes=(FLATTENED,))

    def holds(self, pixel_format: PixelFormat) -> PixelFormat:
        return PixelFormat(pixel_format.colour, "uint8", pixel_format.alpha)

    def write(self, target: Path, photo: Photo, options: WriteOptions) -> tuple[str, ...]:
        raise InputError(f"{target.name} cannot be written as one picture.", "Export its layers, or choose TIFF.")


def _merged(path: Path) -> bytes:
    """The merged picture's file. Raises ValueError for an archive that lies about it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                raise ValueError("archive with too many members")
            found = [member for member in members if member.filename == _MERGED]
            if len(found) != 1:
                raise unsupported(path, "holds no picture of its layers", "Save it anew in the program it came from.")
            if found[0].file_size > _LARGEST or found[0].flag_bits & 1:
                raise ValueError("archive member too large or locked")
            with archive.open(found[0]) as stream:
                head = stream.read(_HEAD)
                data = head + stream.read(_most(head) - len(head))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError("archive damaged") from error
    if len(data) != found[0].file_size:
        raise ValueError("archive member of another size than it says")
    return data


def _most(head: bytes) -> int:
    """Bytes that a PNG beginning with `head` may have. Raises ValueError when it is none."""
    if len(head) < _HEAD or not head.startswith(SIGNATURE):
        raise ValueError("no PNG signature")
    width, height = int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    return min(_LARGEST, width * height * 8 + _OVERHEAD)
