"""Objects: patches copied from the surroundings, by the PyPatchMatch library (Barnes et al., SIGGRAPH 2009)."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inpaint_studio.engines.contract import (
    AVAILABLE,
    COPIES,
    Availability,
    Engine,
    EngineSpec,
    FillRequest,
    FillResult,
    Progress,
    SizeRule,
)
from inpaint_studio.engines.fitting.known import hole_and_unknown
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.errors import InputError, StudioError
from inpaint_studio.pixels.masks import Hole

#: Patch radius as a rule, and where at least that share of the crop is missing: on `freeform` the SWD is 4.55 with 2 and
#: 5.68 with 3; on `retouch`, 3.26 and 3.56, but PSNR and GMSD are better with 3.
_RADIUS, _SMALL, _MUCH = 3, 2, 0.3
# seed and verbosity are global to the process in the library
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class PatchMatchOptions:
    """patch_radius: a patch is 2·radius + 1 pixels wide. Larger follows larger structure, and is slower. 0: by the hole."""

    patch_radius: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.patch_radius <= 15:
            raise InputError("patch_radius must be between 0 and 15.", "0 suits most photos.")

    def radius(self, hole: Hole) -> int:
        """The radius for `hole`: where much is missing, small patches find more that fits."""
        return self.patch_radius or (_RADIUS if hole.mean() < _MUCH else _SMALL)


class PatchMatch:
    """8-bit, hard masks, one native call: no progress inside it and no cancel but by ending the process."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        import patchmatch

        progress.step(None, "Copying from the surroundings")
        if not (request.mask > 0).any():
            return FillResult(request.image)
        hole, unknown = hole_and_unknown(request, "copy", "Use a smaller mask, or another engine.")
        avoid = unknown & ~hole
        image = np.rint(np.clip(request.image, 0, 1) * 255).astype(np.uint8)
        colour = np.array(np.broadcast_to(image, (*hole.shape, 3)), order="C")
        # what the object looked like must not steer the search
        colour[hole] = 0
        with _LOCK:
            patchmatch.set_verbose(False)
            patchmatch.set_random_seed(request.seed & 0xFFFFFFFF)
            try:
                filled = patchmatch.inpaint(
                    colour, hole, global_mask=avoid if avoid.any() else None, patch_size=request.options.radius(hole)
                )
            except RuntimeError as error:
                raise StudioError(f"PatchMatch could not fill this part ({error}).", "Try another engine.") from error
        result = (filled[..., : request.image.shape[2]] / np.float32(255)).astype(np.float32)
        progress.step(1.0, "Copying from the surroundings")
        return FillResult(np.where(hole[..., None], result, request.image))


def _load(device: str) -> Engine:
    return PatchMatch()


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
            version=2,
            title="PatchMatch: objects",
            licence="MIT",
            load=_load,
            # an 8 GB laptop holds this crop; larger holes are filled at less than full resolution
            size=SizeRule(least=16, most=3072),
            levels=8,
            context=1.5,
            context_least=64,
            takes=frozenset({"avoid", COPIES}),
            grace=0.0,
            options=PatchMatchOptions,
            availability=_availability(),
        ),
    )
