"""Where a document's files are proposed: beside the photo or project, but never in the program's own folder."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from inpaint_studio.resources import resource
from inpaint_studio.studio.session import Session


def sample_photo() -> Path:
    """The photo that ships with the program."""
    return resource("samples/canyon-wren.jpg").resolve()


def is_sample(path: Path) -> bool:
    """Whether `path` names the photo that ships with the program."""
    return path.name == sample_photo().name and path.resolve() == sample_photo()


def pictures_folder() -> Path:
    """The user's folder for pictures where there is one, otherwise their home."""
    pictures = Path(platformdirs.user_pictures_dir())
    return pictures if pictures.is_dir() else Path.home()


def folder_of(session: Session) -> Path:
    """The folder to propose for what is written of `session`."""
    beside = session.source if session.source is not None and not is_sample(session.source) else session.project
    return pictures_folder() if beside is None else beside.parent
