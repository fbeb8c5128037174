"""The photo's colours on this window's screen: Qt's own transform at 16 bits where it can, else Little CMS at 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColorSpace, QImage

from inpaint_studio.pixels.colour_spaces import display_transform, usable
from inpaint_studio.pixels.format import Colour, from_float, to_float

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget

    from inpaint_studio.document.document import Document
    from inpaint_studio.pixels.display_samples import ToDisplay
    from inpaint_studio.pixels.format import Samples

_SRGB = QColorSpace.NamedColorSpace.SRgb


def screen_space(widget: QWidget) -> QColorSpace:
    """The colours of the window that shows `widget`, as far as the platform tells Qt; else sRGB."""
    handle = widget.window().windowHandle()
    stated = handle.format().colorSpace() if handle is not None else QColorSpace()
    return stated if stated.isValid() and stated.isValidTarget() else QColorSpace(_SRGB)


def to_display(document: Document, screen: QColorSpace) -> ToDisplay:
    """Takes the document's colour samples to the screen's."""
    return profile_to_display(document.profile, document.format.colour, screen)


def profile_to_display(profile: bytes | None, colour: Colour, screen: QColorSpace) -> ToDisplay:
    """Takes samples in the colours of `profile` to the screen's; as they are where it can't be used."""
    if not usable(profile, colour):
        return display_transform(None, colour)
    assert profile is not None  # noqa: S101  it is usable
    source = QColorSpace.fromIccProfile(profile)
    simple = source.isValid() and source.transformModel() == QColorSpace.TransformModel.ThreeComponentMatrix
    if colour is Colour.RGB and simple:
        return display_transform(None, colour) if source == screen else _by_qt(source, screen)
    return display_transform(profile, colour, bytes(screen.iccProfile().data()))


def _by_qt(source: QColorSpace, screen: QColorSpace) -> ToDisplay:
    """For profiles of three curves and a matrix: at most two of 255 levels from exact, some milliseconds a tile."""
    change = source.transformationToColorSpace(screen)

    def transform(samples: Samples) -> NDArray[np.uint8]:
        height, width = samples.shape[:2]
        deep = samples.dtype != np.uint8
        padded = np.full((height, width, 4), 65535 if deep else 255, np.uint16 if deep else np.uint8)
        if samples.dtype.kind == "f":
            samples = from_float(np.nan_to_num(to_float(samples)), padded.dtype)
        padded[..., :3] = samples
        kind = QImage.Format.Format_RGBX64 if deep else QImage.Format.Format_RGBX8888
        image = QImage(padded.data, width, height, padded.strides[0], kind)
        shown = image.colorTransformed(change, QImage.Format.Format_RGBX8888)
        pixels = np.frombuffer(shown.constBits(), np.uint8).reshape(height, -1, 4)
        return np.ascontiguousarray(pixels[:, :width, :3])

    return transform
