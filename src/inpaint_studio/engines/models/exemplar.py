"""Objects: patches of the surroundings, by our own multi-scale PatchMatch at any depth and channel count."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import platformdirs

from inpaint_studio.engines.contract import (
    COPIES,
    Decision,
    Engine,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Progress,
    Silent,
    SizeRule,
)
from inpaint_studio.engines.fitting.known import hole_and_unknown
from inpaint_studio.engines.fitting.prefill import prefilled
from inpaint_studio.errors import InputError, StudioError
from inpaint_studio.pixels.rect import Rect

if TYPE_CHECKING:
    from inpaint_studio.engines.library.installed import InstalledModel
    from inpaint_studio.pixels.masks import Hole

#: Patch radius, and depth of the hole at the coarsest scale, of the layouts tried; the random numbers differ too.
_LAYOUTS = ((3, 10.0), (4, 10.0), (3, 10.0), (2, 10.0))
#: Seconds between two reports: a cancel must be heard within a tenth.
_PAUSE = 0.03
#: The first look is made in so many pixels a side, of squares known in at least that share.
_LOOK, _SURE = 128, 0.05
_NOTE = "Copying from the surroundings"


@dataclass(frozen=True, slots=True)
class ExemplarOptions:
    """layouts: how many coarse layouts are tried; the most coherent is kept. More is slower and seldom worse."""

    layouts: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.layouts <= 12:
            raise InputError("layouts must be between 1 and 12.", "4 suits most photos.")


class _Teller:
    """Between the synthesis and `Progress`: fractions that only grow, and not too many of them."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._fraction, self._last = progress, 0.0, 0.0

    def __call__(self, fraction: float, picture: Float | None) -> bool:
        now = time.monotonic()
        if picture is None and now - self._last < _PAUSE:
            return False
        self._last, self._fraction = now, max(self._fraction, fraction)
        return self._progress.step(self._fraction, _NOTE, picture) is Decision.FINISH


class Exemplar:
    """Float inside; deterministic for a seed whatever the number of threads."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hurry = progress.step(0.0, _NOTE) is Decision.FINISH
        if not (request.mask > 0).any():
            return FillResult(request.image)
        hint = "Use a smaller mask, or the engine membrane, which needs no source."
        hole, unknown = hole_and_unknown(request, "copy", hint)
        avoid = unknown & ~hole
        hurry |= progress.step(0.0, _NOTE, _first_look(request.image, hole, avoid)) is Decision.FINISH
        synthesis = _compiled()
        options = request.options or ExemplarOptions()
        count = 1 if hurry else options.layouts
        layouts = [synthesis.Layout(*_LAYOUTS[number % len(_LAYOUTS)]) for number in range(count)]
        image = np.array(request.image, np.float32, order="C")
        # what the mask hides must not show anywhere
        image[hole] = 0
        work = synthesis.Synthesis(image, hole, avoid, request.seed, _Teller(progress))
        filled = np.clip(work.run(layouts), 0, 1)
        progress.step(1.0, _NOTE)
        return FillResult(np.where(hole[..., None], filled, request.image))


def _first_look(image: Float, hole: Hole, avoid: Hole) -> Float:
    """`image` with the hole filled by the blurred colours around it: something to see within a blink."""
    height, width = hole.shape
    box = Rect.around(hole)
    box = box.grown(max(8, max(box.width, box.height) // 8)).clipped(Rect.of_size(width, height))
    step = max(1, -(-max(box.width, box.height) // _LOOK))
    size = max(1, box.width // step), max(1, box.height // step)
    known = (~(hole | avoid))[box.slices].astype(np.float32)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(image[box.slices] * known[..., None], size, interpolation=cv2.INTER_AREA)
    small = colours.reshape(*share.shape, -1) / np.maximum(share, 1e-6)[..., None]
    # by channel: OpenCV's border takes no more than four
    planes = [prefilled(plane[..., None], share < _SURE) for plane in np.moveaxis(small.astype(np.float32), 2, 0)]
    large = np.dstack([cv2.resize(plane, (box.width, box.height)) for plane in planes])
    picture = image.copy()
    own = hole[box.slices]
    picture[box.slices][own] = np.clip(large[own], 0, 1)
    return picture


def _compiled() -> Any:
    """The synthesis with its compiled loops, which are kept in a folder of the user's."""
    folder = platformdirs.user_cache_path("inpaint-studio", appauthor=False) / "numba"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
    try:
        return importlib.import_module("inpaint_studio.engines.patches.synthesis")
    except (ImportError, OSError, RuntimeError, SystemError) as error:
        raise StudioError(
            f"The loops for exemplar could not be compiled on this computer ({error}).", "Use the engine patchmatch."
        ) from error


def warm() -> None:
    """Compile the kernels, or load them: once, seconds; not in the window's process."""
    mask = np.zeros((32, 32), np.float32)
    mask[14:18, 14:18] = 1
    image = np.random.default_rng(0).random((32, 32, 3), np.float32)
    Exemplar().fill(FillRequest(image, mask, options=ExemplarOptions(layouts=1)), Silent())


def _load(device: str) -> Engine:
    return Exemplar()


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """The one engine of this family."""
    return (
        EngineSpec(
            id="exemplar",
            version=1,
            title="Exemplar: objects, at full depth",
            licence="MIT",
            load=_load,
            size=SizeRule(least=16, most=3072),
            context=1.5,
            context_least=64,
            takes=frozenset({"avoid", COPIES}),
            grace=1.0,
            options=ExemplarOptions,
        ),
    )
