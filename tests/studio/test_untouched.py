"""Promise 1: outside the effective mask nothing changes, for any mask, depth, channel count, engine and lossless format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import planner
from inpaint_studio.engines.contract import Silent
from inpaint_studio.errors import InputError, StudioError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.masks import effective_mask
from inpaint_studio.settings import Settings
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.export import export
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio

LOSSLESS = [family for family in FAMILIES if family.lossless and family.writes]

formats = st.builds(
    PixelFormat,
    st.sampled_from([Colour.GRAY, Colour.RGB]),
    st.sampled_from(["uint8", "uint16"]),
    alpha=st.booleans(),
)


@st.composite
def photos(draw: st.DrawFn) -> Photo:
    pixel_format = draw(formats)
    shape = (draw(st.integers(1, 60)), draw(st.integers(1, 60)), pixel_format.channels)
    seed = draw(st.integers(0, 2**16))
    pixels = np.random.default_rng(seed).integers(0, pixel_format.white, shape, pixel_format.numpy, endpoint=True)
    return Photo(pixels, pixel_format)


@st.composite
def coverages(draw: st.DrawFn, height: int, width: int) -> np.ndarray:
    """Rectangles of any strength, and now and then single pixels all over."""
    coverage = np.zeros((height, width), np.uint8)
    for _ in range(draw(st.integers(1, 4))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        bottom, right = draw(st.integers(top + 1, height)), draw(st.integers(left + 1, width))
        coverage[top:bottom, left:right] = draw(st.integers(1, 255))
    if draw(st.booleans()):
        coverage |= draw(arrays.arrays(np.uint8, (height, width), elements=st.sampled_from([0] * 9 + [255])))
    return coverage


@pytest.mark.parametrize("engine", planner.all_specs())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), photo=photos(), grow=st.integers(0, 5), feather=st.integers(0, 5))
def test_nothing_changes_outside(
    tmp_path: Path, engine: str, data: st.DataObject, photo: Photo, grow: int, feather: int
) -> None:
    height, width = photo.pixels.shape[:2]
    coverage = data.draw(coverages(height, width))
    family = data.draw(st.sampled_from(LOSSLESS))
    studio = Studio.of(photo, Settings())
    masks = [studio.add_mask(coverage)]
    job = studio.fill_job(masks, Recipe(engine=engine, grow=grow, feather=feather, seed=data.draw(st.integers(0, 9))))
    try:
        plan, filled = studio.run(job, HereRunner(), Silent())
    except InputError as error:
        event(f"refused: {error.message}")
        assert error.hint
        return
    studio.accept(plan, filled, masks)
    target = tmp_path / f"out{family.suffixes[0]}"
    exported = export(studio.shown(), target)
    assert exported.proof.changed_outside == 0
    written = read_photo(target, max_megapixels=1).pixels
    outside = effective_mask(coverage, grow, feather) == 0
    if family.holds(photo.format) == photo.format:
        event(f"{family.id} {photo.format.dtype}")
        assert np.array_equal(written[outside], photo.pixels[outside])
        if photo.format.alpha:
            assert np.array_equal(written[..., -1], photo.pixels[..., -1])
    studio.history.go_to(0)
    assert np.array_equal(studio.document.composite().read(studio.document.canvas), photo.pixels)


def test_the_proof_refuses_a_file_that_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that loses one bit of one pixel is caught, and the old file stands."""
    photo = Photo(np.full((40, 40, 3), 100, np.uint8), PixelFormat(Colour.RGB))
    studio = Studio.of(photo, Settings())
    masks = [studio.add_mask(np.eye(40, dtype=np.uint8) * 255)]
    plan, filled = studio.run(studio.fill_job(masks, Recipe()), HereRunner(), Silent())
    studio.accept(plan, filled, masks)
    png = LOSSLESS[0]
    honest = type(png).write

    def careless(self: object, target: Path, written: Photo, options: object) -> tuple[str, ...]:
        spoilt = written.pixels.copy()
        spoilt[5, 30, 1] ^= 1
        return honest(self, target, Photo(spoilt, written.format), options)  # type: ignore[arg-type]

    monkeypatch.setattr(type(png), "write", careless)
    target = tmp_path / "out.png"
    target.write_bytes(b"the old file")
    with pytest.raises(StudioError, match="1 pixels outside"):
        export(studio.shown(), target)
    assert target.read_bytes() == b"the old file"
