"""Between a photo and an engine: crops with context, encoding, sizes, and the way back."""

from inpaint_studio.engines.fitting.crop import crop_around
from inpaint_studio.engines.fitting.fitted import Crop, Fitted, fit

__all__ = ["Crop", "Fitted", "crop_around", "fit"]
