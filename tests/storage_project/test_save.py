"""Saving: only what changed into the file of the last save, anything else as a whole new file."""

from __future__ import annotations

import shutil

import pytest

from inpaint_studio.document.edits import MoveLayer, RemoveLayer, SetLayer
from inpaint_studio.errors import Cancelled, InputError
from inpaint_studio.storage.project import is_project, read_thumbnail, save
from tests.document.generators import fingerprint
from tests.storage_project.sessions import add_mask, gray_document, opened, query, reopened, stroke, worked_on

TABLES = ("source", "blobs", "layers", "tiles", "history", "history_blobs")


def test_the_first_save_is_whole_and_the_next_writes_what_changed(tmp_path):
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path, 6) as session:
        assert session.save(target).whole
        session.do(stroke(session.document, "L1", (1, 1), 50))
        written = session.save(target)
        # step, blob, tile, and where the document stands and that it was saved
        assert (written.whole, written.rows) == (False, 5)
        assert session.save(target).rows <= 2


def test_a_small_change_of_a_large_document_is_a_small_save(tmp_path):
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path, 300) as session:
        whole = session.save(target)
        session.do(SetLayer.of(session.document, "L1", {"name": "Sky"}))
        written = session.save(target)
        assert whole.rows > 600
        assert written.rows == 4


def test_saving_little_by_little_gives_what_saving_once_gives(tmp_path):
    target, at_once = tmp_path / "Work.inpaint", tmp_path / "Once.inpaint"
    session = worked_on(tmp_path, 3)
    document = session.document

    def check() -> None:
        assert not session.save(target).whole
        rows = {table: set(query(target, f"SELECT * FROM {table}")) for table in TABLES}  # noqa: S608
        with session.writer.saving() as journal:
            expected = {
                table: set(journal._connection.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608
                for table in TABLES
            }
        assert rows == expected

    with session:
        session.save(target)
        for action in (
            lambda: session.go_to(0),
            lambda: session.go_to(4),
            lambda: session.do(RemoveLayer.of(document, "L1")),
            lambda: session.go_to(2),
            lambda: session.do(add_mask(document)),
            lambda: session.do(MoveLayer(0, 1)),
            lambda: session.do(stroke(document, "L2", (1, 1), 77)),
            lambda: (session.go_to(1), session.do(add_mask(document)), session.go_to(0), session.go_to(2)),
            lambda: session.writer.record_pictures(session.pictures()),
        ):
            action()
            check()
        session.save(at_once)
        expected = fingerprint(document)
    for path in (target, at_once):
        with opened(path, tmp_path) as again:
            assert fingerprint(again.document) == expected


def test_a_file_that_another_wrote_is_replaced_whole(tmp_path):
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path) as session:
        session.save(target)
        shutil.copy(target, tmp_path / "older")
        session.do(stroke(session.document, "L1", (1, 1), 60))
        session.save(target)
        shutil.copy(tmp_path / "older", target)  # a backup was put back
        session.do(stroke(session.document, "L1", (1, 1), 61))
        assert session.save(target).whole
        target.write_bytes(b"not a project")
        assert session.save(target).whole
        target.unlink()
        assert session.save(target).whole
        expected = fingerprint(session.document)
    with opened(target, tmp_path) as again:
        assert fingerprint(again.document) == expected


def test_a_recovered_document_goes_on_with_its_project(tmp_path):
    target = tmp_path / "Work.inpaint"
    session = worked_on(tmp_path)
    session.save(target)
    session.do(stroke(session.document, "L1", (1, 1), 60))
    with reopened(session.crash(), session.document) as again:
        assert not again.save(target).whole


def test_saving_refuses_what_it_cannot_write(tmp_path):
    with worked_on(tmp_path) as session:
        for target in (tmp_path, tmp_path / "none" / "Work.inpaint", tmp_path / "Work\0.inpaint"):
            with pytest.raises(InputError):
                session.save(target)
        target = tmp_path / "Work.inpaint"
        session.save(target)
        session.do(stroke(session.document, "L1", (1, 1), 60))
        before = target.read_bytes()
        target.chmod(0o444)
        with pytest.raises(InputError, match="write-protected"):
            session.save(target)
        assert target.read_bytes() == before


def test_a_project_locked_by_another_program_is_refused(tmp_path, monkeypatch):
    from inpaint_studio.storage.project import schema

    monkeypatch.setattr(schema, "_BUSY_S", 0.1)
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path) as session:
        session.save(target)
        session.do(stroke(session.document, "L1", (1, 1), 60))
        other = schema.connect(target)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InputError, match="in use by another program"):
            session.save(target)
        other.close()
        assert not session.save(target).whole


@pytest.mark.parametrize("first", [True, False])
def test_a_cancelled_save_leaves_the_old_file(tmp_path, monkeypatch, first):
    from inpaint_studio.storage.project import project

    monkeypatch.setattr(project, "_ASK_EVERY", 1)
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path) as session:
        session.save(target)
        session.do(stroke(session.document, "L1", (1, 1), 60))
        if first:
            target.write_bytes(b"something else")
        before = target.read_bytes()
        with pytest.raises(Cancelled):
            save(session.writer, target, cancelled=lambda: True)
        assert target.read_bytes() == before
        session.save(target)


def test_edits_go_on_while_a_save_runs(tmp_path, monkeypatch):
    from inpaint_studio.storage.project import project

    monkeypatch.setattr(project, "_ASK_EVERY", 50)
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path, 20) as session:
        session.save(target)
        for seed in range(60, 64):
            session.do(stroke(session.document, "L1", (0, 1), seed))
        numbers = iter(range(100, 110))

        def paint() -> bool:
            if (number := next(numbers, None)) is not None:
                session.do(stroke(session.document, "L1", (1, 1), number))
            return False

        save(session.writer, target, cancelled=paint)
        assert session.writer.unsaved
        assert session.position > 25
        session.save(target)
        expected = session.position, fingerprint(session.document)
    with opened(target, tmp_path) as again:
        assert (again.position, fingerprint(again.document)) == expected


def test_the_picture_inside_is_read_without_opening(tmp_path):
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path) as session:
        pictures = session.pictures()
        session.save(target)
        assert read_thumbnail(target) is None
        session.save(target, pictures)
        assert read_thumbnail(target) == pictures.thumbnail
    assert is_project(target)
    assert not is_project(tmp_path)
    assert not is_project(tmp_path / "none")
    assert read_thumbnail(tmp_path / "none") is None


def test_a_project_whose_photo_document_is_empty_can_be_saved(tmp_path):
    from tests.storage_project.sessions import Session

    document = gray_document(1)
    with Session.new(tmp_path, document) as session:
        session.save(tmp_path / "Work.inpaint")
    with opened(tmp_path / "Work.inpaint", tmp_path) as again:
        assert fingerprint(again.document) == fingerprint(document)
