"""MI-GAN: removes what is masked within a second, on any processor (Sargsyan et al., ICCV 2023)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.engines.runtime.onnx import open_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_NATIVE = 512
_NOTE = "Removing"


class Migan:
    """The published ONNX pipeline: bytes in, bytes out, 0 in its mask is the hole. Deterministic; one native call."""

    def __init__(self, model: InstalledModel) -> None:
        self._model = model
        self._session: InferenceSession | None = None

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hole = request.mask > 0
        progress.step(None, _NOTE)
        if not hole.any():
            return FillResult(request.image)
        session = self._opened()
        image = np.rint(np.clip(request.image, 0, 1) * 255).astype(np.uint8)
        # what the object looked like must not steer the network
        image[hole] = 0
        known = np.where(hole, np.uint8(0), np.uint8(255))
        (picture,) = (port for port in session.get_inputs() if port.shape[1] == 3)
        (mask,) = (port for port in session.get_inputs() if port.shape[1] == 1)
        wanted = {picture.name: np.ascontiguousarray(image.transpose(2, 0, 1)[None]), mask.name: known[None, None]}
        (made,) = session.run(None, wanted)
        result = np.asarray(made[0], np.float32).transpose(1, 2, 0) / np.float32(255)
        progress.step(1.0, _NOTE)
        return FillResult(np.ascontiguousarray(np.where(hole[..., None], result, request.image), np.float32))

    def _opened(self) -> InferenceSession:
        if self._session is None:
            # a file may have been replaced since it was found
            probe(self._model.path)
            self._session = open_session(self._model.path)
        return self._session


def _availability() -> Availability:
    if importlib.util.find_spec("onnxruntime") is None:
        return Availability(
            available=False, reason="onnxruntime is not installed.", remedy="pip install 'onnxruntime>=1.23'"
        )
    return AVAILABLE


@dataclass(frozen=True, slots=True)
class _Load:
    """Makes the engine; equal for the same model, so that a process knows which it has already."""

    model: InstalledModel

    def __call__(self, device: str) -> Engine:
        return Migan(self.model)


def _specs(library: Sequence[InstalledModel]) -> Iterator[EngineSpec]:
    for model in library:
        if model.family != "migan":
            continue

        yield EngineSpec(
            id=f"migan/{model.id}",
            version=1,
            title=f"{model.title}: objects removed in a moment",
            licence=model.licence or "MIT for the published weights; ask whoever made these",
            load=_Load(model),
            # the pipeline itself brings every crop to 512 pixels and back
            size=SizeRule(least=16, most=2048, native=model.native or _NATIVE),
            levels=8,
            channels=frozenset({3}),
            context=0.5,
            context_least=64,
            grace=0.0,
            memory_mib=model.memory_mib,
            availability=_availability(),
        )


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """One engine for each installed MI-GAN model."""
    return tuple(_specs(library))
