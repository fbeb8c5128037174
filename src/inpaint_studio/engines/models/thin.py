"""Scratches, dust, hairs and wires: a directional fill, weighed by small networks of our own.

From each pixel of the hole 16 orientations lead both ways to the first known pixels (`pixels.rays`). A mixer weighs those,
a refiner looks once more at the filled neighbourhood. Both give weights for pixels, never colours, so they serve any
depth and channel count. `resources/models/thin.md` is their card. Without onnxruntime, or when told so, the ends are
blended by their distance and likeness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.engines.contract import (
    Decision,
    Engine,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Progress,
    SizeRule,
)
from inpaint_studio.engines.runtime.onnx import session
from inpaint_studio.errors import InputError
from inpaint_studio.pixels import membrane, rays

if TYPE_CHECKING:
    from inpaint_studio.engines.library.installed import InstalledModel
    from inpaint_studio.pixels.masks import Hole
    from inpaint_studio.pixels.rays import Ends

_MIXER, _REFINER = "thin-mixer.onnx", "thin-refiner.onnx"
#: Steps that a ray goes; what lies deeper is stretched between what the rays have filled.
_REACH = 40
_THREADS = 2
#: Batches between two looks at the progress.
_AT_ONCE = 8
#: Pixels that go through a network at once: small enough for the processor's caches and to hear a cancel soon.
_BATCH = 512
_NOTE = "Following lines"


@dataclass(frozen=True, slots=True)
class ThinOptions:
    """learned: weigh by the networks; without them the fill is faster and softer."""

    learned: bool = True


class Thin:
    """Deterministic, without a seed."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hole = request.mask > 0
        if not hole.any():
            progress.step(1.0, _NOTE)
            return FillResult(request.image)
        unknown = hole if request.avoid is None else hole | (request.avoid > 0)
        if unknown.all():
            raise InputError(
                "There is nothing to continue from: the mask leaves no usable pixel.",
                "Leave some of the photo unmasked.",
            )
        progress.step(0.0, _NOTE)
        work = _Work(request, hole, unknown)
        work.blend()
        learned = request.options is None or request.options.learned
        networks = (session(_MIXER), session(_REFINER)) if learned else ()
        note = ""
        if learned and None in networks:
            note = "onnxruntime is missing, so thin marks were filled without the learned weights."
        elif learned:
            work.weigh(networks, progress)
        progress.step(1.0, _NOTE)
        return FillResult(work.result(), note)


class _Work:
    """One fill. `image` holds what is filled so far; a pass reads it and writes it when it is through."""

    def __init__(self, request: FillRequest, hole: Hole, unknown: Hole) -> None:
        self._request, self._hole, self._unknown = request, hole, unknown
        self._image = np.where(unknown[..., None], np.float32(0), request.image)
        self._where: Ends = np.flatnonzero(hole).astype(np.int32)

    def blend(self) -> None:
        """Fill everything without the networks."""
        # a row of marks at a time: a large hole must not need its rays all at once
        reached = np.zeros(len(self._where), np.bool_)
        filled = np.zeros((len(self._where), self._image.shape[2]), np.float32)
        for part in self._batches(64 * _BATCH):
            ends, distances = rays.trace(self._unknown, self._where[part], _REACH)
            reached[part] = (ends[..., 0] >= 0).any((1, 2))
            filled[part] = rays.blend(self._image, ends, distances)
        self._write(self._where[reached], filled[reached])
        if not reached.all():
            open_still = self._unknown.copy()
            open_still.ravel()[self._where[reached]] = False
            if open_still.all():
                open_still = self._unknown
            self._image[self._hole] = membrane.stretch(self._image, open_still)[self._hole]
        self._where = self._where[reached]

    def weigh(self, networks: Sequence[Any], progress: Progress) -> None:
        """Fill again what the rays reached, by the mixer, then by the refiner. FINISH keeps what there is."""
        known = np.where(self._unknown[..., None], np.float32(0), self._request.image)
        spread = np.zeros(len(self._where), np.float32)
        usable = self._hole | ~self._unknown
        luma, chroma = rays.lightness(known), rays.tint(known)

        def mixed(part: slice) -> Float:
            ends, distances = rays.trace(self._unknown, self._where[part], _REACH)
            features = rays.describe(luma, chroma, self._unknown, ends, distances)
            spread[part] = features[:, 0, rays.SPREAD]
            weights = networks[0].run(None, {"features": features})[0]
            return rays.mix(known, ends.reshape(len(ends), -1), weights)

        def refined(part: slice) -> Float:
            where = self._where[part]
            near, lightness, given = rays.surround(luma, usable, ~self._unknown, where, np.exp(-3 * spread[part]))
            weights = networks[1].run(None, {"lightness": lightness, "known": given})[0]
            return self._image.reshape(-1, self._image.shape[2])[where] + rays.mix(self._image, near, weights)

        if self._through(mixed, progress, 0.0, 0.75):
            luma = rays.lightness(self._image)
            self._through(refined, progress, 0.75, 0.25)

    def _through(self, step: Callable[[slice], Float], progress: Progress, start: float, share: float) -> bool:
        """`step` over all batches, two at a time; whether it went to the end. Batches don't see one another's results."""
        filled = np.empty((len(self._where), self._image.shape[2]), np.float32)
        batches = list(self._batches(_BATCH))
        with ThreadPoolExecutor(_THREADS) as pool:
            for first in range(0, len(batches), _AT_ONCE):
                if progress.step(start + share * first / len(batches), _NOTE) is Decision.FINISH:
                    return False
                some = batches[first : first + _AT_ONCE]
                for part, values in zip(some, pool.map(step, some), strict=True):
                    filled[part] = values
        self._write(self._where, np.clip(filled, 0, 1))
        return True

    def _batches(self, size: int) -> Iterator[slice]:
        for start in range(0, len(self._where), size):
            yield slice(start, min(start + size, len(self._where)))

    def _write(self, where: Ends, values: Float) -> None:
        self._image.reshape(-1, self._image.shape[2])[where] = values

    def result(self) -> Float:
        return np.where(self._hole[..., None], np.clip(self._image, 0, 1), self._request.image)


def _load(device: str) -> Engine:
    return Thin()


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """The one engine of this family."""
    return (
        EngineSpec(
            id="thin",
            version=1,
            title="Thin: dust, scratches, hairs and wires",
            licence="MIT",
            load=_load,
            size=SizeRule(most=4096),
            context=0.25,
            context_least=_REACH + 8,
            takes=frozenset({"avoid"}),
            grace=1.0,
            options=ThinOptions,
        ),
    )
