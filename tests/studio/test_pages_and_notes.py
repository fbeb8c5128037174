"""A page of a TIFF in a session, its project, and what a photo's file has to say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines import catalog, planner
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Progress, Silent
from inpaint_studio.settings import Settings
from inpaint_studio.studio.export import export
from inpaint_studio.studio.session import open_any
from inpaint_studio.studio.studio import Studio

PAGES = [np.full((20, 30 + n, 3), 40 * n, np.uint8) for n in range(3)]


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    path = tmp_path / "pages.tif"
    with tifffile.TiffWriter(path) as tiff:
        for pixels in PAGES:
            tiff.write(pixels, photometric="rgb", metadata=None)
    return path


@pytest.mark.parametrize("page", [0, 1, 2])
def test_a_project_remembers_its_page(page: int, pages: Path, tmp_path: Path) -> None:
    session = open_any(pages, Settings(), page=page)
    assert any(f"this is page {page + 1}" in note for note in session.notes)
    target = tmp_path / "a.inpaint"
    session.saved(target, session.save(target))
    session.close()
    pages.unlink()
    again = open_any(target, Settings())
    assert np.array_equal(again.studio.photo.pixels, PAGES[page])
    assert again.studio.photo.page == page
    assert again.notes == ()
    again.close()


def test_a_wrong_name_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (9, 9)).save(path, "JPEG")
    session = open_any(path, Settings())
    assert len(session.notes) == 1
    assert "JPEG file, though its name ends in .png" in session.notes[0]
    session.close(discard=True)


@pytest.mark.parametrize("page", [0, 1, 2])
def test_a_page_is_written_back_among_the_others_and_proven(page: int, pages: Path) -> None:
    studio = Studio.open(pages, Settings(), page)
    coverage = np.zeros(PAGES[page].shape[:2], np.uint8)
    coverage[5:9, 5:9] = 255
    masks = [studio.add_mask(coverage)]

    def white(_spec: EngineSpec, request: FillRequest, _progress: Progress) -> FillResult:
        return FillResult(np.ones_like(request.image))

    plan = planner.plan(studio.fill_job(masks, Recipe(engine="smooth", seams=False, grain=False)), catalog.specs())
    studio.accept(plan, planner.execute(plan, white, Silent()), masks)
    exported = export(studio.shown(), pages)
    assert (exported.proof.filled, exported.proof.changed_outside) == (16, 0)
    expected = [image.copy() for image in PAGES]
    expected[page][5:9, 5:9] = 255
    with tifffile.TiffFile(pages) as tiff:
        assert len(tiff.pages) == 3
        for one, image in zip(tiff.pages, expected, strict=True):
            assert np.array_equal(one.asarray(), image)


def test_a_page_alone_is_proven_too(pages: Path, tmp_path: Path) -> None:
    studio = Studio.open(pages, Settings(), 2)
    assert export(studio.shown(), tmp_path / "one.png").proof.changed_outside == 0
