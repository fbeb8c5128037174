"""Diffusion models: something new in the place of what is masked, after a prompt or without one (Rombach et al., CVPR 2022)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inpaint_studio.engines.contract import Availability, Engine, EngineSpec, SizeRule
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.models.diffusion.engine import Diffusion
from inpaint_studio.engines.models.diffusion.options import DiffusionOptions, lighter
from inpaint_studio.engines.runtime.diffusion import Family, Previewer, family_of
from inpaint_studio.engines.runtime.needs import availability

__all__ = ["DiffusionOptions", "specs"]

_NEEDED = ("torch", "diffusers", "transformers", "accelerate", "safetensors")
#: Largest side a crop is looked at, in native sizes.
_MOST = 4


def _availability(model: InstalledModel, like: InstalledModel | None) -> Availability:
    installed = availability(*_NEEDED)
    if installed.available and model.layout == "file" and like is None:
        return Availability(
            available=False,
            reason="A single file lacks the words that prompts are made of.",
            remedy="Get a model folder of the same family: inpaint-studio models list",
        )
    return installed


def _like(model: InstalledModel, library: Sequence[InstalledModel]) -> InstalledModel | None:
    """The folder that says what the parts of a single file are: of the same family, best of the same width."""
    if model.layout != "file":
        return None
    folders = [other for other in library if other.layout == "folder" and other.family == model.family]
    return min(folders, key=lambda other: other.in_channels != model.in_channels, default=None)


@dataclass(frozen=True, slots=True)
class _Load:
    """Makes the engine; equal for the same model, so that a process knows which it has already."""

    model: InstalledModel
    family: Family
    like: InstalledModel | None
    previewers: tuple[Previewer, ...]

    def __call__(self, device: str) -> Engine:
        return Diffusion(self.model, self.family, self.like, self.previewers)


def _specs(library: Sequence[InstalledModel]) -> Iterator[EngineSpec]:
    previewers = tuple(Previewer(model.path, model.in_channels) for model in library if model.family == "taesd")
    for model in library:
        family = family_of(model.class_name, model.in_channels)
        if family is None:
            continue
        like = _like(model, library)
        native = model.native or family.native

        yield EngineSpec(
            id=f"diffusion/{model.id}",
            version=1,
            title=f"{model.title}: something new, after a prompt or without",
            licence=model.licence or family.note,
            load=_Load(model, family, like, previewers),
            size=SizeRule(least=family.multiple, most=native * _MOST, multiple_of=family.multiple, native=native),
            levels=32,
            channels=frozenset({3}),
            context=0.75,
            context_least=64,
            takes=frozenset({"soft", "prompt", "strength"}),
            needs_source=False,
            grace=2.0,
            worker="heavy",
            memory_mib=model.memory_mib,
            patience=900.0,
            options=DiffusionOptions,
            lighter=lighter,
            availability=_availability(model, like),
        )


def specs(library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    """One engine for each installed model of a known family."""
    return tuple(_specs(library))
