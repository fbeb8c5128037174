"""Writing a document with its layers for another editor: PSD at full depth, OpenRaster in 8-bit sRGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from inpaint_studio.document.layers import Layer, layer_from
from inpaint_studio.errors import Cancelled, InputError, StudioError
from inpaint_studio.storage import exif
from inpaint_studio.storage.atomic import atomic_target
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.layered.openraster import write_openraster
from inpaint_studio.storage.layered.psd import write_psd
from inpaint_studio.storage.layered.stack import sheets
from inpaint_studio.studio.studio import Studio

_WRITERS = {".psd": write_psd, ".ora": write_openraster}
#: Suffixes of the formats with layers.
LAYERED = tuple(_WRITERS)

#: Writes the file; any thread may call it.
Write = Callable[[Callable[[], bool] | None], Path]


def layers_export(studio: Studio, target: Path, title: str = "Photo") -> Write:
    """Freeze the document now; what is returned writes it to `target`, whole or not at all, as its suffix says.

    Masks become hidden layers. A PSD is read back: the picture of all layers must be exactly what is shown. The returned
    function raises InputError, StudioError, or Cancelled when its argument says so.
    """
    writer = _WRITERS.get(target.suffix.lower())
    if writer is None:
        raise InputError(f"{target.name} names no format with layers.", f"Use one of {', '.join(_WRITERS)}.")
    photo, document = studio.photo, studio.document
    composite = document.composite()
    layers: tuple[Layer, ...] = tuple(layer_from(layer.state()) for layer in document.layers)
    metadata = replace(photo.metadata, exif=exif.with_orientation(photo.metadata.exif, 1), orientation=1)

    def write(cancelled: Callable[[], bool] | None = None) -> Path:
        merged = composite.read(document.photo.extent)

        def verify(written: Path) -> None:
            if cancelled is not None and cancelled():
                raise Cancelled
            back = read_photo(written, max_megapixels=float("inf"))
            if back.pixels.shape[:2] != merged.shape[:2] or (
                target.suffix.lower() == ".psd" and not np.array_equal(back.pixels, merged)
            ):
                raise StudioError(
                    "The written file does not show what the document does, so it was not kept.", "Report this."
                )

        with atomic_target(target, verify) as temporary, temporary.open("wb") as stream:
            writer(stream, merged, photo.format, sheets(photo.pixels, photo.format, layers, title), metadata)
        return target

    return write
