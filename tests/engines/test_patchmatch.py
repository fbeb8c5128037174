"""What `patchmatch` decides by itself."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import patchmatch
import pytest

from inpaint_studio.engines.contract import Decision, FillRequest, Float, Silent
from inpaint_studio.engines.models.patchmatch import PatchMatch, PatchMatchOptions
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
    really = patchmatch.inpaint

    def inpaint(picture: np.ndarray, *arguments: object, **options: object) -> np.ndarray:
        sizes.append(picture.shape[:2])
        return really(picture, *arguments, **options)

    monkeypatch.setattr(patchmatch, "inpaint", inpaint)
    PatchMatch().fill(FillRequest(image, mask, options=PatchMatchOptions()), Silent())
    return sizes


def test_calm_ground_is_drawn_once_at_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = hole(90, 110, 30, 30, 60, 70)
    calm = np.broadcast_to(np.linspace(0.2, 0.8, 110, dtype=np.float32)[None, :, None], (90, 110, 3)).copy()
    assert _drawings(calm, mask, monkeypatch) == [(90, 110)]
    assert _drawings(_rough(), mask, monkeypatch) == [(45, 55)] * 2
