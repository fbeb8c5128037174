"""What the layers show together, read a rectangle at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inpaint_studio.document.layers import Layer, PixelLayer
from inpaint_studio.pixels.blend import blend, fade, hide
from inpaint_studio.pixels.format import PixelFormat, Samples
from inpaint_studio.pixels.masks import Opacity
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage


@dataclass(frozen=True, slots=True)
class FrozenFill:
    """The planes and the opacity of a visible layer of pixels at one moment."""

    pixels: TiledImage
    alpha: TiledImage
    hidden: TiledImage
    opacity: float

    def opacity_in(self, rect: Rect) -> Opacity:
        """How much of the fill is seen in `rect`, 16-bit H×W: its alpha, less what is hidden, by its opacity."""
        alpha = self.alpha.read(rect)[..., 0]
        if self.hidden.tiles:
            alpha = hide(alpha, self.hidden.read(rect)[..., 0])
        return fade(alpha, self.opacity)


@dataclass(frozen=True, slots=True)
class Composite:
    """The photo with its visible fills at one moment. Frozen: any thread may read it while the document goes on."""

    photo: TiledImage
    fills: tuple[FrozenFill, ...]

    @classmethod
    def of(cls, photo: TiledImage, layers: Sequence[Layer]) -> Composite:
        """What `photo` (never changed, so not copied) and the visible fills among `layers`, bottom first, show."""
        return cls(
            photo,
            tuple(
                FrozenFill(layer.pixels.snapshot(), layer.alpha.snapshot(), layer.hidden.snapshot(), layer.opacity)
                for layer in layers
                if isinstance(layer, PixelLayer) and layer.visible
            ),
        )

    @property
    def format(self) -> PixelFormat:
        return self.photo.format

    def read(self, rect: Rect) -> Samples:
        """The visible pixels in `rect`, H×W×C in the photo's format; a fill never touches the photo's alpha."""
        result = self.photo.read(rect)
        colours = self.format.colour.channels
        for fill in self.fills:
            area = fill.alpha.covered.clipped(rect)
            if area.empty:
                continue
            part = result[area.within(rect).slices]
            part[..., :colours] = blend(part[..., :colours], fill.pixels.read(area), fill.opacity_in(area))
        return result
