"""Scratches, dust, hairs and wires: a directional fill, weighed by small networks of our own.

From each pixel of the hole 16 orientations lead both ways to the first known pixels (`pixels.rays`). A mixer weighs those,
a refiner looks once more at the filled neighbourhood. Both give weights for pixels, never colours, so they serve any
depth and channel count. `resources/models/thin.md` is their card. Without onnxruntime, or when told so, the ends are
blended by their distance and likeness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.engines.contract import (
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
from inpaint_studio.engines.runtime.onnx import session
from inpaint_studio.pixels import membrane, rays

if TYPE_CHECKING:
    from inpaint_studio.engines.library.installed import InstalledModel
    from inpaint_studio.pixels.masks import Hole
    from inpaint_studio.pixels.rays import Ends

_MIXER, _REFINER = "thin-mixer.onnx", "thin-refiner.onnx"
#: Steps that a ray goes; what lies deeper is stretched between what the rays have filled.
_REACH = 40
_THREADS = 2
#: Pixels of a batch, and batches between two looks at the progress: a cancel must be heard soon.
_BATCH, _AT_ONCE = 1024, 4
#: Pixels that go through a network at once. The processor's caches should hold them: of 128 each takes 9 µs, of 1024, 11.
_CACHED = 128
_NOTE = "Following lines"


@dataclass(frozen=True, slots=True)
class ThinOptions:
    """learned: weigh by the networks; without them the fill is faster and softer."""

    learned: bool = True


class Thin:
    """Deterministic, without a seed."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        if not (request.mask > 0).any():
            progress.step(1.0, _NOTE)
            return FillResult(request.image)
        hole, unknown = hole_and_unknown(request, "continue", "Leave some of the photo unmasked.")
        progress.step(0.0, _NOTE)
        learned = request.options is None or request.options.learned
        networks = (session(_MIXER, blocked=False), session(_REFINER)) if learned else ()
        note = ""
        if None in networks:
            networks = ()
            note = "onnxruntime is missing, so thin marks were filled without the learned weights."
        work = _Work(request, hole, unknown)
        went_on = work.follow(networks[0] if networks else None, progress)
        work.fill_rest()
        if networks and went_on:
            work.refine(networks[1], progress)
        progress.step(1.0, _NOTE)
        return FillResult(work.result(), note)


class _Work:
    """One fill. `image` holds what is filled so far; a pass reads it and writes it when it is through."""

    def __init__(self, request: FillRequest, hole: Hole, unknown: Hole) -> None:
        self._request, self._hole, self._unknown = request, hole, unknown
        self._image = request.image.copy()
        self._image[unknown] = 0
        self._luma = rays.lightness(self._image)
        self._where: Ends = np.flatnonzero(hole).astype(np.int32)
        self._spread = np.zeros(len(self._where), np.float32)
        self._unreached = np.zeros(len(self._where), np.bool_)

    def follow(self, mixer: Any, progress: Progress) -> bool:
        """Fill from the ends of the rays, weighed by the network `mixer` (None: without). FINISH: the rest without.

        Whether nobody said FINISH.
        """

        def followed(part: slice, *, learned: bool = mixer is not None) -> Float:
            ends, distances = rays.trace(self._unknown, self._where[part], _REACH)
            self._unreached[part] = (ends[..., 0] < 0).all((1, 2))
            if not learned:
                return rays.blend(self._image, ends, distances)
            features = rays.describe(self._luma, self._image, self._unknown, ends, distances)
            self._spread[part] = features[:, 0, rays.SPREAD]
            weights = _run(mixer, features=features)
            return rays.mix(self._image, ends.reshape(len(ends), -1), weights)

        return self._through(followed, progress, 0.0, 0.75, finishing=lambda part: followed(part, learned=False))

    def fill_rest(self) -> None:
        """Stretch a membrane over what no ray reached."""
        rest = self._where[self._unreached]
        if len(rest) == 0:
            return
        unknown = self._unknown.copy()
        if len(rest) < len(self._where):
            unknown.ravel()[self._where[~self._unreached]] = False
        flat = self._image.reshape(-1, self._image.shape[2])
        flat[rest] = membrane.stretch(self._image, unknown).reshape(flat.shape)[rest]

    def refine(self, refiner: Any, progress: Progress) -> None:
        """Fill again what the rays reached, by the filled neighbourhood. FINISH keeps what there is."""
        usable, known = self._hole | ~self._unknown, ~self._unknown
        flat = self._image.reshape(-1, self._image.shape[2])
        self._luma.ravel()[self._where] = flat[self._where].mean(1)

        def refined(part: slice) -> Float:
            where, scale = self._where[part], np.exp(-3 * self._spread[part])
            near, lightness, given = rays.surround(self._luma, usable, known, where, scale)
            weights = _run(refiner, lightness=lightness, known=given)
            # what no ray reached stays smooth
            weights[self._unreached[part]] = 0
            return flat[where] + rays.mix(self._image, near, weights)

        self._through(refined, progress, 0.75, 0.25)

    def _through(
        self,
        step: Callable[[slice], Float],
        progress: Progress,
        start: float,
        share: float,
        finishing: Callable[[slice], Float] | None = None,
    ) -> bool:
        """`step` over all batches, two at a time; whether it went to the end. Batches don't see one another's results.

        finishing: what is done with the rest after FINISH; without it nothing is written then.
        """
        filled = np.empty((len(self._where), self._image.shape[2]), np.float32)
        batches = [slice(first, first + _BATCH) for first in range(0, len(self._where), _BATCH)]
        went_on = True
        with ThreadPoolExecutor(_THREADS) as pool:
            for first in range(0, len(batches), _AT_ONCE):
                if progress.step(start + share * first / len(batches), _NOTE) is Decision.FINISH:
                    if finishing is None:
                        return False
                    step, went_on = finishing, False
                some = batches[first : first + _AT_ONCE]
                for part, values in zip(some, pool.map(step, some), strict=True):
                    filled[part] = values
        self._image.reshape(-1, self._image.shape[2])[self._where] = np.clip(filled, 0, 1)
        return went_on

    def result(self) -> Float:
        """The request's image with its hole filled."""
        others = self._unknown & ~self._hole
        self._image[others] = self._request.image[others]
        return self._image


def _run(network: Any, **inputs: Float) -> Float:
    """The weights that `network` gives to N pixels, N×E."""
    count = len(next(iter(inputs.values())))
    parts = [slice(first, first + _CACHED) for first in range(0, count, _CACHED)]
    return np.concatenate([network.run(None, {key: value[part] for key, value in inputs.items()})[0] for part in parts])


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """The one engine of this family."""
    return (
        EngineSpec(
            id="thin",
            version=1,
            title="Thin: dust, scratches, hairs and wires",
            licence="MIT",
            load=Embedded(Thin),
            size=SizeRule(most=4096),
            # rays go no further, however long a mark is
            context=0.0,
            context_least=_REACH + 8,
            takes=frozenset({"avoid"}),
            grace=1.0,
            options=ThinOptions,
        ),
    )
