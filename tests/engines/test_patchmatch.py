"""What `patchmatch` decides by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inpaint_studio.engines.contract import FillRequest, Silent
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


def test_options_are_checked() -> None:
    with pytest.raises(InputError):
        PatchMatchOptions(16)
