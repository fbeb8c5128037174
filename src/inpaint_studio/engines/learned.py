"""What the families of small networks share: an engine and a spec for each installed model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inpaint_studio.engines.contract import Engine, EngineSpec, Float, Progress, SizeRule
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.engines.runtime.devices import choose_device, torch_module
from inpaint_studio.engines.runtime.memory import memory_errors
from inpaint_studio.engines.runtime.needs import availability

#: Draws a picture (float32 H×W×3 in 0..1) under a hole (H×W of 0 and 1); `check` may be called meanwhile.
Network = Callable[[Float, Float, Callable[[], None]], Float]

#: By the layout of the model's file: opens it on a device.
Openers = Mapping[str, Callable[[Path, str], Network]]

#: The layout that onnxruntime opens, on the processor and within a moment.
_LIGHT = "onnx"


class Networks:
    """One installed model, opened once for each device."""

    def __init__(self, model: InstalledModel, openers: Openers) -> None:
        self.title = model.title
        self._model, self._openers = model, openers
        self._networks: dict[str, Network] = {}

    def on(self, device: str) -> Network:
        """The network on `device`, which may take long to open."""
        if device not in self._networks:
            # a file may have been replaced since it was found; TorchScript runs code, and passes by its checksum only
            probe(self._model.path)
            self._networks[device] = self._openers[self._model.layout](self._model.path, device)
        return self._networks[device]

    def prepare(self, device: str, progress: Progress) -> None:
        """Open the model as a fill on `device` does."""
        progress.step(None, f"Loading {self.title}")
        self.on(device)


@dataclass(frozen=True, slots=True)
class Opening:
    """The loader of an installed model; equal for the same model, so that a process knows which it has already."""

    engine: Callable[[InstalledModel], Engine]
    model: InstalledModel

    def __call__(self, device: str) -> Engine:
        return self.engine(self.model)


@dataclass(frozen=True, slots=True)
class Family:
    """What all models of a family have in common.

    does: for the title. licence: of the weights where a model's own is not known. openers: of the layouts it comes in.
    Of `size` a model may have a native side of its own; the other fields are those of `EngineSpec`.
    """

    id: str
    does: str
    licence: str
    engine: Callable[[InstalledModel], Engine]
    openers: Openers
    options: type
    size: SizeRule
    context: float
    context_least: int
    levels: int = 32
    version: int = 1

    def specs(self, library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
        """One for each installed model of the family."""
        return tuple(self._spec(model) for model in library if model.family == self.id and model.layout in self.openers)

    def _spec(self, model: InstalledModel) -> EngineSpec:
        heavy = model.layout != _LIGHT
        return EngineSpec(
            id=f"{self.id}/{model.id}",
            version=self.version,
            title=f"{model.title}: {self.does}",
            licence=model.licence or self.licence,
            load=Opening(self.engine, model),
            size=replace(self.size, native=model.native or self.size.native),
            levels=self.levels,
            channels=frozenset({3}),
            context=self.context,
            context_least=self.context_least,
            grace=2.0 if heavy else 0.0,
            worker="heavy" if heavy else "quick",
            memory_mib=model.memory_mib,
            patience=600.0 if heavy else 0.0,
            options=self.options,
            availability=availability("torch", "safetensors") if heavy else availability("onnxruntime"),
        )


def torchscript(path: Path, device: str) -> Callable[[tuple[Float, ...]], Float]:
    """The published program in `path`: arrays in, the first array out. It runs code, so `probe` must have let it pass."""
    torch = torch_module()
    kind = choose_device(device).kind
    module = torch.jit.load(str(path), map_location=kind).eval()

    def run(inputs: tuple[Float, ...]) -> Float:
        with torch.no_grad(), memory_errors():
            made = module(*(torch.from_numpy(np.ascontiguousarray(part)).to(kind) for part in inputs))
            return np.asarray(made.cpu().numpy(), np.float32)

    return run
