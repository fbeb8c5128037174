"""A folder of scans: what they have in common, what goes wrong with some of them, and taking it up again."""

from __future__ import annotations

import errno
import html
import json
import os
import shutil
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import (
    Decision,
    EngineSpec,
    FillRequest,
    FillResult,
    Float,
    Payload,
    Progress,
    Silent,
)
from inpaint_studio.errors import Cancelled, InputError
from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.proposal import Sliders
from inpaint_studio.settings import Settings
from inpaint_studio.studio import batch as batches
from inpaint_studio.studio.batch import Batch
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.mending import Options
from tests.restore.conftest import scene, scratched

OPTIONS = Options(NETWORK, Sliders(), Recipe(grow=2))
DUST = Options((Defect.DUST,), Sliders(classes=frozenset({Defect.DUST})), Recipe(grow=2))
GLASS = ((60, 50), (200, 140))


def save(path: Path, image: np.ndarray) -> None:
    cv2.imwrite(str(path), np.rint(np.clip(image[..., ::-1], 0, 1) * 255).astype(np.uint8))


def on_glass(number: int, strength: float) -> np.ndarray:
    """A scene of its own, with the dust that lies on the scanner's glass."""
    image = scene(200, 280) + 0.04 * np.sin(np.arange(280) / (20 + 3 * number))[None, :, None].astype(np.float32)
    for (x, y), more in zip(GLASS, (1, 1.25), strict=True):
        spot = np.zeros(image.shape[:2], np.uint8)
        cv2.circle(spot, (x, y), 2, 255, -1, cv2.LINE_AA)
        image = image + (more * strength * spot / np.float32(255))[..., None]
    return image


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Four scans with plain dust on the glass; in the first, by name, it is too faint to be found by itself."""
    folder = tmp_path / "box"
    folder.mkdir()
    for number in range(4):
        save(folder / f"{number}.png", on_glass(number, 0.0245 if number == 0 else 0.5))
    return folder


def mended(source: Path, target: Path, name: str, at: tuple[int, int]) -> bool:
    """Whether a pixel was changed."""
    before, after = (cv2.imread(str(folder / name)) for folder in (source, target))
    assert before is not None
    assert after is not None
    return bool((before[at[1], at[0]] != after[at[1], at[0]]).any())


def test_dust_on_the_glass_is_mended_in_every_scan(box: Path, tmp_path: Path) -> None:
    """The first scan was mended before anything was known: it is mended again."""
    batch = Batch(box, tmp_path / "out", DUST, Settings(), jobs=1)
    batch.run(Silent())
    batch.write_report()
    for number in range(4):
        for place in GLASS:
            assert mended(box, tmp_path / "out", f"{number}.png", place), number
    assert len(batch.learned()) == 1
    assert "280×200" in batch.learned()[0]
    assert batch.learned()[0] in html.unescape((tmp_path / "out" / "restored.html").read_text("utf-8"))
    assert any("glass" in note for note in batch.files()["0.png"]["mended"]["notes"])
    assert batch.counts() == (4, 0, 0)


def test_the_memory_of_the_box_can_be_switched_off(box: Path, tmp_path: Path) -> None:
    batch = Batch(
        box, tmp_path / "out", Options(DUST.classes, DUST.sliders, DUST.recipe, album=False), Settings(), jobs=1
    )
    batch.run(Silent())
    assert not mended(box, tmp_path / "out", "0.png", GLASS[0])


def test_what_was_learned_outlives_the_program(box: Path, tmp_path: Path) -> None:
    """Three scans today; the faint one comes tomorrow, and is mended once, with what is known."""
    (box / "0.png").rename(tmp_path / "later.png")
    Batch(box, tmp_path / "out", DUST, Settings(), jobs=1).run(Silent())
    (tmp_path / "later.png").rename(box / "late.png")
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.png")}
    batch = Batch(box, tmp_path / "out", DUST, Settings(), jobs=1)
    batch.run(Silent())
    assert batch.counts() == (1, 0, 3)
    assert mended(box, tmp_path / "out", "late.png", GLASS[0])
    assert {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in kept} == kept


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 1, "files": {"1.png": {"seen": 3}}}'])
def test_a_damaged_state_is_begun_anew(box: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "restored.json").write_text(text)
    batch = Batch(box, tmp_path / "out", DUST, Settings(), jobs=1)
    batch.run(Silent())
    assert batch.counts() == (4, 0, 0)


class Stops:
    """A progress that ends the batch when a file has been done."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        if any(self.target.glob("*.png")):
            raise Cancelled
        return Decision.CONTINUE


