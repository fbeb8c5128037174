"""The review of damage that was found: the dock, its keys, what they do, and whole folders."""

from inpaint_studio.ui.review.flow import ReviewFlow
from inpaint_studio.ui.review.folder_flow import FolderFlow

__all__ = ["FolderFlow", "ReviewFlow"]
