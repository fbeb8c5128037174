from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import filelock
import numpy as np
import pytest

from inpaint_studio.engines.contract import Payload, Silent
from inpaint_studio.engines.host import folder as folders
from inpaint_studio.engines.host.client import Worker
from inpaint_studio.engines.host.folder import PREFIX, PrivateFolder, sweep
from inpaint_studio.errors import StudioError
from inpaint_studio.studio import setup


def test_only_the_user_can_enter(temp: Path) -> None:
    folder = PrivateFolder()
    assert folder.path.parent == temp
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.of_job(1).stat().st_mode) == 0o700
    folder.close()


def test_sweeping_spares_what_a_living_owner_has() -> None:
    folder = PrivateFolder()
    (folder.of_job(1) / "in-0.npy").touch()
    sweep()
    assert (folder.path / "job-1" / "in-0.npy").exists()
    folder.close()


def test_sweeping_removes_what_a_dead_owner_left(temp: Path) -> None:
    make = "from inpaint_studio.engines.host.folder import PrivateFolder as P; P().of_job(1); import os; os._exit(9)"
    assert subprocess.run([sys.executable, "-c", make], check=False).returncode == 9
    assert len(list(temp.iterdir())) == 1
    sweep()
    assert list(temp.iterdir()) == []


def test_sweeping_removes_a_folder_whose_owner_died_before_locking_it(temp: Path) -> None:
    (temp / f"{PREFIX}abc").mkdir()
    sweep()
    assert list(temp.iterdir()) == []


def test_sweeping_touches_nothing_that_only_has_our_name(temp: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").touch()
    link, file = temp / f"{PREFIX}link", temp / f"{PREFIX}file"
    link.symlink_to(elsewhere)
    file.touch()
    sweep()
    assert [path.name for path in elsewhere.iterdir()] == ["precious"]
    link.unlink()
    file.unlink()


def test_sweeping_leaves_the_folder_of_a_running_installation_alone(temp: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=setup.FOLDER) as name:
        (Path(name) / "report.json").touch()
        assert Path(name).parent == temp
        sweep()
        assert (Path(name) / "report.json").exists()


def test_a_folder_swept_while_it_is_being_made_is_made_again(temp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    def swept(folder: Path) -> filelock.BaseFileLock:
        if not seen:
            shutil.rmtree(folder)
        seen.append(folder)
        return filelock.FileLock(folder / "owner.lock", blocking=False, thread_local=False)

    monkeypatch.setattr(folders, "_lock", swept)
    # filelock makes the folder again, as others can read it: only that the lock was ours from the start counts
    folder = PrivateFolder()
    assert folder.alive
    assert folder.path.parent == temp
    folder.close()


def test_no_place_for_the_folder_is_told_in_words(worker: Worker, temp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(temp / "missing"))
    with pytest.raises(StudioError, match="cannot be written"):
        worker.run("selftest.echo", Payload(), Silent(), grace=0)


def test_a_folder_that_the_system_cleaned_away_is_made_again(worker: Worker, temp: Path) -> None:
    payload = Payload({}, {"a": np.arange(3)})
    worker.run("selftest.echo", payload, Silent(), grace=0)
    for path in temp.glob(f"{PREFIX}*"):
        shutil.rmtree(path)
    assert worker.run("selftest.echo", payload, Silent(), grace=0).arrays["a"].tolist() == [0, 1, 2]
