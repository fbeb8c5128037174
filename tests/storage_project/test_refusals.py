"""Files that are broken, strange or hostile: refused in one sentence or opened, and nothing else."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from inpaint_studio.errors import InputError
from inpaint_studio.storage.project import open_project
from tests.document.generators import fingerprint
from tests.storage_project.sessions import opened, reader, worked_on

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A saved project of a few steps."""
    with worked_on(tmp_path / "journals") as session:
        session.save(tmp_path / "Work.inpaint")
    return tmp_path / "Work.inpaint"


def refusal(project: Path, **limits: int) -> str:
    with pytest.raises(InputError) as caught:
        open_project(project, read=reader(), folder=project.parent / "journals", **limits)
    assert caught.value.hint
    left = [path for path in (project.parent / "journals").iterdir() if not path.name.startswith("project-")]
    assert not left
    return caught.value.message


def change(project: Path, *statements: str) -> None:
    with closing(sqlite3.connect(project)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_no_project(tmp_path):
    (tmp_path / "journals").mkdir()
    path = tmp_path / "Work.inpaint"
    assert "could not be read" in refusal(path)
    for contents in (b"", b"SQLite format 3\0", b"\x89PNG" + bytes(200), b"SQLite format 3\0" + bytes(500)):
        path.write_bytes(contents)
        assert refusal(path) == "Work.inpaint is not an Inpaint Studio project."
    path.unlink()
    path.mkdir()
    assert "not an Inpaint Studio project" in refusal(path)


def test_a_newer_version(project):
    change(project, "PRAGMA user_version = 2")
    assert refusal(project) == "Work.inpaint was saved by a newer version of the program."


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9])
def test_a_file_that_was_cut_off(project, kept):
    contents = project.read_bytes()
    project.write_bytes(contents[: int(len(contents) * kept)])
    assert "damaged" in refusal(project)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE tiles",
        "ALTER TABLE tiles ADD COLUMN more TEXT",
        "CREATE TRIGGER evil AFTER INSERT ON meta BEGIN DELETE FROM source; END",
        "CREATE VIEW evil AS SELECT * FROM source",
        "CREATE TABLE evil (value CHECK (randomblob(value)))",
        "CREATE VIRTUAL TABLE evil USING fts5(value)",
        "DELETE FROM meta WHERE key = 'state'",
        "DELETE FROM meta WHERE key = 'saved'",
        "UPDATE meta SET value = '[]' WHERE key = 'state'",
        "UPDATE meta SET value = 'no json' WHERE key = 'shape'",
        "UPDATE meta SET value = replace(value, '512', '513') WHERE key = 'shape'",
        "UPDATE meta SET value = replace(value, '\"position\": 4', '\"position\": 5') WHERE key = 'state'",
        "UPDATE meta SET value = replace(value, '\"last_id\": 1', '\"last_id\": 99999999999') WHERE key = 'state'",
        "UPDATE meta SET value = replace(value, '.npy', '/../../x') WHERE key = 'source'",
        "DELETE FROM source",
        "UPDATE source SET part = 7",
        "UPDATE source SET blob = zeroblob(length(blob))",
        "UPDATE layers SET kind = 'unheard of'",
        "UPDATE layers SET version = 9",
        'UPDATE layers SET json = replace(json, \'"opacity": 1.0\', \'"opacity": "x"\')',
        "UPDATE layers SET json = replace(json, '\"opacity\": 1.0', '\"opacity\": NaN')",
        "UPDATE layers SET json = replace(json, '512', '999999999999999999999')",
        "UPDATE layers SET json = replace(json, 'coverage', 'other')",
        "UPDATE layers SET json = replace(json, 'uint8', 'float32')",
        "UPDATE layers SET json = replace(json, '\"visible\": true', '\"visible\": 3')",
        "UPDATE layers SET id = 'L99999999999999999999'",
        'UPDATE tiles SET "row" = 40 WHERE "row" = 0',
        "UPDATE tiles SET blob = zeroblob(40)",
        "UPDATE history SET number = 99 WHERE number = 4",
    ],
)
def test_rows_that_this_program_did_not_write(project, statement):
    before = project.read_bytes()
    change(project, statement)
    assert project.read_bytes() != before
    refusal(project)


def test_deep_json(project):
    with closing(sqlite3.connect(project)) as connection:
        connection.execute("UPDATE layers SET json = ?", ("[" * 200_000,))
        connection.commit()
    assert "damaged" in refusal(project)


def test_a_row_of_a_hundred_megabytes(project):
    change(project, "UPDATE tiles SET blob = zeroblob(100000000)")
    refusal(project)


def test_tiles_that_would_fill_all_memory(project):
    bomb = zstandard.ZstdCompressor(level=1).compress(bytes(50 << 20))
    with closing(sqlite3.connect(project)) as connection:
        connection.execute("UPDATE tiles SET blob = ?", (bomb,))
        connection.commit()
    assert "damaged" in refusal(project)


def test_layers_that_need_more_memory_than_allowed(project):
    assert "more memory" in refusal(project, most_bytes=65536)


