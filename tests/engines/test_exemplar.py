"""What exemplar promises beyond the contract: threads don't show, previews come, masks and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inpaint_studio.engines.contract import Decision, FillRequest, Float, Silent
from inpaint_studio.engines.models.exemplar import Exemplar, ExemplarOptions
from inpaint_studio.engines.patches import synthesis
from inpaint_studio.engines.patches.level import Level, Patches, finest
from inpaint_studio.errors import Cancelled, InputError
from tests.engines.requests import hole, photo

REQUEST = FillRequest(photo(160, 200), hole(160, 200, 40, 60, 120, 140), options=ExemplarOptions(layouts=2))


class Watcher:
    """Keeps previews; cancels after `limit` steps."""

    def __init__(self, limit: int = 1 << 30) -> None:
        self.limit, self.steps = limit, 0
        self.previews: list[Float] = []

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        self.steps += 1
        if self.steps > self.limit:
            raise Cancelled
        if preview is not None:
            self.previews.append(preview)
        return Decision.CONTINUE


def fill(request: FillRequest) -> Float:
    return Exemplar().fill(request, Silent()).image


def test_the_number_of_threads_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for threads in (1, 4):
        monkeypatch.setattr("os.cpu_count", lambda threads=threads: threads)
        results.append(fill(REQUEST))
    assert np.array_equal(*results)


def test_another_seed_is_another_fill() -> None:
    assert not np.array_equal(fill(REQUEST), fill(replace(REQUEST, seed=1)))


def test_previews_have_the_requests_size_and_leave_the_rest_alone() -> None:
    watcher = Watcher()
    Exemplar().fill(REQUEST, watcher)
    assert watcher.previews
    known = REQUEST.mask == 0
    for preview in watcher.previews:
        assert preview.dtype == np.float32
        assert preview.shape == REQUEST.image.shape
        assert np.array_equal(preview[known], REQUEST.image[known])


def test_there_is_something_to_see_before_the_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look is made of the surroundings' colours, however long the first layout takes."""

    def refuse(*_: object) -> None:
        raise Cancelled

    monkeypatch.setattr("inpaint_studio.engines.patches.synthesis.Synthesis.run", refuse)
    watcher = Watcher()
    with pytest.raises(Cancelled):
        Exemplar().fill(REQUEST, watcher)
    (look,) = watcher.previews
    hole = REQUEST.mask > 0
    assert np.array_equal(look[~hole], REQUEST.image[~hole])
    assert np.abs(look - REQUEST.image)[hole].mean() < 0.05


def test_making_the_levels_and_the_lists_of_patches_can_be_cancelled() -> None:
    """On a large crop these take longer than a cancel may."""
    image, hole = np.zeros((1100, 40, 3), np.float32), np.zeros((1100, 40), np.bool_)
    hole[500:520, 10:20] = True
    heard: list[None] = []
    level = finest(image, hole, np.zeros_like(hole), lambda: heard.append(None))
    made = len(heard)
    level.halved(lambda: heard.append(None))
    halved = len(heard)
    patches = Patches(level, 3, level.sources(3), lambda: heard.append(None))
    assert (made >= 4, halved - made >= 2, len(heard) - halved >= 9) == (True, True, True)
    # compiled loops are made for one order in memory
    assert all(part.flags.c_contiguous for part in (patches.targets, patches.source_list, patches.pixels))


def test_a_cancel_in_the_midst_of_the_work_is_heard() -> None:
    with pytest.raises(Cancelled):
        Exemplar().fill(REQUEST, Watcher(limit=2))


def test_layouts_of_large_holes_are_chosen_between_at_a_quarter_of_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that of all but one layout nothing larger is made."""
    made: list[int] = []
    really = synthesis.patches_of

    def patches_of(level: Level, *arguments: object) -> Patches:
        made.append(level.hole.size)
        return really(level, *arguments)

    monkeypatch.setattr(synthesis, "patches_of", patches_of)
    at_half = fill(REQUEST)
    half = REQUEST.mask.size // 4
    assert made.count(half) == 2
    made.clear()
    monkeypatch.setattr(synthesis, "_MANY", 100)
    at_a_quarter = fill(REQUEST)
    assert made.count(half) == 1
    assert made.count(half // 4) == 2
    assert np.array_equal(at_a_quarter, fill(REQUEST))
    assert np.abs(at_a_quarter - at_half).mean() < 0.02


def test_stripes_run_on_through_the_hole() -> None:
    stripes = np.repeat(((np.arange(120) // 6 % 2) * 0.6 + 0.2)[None, :, None], 120, 0).repeat(3, 2).astype(np.float32)
    filled = fill(FillRequest(stripes, hole(120, 120, 40, 40, 80, 80)))
    assert np.abs(filled - stripes).mean() < 0.01


def test_a_soft_mask_removes_as_wholly_as_a_hard_one() -> None:
    image = np.random.default_rng(0).normal(0.3, 0.02, (80, 80, 3)).astype(np.float32)
    image[30:50, 30:50] = 1
    mask = hole(80, 80, 25, 25, 55, 55)
    soft = mask * np.linspace(0.05, 1, 80, dtype=np.float32)[None]
    assert np.array_equal(fill(FillRequest(image, soft)), fill(FillRequest(image, mask)))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_any_number_of_channels(channels: int) -> None:
    image = np.concatenate([photo(60, 70)] * 2, 2)[..., :channels].copy()
    filled = fill(FillRequest(image, hole(60, 70, 20, 20, 40, 40)))
    assert filled.shape == image.shape
    assert np.abs(filled - image).mean() < 0.05


def test_five_hundred_specks() -> None:
    generator = np.random.default_rng(0)
    mask = np.zeros((200, 200), np.float32)
    mask.ravel()[generator.choice(mask.size, 500, replace=False)] = 1
    filled = fill(FillRequest(photo(200, 200), mask))
    assert np.isfinite(filled).all()
    assert np.abs(filled - photo(200, 200))[mask > 0].mean() < 0.06


def test_no_source_is_said() -> None:
    mask = hole(40, 40, 10, 10, 20, 20)
    with pytest.raises(InputError, match="nothing to copy from") as caught:
        fill(FillRequest(photo(40, 40), mask, avoid=1 - mask))
    assert "membrane" in caught.value.hint


def test_options_are_checked() -> None:
    with pytest.raises(InputError):
        ExemplarOptions(layouts=0)
