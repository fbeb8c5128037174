"""The kinds of damage that are told apart, and which of them a name on the command line means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inpaint_studio.errors import InputError


class Defect(StrEnum):
    """A class of damage; its value is the name of its plane in a proposal."""

    DUST = "dust"
    LINES = "lines"
    CRACKS = "cracks"
    STAINS = "stains"
    TEXT = "text"


#: What the network finds, in the order of its channels.
NETWORK = (Defect.DUST, Defect.LINES, Defect.CRACKS, Defect.STAINS)

#: The strictest confidence that can be asked for: confidences are kept in percent.
CERTAIN = 0.995

_NAMES = {
    "dust": (Defect.DUST,),
    "lines": (Defect.LINES, Defect.CRACKS),
    "cracks": (Defect.CRACKS,),
    "stains": (Defect.STAINS,),
    "text": (Defect.TEXT,),
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which probability on a pixel belongs to a part (`pixel`), and a part is shown at sensitivity ½ (`part`)."""

    pixel: float
    part: float


def classes_named(names: str) -> tuple[Defect, ...]:
    """The classes that "dust,lines" means; "lines" holds creases and cracks too. Raises InputError for another name."""
    chosen: list[Defect] = []
    for name in filter(None, (part.strip().lower() for part in names.split(","))):
        if name not in _NAMES:
            raise InputError(f"{name} is no class of damage.", f"There are {', '.join(_NAMES)}.")
        chosen += [defect for defect in _NAMES[name] if defect not in chosen]
    if not chosen:
        raise InputError("No class of damage was named.", f"There are {', '.join(_NAMES)}.")
    return tuple(chosen)
