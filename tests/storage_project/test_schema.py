"""The layout of version 1 can be opened for ever."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from inpaint_studio.storage.project import schema
from tests.document.generators import fingerprint
from tests.storage_project.sessions import opened, worked_on

#: Never to be changed: files out there have it.
VERSION_1 = {
    "meta": "key TEXT PRIMARY KEY, value TEXT NOT NULL",
    "source": "part INTEGER PRIMARY KEY, blob BLOB NOT NULL",
    "blobs": "name TEXT PRIMARY KEY, blob BLOB NOT NULL, revision INTEGER NOT NULL",
    "layers": "id TEXT PRIMARY KEY, position INTEGER NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL,"
    " json TEXT NOT NULL, revision INTEGER NOT NULL",
    "tiles": 'layer TEXT NOT NULL, plane TEXT NOT NULL, "row" INTEGER NOT NULL, "column" INTEGER NOT NULL,'
    ' blob BLOB NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (layer, plane, "row", "column")',
    "history": "number INTEGER PRIMARY KEY, label TEXT NOT NULL, bytes INTEGER NOT NULL, kind TEXT NOT NULL,"
    " version INTEGER NOT NULL, json TEXT NOT NULL, digest BLOB NOT NULL",
    "history_blobs": "number INTEGER NOT NULL, part INTEGER NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (number, part)",
    "removed": "id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, step INTEGER, layer TEXT, plane TEXT,"
    ' "row" INTEGER, "column" INTEGER',
}


@pytest.fixture
def version_1(tmp_path):
    """A project of version 1 laid out by this test, with the rows of a session, and what its document is like."""
    with worked_on(tmp_path / "journals") as session:
        session.save(tmp_path / "now.inpaint")
        state = fingerprint(session.document)
    target = tmp_path / "Work.inpaint"
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        for name, columns in VERSION_1.items():
            connection.execute(f"CREATE TABLE {name} ({columns}) STRICT")
            if name == "tiles":
                connection.execute("CREATE INDEX tiles_by_revision ON tiles (revision)")
            if name == "history":
                connection.execute("CREATE INDEX history_by_digest ON history (digest)")
        connection.execute("PRAGMA application_id = 1230204977")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("ATTACH DATABASE ? AS now", (str(tmp_path / "now.inpaint"),))
        for name in VERSION_1:
            connection.execute(f"INSERT INTO main.{name} SELECT * FROM now.{name}")  # noqa: S608
    return target, state


def test_version_1_opens(version_1, tmp_path):
    target, state = version_1
    with opened(target, tmp_path / "journals") as session:
        assert fingerprint(session.document) == state
        assert not session.save(target).whole


def test_a_later_program_brings_version_1_up_to_date(version_1, tmp_path, monkeypatch):
    target, state = version_1

    def version_2(connection):
        connection.execute("ALTER TABLE blobs ADD COLUMN more INTEGER NOT NULL DEFAULT 3")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, version_2))
    with opened(target, tmp_path / "journals") as session:
        assert fingerprint(session.document) == state
        assert session.save(target).whole  # the file of the older version is replaced, not changed
        session.go_to(1)
        assert not session.save(target).whole
    with opened(target, tmp_path / "journals") as session:
        assert session.position == 1


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    def broken(connection):
        connection.execute("CREATE TABLE half (a)")
        raise sqlite3.OperationalError("no")

    path = tmp_path / "a"
    with closing(schema.connect(path, mode="rwc")) as connection:
        schema.create(connection)
        monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(connection)
        assert not schema.newest(connection)
        schema.check(connection, path)
