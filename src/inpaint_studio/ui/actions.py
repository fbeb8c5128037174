"""Every command of the window by name: one table from which menus, tool bar and shortcuts are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from inpaint_studio.pixels.mask_operations import MASK_OPERATIONS
from inpaint_studio.tools.registry import TOOLS


@dataclass(frozen=True, slots=True)
class Command:
    """A command: objectName "action.NAME" (or "tool.NAME"), text, shortcuts (the first one is shown), menu, check mark.

    menu: its title, with a submenu's after a slash.
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()
    menu: str = ""
    icon: str = ""
    checkable: bool = False


_MASK_KEYS = {"all": ("Ctrl+A",), "invert": ("Ctrl+I",), "feather": ("Shift+F6",)}

#: In the order of the menus. Brackets sit on AltGr on many keyboards: comma and full stop do the same. Their shifted keys
#: are named by what they type, here and elsewhere: with "Shift+[" beside "{" Qt finds two matches, and does neither.
COMMANDS: tuple[Command, ...] = (
    Command("action.open", "Open…", ("Ctrl+O",), "File", "open"),
    Command("action.open_sample", "Open the Sample Photo", (), "File"),
    Command("action.save", "Save", ("Ctrl+S",), "File", "save"),
    Command("action.save_as", "Save As…", ("Ctrl+Shift+S",), "File"),
    Command("action.export", "Export a Photo…", ("Ctrl+Shift+E",), "File", "export"),
    Command("action.export_layers", "Export with Layers…", (), "File"),
    Command("action.close", "Close", ("Ctrl+W",), "File"),
    Command("action.quit", "Quit", ("Ctrl+Q",), "File"),
    Command("action.undo", "Undo", ("Ctrl+Z",), "Edit", "undo"),
    Command("action.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Edit", "redo"),
    Command("action.snapshot", "Snapshot…", ("Ctrl+Shift+H",), "Edit"),
    Command("action.history_memory", "History Memory…", (), "Edit"),
    Command("action.shortcuts", "Shortcuts…", (), "Edit"),
    Command("action.clear_mask", "Clear the Mask", ("Ctrl+D",), "Mask"),
    *(
        Command(
            f"action.mask_{operation.id}",
            operation.title + ("…" if operation.most else ""),
            _MASK_KEYS.get(operation.id, ()),
            "Mask",
        )
        for operation in MASK_OPERATIONS
    ),
    Command("action.colour_range", "Colour Range…", ("I",), "Mask"),
    Command("action.copy_mask", "Copy the Mask", ("Ctrl+C",), "Mask"),
    Command("action.paste_mask", "Paste as a Mask", ("Ctrl+V",), "Mask"),
    Command("action.mask_import", "Import a Mask…", (), "Mask"),
    Command("action.mask_export", "Export the Mask…", (), "Mask"),
    Command("action.fill", "Fill", ("Return", "Enter"), "Fill", "fill"),
    Command("action.cancel", "Cancel", ("Esc",), "Fill", "cancel"),
    Command("action.finish", "Stop Here and Keep This", (), "Fill"),
    Command("action.models", "Models…", (), "Fill"),
    Command("action.find_damage", "Find Damage", ("Ctrl+Shift+D",), "Restore", "damage"),
    Command("action.find_text", "Find Text and Stamps", (), "Restore"),
    Command("action.mend", "Mend What Is Outlined", ("Ctrl+Return",), "Restore"),
    Command("action.proposal_mask", "Make What Is Outlined a Mask", (), "Restore"),
    Command("action.restore_folder", "Restore a Folder…", (), "Restore"),
    Command("action.add_mask", "Add a Mask", ("Ctrl+Shift+N",), "Layer", "add"),
    Command("action.duplicate_layer", "Duplicate the Layer", ("Ctrl+J",), "Layer"),
    Command("action.merge_layers", "Merge the Layers", ("Ctrl+E",), "Layer"),
    Command("action.combine_add", "Add the Other Masks", (), "Layer"),
    Command("action.combine_subtract", "Subtract the Other Masks", (), "Layer"),
    Command("action.combine_intersect", "Intersect with the Other Masks", (), "Layer"),
    Command("action.solo_layer", "Show Only This Layer", (), "Layer"),
    Command("action.lock_layer", "Lock or Unlock", ("Ctrl+/",), "Layer"),
    Command("action.mask_colour", "Mask Colour…", (), "Layer"),
    Command("action.mask_avoid", "Don't Copy from Here", (), "Layer"),
    Command("action.mask_source", "Copy Only from Here", (), "Layer"),
    Command("action.smaller", "Smaller Brush", ("[", ","), "Brush"),
    Command("action.larger", "Larger Brush", ("]", "."), "Brush"),
    Command("action.softer", "Softer Brush", ("{", "<", ";"), "Brush"),
    Command("action.harder", "Harder Brush", ("}", ">", ":"), "Brush"),
    *(
        Command(f"action.opacity_{digit}", f"Brush Opacity {digit * 10 or 100} %", (str(digit),), "Brush/Opacity")
        for digit in (*range(1, 10), 0)
    ),
    Command("action.swap", "Swap Brush and Eraser", ("X",), "Brush"),
    Command("action.brush_defaults", "Default Brush", ("D",), "Brush"),
    Command("action.brush_popup", "Brush Settings…", ("F5",), "Brush"),
    Command("action.quick_mask", "Quick Mask", ("Q",), "View"),
    Command("action.zoom_fit", "Fit in the Window", ("Ctrl+0",), "View"),
    Command("action.zoom_100", "100 %", ("Ctrl+1",), "View"),
    Command("action.zoom_in", "Zoom In", ("Ctrl++", "Ctrl+="), "View"),
    Command("action.zoom_out", "Zoom Out", ("Ctrl+-",), "View"),
    Command("action.overlay", "Show the Mask in Red", ("O",), "View", checkable=True),
    Command("action.split_view", "Split View: Before and After", ("Y",), "View", checkable=True),
    Command("action.side_by_side", "Original Beside", ("Shift+Y",), "View", checkable=True),
    Command("action.fills_alone", "Show Only the Fills", (), "View", checkable=True),
    Command("action.rotate_view", "Rotate the View by Dragging", ("R",), "View", checkable=True),
    Command("action.rotate_left", "Rotate the View Left", ("Ctrl+[", "Ctrl+,"), "View"),
    Command("action.rotate_right", "Rotate the View Right", ("Ctrl+]", "Ctrl+."), "View"),
    Command("action.rotate_reset", "View Upright", (), "View"),
    Command("action.pixel_grid", "Pixel Grid Above 800 %", (), "View", checkable=True),
    Command("action.navigator", "Navigator", ("F8",), "View/Panels", checkable=True),
    Command("action.panel_fill", "Fill Panel", (), "View/Panels", checkable=True),
    Command("action.panel_layers", "Layers Panel", (), "View/Panels", checkable=True),
    Command("action.panel_history", "History Panel", (), "View/Panels", checkable=True),
    Command("action.panel_tools", "Tool Bar", (), "View/Panels", checkable=True),
    Command("action.panel_options", "Tool Settings", (), "View/Panels", checkable=True),
    Command("action.reset_panels", "Put the Panels Back", (), "View/Panels"),
    Command("action.full_screen", "Full Screen", ("F",), "View"),
    Command("action.panels", "Hide or Show the Panels", ("Tab",), "View"),
    Command("action.palette", "Find a Command…", ("Ctrl+K",), "Help"),
    Command("action.log", "Open the Log Folder", (), "Help"),
    Command("action.about", "About Inpaint Studio", (), "Help"),
    *(Command(f"tool.{tool.id}", tool.title, (tool.key,), "Tools", tool.id, checkable=True) for tool in TOOLS),
)


