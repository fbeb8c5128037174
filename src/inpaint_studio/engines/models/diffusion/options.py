"""What can be set of a fill by a diffusion model, and what a task means for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from inpaint_studio.engines.runtime import memory
from inpaint_studio.engines.runtime.devices import DEVICES
from inpaint_studio.engines.runtime.diffusion import SCHEDULERS
from inpaint_studio.engines.runtime.memory import MEMORY
from inpaint_studio.errors import InputError


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with what lies under the mask.

    strength: where it starts, 1 = from pure noise. hidden: whether what lies under the mask is hidden from the model.
    """

    strength: float
    hidden: bool


#: What `task` can be beside "auto".
TASKS = {"remove": Task(1.0, hidden=True), "restore": Task(0.75, hidden=True), "replace": Task(1.0, hidden=False)}


@dataclass(frozen=True, slots=True)
class DiffusionOptions:
    """prompt: what shall be there; empty to continue the surroundings. negative_prompt: what shall not be there.
    task: remove what is masked, restore damage, or replace it by what the prompt says; auto goes by the prompt.
    strength: how far from what is there it may go, 0.05 to 1; 0 leaves it to the task.
    guidance: how closely the prompt is followed; 0 leaves it to the model.
    steps: more take longer and may show more detail. scheduler: the way from noise to the picture.
    memory: full is fastest; offload, group, sequential and small take less and less memory and more time.
    retry: try again with less memory when it runs out. device: what computes.
    """

    prompt: str = ""
    negative_prompt: str = ""
    task: str = "auto"
    strength: float = 0.0
    guidance: float = 0.0
    steps: int = 20
    scheduler: str = "auto"
    memory: str = "auto"
    retry: bool = True
    device: str = "auto"

    #: What options of words can be.
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "task": ("auto", *TASKS),
        "scheduler": ("auto", *SCHEDULERS),
        "memory": MEMORY,
        "device": DEVICES,
    }

    def __post_init__(self) -> None:
        if self.strength and not 0.05 <= self.strength <= 1:
            raise InputError("strength must be between 0.05 and 1, or 0.", "1 makes something new, 0.3 changes little.")
        if not 0 <= self.guidance <= 100:
            raise InputError("guidance must be between 0 and 100.", "0 leaves it to the model.")
        if not 1 <= self.steps <= 200:
            raise InputError("steps must be between 1 and 200.", "20 suits most models.")
        for name, choices in self.choices.items():
            if getattr(self, name) not in choices:
                raise InputError(f"{getattr(self, name)} is no {name}.", f"It can be: {', '.join(choices)}.")


def lighter(options: DiffusionOptions) -> DiffusionOptions | None:
    """The options with which to try again when memory ran out; None when there is nothing less."""
    way = memory.less(options.memory) if options.retry else None
    return None if way is None else replace(options, memory=way)
