"""`inpaint-studio fill` from file to file."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint_studio.resources import resource as shipped
from tests.cli.conftest import Command


def read(path: Path) -> np.ndarray:
    """An independent reader: OpenCV."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image


@pytest.mark.parametrize("engine", ["auto", "patchmatch", "smooth"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_fills_and_proves(command: Command, case: Path, engine: str, suffix: str) -> None:
    done = command("fill", "photo.png", "--mask", "mask.png", "-o", f"out{suffix}", "--engine", engine, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["engine"] == engine
    assert report["filled_pixels"] == 40 * 40
    assert report["changed_outside"] == report["changed_outside_mask"] == 0
    assert report["bits"] == 16
    before, after, mask = read(case / "photo.png"), read(case / f"out{suffix}"), read(case / "mask.png") > 0
    assert after.dtype == np.uint16
    assert np.array_equal(before[~mask], after[~mask])
    assert (before[mask] != after[mask]).any(1).mean() > 0.9


@pytest.mark.parametrize(
    ("option", "band", "red"), [("--avoid", slice(150, 240), False), ("--source", slice(150, 240), True)]
)
def test_masks_say_where_to_copy_from(command: Command, tmp_path: Path, option: str, band: slice, *, red: bool) -> None:
    """A hole half in gray and half in red: either may be kept out of it."""
    image = np.full((180, 240, 3), 120, np.float32)
    image[:, band] = (40, 40, 220)
    image += np.random.default_rng(0).normal(0, 4, image.shape)
    mask, where = np.zeros((2, 180, 240), np.uint8)
    mask[70:110, 130:170] = 255
    where[:, band] = 255
    for name, pixels in (("photo", np.clip(image, 0, 255).astype(np.uint8)), ("mask", mask), ("where", where)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    told = ("fill", "photo.png", "--mask", "mask.png", "-o", "out.png", "--engine", "exemplar", option, "where.png")
    done = command(*told)
    assert done.code == 0, done.err
    inside = read(tmp_path / "out.png")[70:110, 130:170, 2] > 170
    assert inside.mean() > 0.95 if red else inside.mean() < 0.05


def test_grow_and_feather_change_just_that_much(command: Command, case: Path) -> None:
    done = command(
        "fill", "photo8.png", "--mask", "mask.png", "-o", "out.png", "--grow", "3", "--feather", "4", "--json"
    )
    report = json.loads(done.out)
    changed = (read(case / "photo8.png") != read(case / "out.png")).any(2)
    distance = cv2.distanceTransform(
        (read(case / "mask.png") == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )
    # both distances are Euclidean: the farthest pixel lies within 3 px of the mask, then within 4 px of that
    assert distance[changed].max() <= 7
    assert report["filled_pixels"] == pytest.approx((distance <= 7).sum(), rel=0.01)
    assert report["changed_outside"] == 0
    assert report["changed_outside_mask"] == (changed & (distance > 0)).sum() > 0


def test_same_seed_same_file_and_another_seed_another(command: Command, case: Path) -> None:
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        assert command("fill", "photo8.png", "--mask", "mask.png", "-o", name, "--seed", seed).code == 0
    assert np.array_equal(read(case / "a.png"), read(case / "b.png"))
    assert not np.array_equal(read(case / "a.png"), read(case / "c.png"))


def test_isolated_gives_the_same(command: Command, case: Path) -> None:
    for name, more in (("a.png", []), ("b.png", ["--isolated"])):
        assert command("fill", "photo.png", "--mask", "mask.png", "-o", name, *more).code == 0
    assert np.array_equal(read(case / "a.png"), read(case / "b.png"))


def test_jpeg_says_what_its_compression_changed(command: Command, case: Path) -> None:
    done = command("fill", "photo8.png", "--mask", "mask.png", "-o", "out.jpg", "--json")
    assert done.code == 0
    report = json.loads(done.out)
    before, after, mask = read(case / "photo8.png"), read(case / "out.jpg"), read(case / "mask.png") > 0
    assert report["changed_outside"] == ((before != after).any(2) & ~mask).sum() > 0
    assert report["lossless"] is False
    assert any("PNG" in note for note in report["notes"])


def test_tells_a_person_in_words(command: Command, case: Path) -> None:
    done = command("fill", "photo8.png", "--mask", "mask.png", "-o", "out.png")
    assert "1,600 pixels filled by patchmatch" in done.out
    assert "0 pixels changed outside" in done.out
    assert done.err == "", "no progress bar in a pipe"


def test_a_wrong_name_is_told_and_the_new_name_counts(command: Command, case: Path) -> None:
    (case / "really-a-png.jpg").write_bytes((case / "photo8.png").read_bytes())
    done = command("fill", "really-a-png.jpg", "--mask", "mask.png", "-o", "out.tif", "--json")
    assert done.code == 0
    assert any("PNG file, though its name ends in .jpg" in note for note in json.loads(done.out)["notes"])
    assert (case / "out.tif").read_bytes()[:4] == b"II*\0"


def test_depth_size_profile_and_metadata(command: Command, case: Path) -> None:
    more = ["--bits", 8, "--size", 30, "--srgb", "--metadata", "none", "--no-provenance"]
    done = command("fill", "photo.png", "--mask", "mask.png", "-o", "small.png", "--json", *more)
    assert done.code == 0
    report = json.loads(done.out)
    assert (report["bits"], report["changed_outside"]) == (8, 0)
    assert max(read(case / "small.png").shape) == 30
    assert b"xmp" not in (case / "small.png").read_bytes()
    assert command("fill", "photo.png", "--mask", "mask.png", "-o", "said.png").code == 0
    assert b"DigitalSourceType" in (case / "said.png").read_bytes()


def test_the_bundled_sample(command: Command) -> None:
    sample, mask = shipped("samples/canyon-wren.jpg"), shipped("samples/canyon-wren-mask.png")
    done = command("fill", sample, "--mask", mask, "-o", "wren.png", "--json")
    assert done.code == 0
    assert json.loads(done.out)["changed_outside"] == 0


#: What is wrong → the command line after `fill`, and a word that the message must hold.
BAD = {
    "missing photo": ("nowhere.png --mask mask.png -o out.png", "does not exist"),
    "missing mask": ("photo.png --mask nowhere.png -o out.png", "does not exist"),
    "a folder": (". --mask mask.png -o out.png", "folder"),
    "empty file": ("empty.png --mask mask.png -o out.png", "empty"),
    "truncated": ("cut.png --mask mask.png -o out.png", "damaged"),
    "no such depth": ("photo.png --mask mask.png -o out.png --bits 12", "--bits 8"),
    "no such page": ("photo.png --mask mask.png -o out.png --page 2", "no page 2"),
    "read only format": ("photo.png --mask mask.png -o out.ora", "names no format"),
    "no image": ("text.png --mask mask.png -o out.png", "not an image"),
    "mask of another size": ("photo.png --mask small.png -o out.png", "60×60"),
    "all black": ("photo.png --mask black.png -o out.png", "empty"),
    "all white": ("photo.png --mask white.png -o out.png", "whole photo"),
    "unknown engine": ("photo.png --mask mask.png -o out.png --engine nope", "no engine named nope"),
    "unknown option": ("photo.png --mask mask.png -o out.png --option colour=red", "no option colour"),
    "bad option": (
        "photo.png --mask mask.png -o out.png --engine patchmatch --option patch_radius=99",
        "between 0 and 15",
    ),
    "no number": ("photo.png --mask mask.png -o out.png --option thin_px=wide", "no value"),
    "malformed option": ("photo.png --mask mask.png -o out.png --option thin_px", "KEY=VALUE"),
    "negative grow": ("photo.png --mask mask.png -o out.png --grow -1", "--grow"),
    "no output": ("photo.png --mask mask.png", "output"),
    "unknown format": ("photo.png --mask mask.png -o out.bmp", ".bmp"),
    "missing folder": ("photo.png --mask mask.png -o nowhere/out.png", "does not exist"),
    "write-protected": ("photo.png --mask mask.png -o protected.png", "write-protected"),
    "a device": ("photo.png --mask mask.png -o /dev/full", "suffix"),
}


@pytest.fixture
def bad(case: Path) -> Path:
    (case / "empty.png").touch()
    (case / "cut.png").write_bytes((case / "photo.png").read_bytes()[:3000])
    (case / "text.png").write_text("not a picture, whatever its name says\n")
    (case / "protected.png").write_bytes((case / "photo8.png").read_bytes())
    (case / "protected.png").chmod(0o444)
    return case


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line(command: Command, bad: Path, name: str) -> None:
    line, word = BAD[name]
    before = {path.name: path.read_bytes() for path in bad.iterdir()}
    done = command("fill", *line.split())
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("inpaint-studio: ")
    assert done.err.count("\n") == 1
    assert word in done.err
    assert "Traceback" not in done.err
    assert done.err.count(".") >= 2, "a sentence and a hint"
    assert {path.name: path.read_bytes() for path in bad.iterdir()} == before


def test_too_large_names_the_limit_and_how_to_raise_it(command: Command, case: Path) -> None:
    assert command("settings", "max_megapixels", "0.01").code == 0
    done = command("fill", "photo.png", "--mask", "mask.png", "-o", "out.png")
    assert done.code == 2
    assert "0.01" in done.err
    assert "settings max_megapixels" in done.err
    assert command("settings", "max_megapixels", "1").code == 0
    assert command("fill", "photo.png", "--mask", "mask.png", "-o", "out.png").code == 0


def test_a_full_disk_leaves_the_old_file(process: Command, case: Path) -> None:
    (case / "out.png").write_bytes(b"the old file")

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = process("fill", "photo.png", "--mask", "mask.png", "-o", "out.png", preexec_fn=small_files)
    assert done.code == 2
    assert "could not be written" in done.err
    assert "Traceback" not in done.err
    assert (case / "out.png").read_bytes() == b"the old file"
    assert not list(case.glob(".inpaint*"))


@pytest.mark.parametrize("isolated", [[], ["--isolated"]], ids=["here", "isolated"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_at_once_and_leaves_nothing(case: Path, isolated: list[str], sent: signal.Signals) -> None:
    """The bar appears on a terminal; once it says what is going on, Ctrl+C ends it although native code is running."""
    big = np.random.default_rng(0).integers(0, 255, (1800, 1800, 3), np.uint8)
    mask = np.zeros((1800, 1800), np.uint8)
    mask[500:1300, 500:1300] = 255
    cv2.imwrite(str(case / "big.png"), big)
    cv2.imwrite(str(case / "bigmask.png"), mask)
    terminal, stderr = pty.openpty()
    line = [
        sys.executable,
        "-m",
        "inpaint_studio",
        "fill",
        "big.png",
        "--mask",
        "bigmask.png",
        "-o",
        "out.png",
        *isolated,
    ]
    child = subprocess.Popen(line, cwd=case, stdout=subprocess.PIPE, stderr=stderr, env={**os.environ, "TERM": "xterm"})
    os.close(stderr)
    seen = b""
    while b"Copying" not in seen:
        seen += os.read(terminal, 4096)
    child.send_signal(sent)
    out, _ = child.communicate(timeout=5)
    while chunk := _rest(terminal):
        seen += chunk
    os.close(terminal)
    assert child.returncode == 130
    assert out == b""
    assert b"Traceback" not in seen
    assert not (case / "out.png").exists()
    assert not list(case.glob(".inpaint*"))


def _rest(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_engines_lists_all(command: Command) -> None:
    rows = json.loads(command("engines", "--json").out)
    assert {row["id"] for row in rows} >= {"auto", "patchmatch", "smooth"}
    assert all(set(row) >= {"id", "title", "available", "reason", "remedy"} for row in rows)
    assert "patchmatch" in command("engines").out