#: The first commands of groups: menus have a line above them.
FIRST_OF_A_GROUP = frozenset(
    {
        "action.save",
        "action.export",
        "action.close",
        "action.snapshot",
        "action.shortcuts",
        "action.mask_grow",
        "action.mask_fill_holes",
        "action.colour_range",
        "action.copy_mask",
        "action.mask_import",
        "action.models",
        "action.mend",
        "action.restore_folder",
        "action.combine_add",
        "action.solo_layer",
        "action.mask_avoid",
        "action.swap",
        "tool.rectangle",
        "tool.heal",
        "tool.hand",
        "action.zoom_fit",
        "action.overlay",
        "action.rotate_view",
        "action.pixel_grid",
        "action.navigator",
        "action.panel_fill",
        "action.panel_tools",
        "action.reset_panels",
        "action.about",
    }
)

_ALWAYS_MENUS = {"Brush", "Brush/Opacity", "View/Panels", "Help"}
#: What can be done with no document open.
ALWAYS = frozenset(
    {
        "action.open",
        "action.open_sample",
        "action.quit",
        "action.cancel",
        "action.models",
        "action.full_screen",
        "action.panels",
        "action.shortcuts",
        "action.history_memory",
        "action.restore_folder",
    }
    | {command.name for command in COMMANDS if command.name.startswith("tool.") or command.menu in _ALWAYS_MENUS}
)


#: Keys that mean something else in a field or a list: they count only while the document has the focus.
ON_THE_DOCUMENT = frozenset({"action.fill", "action.panels"})


def build_actions(owner: QWidget, handlers: Mapping[str, Callable[[], object]]) -> dict[str, QAction]:
    """An action for each command, owned by `owner` and doing what `handlers` says. A command without one is a mistake."""
    actions = {}
    for command in COMMANDS:
        action = QAction(QCoreApplication.translate("Command", command.text), owner)
        action.setObjectName(command.name)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setCheckable(command.checkable)
        # what is held for long is not switched on and off for long
        action.setAutoRepeat(not command.checkable)
        if command.keys:
            action.setToolTip(f"{action.text()} ({QKeySequence(command.keys[0]).toString()})")
        handler = handlers[command.name]
        action.triggered.connect(lambda _checked=False, handler=handler: handler())
        owner.addAction(action)
        actions[command.name] = action
    return actions
