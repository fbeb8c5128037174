"""What `patchmatch` decides by itself."""

from __future__ import annotations

import os
from dataclasses import replace

import cv2
import numpy as np
import patchmatch
import pytest

from inpaint_studio.engines.contract import Decision, FillRequest, Float, Silent
from inpaint_studio.engines.models.patchmatch import PatchMatch, PatchMatchOptions, _drawn
from inpaint_studio.engines.patches.level import finest
from inpaint_studio.errors import InputError
from tests.engines.requests import hole, photo


def _filled(mask: np.ndarray, radius: int) -> np.ndarray:
    request = FillRequest(photo(90, 110), mask, options=PatchMatchOptions(radius))
    return PatchMatch().fill(replace(request, seed=3), Silent()).image


@pytest.mark.parametrize(("share", "radius"), [(0.1, 3), (0.6, 2)])
def test_patches_are_small_where_much_is_missing(share: float, radius: int) -> None:
    mask = hole(90, 110, 5, 5, 5 + round(90 * share), 100)
    assert np.array_equal(_filled(mask, 0), _filled(mask, radius))
    assert not np.array_equal(_filled(mask, 0), _filled(mask, 5 - radius))


@pytest.mark.parametrize("options", [(16, 2), (0, 0), (0, 13)])
def test_options_are_checked(options: tuple[int, int]) -> None:
    with pytest.raises(InputError):
        PatchMatchOptions(*options)


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    mask, found = hole(90, 110, 30, 30, 60, 70), []
    for count in (1, 4):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        found.append(_filled(mask, 0))
    assert np.array_equal(*found)


def test_every_other_picture_is_drawn_from_nearby() -> None:
    """A tint that grows sideways tells how far away what was copied lies; all else is noise."""
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (160, 240)).astype(np.float32), (0, 0), 1.5)
    image = np.repeat((0.5 + noise * 0.12 / noise.std())[..., None], 3, 2)
    image[..., 2] += 0.06 * np.abs(np.arange(240, dtype=np.float32) - 120) / 120
    mask = hole(160, 240, 55, 95, 105, 145) > 0
    level = finest(image, mask, np.zeros_like(mask), lambda: None)
    for seed in range(2):
        tints = []
        for near in (False, True):
            picture = _drawn(level, 3, seed, near=near)
            assert np.array_equal(picture, _drawn(level, 3, seed, near=near))
            tints.append(float((picture[..., 2] - picture[..., 0])[mask].mean()))
        assert 0 < tints[1] < 0.7 * tints[0]


@pytest.mark.parametrize(("side", "kinds"), [(60, ["plain", "plain"]), (90, ["plain", "near"])])
def test_spots_are_not_worth_a_guided_picture(side: int, kinds: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    for name, kind in (("inpaint", "plain"), ("inpaint_regularity", "near")):
        really = getattr(patchmatch, name)

        def draw(*arguments: object, really=really, kind=kind, **options: object) -> np.ndarray:
            drawn.append(kind)
            return really(*arguments, **options)

        monkeypatch.setattr(patchmatch, name, draw)
    image = np.random.default_rng(0).random((200, 200, 3), np.float32)
    mask = hole(200, 200, 50, 50, 50 + side, 50 + side)
    PatchMatch().fill(FillRequest(image, mask, options=PatchMatchOptions()), Silent())
    assert drawn == kinds


class _Watching:
    """Keeps previews, and says FINISH at the `last` of them."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.previews: list[Float] = []

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        if preview is not None:
            self.previews.append(preview)
        return Decision.FINISH if len(self.previews) >= self.last else Decision.CONTINUE


def test_there_is_something_to_see_before_each_layout_and_after() -> None:
    request = FillRequest(_rough(), hole(90, 110, 30, 30, 60, 70), options=PatchMatchOptions(layouts=3))
    counts = []
    for last in (100, 2):
        watching = _Watching(last)
        result = PatchMatch().fill(request, watching).image
        assert np.array_equal(result[:30], request.image[:30])
        assert all(preview.shape == request.image.shape for preview in watching.previews)
        counts.append(len(watching.previews))
    assert counts[0] >= 4
    # told to end at the first layout, no other is drawn
    assert counts[1] == 2


def test_what_is_copied_is_the_photo_itself_and_not_rounded_to_8_bits() -> None:
    image = photo(90, 110) * np.float32(1 / 64) + np.float32(0.4)
    request = FillRequest(image, hole(90, 110, 30, 30, 60, 70), options=PatchMatchOptions())
    inside = PatchMatch().fill(request, Silent()).image[30:60, 30:70]
    assert len(np.unique((inside * 65535).round())) > 3 * len(np.unique((image * 255).round()))


def _rough() -> np.ndarray:
    return np.random.default_rng(0).random((90, 110, 3), np.float32)


def _drawings(image: np.ndarray, mask: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of the pictures that the library was asked for."""
    sizes: list[tuple[int, int]] = []
    for name in ("inpaint", "inpaint_regularity"):
        really = getattr(patchmatch, name)

        def draw(picture: np.ndarray, *arguments: object, really=really, **options: object) -> np.ndarray:
            sizes.append(picture.shape[:2])
            return really(picture, *arguments, **options)

        monkeypatch.setattr(patchmatch, name, draw)
    PatchMatch().fill(FillRequest(image, mask, options=PatchMatchOptions()), Silent())
    return sizes


def test_calm_ground_is_drawn_once_at_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = hole(90, 110, 30, 30, 60, 70)
    calm = np.broadcast_to(np.linspace(0.2, 0.8, 110, dtype=np.float32)[None, :, None], (90, 110, 3)).copy()
    assert _drawings(calm, mask, monkeypatch) == [(90, 110)]
    assert _drawings(_rough(), mask, monkeypatch) == [(45, 55)] * 2