def test_a_stopped_batch_is_taken_up(box: Path, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        Batch(box, tmp_path / "out", DUST, Settings(), jobs=1).run(Stops(tmp_path / "out"))
    assert 0 < len(list((tmp_path / "out").glob("*.png"))) < 4
    assert not list((tmp_path / "out").glob(".*"))
    batch = Batch(box, tmp_path / "out", DUST, Settings(), jobs=1)
    batch.run(Silent())
    done, failed, skipped = batch.counts()
    assert done + skipped == 4
    assert not failed
    assert mended(box, tmp_path / "out", "0.png", GLASS[0]), "what was learned later reaches what was done before"


def test_broken_files_of_every_kind_do_not_stop_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    save(folder / "good.png", scratched(160, 200).image)
    whole = (folder / "good.png").read_bytes()
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.tif").write_text("no picture")
    (folder / "link.png").symlink_to(folder / "gone.png")
    (folder / "folder.png").mkdir()
    (folder / ".hidden.png").write_bytes(whole)
    batch = Batch(folder, tmp_path / "out", OPTIONS, Settings(), jobs=2)
    batch.run(Silent())
    batch.write_report()
    assert batch.counts() == (1, 3, 0)
    assert {name for name, entry in batch.files().items() if "error" in entry} == {"empty.jpg", "half.png", "text.tif"}
    assert (tmp_path / "out" / "good.png").exists()
    assert not (tmp_path / "out" / "half.png").exists()
    page = (tmp_path / "out" / "restored.html").read_text("utf-8")
    assert page.count('class="error"') == 3


def test_a_file_that_goes_while_it_is_waited_for_is_named(box: Path, tmp_path: Path) -> None:
    class Takes(HereRunner):
        def task(self, name: str, payload: Payload, progress: Progress) -> Payload:
            (box / "3.png").unlink(missing_ok=True)
            return super().task(name, payload, progress)

    batch = Batch(box, tmp_path / "out", DUST, Settings(), runner=Takes())
    batch.run(Silent())
    assert batch.counts()[:2] == (3, 1)
    assert "error" in batch.files()["3.png"]


def test_no_memory_for_one_is_no_end(box: Path, tmp_path: Path) -> None:
    class Poor(HereRunner):
        def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
            raise MemoryError

    batch = Batch(box, tmp_path / "out", DUST, Settings(), runner=Poor())
    batch.run(Silent())
    done, failed, _ = batch.counts()
    assert done + failed == 4
    assert failed >= 3
    assert "not enough memory" in batch.files()["1.png"]["error"]


@pytest.mark.parametrize(("free", "together"), [(64 << 30, 2), (700 << 20, 1)])
def test_as_many_at_a_time_as_memory_holds(
    box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, together: int
) -> None:
    """Counted where the work is done: threads of the batch inside the mending of a file."""
    monkeypatch.setattr(batches, "_free_memory", lambda: float(free))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    most, now, lock, both = [0], [0], threading.Lock(), threading.Event()

    def slow(source: Path, target: Path, *_: object) -> tuple[object, object]:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if now[0] == together:
                both.set()
        assert both.wait(20), "another file could have been mended meanwhile"
        with lock:
            now[0] -= 1
        shutil.copyfile(source, target)
        raise InputError("enough", "")

    monkeypatch.setattr(batches, "mend_file", slow)
    Batch(box, tmp_path / "out", DUST, Settings()).run(Silent())
    assert most[0] == together


def test_a_target_inside_a_file_or_the_scans_themselves(box: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "file", tmp_path / "file" / "out", box):
        with pytest.raises(InputError):
            Batch(box, target, DUST, Settings())
    assert (tmp_path / "file").read_text() == "mine"
    assert not (box / "restored.json").exists()


def test_a_target_that_becomes_read_only_is_told(box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a stick is pulled out: the errors are in the report of what could be kept."""

    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    batch = Batch(box, tmp_path / "out", DUST, Settings(), jobs=1)
    monkeypatch.setattr(batches, "mend_file", refuses)
    batch.run(Silent())
    assert batch.counts() == (0, 4, 0)
    assert "Permission denied" in batch.files()["0.png"]["error"]


def test_the_state_is_json_that_others_can_read(box: Path, tmp_path: Path) -> None:
    Batch(box, tmp_path / "out", DUST, Settings(), jobs=1).run(Silent())
    state = json.loads((tmp_path / "out" / "restored.json").read_text("utf-8"))
    assert set(state["files"]) == {f"{number}.png" for number in range(4)}
    assert state["files"]["1.png"]["seen"]["size"] == [280, 200]


def test_a_target_that_is_gone_ends_the_batch_with_a_word(box: Path, tmp_path: Path) -> None:
    class PullsOut(HereRunner):
        def task(self, name: str, payload: Payload, progress: Progress) -> Payload:
            shutil.rmtree(tmp_path / "out", ignore_errors=True)
            return super().task(name, payload, progress)

    batch = Batch(box, tmp_path / "out", DUST, Settings(), runner=PullsOut())
    with pytest.raises(InputError, match="does not exist"):
        batch.run(Silent())
    with pytest.raises(InputError):
        batch.write_report()
    assert len(list(box.glob("*.png"))) == 4


def test_a_read_only_target_is_refused_before_anything_is_looked_at(
    box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(path: str, *_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", path)

    monkeypatch.setattr(os, "mkdir", refuses)
    with pytest.raises(InputError, match="Nothing can be written"):
        Batch(box, tmp_path / "out", DUST, Settings())
