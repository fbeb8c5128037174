"""A perfect engine inside a deep photo: what the way to it and back costs (gate: an RMSE of 10 of 65535).

The three cases of the research: a sky, a colour that sRGB can't hold, and grain, all 16 bits in ProPhoto RGB. The engine
gives back what it is shown, which is the truth, since the photo holds it under the mask.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Progress, Silent
from inpaint_studio.pixels.colour_spaces import exactly, srgb_profile
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.settings import Settings
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.studio.export import export
from inpaint_studio.studio.studio import Studio
from tests import profiles

HEIGHT, WIDTH = 256, 512
WHITE = 65535
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH] / WIDTH
SKY = np.stack([0.42 + 0.05 * X + 0.02 * Y, 0.46 + 0.04 * X + 0.02 * Y, 0.52 + 0.03 * X], -1)
CASES = {
    "sky": SKY,
    "wide": np.stack([0.05 + 0.03 * X, 0.62 + 0.05 * X, 0.10 + 0.03 * Y], -1),
    "grain": SKY + np.random.default_rng(0).normal(0, 0.006, SKY.shape),
}
MASK = np.zeros((HEIGHT, WIDTH), np.uint8)
MASK[64:192, 128:384] = 255
ENGINE = "exemplar"


def perfect(_spec: EngineSpec, request: FillRequest, _progress: Progress) -> FillResult:
    return FillResult(request.image)


@pytest.mark.parametrize("finished", [False, True], ids=["plain", "finished"])
@pytest.mark.parametrize("levels", [8, 32])
@pytest.mark.parametrize("case", CASES)
def test_it_comes_back(case: str, levels: int, finished: bool, tmp_path: Path) -> None:
    truth = np.rint(CASES[case] * WHITE).astype(np.uint16)
    icc = profiles.matrix("ProPhoto")
    if case == "wide":  # the case is what it says: sRGB clips it
        seen = exactly(truth, Colour.RGB, icc, srgb_profile())
        assert ((seen == 0) | (seen == WHITE)).any(2).all()
    studio = Studio.of(Photo(truth, PixelFormat(Colour.RGB, "uint16"), Metadata(icc=icc)), Settings())
    masks = [studio.add_mask(MASK)]
    # as it is, with floats, and as one that works with 8 bits inside
    specs = {ENGINE: replace(catalog.specs()[ENGINE], levels=levels)}
    recipe = Recipe(engine=ENGINE, seams=finished, grain=finished)
    plan = planner.plan(studio.fill_job(masks, recipe), specs)
    studio.accept(plan, planner.execute(plan, perfect, Silent()), masks)
    export(studio.shown(), tmp_path / "a.tif")
    written = read_photo(tmp_path / "a.tif", max_megapixels=1)
    assert written.metadata.icc == icc
    inside = MASK > 0
    error = (written.pixels.astype(np.float64) - truth)[inside]
    assert np.sqrt((error**2).mean()) <= 10
    # no shift, and no banding: every channel keeps its mean, and a smooth tone its levels
    assert np.abs(error.mean(0)).max() <= 5
    if case != "grain":
        for channel in range(3):
            before, after = (np.unique(one[128, 128:384, channel]).size for one in (truth, written.pixels))
            assert after >= 0.8 * before
