"""CMYK photos for engines of three channels: seen as ideal inks on paper, and back with the photo's own black."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.contract import Float
from inpaint_studio.pixels.format import Samples, from_float, to_float
from inpaint_studio.pixels.masks import Hole

#: Known pixels among which the most alike is looked for, for each filled one.
_MOST = 20_000
#: Below this share of paper the three colours hardly show: they are taken over with the black.
_DARK = np.float32(1 / 256)


def as_paper(inks: Samples) -> NDArray[np.uint16]:
    """What inks (H×W×4, full intensity = full ink) show on white paper, H×W×3 at 16 bits whatever their depth."""
    share = to_float(inks)
    return np.asarray(from_float((1 - share[..., :3]) * (1 - share[..., 3:]), np.dtype(np.uint16)), np.uint16)


def as_inks(paper: Samples, inks: Samples, hole: Hole, known: Hole) -> Samples:
    """`inks` (H×W×4) with `hole` (H×W) filled so that it shows `paper` (H×W×3, 16 bits).

    Many inks show one colour: black is taken from the `known` pixel that shows most nearly the same, as the photo was
    separated, and the three colours follow. Without a known pixel no black is used.
    """
    from scipy.spatial import cKDTree  # type: ignore[import-untyped]

    result = inks.copy()
    if not hole.any():
        return result
    wanted: Float = to_float(paper[hole])
    like = np.zeros((len(wanted), 4), np.float32)
    places = np.flatnonzero(known)
    if len(places):
        if len(places) > _MOST:
            places = np.random.default_rng(0).choice(places, _MOST, replace=False)
        sources = to_float(inks.reshape(-1, 4)[places])
        _, nearest = cKDTree((1 - sources[:, :3]) * (1 - sources[:, 3:])).query(wanted, workers=1)
        like = sources[nearest]
    black = np.minimum(like[:, 3:], 1 - wanted.max(1, keepdims=True))
    white = 1 - black
    colours = np.where(white < _DARK, like[:, :3], 1 - wanted / np.maximum(white, _DARK))
    result[hole] = from_float(np.concatenate([colours, black], axis=1).astype(np.float32), inks.dtype)
    return result
