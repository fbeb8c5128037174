"""MI-GAN: removes what is masked within a second, on any processor (Sargsyan et al., ICCV 2023)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from inpaint_studio.engines.contract import (
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Progress,
    SizeRule,
    check,
)
from inpaint_studio.engines.fitting import padded, scaled, scaled_mask
from inpaint_studio.engines.learned import Family, Network, Networks, Openers, torchscript
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.runtime.devices import DEVICES, choose_device
from inpaint_studio.engines.runtime.migan import MiganNetwork, drawn, load_weights, seen
from inpaint_studio.engines.runtime.onnx import open_session
from inpaint_studio.errors import InputError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

#: Pixels a side of the published network.
_NATIVE = 512
_NOTE = "Removing"


@dataclass(frozen=True, slots=True)
class MiganOptions:
    """device: what computes, where torch does; .onnx files run on the processor."""

    device: str = "auto"

    #: What options of words can be.
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"device": DEVICES}

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise InputError(f"{self.device} is no device.", f"It can be: {', '.join(DEVICES)}.")


class Migan:
    """One installed MI-GAN model. Deterministic, without a seed."""

    def __init__(self, model: InstalledModel) -> None:
        self._networks = Networks(model, _OPENERS)

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hole = request.mask > 0
        progress.step(None, _NOTE)
        if not hole.any():
            return FillResult(request.image)
        options: MiganOptions = request.options or MiganOptions()
        network = self._networks.on(options.device)
        # what the object looked like must not steer the network
        image = np.where(hole[..., None], np.float32(0), np.clip(request.image, 0, 1))
        made = network(image, hole.astype(np.float32), lambda: check(progress))
        progress.step(1.0, _NOTE)
        return FillResult(np.ascontiguousarray(np.where(hole[..., None], made, request.image), np.float32))

    def prepare(self, options: MiganOptions | None, progress: Progress) -> None:
        """Open the model as a fill with `options` does."""
        self._networks.prepare((options or MiganOptions()).device, progress)


def _square(network: Network, side: int) -> Network:
    """`network`, which draws squares of `side` pixels only, for pictures of any size: mirrored to a square and resized."""

    def any_size(image: Float, hole: Float, check: Callable[[], None]) -> Float:
        whole = max(hole.shape)
        picture, mask = padded(image, hole, whole, whole)
        shown = (scaled_mask(mask, (side, side)) > 0).astype(np.float32)
        made = network(scaled(picture, (side, side)), shown, check)
        return scaled(made, (whole, whole))[: hole.shape[0], : hole.shape[1]]

    return any_size


def _from_onnx(path: Path, _device: str) -> Network:
    session = open_session(path)
    inputs = session.get_inputs()
    if len(inputs) > 1:
        return _pipeline(session)
    sides = [side for side in inputs[0].shape[2:] if isinstance(side, int)]

    def network(image: Float, hole: Float, _check: Callable[[], None]) -> Float:
        (made,) = session.run(None, {inputs[0].name: seen(image, hole)})
        return drawn(made)

    return _square(network, sides[0] if sides else _NATIVE)


def _pipeline(session: InferenceSession) -> Network:
    """The published pipeline: bytes in, bytes out, any size, 0 in its mask is the hole; it resizes by itself."""
    (picture,) = (port for port in session.get_inputs() if port.shape[1] == 3)
    (mask,) = (port for port in session.get_inputs() if port.shape[1] == 1)

    def network(image: Float, hole: Float, _check: Callable[[], None]) -> Float:
        shown = np.rint(image * 255).astype(np.uint8).transpose(2, 0, 1)[None]
        known = np.where(hole > 0, np.uint8(0), np.uint8(255))[None, None]
        (made,) = session.run(None, {picture.name: np.ascontiguousarray(shown), mask.name: known})
        return np.asarray(made[0], np.float32).transpose(1, 2, 0) / np.float32(255)

    return network


def _from_weights(path: Path, device: str) -> Network:
    network = MiganNetwork(load_weights(path), choose_device(device))
    return _square(network.fill, network.side)


def _from_torchscript(path: Path, device: str) -> Network:
    run = torchscript(path, device)

    def network(image: Float, hole: Float, _check: Callable[[], None]) -> Float:
        return drawn(run((seen(image, hole),)))

    return _square(network, _NATIVE)


_OPENERS: Openers = {"onnx": _from_onnx, "file": _from_weights, "torchscript": _from_torchscript}

_FAMILY = Family(
    id="migan",
    does="objects removed in a moment",
    licence="MIT for the published weights; ask whoever made these",
    engine=Migan,
    openers=_OPENERS,
    options=MiganOptions,
    # every crop is brought to the network's size and back
    size=SizeRule(least=16, most=2048, native=_NATIVE),
    levels=8,
    context=0.5,
    context_least=64,
)


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """One engine for each installed MI-GAN model."""
    return _FAMILY.specs(library)
