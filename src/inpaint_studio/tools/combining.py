"""Whether what is selected adds to the mask or takes away from it: as the tool is set, or as keys say."""

from __future__ import annotations

from inpaint_studio.tools.base import Modifier, Tool
from inpaint_studio.tools.selection import Combine


def combine_by(modifiers: Modifier, otherwise: Combine = Combine.ADD) -> Combine:
    """What the keys held at the first press say: Alt or the pen's eraser subtracts, Shift+Alt intersects; else `otherwise`.

    Ctrl does what Alt does: some desktops move the window when something is dragged with Alt.
    """
    if not modifiers & (Modifier.ALT | Modifier.CONTROL | Modifier.ERASER):
        return otherwise
    return Combine.INTERSECT if modifiers & Modifier.SHIFT else Combine.SUBTRACT


class SelectingTool(Tool):
    """A tool whose selections go into the mask by `how`, where no key says otherwise: for a pen there may be no keyboard."""

    how = Combine.ADD

    def combine(self, modifiers: Modifier) -> Combine:
        """How what begins with these keys goes into the mask."""
        return combine_by(modifiers, self.how)
