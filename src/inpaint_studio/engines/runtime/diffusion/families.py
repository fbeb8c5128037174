"""The diffusion models that can be filled with: one declaration a family, keyed by pipeline class and channels.

Another family is another entry here. It is listed once `tests/engines/learned` fills with it end to end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Samplers by the names users know: class in diffusers, and what is set beside the model's own configuration.
SCHEDULERS: dict[str, tuple[str, dict[str, object]]] = {
    "dpm++": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "ddim": ("DDIMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
    "flow": ("FlowMatchEulerDiscreteScheduler", {}),
}


@dataclass(frozen=True, slots=True)
class Family:
    """What is known of a family before one of it is opened.

    classes: pipeline classes that its folders name. channels: what their denoiser may take, empty for any (a transformer's
    width follows from its patches). pipeline: the class that fills with them.
    native: pixels a side it was trained on. multiple: of what its sides are. guidance: how closely prompts are followed.
    schedulers: what can be chosen, the first by default. negative: whether it takes a negative prompt.
    packed: latents are handed about as a row of 2×2 patches. exact_mask: sees the mask at full resolution.
    note: about the licence, for whoever brings a model without one.
    """

    name: str
    title: str
    classes: frozenset[str]
    channels: frozenset[int]
    pipeline: str
    native: int
    multiple: int
    guidance: float
    schedulers: tuple[str, ...]
    negative: bool
    packed: bool
    exact_mask: bool
    note: str


_SD = Family(
    name="sd",
    title="Stable Diffusion",
    classes=frozenset({"StableDiffusionInpaintPipeline", "StableDiffusionPipeline"}),
    channels=frozenset({4, 9}),
    pipeline="StableDiffusionInpaintPipeline",
    native=512,
    multiple=8,
    guidance=7.5,
    schedulers=("dpm++", "ddim", "euler", "euler_a"),
    negative=True,
    packed=False,
    exact_mask=False,
    note="CreativeML OpenRAIL-M: free to use, also commercially, but not for the harmful uses it lists",
)
FAMILIES = (
    _SD,
    replace(
        _SD,
        name="sdxl",
        title="Stable Diffusion XL",
        classes=frozenset({"StableDiffusionXLInpaintPipeline", "StableDiffusionXLPipeline"}),
        pipeline="StableDiffusionXLInpaintPipeline",
        native=1024,
        guidance=7.0,
        note="CreativeML OpenRAIL++-M: free to use, also commercially, but not for the harmful uses it lists",
    ),
    Family(
        name="flux",
        title="FLUX.1 Fill",
        classes=frozenset({"FluxFillPipeline"}),
        channels=frozenset(),
        pipeline="FluxFillPipeline",
        native=1024,
        multiple=16,
        guidance=30.0,
        schedulers=("flow",),
        negative=False,
        packed=True,
        exact_mask=True,
        note="FLUX.1 [dev] Non-Commercial License: not for commercial use of the model",
    ),
)


def family_of(class_name: str, in_channels: int) -> Family | None:
    """The family whose pipelines of that class and width can be filled with; None when there is none."""
    return next(
        (
            family
            for family in FAMILIES
            if class_name in family.classes and (not family.channels or in_channels in family.channels)
        ),
        None,
    )
