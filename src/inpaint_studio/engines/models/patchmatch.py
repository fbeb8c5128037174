"""Objects: patches copied from the surroundings, laid out by the PyPatchMatch library (Barnes et al., SIGGRAPH 2009).

The library fills the crop at half its size or less, several times; the picture whose texture is most like its
surroundings' is copied from the photo by our own finer levels (`patches.drawn`).
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inpaint_studio.engines.contract import (
    AVAILABLE,
    COPIES,
    Availability,
    Decision,
    Embedded,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Progress,
    SizeRule,
)
from inpaint_studio.engines.fitting.known import hole_and_unknown
from inpaint_studio.engines.fitting.look import first_look
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.patches.level import emptied
from inpaint_studio.engines.patches.running import Teller, module
from inpaint_studio.errors import InputError, StudioError

if TYPE_CHECKING:
    from inpaint_studio.engines.patches.level import Level
    from inpaint_studio.pixels.masks import Hole

#: Patch radius as a rule, and where at least that share of the crop is missing: on `freeform` the SWD is 4.55 with 2 and
#: 5.68 with 3; on `retouch`, 3.26 and 3.56, but PSNR and GMSD are better with 3.
_RADIUS, _SMALL, _MUCH = 3, 2, 0.3
#: How much copying from far away costs, against unlikeness, in every other picture. With .02 fills break into pieces.
_NEAR = 0.004
#: Holes with fewer pixels have only what is near to copy from, and are mended on a click: no time for a guided picture.
_SPOT = 5000
# seed and verbosity are global to the process in the library
_LOCK = threading.Lock()
#: Between the seeds of layouts: candidates take seeds one apart.
_APART = 1_000_003
_NOTE = "Copying from the surroundings"


@dataclass(frozen=True, slots=True)
class PatchMatchOptions:
    """patch_radius: a patch is 2·radius + 1 pixels wide. Larger follows larger structure, and is slower. 0: by the hole.
    layouts: how many are drawn to choose from.
    """

    patch_radius: int = 0
    layouts: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.patch_radius <= 15:
            raise InputError("patch_radius must be between 0 and 15.", "0 suits most photos.")
        if not 1 <= self.layouts <= 12:
            raise InputError("layouts must be between 1 and 12.", "2 suits most photos.")

    def radius(self, hole: Hole) -> int:
        """The radius for `hole`: where much is missing, small patches find more that fits."""
        return self.patch_radius or (_RADIUS if hole.mean() < _MUCH else _SMALL)


class PatchMatch:
    """The library lays out the fill at a smaller size, with 8 bits; what is copied is the photo itself, at its depth.

    The native call hears no cancel, but is short; same seed, same result.
    """

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hurry = progress.step(0.0, _NOTE) is Decision.FINISH
        if not (request.mask > 0).any():
            return FillResult(request.image)
        hole, unknown = hole_and_unknown(request, "copy", "Use a smaller mask, or another engine.")
        avoid = unknown & ~hole
        options = request.options or PatchMatchOptions()
        radius = options.radius(hole)
        guided = int(hole.sum()) >= _SPOT

        def draw(level: Level, number: int) -> Float:
            return _drawn(level, radius, (request.seed + number * _APART) & 0xFFFFFFFF, near=guided and number % 2 == 1)

        teller = Teller(progress, _NOTE)
        look = first_look(request.image, hole, avoid, lambda: teller(0, None))
        hurry |= progress.step(0.0, _NOTE, look) is Decision.FINISH
        drawn = module("drawn")
        image = emptied(request.image, hole, lambda: teller(0, None))
        work = drawn.FromPictures(image, hole, avoid, request.seed, teller)
        filled = np.clip(work.run_from(draw, 1 if hurry else options.layouts), 0, 1)
        progress.step(1.0, _NOTE)
        return FillResult(np.where(hole[..., None], filled, request.image))


def _drawn(level: Level, radius: int, seed: int, *, near: bool) -> Float:
    """The picture of `level` (float32 H×W×C) with its hole filled by the library, which works with 8 bits.

    near: rather from nearby, by the library's own guidance, which prefers sources at like coordinates: what is at another
    height or far to the side is mostly another distance, light or thing.
    """
    import patchmatch

    known = ~(level.hole | level.avoid)
    values = level.features[..., :-1]
    low, high = float(values[known].min()), float(values[known].max())
    span = max(high - low, 1e-6)
    shown = np.rint(np.clip((values - low) / span, 0, 1) * 255).astype(np.uint8)
    colour = np.array(np.broadcast_to(shown, (*level.hole.shape, 3)), order="C")
    with _LOCK:
        patchmatch.set_verbose(False)
        patchmatch.set_random_seed(seed)
        try:
            avoid = level.avoid if level.avoid.any() else None
            if near:
                filled = patchmatch.inpaint_regularity(
                    colour, level.hole, _places(level), global_mask=avoid, patch_size=radius, guide_weight=_NEAR
                )
            else:
                filled = patchmatch.inpaint(colour, level.hole, global_mask=avoid, patch_size=radius)
        except RuntimeError as error:
            raise StudioError(f"PatchMatch could not fill this part ({error}).", "Try another engine.") from error
    return np.asarray(filled[..., : values.shape[2]] * np.float32(span / 255) + np.float32(low), np.float32)


def _places(level: Level) -> Float:
    """Row and column of each pixel in 0..1 of the longer side, H×W×3 as the library takes them."""
    height, width = level.hole.shape
    places = np.zeros((height, width, 3), np.float32)
    places[..., 0] = np.arange(height, dtype=np.float32)[:, None] / max(height, width)
    places[..., 1] = np.arange(width, dtype=np.float32) / max(height, width)
    return places


def _availability() -> Availability:
    if importlib.util.find_spec("patchmatch") is None:
        return Availability(
            available=False, reason="PyPatchMatch is not installed.", remedy="pip install 'pypatchmatch>=2.2'"
        )
    return AVAILABLE


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """The one engine of this family."""
    return (
        EngineSpec(
            id="patchmatch",
            version=4,
            title="PatchMatch: objects",
            licence="MIT",
            load=Embedded(PatchMatch),
            # an 8 GB laptop holds this crop; larger holes are filled at less than full resolution
            size=SizeRule(least=16, most=3072),
            context=1.5,
            context_least=64,
            takes=frozenset({"avoid", COPIES}),
            grace=0.0,
            options=PatchMatchOptions,
            availability=_availability(),
        ),
    )
