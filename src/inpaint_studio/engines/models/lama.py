"""LaMa: removes what is masked and continues the surroundings, structure included (Suvorov et al., WACV 2022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from inpaint_studio.engines.contract import (
    Decision,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Progress,
    SizeRule,
    check,
)
from inpaint_studio.engines.fitting import padded, scaled, scaled_mask, tiles
from inpaint_studio.engines.learned import Family, Network, Networks, Openers, torchscript
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.runtime.devices import DEVICES, choose_device
from inpaint_studio.engines.runtime.lama import MULTIPLE, LamaNetwork, load_weights
from inpaint_studio.engines.runtime.onnx import open_session
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.masks import depth_in

if TYPE_CHECKING:
    from inpaint_studio.pixels.masks import Hole

#: Holes wider than this, in pixels, are also looked at from further off: the network was trained at 256.
_WIDE = 256
#: Side of the smallest picture: halved three times there must be something left to mirror.
_LEAST = 64
#: Crops with more pixels than this are drawn in tiles of that side.
_MOST_PIXELS, _TILE, _OVERLAP = 1280 * 1280, 1024, 128


@dataclass(frozen=True, slots=True)
class LamaOptions:
    """two_scales: look at wide holes from further off first, so that their middle fits in. device: what computes."""

    two_scales: bool = True
    device: str = "auto"

    #: What options of words can be.
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"device": DEVICES}

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise InputError(f"{self.device} is no device.", f"It can be: {', '.join(DEVICES)}.")


class Lama:
    """One installed LaMa model. Deterministic, without a seed."""

    def __init__(self, model: InstalledModel) -> None:
        self._networks = Networks(model, _OPENERS)

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hole = request.mask > 0
        if not hole.any():
            progress.step(1.0, "Removing")
            return FillResult(request.image)
        options: LamaOptions = request.options or LamaOptions()
        progress.step(None, f"Loading {self._networks.title}")
        network = self._networks.on(options.device)
        image, mask = padded(request.image, hole.astype(np.float32), MULTIPLE, _LEAST)
        made = _drawn(image, mask, network, progress, two_scales=options.two_scales)
        height, width = hole.shape
        made = np.clip(made[:height, :width], 0, 1)
        return FillResult(np.ascontiguousarray(np.where(hole[..., None], made, request.image), np.float32))

    def prepare(self, options: LamaOptions | None, progress: Progress) -> None:
        """Open the model as a fill with `options` does."""
        self._networks.prepare((options or LamaOptions()).device, progress)


def _drawn(image: Float, mask: Float, network: Network, progress: Progress, *, two_scales: bool) -> Float:
    """All of `image` as the network draws it, wide holes with the broad forms of a look from further off."""
    wide = 2 * float(depth_in(np.pad(mask > 0, 1)).max())
    share = _WIDE / wide if two_scales and wide > _WIDE else 1.0
    progress.step(0.0, "Removing")
    coarse = None
    if share < 1:
        size = tuple(max(64, round(side * share / MULTIPLE) * MULTIPLE) for side in mask.shape)
        small = scaled(image, (size[0], size[1]))
        seen = network(small, (scaled_mask(mask, (size[0], size[1])) > 0).astype(np.float32), lambda: check(progress))
        coarse = scaled(np.clip(seen, 0, 1), (mask.shape[0], mask.shape[1]))
        if progress.step(0.3, "Removing", np.where(mask[..., None] > 0, coarse, image)) is Decision.FINISH:
            return coarse
    fine = _in_tiles(image, mask, network, progress, coarse, start=0.0 if coarse is None else 0.3)
    progress.step(1.0, "Removing")
    return fine if coarse is None else _joined(coarse, fine, mask > 0, 1 / share)


def _in_tiles(
    image: Float, mask: Float, network: Network, progress: Progress, coarse: Float | None, start: float
) -> Float:
    whole = mask.size <= _MOST_PIXELS
    height, width = mask.shape
    pieces = tiles(height, width, max(height, width) if whole else _TILE, _OVERLAP, MULTIPLE)
    pieces = tuple(piece for piece in pieces if mask[piece.rect.slices].any())
    ground = image if coarse is None else np.where(mask[..., None] > 0, coarse, image)
    made, weight = np.zeros_like(image), np.zeros(mask.shape, np.float32)
    for done, piece in enumerate(pieces):
        place = piece.rect.slices
        if progress.step(start + (1 - start) * done / len(pieces), "Removing") is Decision.FINISH and done:
            break
        part = ground[place]
        if not (mask[place] > 0).all() or len(pieces) == 1:  # a tile that knows nothing keeps the look from further off
            part = network(image[place], mask[place], lambda: check(progress))
        made[place] += part * piece.weight[..., None]
        weight[place] += piece.weight
    return np.asarray(np.where((weight > 0)[..., None], made / np.maximum(weight, 1e-6)[..., None], ground), np.float32)


def _joined(coarse: Float, fine: Float, hole: Hole, reduction: float) -> Float:
    """`fine` with the broad forms of `coarse` deep in the hole, where the network sees nothing but its own drawing."""
    blur = (0, 0), 2 * reduction
    broad = cv2.GaussianBlur(coarse, *blur) - cv2.GaussianBlur(np.clip(fine, 0, 1), *blur)
    depth = np.clip(depth_in(np.pad(hole, 1))[1:-1, 1:-1] / (_WIDE / 2), 0, 1)
    share = (depth * depth * (3 - 2 * depth))[..., None]
    return np.asarray(fine + share * broad, np.float32)


def _from_weights(path: Path, device: str) -> Network:
    return LamaNetwork(load_weights(path), choose_device(device)).fill


def _from_torchscript(path: Path, device: str) -> Network:
    run = torchscript(path, device)

    def network(image: Float, hole: Float, _check: Callable[[], None]) -> Float:
        return np.ascontiguousarray(run((image.transpose(2, 0, 1)[None], hole[None, None]))[0].transpose(1, 2, 0))

    return network


def _from_onnx(path: Path, _device: str) -> Network:
    session = open_session(path)
    inputs = session.get_inputs()
    (picture,) = (port for port in inputs if port.shape[1] == 3)
    (mask,) = (port for port in inputs if port.shape[1] == 1)
    sides = [side if isinstance(side, int) else 0 for side in picture.shape[2:]]

    def network(image: Float, hole: Float, _check: Callable[[], None]) -> Float:
        size = sides[0] or image.shape[0], sides[1] or image.shape[1]
        shown = scaled(image, size).transpose(2, 0, 1)[None]
        marked = (scaled_mask(hole, size) > 0).astype(np.float32)[None, None]
        (made,) = session.run(None, {picture.name: np.ascontiguousarray(shown), mask.name: marked})
        plane = np.asarray(made[0], np.float32).transpose(1, 2, 0)
        # exports differ: some answer in 0..255
        plane = plane / np.float32(255) if plane.max() > 2 else plane
        return scaled(np.ascontiguousarray(np.clip(plane, 0, 1)), (image.shape[0], image.shape[1]))

    return network


_OPENERS: Openers = {"file": _from_weights, "torchscript": _from_torchscript, "onnx": _from_onnx}

_FAMILY = Family(
    id="lama",
    does="objects removed, structure continued",
    licence="Apache-2.0 for the published weights; ask whoever made these",
    engine=Lama,
    openers=_OPENERS,
    options=LamaOptions,
    size=SizeRule(least=_LEAST, most=2048, multiple_of=MULTIPLE),
    context=1.0,
    context_least=128,
)


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """One engine for each installed LaMa model."""
    return _FAMILY.specs(library)
