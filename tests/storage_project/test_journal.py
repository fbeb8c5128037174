"""The journal and its writer: what is kept, what is told, and what becomes of it at the end."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from inpaint_studio.document.edits import SetLayer
from inpaint_studio.document.history import History
from inpaint_studio.errors import InputError
from inpaint_studio.storage.project import Journal, Pictures, journal, open_journal
from tests.document.generators import fingerprint
from tests.storage_project.sessions import (
    Session,
    add_mask,
    gray_document,
    opened,
    photo_file,
    query,
    reader,
    reopened,
    stroke,
    worked_on,
)


def test_numbers_are_acknowledged_in_order(tmp_path):
    with worked_on(tmp_path, 5) as session:
        session.go_to(2)
        session.writer.flush()
        assert session.acknowledged == [1, 2, 3, 4, 5, 6, 7]


def test_a_step_costs_the_rows_it_touches(tmp_path):
    with worked_on(tmp_path, 2) as session:
        session.writer.flush()
        connection = session.writer._journal._connection
        before = connection.total_changes
        session.do(stroke(session.document, "L1", (1, 1), 9))
        session.writer.flush()
        # the step, its one blob (nothing was there before), the tile, and where the document stands
        assert connection.total_changes - before == 4


def test_the_disk_holds_the_last_step_soon(tmp_path, monkeypatch):
    """A power cut can't be made here; what is asked of the disk can be seen."""
    synced, really = [], os.fsync

    def fsync(descriptor: int) -> None:
        really(descriptor)
        synced.append((os.fstat(descriptor).st_ino, os.fstat(descriptor).st_size))

    monkeypatch.setattr(journal.os, "fsync", fsync)
    with worked_on(tmp_path, 3) as session:
        session.writer.flush()
        log = next(session.writer.path.parent.glob("*-wal")).stat()
        session.writer.close()
        assert synced[-1] == (log.st_ino, log.st_size)


def test_a_disk_that_holds_nothing_is_told(tmp_path, monkeypatch):
    def fsync(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(journal.os, "fsync", fsync)
    with worked_on(tmp_path, 1) as session:
        session.writer.close()
        assert len(session.failures) == 1


def test_a_new_step_cuts_off_what_could_be_redone(tmp_path):
    session = worked_on(tmp_path, 4)
    session.go_to(2)
    session.do(stroke(session.document, "L1", (1, 1), 99))
    with reopened(session.crash(), session.document) as again:
        assert len(again.numbers) == 3
        assert query_labels(again) == ["Add layer", "Stroke 0", "Stroke 99"]


def query_labels(session: Session) -> list[str]:
    session.writer.flush()
    rows = session.writer._journal._connection.execute("SELECT label FROM history ORDER BY number")
    return [label for (label,) in rows]


def test_history_keeps_its_old_steps_in_the_journal(tmp_path):
    document = gray_document()
    with Session.new(tmp_path, document) as session:
        history = History(document, limit_bytes=1, store=session.writer)
        states = [fingerprint(document)]
        for edit in (lambda: add_mask(document), *(lambda n=n: stroke(document, "L1", (0, 0), n) for n in range(4))):
            made = edit()
            session.do(made)
            session.writer.flush()
            history.record(made)
            states.append(fingerprint(document))
        assert history.nbytes <= 2 * 65536
        for position in (0, 3, 1, 5):
            history.go_to(position)
            assert fingerprint(document) == states[position]
        assert not session.writer._spilled


def test_a_step_that_is_not_committed_can_be_brought_back(tmp_path):
    with worked_on(tmp_path, 1) as session:
        other = SetLayer.of(session.document, "L1", {"name": "never recorded"})
        number = session.writer.put(other.encode())
        assert session.writer.get(number) == other.encode()


def test_steps_are_read_from_any_thread(tmp_path):
    with worked_on(tmp_path, 8) as session:
        numbers = list(session.numbers)
        expected = [session.writer.get(number) for number in numbers]
        found: list[bool] = []

        def read() -> None:
            found.append([session.writer.get(number) for number in numbers] == expected)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for seed in range(20, 30):
            session.do(stroke(session.document, "L1", (0, 1), seed))
        for thread in threads:
            thread.join()
        assert found == [True] * 4


def test_a_journal_with_nothing_unsaved_goes_at_the_end(tmp_path):
    session = worked_on(tmp_path)
    session.save(tmp_path / "Work.inpaint")
    session.writer.close()
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == ["Work.inpaint"]


def test_a_photo_that_was_only_looked_at_leaves_nothing(tmp_path):
    session = worked_on(tmp_path)
    session.go_to(0)
    session.writer.close()
    assert not list(tmp_path.iterdir())


def test_a_journal_with_unsaved_steps_stays(tmp_path):
    session = worked_on(tmp_path)
    session.writer.close()
    assert (tmp_path / "Photo.sqlite").exists()


def test_a_deleted_journal_is_told_once_and_made_again(tmp_path):
    session = worked_on(tmp_path, 2)
    session.writer.flush()
    for path in tmp_path.glob("Photo.sqlite*"):
        path.unlink()
    session.do(stroke(session.document, "L1", (1, 1), 7))
    with pytest.raises(InputError, match="deleted"):
        session.writer.flush()
    session.do(stroke(session.document, "L1", (1, 0), 8))
    session.writer.flush()
    assert len(session.failures) == 1
    expected = fingerprint(session.document)
    with reopened(session.crash(), session.document) as again:
        assert fingerprint(again.document) == expected
        again.go_to(0)


def test_a_mistake_in_the_writer_is_not_silent(tmp_path, monkeypatch):
    session = worked_on(tmp_path, 1)
    session.writer.flush()
    heard: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: heard.append(arguments.exc_type))
    session.writer.record(session.document, 99)
    with pytest.raises(InputError):
        session.writer.flush()
    assert heard == [ValueError]
    assert len(session.failures) == 1
    session.writer.close(discard=True)


