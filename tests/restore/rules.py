"""Rules of what is mended unseen, small enough to be read."""

from __future__ import annotations

from inpaint_studio.restore.defects import NETWORK
from inpaint_studio.restore.forest import LEAF, Forest
from inpaint_studio.restore.unseen import FEATURES, Bet

#: A feature, a limit, and what is added up to it and above it.
Stump = tuple[str, float, float, float]


def tree(name: str, limit: float, below: float, above: float) -> dict[str, list[float]]:
    """One question."""
    return {
        "features": [FEATURES.index(name), LEAF, LEAF], "limits": [limit, 0, 0], "left": [1, 0, 0], "right": [2, 0, 0],
        "values": [0, below, above],
    }  # fmt: skip


def rule(*stumps: Stump, need: float = 0.0) -> Bet:
    """The sum of some questions, less what all classes need."""
    return Bet(Forest.of([tree(*stump) for stump in stumps]), (need,) * len(NETWORK))
