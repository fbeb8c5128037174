"""Every photo file family this program knows. A new one is a module in `families/` and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inpaint_studio.storage.families.avif import Avif
from inpaint_studio.storage.families.heic import Heic
from inpaint_studio.storage.families.jpeg import Jpeg
from inpaint_studio.storage.families.jpegxl import JpegXl
from inpaint_studio.storage.families.openraster import OpenRaster
from inpaint_studio.storage.families.png import Png
from inpaint_studio.storage.families.psd import Psd
from inpaint_studio.storage.families.raw import Raw
from inpaint_studio.storage.families.tiff import Tiff
from inpaint_studio.storage.families.webp import Webp

if TYPE_CHECKING:
    from inpaint_studio.storage.family import Family

#: Raws begin as TIFFs do, and are asked first.
FAMILIES: tuple[Family, ...] = (Raw(), Png(), Tiff(), Jpeg(), Webp(), Avif(), JpegXl(), Psd(), OpenRaster(), Heic())
