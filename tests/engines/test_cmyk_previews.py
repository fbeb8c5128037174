"""What is shown of a CMYK fill on its way is in the photo's own inks, as what it ends with is."""

from __future__ import annotations

import numpy as np
import pytest

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import Decision, EngineSpec, FillRequest, FillResult, Float, Progress
from inpaint_studio.pixels.colour_spaces import display_transform
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.studio.studio import Studio
from tests import profiles


class Looking:
    """Remembers what is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[Rect, Samples]] = []

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        return Decision.CONTINUE

    def show(self, rect: Rect, samples: Samples) -> None:
        self.seen.append((rect, samples))


def previewing(_spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
    """A perfect engine that shows what it will give."""
    progress.step(0.5, "half", request.image)
    return FillResult(request.image)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_previews_have_the_photo_s_inks(dtype: str) -> None:
    y, x = np.mgrid[0:80, 0:100] / 100
    inks = np.stack([0.1 + 0.6 * x, 0.2 + 0.3 * y, 0.5 - 0.4 * x, 0.1 + 0.5 * y * x], -1)
    white = np.iinfo(dtype).max
    pixels = np.rint(inks * white).astype(dtype)
    icc = profiles.press()
    studio = Studio.of(Photo(pixels, PixelFormat(Colour.CMYK, dtype), Metadata(icc=icc)), Settings())
    mask = np.zeros((80, 100), np.uint8)
    mask[30:50, 40:60] = 255
    looking = Looking()
    plan = planner.plan(
        studio.fill_job([studio.add_mask(mask)], Recipe(engine="exemplar", seams=False, grain=False)), catalog.specs()
    )
    planner.execute(plan, previewing, looking)
    ((rect, samples),) = looking.seen
    assert (samples.shape[2], samples.dtype) == (4, pixels.dtype)
    shown, wanted = (display_transform(icc, Colour.CMYK)(one) for one in (samples, pixels[rect.slices]))
    # other inks may show the same colour, through a press's profile nearly the same
    assert np.abs(shown.astype(int) - wanted).max() <= 16
    assert np.abs(shown.astype(int) - wanted).mean() <= 2
