"""Making what a network drew meet its surroundings."""

from __future__ import annotations

import numpy as np

from inpaint_studio.engines.contract import Float
from inpaint_studio.pixels.masks import distance_to

#: Pixels around the hole by which colours are compared, as a share of the crop's longer side.
_RING = 0.08
#: A network is off by a few per cent; what is further off is another content, and no reason to tint everything.
_MOST = 0.1


def colour_shift(made: Float, image: Float, mask: Float) -> Float:
    """What to add to each channel of `made` (float32 H×W×C) so that around the hole its tones are those of `image`.

    Networks return even what they may not change a little tinted: by how much is told by the known pixels near the hole.
    mask: float32 H×W, above 0 in the hole. The shift is the median over the ring, and small.
    """
    hole = mask > 0
    if not hole.any() or hole.all():
        return np.zeros(made.shape[2], np.float32)
    reach = max(8.0, _RING * max(mask.shape))
    ring = (distance_to(hole) <= reach) & ~hole
    shift = np.median(image[ring] - made[ring], axis=0)
    return np.asarray(np.clip(shift, -_MOST, _MOST), np.float32)


def keep_soft(made: Float, remade: Float, image: Float, mask: Float) -> Float:
    """`made` with what the way through a network's own code costs given back where the mask is soft.

    remade: `image` after the same way, with nothing changed. Where the mask tends to 0 the result tends to `image` itself,
    so that a soft mask has no seam; where it is 1 the result is `made`.
    """
    rest = np.where(mask > 0, 1 - mask, 0)[..., None]
    return np.asarray(made + rest * (image - remade), np.float32)
