"""The canvas: shows a document and takes the pointer on it."""

from inpaint_studio.ui.canvas.canvas import Canvas

__all__ = ["Canvas"]
