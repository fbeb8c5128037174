"""`inpaint-studio detect` and `restore` from file to file and folder to folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint_studio.restore import network, text
from inpaint_studio.restore.unseen import Bet
from tests.cli.conftest import Command
from tests.restore.conftest import scene, scratched


def save(path: Path, image: np.ndarray, dtype: type = np.uint8) -> None:
    white = np.iinfo(dtype).max
    cv2.imwrite(str(path), np.rint(np.clip(image[..., ::-1], 0, 1) * white).astype(dtype))


def read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder with three scans, one of them whole, one broken file, and something that is no photo."""
    folder = tmp_path / "box"
    folder.mkdir()
    save(folder / "a.png", scratched(200, 260).image, np.uint16)
    save(folder / "b.tif", scratched(180, 240).image)
    save(folder / "whole.png", scene(160, 200))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    (folder / "notes.txt").write_text("not a photo")
    return folder


def test_detect_writes_a_mask_of_the_photos_size(command: Command, scans: Path, tmp_path: Path) -> None:
    done = command("detect", scans / "a.png", "-o", "mask.png", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    mask, truth = read(tmp_path / "mask.png"), scratched(200, 260).truth
    assert mask.shape == truth.shape
    assert (mask[truth] > 0).mean() > 0.5
    assert report["marked_percent"] == pytest.approx(100 * (mask > 0).mean(), abs=0.01)
    assert report["parts"]
    assert {part["class"] for part in report["parts"]} <= {"dust", "lines", "cracks", "stains"}


def test_more_sensitivity_marks_more(command: Command, scans: Path, tmp_path: Path) -> None:
    areas = []
    for sensitivity in ("0", "0.5", "1"):
        assert command("detect", scans / "a.png", "-o", "m.png", "--sensitivity", sensitivity).code == 0
        areas.append(int((read(tmp_path / "m.png") > 0).sum()))
    assert areas == sorted(areas)
    assert areas[0] < areas[2]


def test_only_the_classes_that_were_named(command: Command, scans: Path) -> None:
    done = command("detect", scans / "a.png", "-o", "m.png", "--classes", "dust", "--json")
    assert {part["class"] for part in json.loads(done.out)["parts"]} <= {"dust"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("detect", "none.png", "-o", "m.png"),
        ("detect", "box/a.png", "-o", "m.png", "--classes", "fire"),
        ("detect", "box/a.png", "-o", "m.png", "--sensitivity", "2"),
        ("detect", "box/a.png", "-o", "m.xyz"),
        ("detect", "box/a.png", "-o", "none/m.png"),
        ("detect", "box/broken.png", "-o", "m.png"),
        ("restore", "box/a.png", "-o", "box"),
        ("restore", "box", "-o", "box"),
        ("restore", "box/a.png", "-o", "m.png", "--engine", "nonsense"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    command: Command, scans: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    before = sorted(path.name for path in tmp_path.rglob("*"))
    done = command(*arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_restore_mends_and_changes_nothing_else(command: Command, scans: Path, tmp_path: Path) -> None:
    done = command("restore", scans / "a.png", "-o", "out.png", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    before, after = read(scans / "a.png"), read(tmp_path / "out.png")
    assert after.dtype == np.uint16
    assert report["changed_outside"] == 0
    assert 0 < (before != after).any(2).sum() <= report["filled_pixels"]
    clean = np.rint(scene(200, 260)[..., ::-1] * 65535)
    assert np.mean((after - clean) ** 2) < 0.5 * np.mean((before - clean) ** 2)


def test_a_whole_photo_is_copied_byte_for_byte(command: Command, scans: Path, tmp_path: Path) -> None:
    done = command("restore", scans / "whole.png", "-o", "out.png", "--json")
    assert json.loads(done.out)["notes"] == ["Nothing was found."]
    assert (tmp_path / "out.png").read_bytes() == (scans / "whole.png").read_bytes()


def test_a_folder_with_a_broken_file(command: Command, scans: Path, tmp_path: Path) -> None:
    done = command("restore", scans, "-o", "out", "--json")
    assert done.code == 1
    report = json.loads(done.out)
    assert (report["done"], report["failed"], report["skipped"]) == (3, 1, 0)
    assert "error" in report["files"]["broken.png"]
    assert report["learned"] == [], "three scans of three sizes have nothing in common"
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_file()} == {
        "a.png", "b.tif", "whole.png", "restored.html", "restored.json",
    }  # fmt: skip
    page = (tmp_path / "out" / "restored.html").read_text("utf-8")
    assert "broken.png" in page
    for name in ("before", "mask", "after"):
        assert f'src="restored-pictures/a.png/{name}.jpg"' in page
        assert read(tmp_path / "out" / "restored-pictures" / "a.png" / f"{name}.jpg").size


def test_a_folder_is_taken_up_again(command: Command, scans: Path, tmp_path: Path) -> None:
    command("restore", scans, "-o", "out")
    (tmp_path / "out" / "b.tif").unlink()
    kept = (tmp_path / "out" / "a.png").stat().st_mtime_ns
    report = json.loads(command("restore", scans, "-o", "out", "--json").out)
    assert (report["done"], report["failed"], report["skipped"]) == (1, 1, 2)
    assert (tmp_path / "out" / "a.png").stat().st_mtime_ns == kept
    again = json.loads(command("restore", scans, "-o", "out", "--sensitivity", "0.3", "--json").out)
    assert again["skipped"] == 0, "other settings are other results"


def test_names_of_files_cannot_break_the_page(command: Command, scans: Path, tmp_path: Path) -> None:
    (scans / "a.png").rename(scans / "a <b>&#35;?.png")
    command("restore", scans, "-o", "out")
    page = (tmp_path / "out" / "restored.html").read_text("utf-8")
    assert "<b>" not in page
    assert "a%20%3Cb%3E%26%2335%3B%3F.png/before.jpg" in page


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything is writable")
def test_a_read_only_target(command: Command, scans: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    done = command("restore", scans, "-o", "locked/out")
    assert done.code == 2
    assert "cannot be written" in done.err or "can be written" in done.err


def test_a_target_that_is_a_file(command: Command, scans: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    done = command("restore", scans, "-o", "out")
    assert done.code == 2
    assert (tmp_path / "out").read_text() == "mine"


def test_an_empty_folder(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert command("restore", "empty", "-o", "out").code == 2


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupted_batch_keeps_what_was_done_and_goes_on(process: Command, scans: Path, tmp_path: Path) -> None:
    """Ctrl+C while the second file is being restored: a report, no half file, and only the rest is done again."""
    (scans / "broken.png").unlink()
    line = [sys.executable, "-m", "inpaint_studio", "restore", str(scans), "-o", "out", "--jobs", "1"]
    running = subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = tmp_path / "out" / "a.png"
    while not first.exists() and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    if running.returncode != 0:  # it was not done already
        assert running.returncode == 130, err
        assert "Traceback" not in err
    assert (tmp_path / "out" / "restored.html").exists()
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]
    report = json.loads(process("restore", scans, "-o", "out", "--json").out)
    assert report["done"] + report["skipped"] == 3
    assert report["failed"] == 0


def test_a_photo_that_looks_whole_is_left_alone_unless_asked(
    command: Command, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a detector that takes every photo for whole: what it would show is counted, and --anyway mends it."""
    rules = network.regimes()
    assert rules is not None, "the shipped model was calibrated"
    monkeypatch.setattr(network, "regimes", lambda: replace(rules, low=1.0, high=2.0, bet=Bet.never()))
    report = json.loads(command("restore", scans / "a.png", "-o", "out.png", "--json").out)
    assert report["parts"] == 0
    assert any("looks whole" in note and "--anyway" in note for note in report["notes"])
    assert (tmp_path / "out.png").read_bytes() == (scans / "a.png").read_bytes()
    assert any("higher sensitivity" in note for note in report["notes"])
    most = json.loads(command("restore", scans / "a.png", "-o", "out.png", "--sensitivity", "1", "--json").out)
    assert most["parts"] == 0
    assert not any("higher sensitivity" in note for note in most["notes"]), "there is none"
    shown = json.loads(command("detect", scans / "a.png", "-o", "m.png", "--json").out)
    assert shown["looks_whole"]
    assert shown["parts"], "who looks at them is shown them"
    report = json.loads(command("restore", scans / "a.png", "-o", "out.png", "--anyway", "--json").out)
    assert report["parts"] == len(shown["parts"])


def test_more_sensitivity_mends_more(command: Command, scans: Path, tmp_path: Path) -> None:
    """The rule judges, and the slider says how sure it has to be."""
    mended = []
    for sensitivity in ("0", "0.5", "1"):
        done = command("restore", scans / "a.png", "-o", "out.png", "--sensitivity", sensitivity, "--json")
        mended.append(json.loads(done.out)["parts"])
    assert mended == sorted(mended)
    assert mended[0] < mended[2]


def test_text_only_says_what_it_found(command: Command, scans: Path, tmp_path: Path) -> None:
    if not text.available():
        pytest.skip("onnxruntime is not installed")
    done = command("detect", scans / "whole.png", "-o", "m.png", "--classes", "text", "--json")
    assert json.loads(done.out)["notes"] == ["Nothing was found."]
    stamped = np.rint(np.clip(scene(480, 640), 0, 1) * 255).astype(np.uint8)[..., ::-1].copy()
    cv2.putText(stamped, "12 25 '87", (430, 440), cv2.FONT_HERSHEY_DUPLEX, 1.0, (60, 140, 255), 2, cv2.LINE_AA)
    cv2.imwrite(str(scans / "stamped.png"), stamped)
    report = json.loads(command("detect", scans / "stamped.png", "-o", "m.png", "--classes", "text", "--json").out)
    assert {part["class"] for part in report["parts"]} == {"text"}
    assert not report["notes"]
    assert read(tmp_path / "m.png")[415:445, 430:600].mean() > 20
