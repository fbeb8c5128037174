"""An open document that can't be lost: a studio, its journal, and the project file it is saved in. One a tab."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from inpaint_studio.document.document import Document
from inpaint_studio.document.history import History
from inpaint_studio.errors import StudioError
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.settings import Settings
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.project import (
    Journal,
    JournalWriter,
    Opened,
    Pictures,
    is_project,
    journals_folder,
    make_preview,
    make_thumbnail,
    mark_exported,
    open_journal,
    open_project,
    save,
)
from inpaint_studio.storage.project.places import new_journal
from inpaint_studio.studio.screen_copy import ScreenCopy
from inpaint_studio.studio.studio import Studio

#: Hears from the journal's thread why steps can't be kept safe.
Failed = Callable[[StudioError], None]
#: Hears from the journal's thread the number of each change that can't be lost any more.
Acknowledged = Callable[[int], None]


class Session:
    """Every step that the studio's history takes goes to the journal in the same moment.

    `project` is the file that Save goes to, None before the first save; `name` is what a tab shows; `source` is the
    photo's own file where it is known, which export must not overwrite by accident.
    """

    def __init__(
        self,
        studio: Studio,
        writer: JournalWriter,
        *,
        name: str,
        project: Path | None = None,
        source: Path | None = None,
    ) -> None:
        """Use `open_photo`, `open_saved`, `recover` or `open_any`."""
        self.studio = studio
        self.writer = writer
        self.name = name
        self.project = project
        self.source = source
        self._copy = ScreenCopy()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about a photo that was just opened, in sentences."""
        return self.studio.photo.notes if self.source is not None else ()

    @property
    def unsaved(self) -> bool:
        """Whether the document is other than its project file, or than the photo where there is none yet."""
        return not self.studio.history.clean

    def pictures(self) -> Callable[[], Pictures]:
        """What makes the pictures of the document as it is now: call this on the thread that owns it, the result on any.

        Made again, they cost what changed since.
        """
        document, shows = self.studio.document, self.writer.last_number
        composite, canvas, colour = document.composite(), document.canvas, document.format.colour

        def make() -> Pictures:
            picture = self._copy.renewed(composite, canvas)
            return Pictures(make_thumbnail(picture, colour), make_preview(picture, colour), shows)

        return make

    def save(self, target: Path, pictures: Pictures | None = None, cancelled: Callable[[], bool] | None = None) -> int:
        """Write the project `target`; blocks, so call it from a thread. The step that was saved; tell `saved` about it.

        Raises InputError, or Cancelled soon after `cancelled` says so; then the old file stands.
        """
        return save(self.writer, target, pictures=pictures, cancelled=cancelled).position

    def saved(self, target: Path, position: int, since: int | None = None) -> None:
        """Take note, on the thread that owns the document, of what `save` did.

        since: the history's `moment()` before it.
        """
        self.project = target
        self.name = target.stem
        self.studio.history.mark_clean(position, since)

    def exported_in_place(self, position: int) -> None:
        """Remember that the photo's own file holds the document with `position` steps done; blocks. Raises InputError."""
        mark_exported(self.writer, position)

    def close(self, *, discard: bool = False) -> None:
        """End. Unsaved steps stay recoverable unless they are to be discarded. Raises InputError when they can't be kept."""
        self.writer.close(discard=discard)


def open_any(
    path: Path,
    settings: Settings,
    *,
    page: int = 0,
    failed: Failed | None = None,
    acknowledged: Acknowledged | None = None,
) -> Session:
    """Open a photo or a project, told apart by their contents; blocks. `page` of a photo, from 0. Raises InputError."""
    read = partial(read_photo, max_megapixels=settings.max_megapixels)
    if is_project(path):
        return _resumed(open_project(path, read=read), settings, failed, acknowledged)
    photo = read(path, page=page)
    document = Document(TiledImage.from_array(photo.pixels, photo.format), photo.metadata.icc)
    journal = Journal.create(new_journal(journals_folder()), path, document, name=path.name, page=page)
    writer = JournalWriter(journal, failed=failed, acknowledged=acknowledged)
    studio = Studio(photo, document, _history(document, writer, settings))
    return Session(studio, writer, name=path.name, source=path)


def recover(
    path: Path, settings: Settings, *, failed: Failed | None = None, acknowledged: Acknowledged | None = None
) -> Session:
    """Open the journal `path` that a dead program left; blocks. Raises InputError."""
    read = partial(read_photo, max_megapixels=settings.max_megapixels)
    return _resumed(open_journal(path, read=read), settings, failed, acknowledged)


def _resumed(opened: Opened, settings: Settings, failed: Failed | None, acknowledged: Acknowledged | None) -> Session:
    saved = opened.position if not opened.journal.unsaved else None
    writer = JournalWriter(opened.journal, failed=failed, acknowledged=acknowledged)
    history = _history(opened.document, writer, settings)
    history.restore(opened.steps, opened.position)
    if saved is not None:
        history.mark_clean()
    studio = Studio(opened.photo, opened.document, history)
    return Session(studio, writer, name=opened.name, project=opened.project)


def _history(document: Document, writer: JournalWriter, settings: Settings) -> History:
    """A history whose every step is recorded by `writer`, which also keeps what memory has no room for."""
    return History(document, settings.history_mib << 20, writer, heard=partial(writer.record, document))
