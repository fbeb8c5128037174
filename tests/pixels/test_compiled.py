"""Machine code in files: kills, second programs and damaged files cost a compilation, never a crash."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from inpaint_studio.pixels import compiled
from inpaint_studio.pixels.code_files import CodeFiles

_LOOP = """
from numba import njit

@njit(cache=True)
def total(values):
    found = values[0]
    for value in values[1:]:
        found += value
    return found
"""
_CALL = """
import sys
import numpy as np
from inpaint_studio.pixels import compiled
{before}
loops = compiled.load("loops")
print(loops.total(np.arange(4, dtype=sys.argv[1])))
print(sum(loops.total.stats.cache_hits.values()))
"""
_DIE = """
import os
os.replace = lambda *_: os._exit(9)
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A folder with a module of one loop."""
    (tmp_path / "loops.py").write_text(_LOOP)
    return tmp_path


def _call(folder: Path, dtype: str, before: str = "") -> list[str]:
    """What a program prints that calls the loop with samples of `dtype`: the sum of 0 to 3, and whether code was found."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "code"), "PYTHONPATH": str(folder)}
    line = [sys.executable, "-c", textwrap.dedent(_CALL).format(before=before), dtype]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode in (0, 9), done.stderr
    return done.stdout.split()


def test_code_is_kept_and_found_again(workshop: Path) -> None:
    assert _call(workshop, "float64") == ["6.0", "0"]
    assert _call(workshop, "float64") == ["6.0", "1"]
    assert _call(workshop, "uint8") == ["6", "0"]
    assert _call(workshop, "uint8") == ["6", "1"]
    assert _call(workshop, "float64") == ["6.0", "1"]


def test_a_program_killed_while_it_keeps_code_leaves_none_that_is_wrong(workshop: Path) -> None:
    assert _call(workshop, "float64") == ["6.0", "0"]
    # a newer version of the source, whose first compilation is killed
    (workshop / "loops.py").write_text(_LOOP + "\n")
    assert _call(workshop, "uint8", _DIE) == []
    assert _call(workshop, "uint8") == ["6", "0"]
    assert _call(workshop, "float64") == ["6.0", "0"]
    assert _call(workshop, "uint8") == ["6", "1"]


def test_two_programs_at_once_never_take_each_others_code(workshop: Path) -> None:
    """The second one compiles and keeps its code while the first one writes."""
    between = """
import os, subprocess
real = os.replace
def replace(*paths):
    os.replace = real
    subprocess.run([sys.executable, "-c", {call!r}, "uint8"], check=True, stdout=subprocess.DEVNULL)
    real(*paths)
os.replace = replace
""".format(call=textwrap.dedent(_CALL).format(before=""))
    assert _call(workshop, "float64", between) == ["6.0", "0"]
    assert _call(workshop, "uint8") == ["6", "1"]
    assert _call(workshop, "float64") == ["6.0", "1"]


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: data[:-40] + bytes(40), lambda _: b""]
)
def test_a_damaged_file_is_compiled_anew(workshop: Path, damage: object) -> None:
    assert callable(damage)
    _call(workshop, "float64")
    [path] = (workshop / "code").rglob("*.nbc")
    path.write_bytes(damage(path.read_bytes()))
    assert _call(workshop, "float64") == ["6.0", "0"]
    assert _call(workshop, "float64") == ["6.0", "1"]


def test_on_a_full_disk_code_serves_this_run_only(workshop: Path) -> None:
    full = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
"""
    assert _call(workshop, "float64", full) == ["6.0", "0"]
    assert _call(workshop, "float64") == ["6.0", "0"], "nothing was kept"
    assert _call(workshop, "float64") == ["6.0", "1"]


def test_code_that_names_what_is_gone_is_compiled_anew(tmp_path: Path) -> None:
    files = CodeFiles(str(tmp_path), "loops", "stamp")
    files.save("key", [sum])
    assert files.load("key") == [sum]
    [path] = tmp_path.iterdir()
    gone = b"cno_such_module\nname\n."
    path.write_bytes(hashlib.sha256(gone).digest() + gone)
    assert files.load("key") is None


def test_a_module_that_cannot_be_had_is_one_error() -> None:
    with pytest.raises(compiled.UncompiledError, match="no_such_loops"):
        compiled.load("no_such_loops")


def test_numba_keeps_code_by_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """numba's own class is not replaced by another in a newer version."""
    loops = compiled.load("inpaint_studio.pixels.membrane_kernels")
    assert isinstance(loops.relax._cache._cache_file, CodeFiles)


def test_each_version_has_a_folder_and_old_ones_are_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiled, "folder", lambda: tmp_path / "own")
    month = 31 * 24 * 3600
    for name, age in (("recent", 0), ("old", month), ("own", month)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "loop.nbc").write_bytes(b"")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    compiled.forget_others()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "recent"]
    assert (tmp_path / "own" / "loop.nbc").exists()
