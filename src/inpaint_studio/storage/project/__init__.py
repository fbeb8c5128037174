"""Projects and journals: one SQLite layout for a document with its photo, its layers and the whole way back.

The journal (`journal`, driven by `writer`) takes every edit while a document is open; `project` writes the file that
the user keeps; `recovery` finds journals that a dead program left.
"""

from inpaint_studio.storage.project.journal import Change, Journal, Pictures
from inpaint_studio.storage.project.opened import Opened, ReadPhoto, open_journal
from inpaint_studio.storage.project.places import journals_folder, new_journal
from inpaint_studio.storage.project.preview import Preview, make_preview, read_preview
from inpaint_studio.storage.project.project import (
    SUFFIX,
    Written,
    is_project,
    mark_exported,
    open_project,
    read_thumbnail,
    save,
)
from inpaint_studio.storage.project.recovery import Leftover, discard, leftovers
from inpaint_studio.storage.project.steps import StoredStep
from inpaint_studio.storage.project.thumbnail import make_thumbnail
from inpaint_studio.storage.project.writer import JournalWriter

__all__ = [
    "SUFFIX",
    "Change",
    "Journal",
    "JournalWriter",
    "Leftover",
    "Opened",
    "Pictures",
    "Preview",
    "ReadPhoto",
    "StoredStep",
    "Written",
    "discard",
    "is_project",
    "journals_folder",
    "leftovers",
    "make_preview",
    "make_thumbnail",
    "mark_exported",
    "new_journal",
    "open_journal",
    "open_project",
    "read_preview",
    "read_thumbnail",
    "save",
]
