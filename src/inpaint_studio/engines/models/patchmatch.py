"""Objects: patches copied from the surroundings, by the PyPatchMatch library (Barnes et al., SIGGRAPH 2009)."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inpaint_studio.engines.contract import (
    AVAILABLE,
    Availability,
    Engine,
    EngineSpec,
    FillRequest,
    FillResult,
    Progress,
    SizeRule,
)
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.errors import InputError, StudioError

# seed and verbosity are global to the process in the library
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class PatchMatchOptions:
    """patch_radius: a patch is 2·radius + 1 pixels wide. Larger follows larger structure, and is slower."""

    patch_radius: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.patch_radius <= 15:
            raise InputError("patch_radius must be between 1 and 15.", "3 suits most photos.")


class PatchMatch:
    """8-bit, hard masks, one native call: no progress inside it and no cancel but by ending the process."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        import patchmatch

        hole = request.mask > 0
        progress.step(None, "Copying from the surroundings")
        if not hole.any():
            return FillResult(request.image)
        avoid = np.zeros_like(hole) if request.avoid is None else (request.avoid > 0) & ~hole
        if (hole | avoid).all():
            raise InputError(
                "There is nothing to copy from: the mask leaves no usable pixel.",
                "Use a smaller mask, or another engine.",
            )
        image = np.rint(np.clip(request.image, 0, 1) * 255).astype(np.uint8)
        colour = np.array(np.broadcast_to(image, (*hole.shape, 3)), order="C")
        # what the object looked like must not steer the search
        colour[hole] = 0
        with _LOCK:
            patchmatch.set_verbose(False)
            patchmatch.set_random_seed(request.seed & 0xFFFFFFFF)
            try:
                filled = patchmatch.inpaint(
                    colour, hole, global_mask=avoid if avoid.any() else None, patch_size=request.options.patch_radius
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
            version=1,
            title="PatchMatch: objects",
            licence="MIT",
            load=_load,
            # an 8 GB laptop holds this crop; larger holes are filled at less than full resolution
            size=SizeRule(least=16, most=3072),
            levels=8,
            context=1.5,
            context_least=64,
            takes=frozenset({"avoid"}),
            grace=0.0,
            options=PatchMatchOptions,
            availability=_availability(),
        ),
    )