def test_a_thumbnail_is_kept_and_others_are_refused(tmp_path):
    session = worked_on(tmp_path)
    pictures = session.pictures()
    with pytest.raises(ValueError, match="256"):
        session.writer.record_pictures(Pictures(b"GIF89a" + bytes(100)))
    session.writer.record_pictures(pictures)
    path = session.crash()
    found = open_journal(path, read=reader())
    assert found.thumbnail == pictures.thumbnail
    found.journal.close(keep=False)


def test_a_source_with_a_strange_suffix_is_kept_without_it(tmp_path):
    document = gray_document(1)
    journal = Journal.create(tmp_path / "a.sqlite", photo_file(document), document, suffix=".../../evil")
    journal.close(keep=True)
    (value,) = query(tmp_path / "a.sqlite", "SELECT value FROM meta WHERE key = 'source'")[0]
    assert '"suffix": ""' in str(value)


def test_a_journal_that_cannot_be_made(tmp_path):
    document = gray_document(1)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"The file that keeps your work safe could not be written: file exists\."):
        Journal.create(tmp_path / "file" / "a.sqlite", photo_file(document), document, suffix=".npy")
    with pytest.raises(InputError, match="gone"):
        Journal.create(tmp_path / "a.sqlite", tmp_path / "gone.png", document)
    assert not list(tmp_path.glob("*.partial"))


def test_a_large_source_is_stored_in_chunks(tmp_path):
    document = gray_document(1)
    photo = tmp_path / "photo.tif"
    photo.write_bytes(bytes(range(256)) * (40 << 10))
    Journal.create(tmp_path / "a.sqlite", photo, document).close(keep=True)
    sizes = [size for (size,) in query(tmp_path / "a.sqlite", "SELECT length(blob) FROM source ORDER BY part")]
    assert sizes == [4 << 20, 4 << 20, 2 << 20]


def test_two_windows_cannot_have_one_journal(tmp_path):
    with worked_on(tmp_path) as session:
        session.writer.flush()
        with pytest.raises(InputError, match="already open"):
            reopened(tmp_path / "Photo.sqlite", session.document)


def test_two_windows_cannot_have_one_project(tmp_path):
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path) as session:
        session.save(target)
        with pytest.raises(InputError, match="already open in another window"):
            opened(target, tmp_path)
        with worked_on(tmp_path, name="Other") as other:
            with pytest.raises(InputError, match="already open in another window"):
                other.save(target)
            session.save(tmp_path / "Elsewhere.inpaint")
            other.save(target)  # the first window has let go of it
    with opened(target, tmp_path) as again:
        assert again.position == 4
