"""The stack of layers: a list that asks for edits and never makes one."""

from inpaint_studio.ui.layers_dock.dock import LayersDock

__all__ = ["LayersDock"]
