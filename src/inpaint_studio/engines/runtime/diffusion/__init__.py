"""Diffusion models by diffusers: which there are, how they are opened, and one pass of one over a picture."""

from inpaint_studio.engines.runtime.diffusion.families import FAMILIES, SCHEDULERS, Family, family_of
from inpaint_studio.engines.runtime.diffusion.loading import Source, open_pipeline
from inpaint_studio.engines.runtime.diffusion.sampling import Drawn, Sampler, Sketch
from inpaint_studio.engines.runtime.diffusion.tiny import Previewer

__all__ = [
    "FAMILIES",
    "SCHEDULERS",
    "Drawn",
    "Family",
    "Previewer",
    "Sampler",
    "Sketch",
    "Source",
    "family_of",
    "open_pipeline",
]
