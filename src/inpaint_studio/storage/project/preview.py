"""What a document looked like at the size of a screen: shown while the document itself is still being opened."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inpaint_studio.document.codec import format_from_json
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.storage.project import schema
from inpaint_studio.storage.project.opened import read_blob
from inpaint_studio.storage.project.records import Pictured, Shape, State
from inpaint_studio.storage.project.refusals import reading

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Greatest width and height of a preview in pixels.
SIDE = 2048

_QUALITY = 85
_MOST_BYTES = 4 << 20
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_MODES = {
    (Colour.GRAY, False): "L",
    (Colour.RGB, False): "RGB",
    (Colour.CMYK, False): "CMYK",
    (Colour.GRAY, True): "LA",
    (Colour.RGB, True): "RGBA",
}


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """`pixels` (uint8 h×w×C in `format`) show all of a canvas of `width` × `height` pixels, in the colours of `profile`."""

    pixels: NDArray[np.uint8]
    format: PixelFormat
    profile: bytes | None
    width: int
    height: int


def make_preview(picture: NDArray[np.uint8], colour: Colour) -> bytes | None:
    """`picture` (h×w×C in `colour`, with alpha where there is one channel more) as a JPEG, or as a PNG with alpha.

    None when it would take more than 4 MiB. CMYK goes without alpha.
    """
    alpha = picture.shape[2] > colour.channels and colour is not Colour.CMYK
    samples = np.ascontiguousarray(picture[..., : colour.channels + alpha])
    height, width = samples.shape[:2]
    image = Image.frombytes(_MODES[colour, alpha], (width, height), samples.tobytes())
    stream = io.BytesIO()
    if alpha:
        image.save(stream, "PNG", compress_level=1)
    else:
        image.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue() if stream.tell() <= _MOST_BYTES else None


def read_preview(path: Path, *, journal: bool = False) -> Preview | None:
    """What the project `path` looks like, or a journal that nobody holds; any thread, some milliseconds.

    None when there is none, it can't be read, or steps came after it: a project is never seen other than it is.
    """
    try:
        with reading(path):
            if not journal:
                schema.check_file(path)
            with closing(schema.connect(path, mode="ro")) as connection:
                schema.check(connection, path, pages=False)
                if Pictured.read(connection).top != State.read(connection).top:
                    return None
                shape, data = Shape.read(connection), read_blob(connection, "preview")
                profile = read_blob(connection, "profile")
            canvas, photo = Rect(*shape.canvas), format_from_json(shape.format)
            pixels = None if data is None else _decoded(data, photo)
    except InputError:
        return None
    if pixels is None or canvas.empty:
        return None
    alpha = pixels.shape[2] > photo.colour.channels
    return Preview(pixels, PixelFormat(photo.colour, "uint8", alpha), profile, canvas.width, canvas.height)


def _decoded(data: bytes, photo: PixelFormat) -> NDArray[np.uint8] | None:
    """None for what `make_preview` did not make. Raises what `refusals.reading` takes for damage."""
    if len(data) > _MOST_BYTES or not data.startswith((_JPEG, _PNG)):
        return None
    kind = "PNG" if data.startswith(_PNG) else "JPEG"
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        if max(image.size) > SIDE or image.mode != _MODES.get((photo.colour, kind == "PNG")):
            return None
        return np.asarray(image).reshape(image.height, image.width, -1)
