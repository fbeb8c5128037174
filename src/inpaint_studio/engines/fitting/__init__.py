"""Between a photo and an engine: crops with context, encoding, sizes, and the way back."""

from inpaint_studio.engines.fitting.crop import crop_around
from inpaint_studio.engines.fitting.fitted import Crop, Finish, Fitted, fit
from inpaint_studio.engines.fitting.passes import Tile, native_size, padded, scaled, scaled_mask, tiles
from inpaint_studio.engines.fitting.prefill import prefilled
from inpaint_studio.engines.fitting.seams import colour_shift, keep_soft
from inpaint_studio.engines.fitting.soft import soft_mask

__all__ = [
    "Crop",
    "Finish",
    "Fitted",
    "Tile",
    "colour_shift",
    "crop_around",
    "fit",
    "keep_soft",
    "native_size",
    "padded",
    "prefilled",
    "scaled",
    "scaled_mask",
    "soft_mask",
    "tiles",
]
