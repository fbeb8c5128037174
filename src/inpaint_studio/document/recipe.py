"""What a fill was made with, so that it can be run again, changed, or sent to another photo."""

from __future__ import annotations

from dataclasses import dataclass, field

from inpaint_studio.document.codec import Json
from inpaint_studio.errors import InputError

_VERSION = 2
#: What recipes of version 1 were made without.
_BEFORE_2 = {"seams": False, "grain": False}
#: The engine of a fill that was merged from layers made in different ways: `chosen` says by which engines, and how much.
MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Engine, its options as JSON, seed and mask geometry. The mask itself is kept beside it, in the fill layer.

    grow, feather: pixels. context: in hole sizes, None for the engine's own. chosen: for each engine that `auto` picked
    the number of parts it filled. seams, grain: whether the fill was matched to its rim and to the grain around it.
    """

    engine: str = "auto"
    engine_version: int = 1
    options: Json = field(default_factory=dict)
    seed: int = 0
    grow: int = 0
    feather: int = 0
    context: float | None = None
    chosen: dict[str, int] = field(default_factory=dict)
    seams: bool = True
    grain: bool = True

    @property
    def can_run(self) -> bool:
        """Whether it says how to make the fill again; not whether its engine is installed."""
        return self.engine != MERGED

    def to_json(self) -> Json:
        return {
            "version": _VERSION,
            "engine": self.engine,
            "engine_version": self.engine_version,
            "options": self.options,
            "seed": self.seed,
            "grow": self.grow,
            "feather": self.feather,
            "context": self.context,
            "chosen": self.chosen,
            "seams": self.seams,
            "grain": self.grain,
        }

    @classmethod
    def from_json(cls, data: Json) -> Recipe:
        """A recipe opens whether or not its engine is installed. Raises InputError for a newer layout."""
        if data.get("version") == 1:
            data = {**_BEFORE_2, **data, "version": _VERSION}
        if data.get("version") != _VERSION:
            raise InputError("A recipe was written by a newer version of the program.", "Update Inpaint Studio.")
        return cls(**{key: value for key, value in data.items() if key != "version"})
