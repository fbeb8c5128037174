"""OpenRaster: a ZIP of 8-bit sRGB pictures and the order they lie in, for exchange with Krita, GIMP and others."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import numpy as np

from inpaint_studio.pixels.colour_spaces import to_srgb
from inpaint_studio.pixels.format import PixelFormat, Samples
from inpaint_studio.storage.convert import at_depth

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from inpaint_studio.storage.layered.stack import Sheet
    from inpaint_studio.storage.photo import Metadata

MIMETYPE = b"image/openraster"
_THUMBNAIL = 256


def write_openraster(
    stream: BinaryIO, merged: Samples, pixel_format: PixelFormat, layers: Iterable[Sheet], metadata: Metadata
) -> None:
    """Write `layers`, bottom first, and what they show together, `merged` (H×W×C with alpha)."""
    height, width = merged.shape[:2]
    plain = pixel_format.without_alpha()
    rows = []
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", MIMETYPE)
        for index, sheet in enumerate(layers):
            colours, _ = to_srgb(np.ascontiguousarray(sheet.colours), plain, metadata.icc)
            alpha = at_depth(sheet.alpha, "uint8")
            if sheet.mask is not None:
                alpha = ((alpha.astype(np.uint16) * sheet.mask + 127) // 255).astype(np.uint8)
            name = f"data/layer{index:03}.png"
            archive.writestr(name, _png(np.dstack([at_depth(colours, "uint8"), alpha])))
            rows.append(
                f"<layer name={quoteattr(_plain_text(sheet.name))} src='{name}' x='{sheet.place.left}' "
                f"y='{sheet.place.top}' opacity='{sheet.opacity:.4f}' "
                f"visibility='{'visible' if sheet.visible else 'hidden'}' composite-op='svg:src-over'/>"
            )
        across, down = (round(value) for value in metadata.resolution or (72, 72))
        archive.writestr(
            "stack.xml",
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            f"<image version='0.0.3' w='{width}' h='{height}' xres='{across}' yres='{down}'><stack>"
            f"{''.join(reversed(rows))}</stack></image>\n",
        )
        whole, held = to_srgb(merged, pixel_format, metadata.icc)
        shown = at_depth(whole, "uint8")
        if not held.alpha:
            shown = np.dstack([shown, np.full(shown.shape[:2], 255, np.uint8)])
        archive.writestr("mergedimage.png", _png(shown))
        archive.writestr("Thumbnails/thumbnail.png", _thumbnail(shown))


def _plain_text(name: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(letter for letter in name if letter.isprintable())


def _png(samples: Samples) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.png_encode(np.ascontiguousarray(samples), level=6))


def _thumbnail(shown: Samples) -> bytes:
    from PIL import Image

    picture = Image.fromarray(shown)
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