def test_more_layers_than_anybody_has(project):
    change(
        project,
        "WITH RECURSIVE n(i) AS (SELECT 9 UNION ALL SELECT i + 1 FROM n LIMIT 100001)"
        " INSERT INTO layers SELECT 'L' || i, i, kind, version, json, revision FROM n, layers",
    )
    assert "more memory" in refusal(project)


def test_a_rollback_journal_that_points_elsewhere(project):
    victim = project.parent / "victim.txt"
    victim.write_text("precious")
    name = str(victim).encode()
    ending = name + len(name).to_bytes(4, "big") + (sum(name) & 0xFFFFFFFF).to_bytes(4, "big")
    rollback = project.with_name("Work.inpaint-journal")
    rollback.write_bytes(bytes(512) + ending + bytes.fromhex("d9d505f920a163d7"))
    assert "damaged" in refusal(project)
    assert victim.read_text() == "precious"


def test_a_stored_step_that_is_damaged_is_told_when_it_is_needed(project):
    change(project, "UPDATE history SET label = 'x', json = replace(json, 'before', 'after') WHERE number = 4")
    with opened(project, project.parent / "journals") as session:
        before = fingerprint(session.document)
        with pytest.raises(InputError, match="damaged"):
            session.writer.get(session.numbers[3])
        with pytest.raises(InputError, match="missing"):
            session.writer.get(77)
        assert fingerprint(session.document) == before


def test_a_step_that_would_fill_all_memory(project):
    bomb = zstandard.ZstdCompressor(level=1).compress(bytes(50 << 20))
    with closing(sqlite3.connect(project)) as connection:
        connection.execute("UPDATE history_blobs SET blob = ?", (bomb,))
        connection.commit()
    with (
        opened(project, project.parent / "journals") as session,
        pytest.raises(InputError, match="damaged"),
    ):
        session.writer.get(session.numbers[3])


def test_three_hundred_mutations(project):
    folder = project.parent / "journals"
    with opened(project, folder) as session:
        sound = fingerprint(session.document)
    contents, rng, opened_well = project.read_bytes(), random.Random(5), 0
    for _ in range(300):
        project.write_bytes(_mutated(contents, rng))
        started = time.monotonic()
        try:
            with opened(project, folder) as session:
                try:
                    session.go_to(0)
                    session.go_to(len(session.numbers))
                except InputError:
                    continue
                opened_well += fingerprint(session.document) == sound
        except InputError as error:
            assert error.message.endswith(".")
        assert time.monotonic() - started < 5
    assert opened_well


def _mutated(contents: bytes, rng: random.Random) -> bytes:
    data = bytearray(contents)
    # most of the file is blobs; what steers SQLite is at the beginning of pages
    anywhere: Callable[[], int] = lambda: rng.randrange(len(data))  # noqa: E731
    steering: Callable[[], int] = lambda: rng.randrange(len(data) // 8192) * 8192 + rng.randrange(64)  # noqa: E731
    for _ in range(rng.choice([1, 1, 2, 8, 40])):
        data[rng.choice([anywhere, steering])()] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
    if rng.random() < 0.1:
        del data[rng.randrange(len(data)) :]
    return bytes(data)


FULL = """
import resource, signal, sys
from pathlib import Path
from tests.storage_project.sessions import worked_on, stroke
folder = Path(sys.argv[1])
session = worked_on(folder, 2)
session.save(folder / "Work.inpaint")
before = (folder / "Work.inpaint").read_bytes()
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 300_000, limit[1]))
for seed in range(100, 180):
    session.do(stroke(session.document, "L1", (seed % 2, 1), seed))
try:
    session.writer.flush()
except Exception as error:
    print("flush", type(error).__name__, error, "|", error.hint)
print("told", len(session.failures))
safe = max(session.acknowledged)
try:
    session.save(folder / "Work.inpaint")
except Exception as error:
    print("save", type(error).__name__)
print("same", (folder / "Work.inpaint").read_bytes() == before)
undone = session.writer.get(session.numbers[-1]).kind  # still in memory
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
session.do(stroke(session.document, "L1", (0, 1), 999))
session.writer.flush()
print("kept", undone, max(session.acknowledged) == session.numbers[-1] > safe)
print("saved", session.save(folder / "Work.inpaint").position == session.position)
session.writer.close()
"""


def test_a_full_disk_is_told_once_and_nothing_is_lost(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FULL, str(tmp_path / "full")],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        "flush InputError The file that keeps your work safe could not be written: the disk refused."
    )
    assert lines[1:] == ["told 1", "save InputError", "same True", "kept paint True", "saved True"]


def test_another_process_is_told_that_the_project_is_open(project):
    script = (
        "import sys; from pathlib import Path; from tests.storage_project.sessions import opened\n"
        "from inpaint_studio.errors import InputError\n"
        "try: opened(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except InputError as error: print(error.message)"
    )
    with opened(project, project.parent / "journals"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(project), str(project.parent / "journals")],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout == "Work.inpaint is already open in another window.\n"
