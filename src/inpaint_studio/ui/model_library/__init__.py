"""The model library: what models there are, what they are for and may be used for, and how they get here."""

from inpaint_studio.ui.model_library.dialog import ModelLibrary
from inpaint_studio.ui.model_library.downloads import Downloads

__all__ = ["Downloads", "ModelLibrary"]
