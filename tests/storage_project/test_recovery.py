"""What a dead program left is found again; what a living one has is left alone."""

from __future__ import annotations

import pytest

from inpaint_studio.errors import InputError
from inpaint_studio.storage.project import discard, leftovers, open_journal
from tests.document.generators import fingerprint
from tests.storage_project.killer import _lives_for
from tests.storage_project.sessions import Session, gray_document, opened, reader, reopened, stroke, worked_on


def test_an_unsaved_document_is_listed_and_opened(tmp_path):
    session = worked_on(tmp_path)
    picture = session.pictures().thumbnail
    session.writer.record_pictures(session.pictures())
    assert leftovers(tmp_path) == []  # it is alive
    with pytest.raises(InputError, match="already open"):
        discard(session.writer.path)
    path = session.crash()
    (found,) = leftovers(tmp_path)
    assert (found.path, found.name, found.steps, found.thumbnail) == (path, "Photo.npy", 4, picture)
    assert found.project is None
    assert not found.damaged
    with reopened(path, session.document) as again:
        assert fingerprint(again.document) == fingerprint(session.document)
        assert leftovers(tmp_path) == []


def test_a_killed_program_leaves_a_document(tmp_path):
    _lives_for(tmp_path, 1, False, 0.3)
    (found,) = leftovers(tmp_path)
    assert found.name == "killed.npy"
    discard(found.path)
    assert not list(tmp_path.iterdir())


def test_what_has_nothing_unsaved_is_removed(tmp_path):
    session = worked_on(tmp_path / "journals")
    session.save(tmp_path / "Work.inpaint")
    session.crash()
    Session.new(tmp_path / "journals", gray_document(), "Other").crash()
    assert leftovers(tmp_path / "journals") == []
    assert not list((tmp_path / "journals").glob("*.sqlite"))


def test_undone_steps_can_be_redone_after_a_crash(tmp_path):
    """Who undid everything may still want it back."""
    session = worked_on(tmp_path)
    session.go_to(0)
    session.crash()
    (found,) = leftovers(tmp_path)
    assert found.steps == 0


def test_a_damaged_journal_is_listed_and_can_be_discarded(tmp_path):
    path = worked_on(tmp_path).crash()
    path.write_bytes(path.read_bytes()[:5000])
    (found,) = leftovers(tmp_path)
    assert found.damaged
    with pytest.raises(InputError, match="damaged"):
        open_journal(path, read=reader())
    discard(path)
    assert leftovers(tmp_path) == []


def test_what_was_never_finished_is_swept_away(tmp_path):
    (tmp_path / "half.partial").write_bytes(b"half")
    (tmp_path / "half.lock").touch()
    assert leftovers(tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_a_project_that_went_on_without_its_journal_is_not_overwritten(tmp_path):
    target, folder = tmp_path / "Work.inpaint", tmp_path / "journals"
    session = worked_on(folder)
    session.save(target)
    session.do(stroke(session.document, "L1", (1, 1), 60))
    path = session.crash()
    with opened(target, folder) as other:
        other.do(stroke(other.document, "L1", (0, 1), 61))
        other.save(target)
    recovered = open_journal(path, read=reader(gray_document().format))
    assert recovered.project is None
    recovered.journal.close(keep=False)


def test_no_folder_has_no_leftovers(tmp_path):
    assert leftovers(tmp_path / "none") == []
