"""A save is whole, or the old file stands."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage import files
from inpaint_studio.storage.atomic import PREFIX, atomic_target, remove_stale
from inpaint_studio.storage.files import read_photo, write_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.registry import FAMILIES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and signals")

NOISE = Photo(np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8), PixelFormat(Colour.RGB))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def script(body: str, *arguments: object) -> subprocess.Popen[str]:
    code = "import sys\nfrom pathlib import Path\ntarget = Path(sys.argv[1])\n" + textwrap.dedent(body)
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def test_new_file_appears_whole_with_the_usual_mode(tmp_path):
    target = tmp_path / "a.bin"
    with atomic_target(target) as temporary:
        temporary.write_bytes(b"new")
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(PREFIX)
        assert temporary.suffix == ".bin"
        assert not target.exists()
    assert target.read_bytes() == b"new"
    plain = tmp_path / "plain"
    plain.touch()
    assert target.stat().st_mode == plain.stat().st_mode
    assert names(tmp_path) == ["a.bin", "plain"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_any_exception_leaves_the_old_file(error, tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")

    def half() -> None:
        with atomic_target(target) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        half()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_what_sqlite_leaves_of_a_failed_save_goes_too(tmp_path):
    def full() -> None:
        with atomic_target(tmp_path / "work.inpaint") as new:
            new.with_name(f"{new.name}-journal").write_bytes(b"rolled back")
            raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match="no space left"):
        full()
    assert names(tmp_path) == []


def test_verify_sees_the_whole_file_and_can_refuse_it(tmp_path):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def refuse(path: Path) -> None:
        assert np.array_equal(read_photo(path, max_megapixels=1).pixels, NOISE.pixels)
        raise InputError("No.", "Never.")

    with pytest.raises(InputError, match="No"):
        write_photo(NOISE, target, verify=refuse)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.png"]


def test_mode_and_attributes_are_kept(tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    target.chmod(0o640)
    try:
        os.setxattr(target, "user.comment", b"kept")
        kept = True
    except (OSError, AttributeError):
        kept = False
    with atomic_target(target) as temporary:
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        temporary.write_bytes(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert not kept or os.getxattr(target, "user.comment") == b"kept"


def test_links_are_followed(tmp_path):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    with atomic_target(link) as temporary:
        assert temporary.parent == real.parent
        temporary.write_bytes(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def protected(path: Path) -> Path:
    path.write_bytes(b"old")
    path.chmod(0o444)
    return path


def in_protected_folder(path: Path) -> Path:
    folder(path).chmod(0o555)
    return path / "a.png"


def loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (folder, "is a folder"),
        (pipe, "is not an ordinary file"),
        (lambda path: Path("/dev/null"), "is not an ordinary file"),
        (protected, "is write-protected"),
        (in_protected_folder, "is write-protected"),
        (lambda path: path / "deeper.png", "does not exist"),
        (loop, "is not a usable file name"),
        (lambda path: path.with_name("a" * 300), "file name too long"),
        (lambda path: path.with_name("a\0b"), "is not a usable file name"),
    ],
)
def test_unusable_targets_are_refused(make, message, tmp_path):
    target = make(tmp_path / "a.png")
    with pytest.raises(InputError) as caught, atomic_target(target):
        pytest.fail("nothing may be written")
    assert message in caught.value.message
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    assert not [name for name in names(tmp_path) if name.startswith(PREFIX)]


def test_existing_files_can_be_spared(tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    with pytest.raises(InputError, match="exists already"):
        write_photo(NOISE, tmp_path / "a.png", overwrite=False)
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_sides_longer_than_a_family_allows(tmp_path):
    photo = Photo(np.zeros((1, 16384, 3), np.uint8), PixelFormat(Colour.RGB))
    with pytest.raises(InputError, match="16383 pixels a side"):
        write_photo(photo, tmp_path / "a.webp")


@pytest.mark.parametrize("family", [family for family in FAMILIES if family.writes], ids=lambda family: family.id)
def test_full_disk_leaves_the_old_file(family, tmp_path):
    target = tmp_path / f"a{family.suffixes[0]}"
    target.write_bytes(b"old")
    body = """
        import resource
        import numpy as np
        from inpaint_studio.errors import InputError
        from inpaint_studio.pixels.format import Colour, PixelFormat
        from inpaint_studio.storage.files import write_photo
        from inpaint_studio.storage.photo import Photo
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
        pixels = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        try:
            write_photo(Photo(pixels, PixelFormat(Colour.RGB)), target)
        except InputError as error:
            print(error.message, error.hint)
    """
    process = script(body, target)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert f"{target.name} could not be written: file too large. Save to another disk" in output
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == [target.name]


def test_kill_leaves_the_old_file_and_the_next_writer_cleans_up(tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    body = """
        import time
        from inpaint_studio.storage.atomic import atomic_target
        with atomic_target(target) as temporary:
            temporary.write_bytes(b"half")
            print("writing", flush=True)
            time.sleep(60)
    """
    process = script(body, target)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    assert len(names(tmp_path)) == 2
    remove_stale(tmp_path)  # its writer lives
    with atomic_target(tmp_path / "b") as temporary:
        temporary.write_bytes(b"other")
    assert len(names(tmp_path)) == 3
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    process.stdout.close()
    assert target.read_bytes() == b"old"
    with atomic_target(target) as temporary:
        temporary.write_bytes(b"new")
    assert names(tmp_path) == ["a", "b"]
    assert target.read_bytes() == b"new"


def test_killed_at_any_moment_the_photo_is_old_or_new(tmp_path):
    target = tmp_path / "a.tif"
    write_photo(NOISE, target)
    body = """
        from dataclasses import replace
        from inpaint_studio.storage.files import read_photo, write_photo
        photo = read_photo(target, max_megapixels=1)
        print("ready", flush=True)
        while True:
            photo.pixels[...] += 1
            write_photo(photo, target)
    """
    for milliseconds in (5, 20, 45, 80):
        process = script(body, target)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(milliseconds / 1000)
        process.kill()
        process.wait(timeout=30)
        process.stdout.close()
        pixels = read_photo(target, max_megapixels=1).pixels.astype(int)
        assert len(np.unique((pixels - NOISE.pixels) % 256)) == 1
    write_photo(NOISE, target)
    assert names(tmp_path) == ["a.tif"]


def test_keyboard_interrupt_while_encoding(tmp_path, monkeypatch):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    class Interrupted(type(FAMILIES[0])):
        def write(self, target, photo, options):
            target.write_bytes(b"half")
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "family_for", lambda target: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        write_photo(NOISE, target)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.png"]
