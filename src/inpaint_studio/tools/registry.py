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
    """A tool's name, its title in the window, the key that picks it, and how to make one."""

    id: str
    title: str
    key: str
    make: Callable[[], Tool]


#: In the order of the tool bar.
TOOLS: tuple[ToolEntry, ...] = (
    ToolEntry("brush", "Brush", "B", lambda: StrokeTool(Ink.OVER)),
    ToolEntry("eraser", "Eraser", "E", lambda: StrokeTool(Ink.ERASE)),
    ToolEntry("soft_edge", "Soft edge", "U", lambda: StrokeTool(Ink.SOFTEN)),
    ToolEntry("rectangle", "Rectangle", "M", rectangle_tool),
    ToolEntry("ellipse", "Ellipse", "Shift+M", ellipse_tool),
    ToolEntry("lasso", "Lasso", "L", lasso_tool),
    ToolEntry("polygon", "Polygon Lasso", "Shift+L", PolygonTool),
    ToolEntry("magnetic", "Magnetic Lasso", "N", MagneticTool),
    ToolEntry("smart_select", "Smart Select", "A", SmartSelectTool),
    ToolEntry("wand", "Magic Wand", "W", WandTool),
    ToolEntry("heal", "Heal", "J", HealTool),
    ToolEntry("clone", "Clone Stamp", "S", CloneTool),
    ToolEntry("patch", "Patch", "Shift+J", PatchTool),
    ToolEntry("hand", "Hand", "H", HandTool),
)
