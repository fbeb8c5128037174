"""Finding and mending damage as a user does, without a window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from inpaint_studio.document.layers import FillLayer, ProposalLayer
from inpaint_studio.engines.contract import Decision, Float, Silent
from inpaint_studio.errors import Cancelled, InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.proposal import Sliders, Verdict
from inpaint_studio.settings import Settings
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.studio import restoring
from inpaint_studio.studio.jobs import HereRunner, WorkerRunner
from inpaint_studio.studio.studio import Studio
from tests.restore.conftest import scene, scratched
from tests.restore.test_infrared import scanned

SCAN = scratched(220, 300)


@pytest.fixture
def studio() -> Studio:
    pixels = np.rint(np.clip(SCAN.image, 0, 1) * 255).astype(np.uint8)
    return Studio.of(Photo(pixels, PixelFormat(Colour.RGB)), Settings())


def error(studio: Studio) -> float:
    shown = studio.document.composite().read(studio.document.photo.extent)
    return float(np.mean((shown - np.rint(scene(220, 300) * 255)) ** 2))


def test_found_reviewed_mended_and_undone(studio: Studio) -> None:
    before = error(studio)
    found = restoring.find(restoring.search_job(studio, NETWORK), HereRunner(), Silent())
    layer_id = restoring.propose(studio, found, Sliders())
    proposal = restoring.proposal(studio, layer_id)
    largest = proposal.listed()[0]
    studio.history.apply(proposal.with_verdict([largest], Verdict.DROPPED))
    job = restoring.mend_job(studio, layer_id)
    assert job is not None
    plan, filled = studio.run(job, HereRunner(), Silent())
    studio.accept(plan, filled, [layer_id])
    assert isinstance(studio.document.layers[-1], FillLayer)
    assert not studio.document.layer(layer_id).visible
    rect, own = proposal.pixels(largest)
    shown = studio.document.composite().read(rect)
    core = own & ~(restoring.with_rim(np.pad((job.coverage.read(rect)[..., 0]), 0)) > 0)
    assert np.array_equal(shown[core], studio.photo.pixels[rect.slices][core]), "a dropped part stays"
    assert error(studio) < before
    studio.history.undo()
    assert error(studio) == before
    assert studio.document.layer(layer_id).visible
    studio.history.undo()
    assert restoring.proposal(studio, layer_id).chosen(largest)
    studio.history.undo()
    assert studio.document.layers == ()


def test_a_worker_finds_the_same(studio: Studio) -> None:
    job = restoring.search_job(studio, (Defect.DUST, Defect.LINES, Defect.TEXT))
    with WorkerRunner() as runner:
        there = restoring.find(job, runner, Silent())
    here = restoring.find(job, HereRunner(), Silent())
    assert there.parts == here.parts
    assert all(there.planes[defect].same_pixels(here.planes[defect]) for defect in here.planes)


def test_restore_is_one_step(studio: Studio) -> None:
    before = error(studio)
    done = restoring.restore(studio, HereRunner(), Silent(), classes=NETWORK, sliders=Sliders())
    assert error(studio) < 0.6 * before
    assert done.chosen
    assert (done.coverage > 0)[SCAN.truth].mean() > 0.5
    studio.history.undo()
    assert studio.document.layers == ()


def test_a_cancel_while_mending_leaves_the_document_as_it_was(studio: Studio) -> None:
    class Stop:
        def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
            if studio.document.layers:
                raise Cancelled
            return Decision.CONTINUE

    with pytest.raises(Cancelled):
        restoring.restore(studio, HereRunner(), Stop(), classes=NETWORK, sliders=Sliders())
    assert studio.document.layers == ()
    assert studio.history.labels == ()


def test_nothing_chosen_mends_nothing(studio: Studio) -> None:
    done = restoring.restore(studio, HereRunner(), Silent(), classes=NETWORK, sliders=Sliders(classes=frozenset()))
    assert not done.chosen
    assert not done.coverage.any()
    assert [type(layer) for layer in studio.document.layers] == [ProposalLayer]


def test_a_mask_is_no_proposal(studio: Studio) -> None:
    mask = studio.add_mask(np.zeros((220, 300), np.uint8))
    with pytest.raises(InputError):
        restoring.proposal(studio, mask)


@pytest.mark.parametrize(
    ("resolution", "dpi"), [(None, None), ((72, 72), None), ((600, 600), 600), ((2400, 1200), 2400), ((10**6, 1), None)]
)
def test_only_a_resolution_that_can_be_true_counts(resolution: tuple[float, float] | None, dpi: float | None) -> None:
    photo = Photo(np.zeros((4, 4, 1), np.uint8), PixelFormat(Colour.GRAY), Metadata(resolution=resolution))
    assert restoring.dots_per_inch(photo) == dpi


def test_what_lies_in_view_comes_first(studio: Studio) -> None:
    job = restoring.search_job(studio, NETWORK, centre=(290, 5))
    heard: list[Rect] = []
    restoring.find(job, HereRunner(), Silent(), lambda rect, _: heard.append(rect))
    assert heard[0].left <= 290 < heard[0].right


def two_pages(path: Path, second: np.ndarray, photo: np.ndarray) -> Studio:
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(photo, photometric="rgb" if photo.ndim == 3 else "minisblack")
        tiff.write(second, photometric="minisblack" if second.ndim == 2 else "rgb")
    return Studio.open(path, Settings())


def test_a_second_gray_page_is_the_infrared_picture(tmp_path: Path) -> None:
    """Registered to the photo like a fourth sample, and certain where nobody looks."""
    photo, infrared, truth = scanned((2, -1))
    studio = two_pages(tmp_path / "scan.tif", infrared, np.rint(photo * 65535).astype(np.uint16))
    found = restoring.find(restoring.search_job(studio, (Defect.DUST,)), HereRunner(), Silent())
    assert "Dust was taken from the infrared picture." in found.notes
    plane = found.planes[Defect.DUST]
    assert (plane.read(plane.extent)[..., 0][truth] > 127).mean() > 0.9
    mask = restoring.proposal(studio, restoring.propose(studio, found, Sliders(), alone=True)).mask()
    assert (mask.read(mask.extent)[..., 0][truth] > 0).mean() > 0.9


@pytest.mark.parametrize("kind", ["another size", "in colour", "gray photo", "three pages"])
def test_another_second_page_is_left_alone(tmp_path: Path, kind: str) -> None:
    photo, infrared, _ = scanned()
    pixels = np.rint(photo * 255).astype(np.uint8)
    second = np.rint(infrared / 257).astype(np.uint8)
    if kind == "another size":
        second = second[:-8]
    elif kind == "in colour":
        second = np.repeat(second[..., None], 3, 2)
    elif kind == "gray photo":
        pixels = pixels[..., 0]
    studio = two_pages(tmp_path / "scan.tif", second, pixels)
    if kind == "three pages":
        tifffile.imwrite(tmp_path / "scan.tif", second, append=True)
    found = restoring.find(restoring.search_job(studio, (Defect.DUST,)), HereRunner(), Silent())
    assert not any("infrared" in note for note in found.notes)
