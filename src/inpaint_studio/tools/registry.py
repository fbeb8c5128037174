"""The tools that the window offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inpaint_studio.pixels.stroke import Ink
from inpaint_studio.tools.base import Tool
from inpaint_studio.tools.clone import CloneTool
from inpaint_studio.tools.hand import HandTool
from inpaint_studio.tools.heal import HealTool
from inpaint_studio.tools.magnetic import MagneticTool
from inpaint_studio.tools.patch import PatchTool
from inpaint_studio.tools.polygon import PolygonTool
from inpaint_studio.tools.shapes import ellipse_tool, lasso_tool, rectangle_tool
from inpaint_studio.tools.smart_select import SmartSelectTool
from inpaint_studio.tools.stroke import StrokeTool
from inpaint_studio.tools.wand import WandTool


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """A tool's name, its title in the window, the key that picks it, how to make one, and how to use it, in a line."""

    id: str
    title: str
    key: str
    make: Callable[[], Tool]
    hint: str


#: In the order of the tool bar.
TOOLS: tuple[ToolEntry, ...] = (
    ToolEntry(
        "brush",
        "Brush",
        "B",
        lambda: StrokeTool(Ink.OVER),
        "Paint over what should go. Shift+click draws a straight line, Alt erases, a right click sets the brush.",
    ),
    ToolEntry(
        "eraser",
        "Eraser",
        "E",
        lambda: StrokeTool(Ink.ERASE),
        "Take away from the mask, or bring the original back on a fill. Alt paints.",
    ),
    ToolEntry(
        "soft_edge", "Soft edge", "U", lambda: StrokeTool(Ink.SOFTEN), "Paint along the edge of the mask to soften it."
    ),
    ToolEntry(
        "rectangle",
        "Rectangle",
        "M",
        rectangle_tool,
        "Drag from corner to corner. Shift makes it square, Alt subtracts, Shift+Alt intersects.",
    ),
    ToolEntry(
        "ellipse",
        "Ellipse",
        "Shift+M",
        ellipse_tool,
        "Drag from corner to corner. Shift makes it round, Alt subtracts, Shift+Alt intersects.",
    ),
    ToolEntry("lasso", "Lasso", "L", lasso_tool, "Draw round what should go. Alt subtracts, Shift+Alt intersects."),
    ToolEntry(
        "polygon",
        "Polygon Lasso",
        "Shift+L",
        PolygonTool,
        "Click from corner to corner. Enter closes the line, Backspace takes a corner back, Esc leaves it.",
    ),
    ToolEntry(
        "magnetic",
        "Magnetic Lasso",
        "N",
        MagneticTool,
        "Click along an edge; the line follows it. Enter closes the line, Backspace takes a click back, Esc leaves it.",
    ),
    ToolEntry(
        "smart_select",
        "Smart Select",
        "A",
        SmartSelectTool,
        "Show an object by a box or a scribble. A scribble with Alt leaves a part out.",
    ),
    ToolEntry("wand", "Magic Wand", "W", WandTool, "Click on a colour. Alt subtracts, Shift+Alt intersects."),
    ToolEntry("heal", "Heal", "J", HealTool, "Paint over a blemish: it is mended when you let go."),
    ToolEntry("clone", "Clone Stamp", "S", CloneTool, "Alt+click (or Ctrl+click) where to copy from, then paint."),
    ToolEntry("patch", "Patch", "Shift+J", PatchTool, "Draw round a region, then drag it to something better."),
    ToolEntry("hand", "Hand", "H", HandTool, "Drag to move the photo. With Space held every tool does so."),
)
