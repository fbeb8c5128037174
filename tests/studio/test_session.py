"""Sessions: what is done is in the journal, what is saved is in the project, and both come back with their way back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Silent
from inpaint_studio.errors import InputError
from inpaint_studio.settings import Settings
from inpaint_studio.storage.project import leftovers
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.session import Session, open_any, recover
from tests.engines.requests import hole, photo


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.png"
    cv2.imwrite(str(path), (photo(120, 160) * 65535).astype(np.uint16))
    return path


def shown(session: Session) -> np.ndarray:
    return session.studio.document.composite().read(session.studio.document.canvas)


def work(session: Session) -> None:
    """Three steps, the last one undone: a mask, a fill, another mask."""
    studio = session.studio
    masks = [studio.add_mask((hole(120, 160, 30, 40, 60, 80) * 255).astype(np.uint8))]
    plan, filled = studio.run(studio.fill_job(masks, Recipe(seed=3)), HereRunner(), Silent())
    studio.accept(plan, filled, masks)
    studio.add_mask((hole(120, 160, 80, 80, 90, 90) * 255).astype(np.uint8))
    studio.history.undo()


def test_what_a_dead_program_left_comes_back_with_its_undo(picture: Path) -> None:
    session = open_any(picture, Settings())
    original = shown(session)
    work(session)
    filled = shown(session)
    session.writer.close()  # as far as the journal knows the window died here: nothing was saved
    (leftover,) = leftovers()
    assert leftover.name == "holiday.png"
    again = recover(leftover.path, Settings())
    assert again.unsaved
    assert again.studio.history.position == 2
    assert len(again.studio.history.labels) == 3
    assert np.array_equal(shown(again), filled)
    again.studio.history.go_to(0)
    assert np.array_equal(shown(again), original)
    again.studio.history.go_to(3)
    assert len(again.studio.document.layers) == 3
    again.close(discard=True)
    assert leftovers() == []


def test_save_close_open_undo(picture: Path, tmp_path: Path) -> None:
    session = open_any(picture, Settings())
    original = shown(session)
    work(session)
    filled = shown(session)
    project = tmp_path / "holiday.inpaint"
    session.saved(project, session.save(project))
    assert not session.unsaved
    session.close()
    assert leftovers() == []
    again = open_any(project, Settings())
    assert not again.unsaved
    assert again.project == project
    assert np.array_equal(shown(again), filled)
    again.studio.history.undo()
    assert again.unsaved
    again.studio.history.undo()
    assert np.array_equal(shown(again), original)
    again.close(discard=True)


def test_steps_during_a_save_stay_unsaved(picture: Path, tmp_path: Path) -> None:
    session = open_any(picture, Settings())
    work(session)
    position = session.save(tmp_path / "a.inpaint")
    session.studio.history.undo()
    session.saved(tmp_path / "a.inpaint", position)
    assert session.unsaved
    session.studio.history.redo()
    assert not session.unsaved
    session.close(discard=True)


def test_a_second_window_on_the_same_project_is_told(picture: Path, tmp_path: Path) -> None:
    session = open_any(picture, Settings())
    work(session)
    session.saved(tmp_path / "a.inpaint", session.save(tmp_path / "a.inpaint"))
    with pytest.raises(InputError, match="already open"):
        open_any(tmp_path / "a.inpaint", Settings())
    session.close()


def test_memory_is_bounded_and_the_way_back_is_not(picture: Path) -> None:
    session = open_any(picture, Settings(history_mib=1))
    studio = session.studio
    for index in range(30):
        studio.add_mask(np.full((120, 160), 200 + index, np.uint8), f"Mask {index}")
    assert studio.history.nbytes <= 1 << 20
    studio.history.go_to(0)
    assert studio.document.layers == ()
    studio.history.go_to(30)
    assert [layer.name for layer in studio.document.layers] == [f"Mask {index}" for index in range(30)]
    session.close(discard=True)


def test_an_untouched_photo_leaves_nothing(picture: Path) -> None:
    session = open_any(picture, Settings())
    assert not session.unsaved
    session.close()
    assert leftovers() == []
