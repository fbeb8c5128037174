"""The search as a whole: depths, sizes, order, cancel, and pictures in which nothing should be found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inpaint_studio.engines.contract import Decision, Payload, Progress, Silent
from inpaint_studio.engines.host.tasks import resolve
from inpaint_studio.errors import Cancelled
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.restore import classical, finding, network
from inpaint_studio.restore.defects import NETWORK, Defect
from inpaint_studio.restore.finding import REGION, Found, regions, search
from inpaint_studio.restore.looking import look_at
from tests.restore.conftest import Scan, scene, scratched, search_of


def run(name: str, payload: Payload, progress: Progress) -> Payload:
    """Tasks in this process, as `HereRunner` does."""
    return resolve(name)(payload, progress)


def as_dtype(image: np.ndarray, dtype: str) -> np.ndarray:
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    return np.rint(image * white).astype(dtype) if dtype != "float32" else image


def marked(found: Found, shape: tuple[int, ...]) -> np.ndarray:
    """What is marked at the usual sensitivity."""
    mask = np.zeros(shape[:2], bool)
    for part in found.parts:
        level = found.thresholds[part.defect]
        if part.confidence >= level.part:
            values = found.planes[part.defect].read(part.rect)[..., 0]
            mask[part.rect.slices] |= values >= round(level.pixel * 255)
    return mask


def recall(found: Found, scan: Scan) -> float:
    near = cv2.dilate(marked(found, scan.truth.shape).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float(near[scan.truth].mean())


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("gray", [False, True])
def test_finds_scratches_and_specks_at_every_depth(scan: Scan, dtype: str, gray: bool) -> None:
    image = scan.image.mean(2, keepdims=True) if gray else scan.image
    found = search(search_of(as_dtype(image, dtype)), run, Silent())
    mask = marked(found, scan.truth.shape)
    assert recall(found, scan) > 0.6
    near = cv2.dilate(scan.truth.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert near[mask].mean() > 0.9


def test_a_dark_16_bit_scan_is_stretched(scan: Scan) -> None:
    dark = np.rint(scan.image * 0.06 * 65535).astype(np.uint16)
    look = look_at(search_of(dark).read, Rect.of_size(600, 400), search_of(dark).format, None)
    assert look.high < 0.2
    assert recall(search(search_of(dark), run, Silent()), scan) > 0.6


def test_a_fine_scan_is_looked_at_from_further_away(scan: Scan) -> None:
    large = cv2.resize(scan.image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    job = search_of(as_dtype(np.clip(large, 0, 1), "uint8"), dpi=2400.0)
    assert look_at(job.read, job.extent, job.format, job.dpi).scale == 0.5
    found = search(job, run, Silent())
    truth = cv2.resize(scan.truth.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST) > 0
    assert recall(found, Scan(large, truth)) > 0.6


def test_regions_cover_all_and_the_nearest_comes_first() -> None:
    extent = Rect.of_size(3 * REGION + 100, 2 * REGION - 30)
    order = list(regions(extent, (3 * REGION + 50, 10)))
    assert sum(region.area for region in order) == extent.area
    assert order[0] == Rect(3 * REGION, 0, 3 * REGION + 100, REGION)
    seen = np.zeros((extent.height, extent.width), np.uint8)
    for region in order:
        seen[region.slices] += 1
    assert seen.min() == seen.max() == 1


def test_borders_of_regions_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = scratched(420, 700)
    job = search_of(as_dtype(scan.image, "uint8"))
    whole = search(job, run, Silent())
    monkeypatch.setattr(finding, "REGION", 256)
    cut = search(job, run, Silent())
    one, other = marked(whole, scan.truth.shape), marked(cut, scan.truth.shape)
    assert (one & other).sum() / (one | other).sum() > 0.93


def test_each_region_is_heard_of() -> None:
    heard: list[Rect] = []
    scan = scratched(REGION + 40, 200)
    search(search_of(as_dtype(scan.image, "uint8")), run, Silent(), lambda rect, _: heard.append(rect))
    assert heard == list(regions(Rect.of_size(200, REGION + 40), None))


def test_a_cancel_is_heard_between_regions() -> None:
    class Impatient:
        def step(self, fraction: float | None, note: str, preview: object = None) -> Decision:
            if fraction is not None and fraction > 0:
                raise Cancelled
            return Decision.CONTINUE

    scan = scratched(2 * REGION, 64)
    with pytest.raises(Cancelled):
        search(search_of(as_dtype(scan.image, "uint8")), run, Impatient())


def test_only_what_may_matter_is_stored(scan: Scan) -> None:
    found = search(search_of(as_dtype(scan.image, "uint8")), run, Silent())
    for defect, plane in found.planes.items():
        lowest = round(found.thresholds[defect].pixel * 255)
        for tile in plane.tiles.values():
            values = tile[tile > 0]
            assert values.size
            assert values.min() >= lowest


def test_without_the_network_the_classical_detector_looks(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "available", lambda: False)
    found = search(search_of(as_dtype(scan.image, "uint8")), run, Silent())
    assert any("simpler detector" in note for note in found.notes)
    assert found.thresholds == classical.THRESHOLDS
    assert recall(found, scan) > 0.4


def plain(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def one_bit(height: int, width: int) -> np.ndarray:
    page = np.full((height, width), 255, np.uint8)
    for row in range(20, height, 30):
        cv2.putText(page, "The quick brown fox", (5, row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 1)
    return np.where(page > 127, 255, 0).astype(np.uint8)[..., None]


def test_a_1_bit_scan_is_left_alone() -> None:
    found = search(search_of(one_bit(300, 400)), run, Silent())
    assert not found.parts
    assert any("black and white only" in note for note in found.notes)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 5), (17, 16)])
def test_the_smallest_photos(size: tuple[int, int]) -> None:
    found = search(search_of(plain(*size)), run, Silent())
    assert found.marked == 0


def test_a_flat_gray_photo_holds_nothing() -> None:
    found = search(search_of(plain(200, 300)), run, Silent())
    assert found.notes == ("Nothing was found.",)


def test_a_strip_is_searched_in_pieces() -> None:
    strip = as_dtype(scene(60, 6000), "uint8")
    found = search(search_of(strip), run, Silent())
    assert found.marked < 0.01


def grain(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(1).normal(128, 45, (height, width, 1))
    return np.clip(np.repeat(noise, 3, 2), 0, 255).astype(np.uint8)


def halftone(height: int, width: int) -> np.ndarray:
    yy, xx = np.mgrid[0:height, 0:width]
    dots = (np.cos((xx + yy) * 0.9) + np.cos((xx - yy) * 0.9)) / 4 + 0.5
    return np.repeat(
        np.clip((scene(height, width).mean(2) - dots) * 900 + 128, 0, 255).astype(np.uint8)[..., None], 3, 2
    )


def night(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(2)
    sky = np.full((height, width), 6.0, np.float32)
    sky[rng.integers(0, height, 150), rng.integers(0, width, 150)] = rng.uniform(300, 1800, 150)
    sky = cv2.GaussianBlur(sky, (0, 0), 0.9) + rng.normal(0, 2, sky.shape)
    return np.repeat(np.clip(sky, 0, 255).astype(np.uint8)[..., None], 3, 2)


def page(height: int, width: int) -> np.ndarray:
    """A page of text as a scanner sees it: gray rims, paper that is not quite white."""
    paper = np.full((height, width, 3), 232, np.uint8)
    for row in range(20, height, 22):
        cv2.putText(paper, "and then the old ship came home again at last", (8, row), cv2.FONT_HERSHEY_COMPLEX_SMALL, 0.6,
                    (30, 30, 30), 1, cv2.LINE_AA)  # fmt: skip
    noise = np.random.default_rng(4).normal(0, 3, paper.shape)
    return np.clip(cv2.GaussianBlur(paper, (0, 0), 0.6) + noise, 0, 255).astype(np.uint8)


def chart(height: int, width: int) -> np.ndarray:
    """A map: thin lines of several colours, dots, names."""
    rng, sheet = np.random.default_rng(6), np.full((height, width, 3), (222, 232, 236), np.uint8)
    for colour in ((60, 60, 60), (150, 90, 40), (40, 40, 190), (60, 130, 60)):
        for _ in range(8):
            steps = rng.normal(0, 22, (30, 2)).cumsum(0) + rng.uniform(0, (width, height))
            cv2.polylines(sheet, [steps.astype(np.int32)], False, colour, 1, cv2.LINE_AA)
    for _ in range(40):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(sheet, (x, y), 2, (20, 20, 20), -1, cv2.LINE_AA)
        cv2.putText(sheet, "Dorf", (x + 4, y), cv2.FONT_HERSHEY_PLAIN, 0.7, (20, 20, 20), 1, cv2.LINE_AA)
    return sheet


@pytest.mark.parametrize("picture", [grain, halftone, night, page, chart])
def test_textures_are_not_marked_over_half_without_a_word(picture) -> None:  # type: ignore[no-untyped-def]
    found = search(search_of(picture(320, 480)), run, Silent())
    said = " ".join(found.notes)
    assert found.marked < finding.DOUBTFUL or "look closely" in said or "looks damaged to the detector" in said
    assert found.marked < finding.ABSURD or "looks damaged to the detector" in said


def test_classes_that_were_not_asked_for_are_not_there(scan: Scan) -> None:
    found = search(search_of(as_dtype(scan.image, "uint8"), classes=frozenset({Defect.LINES})), run, Silent())
    assert set(found.planes) == {Defect.LINES}
    assert {part.defect for part in found.parts} <= {Defect.LINES}
    assert set(found.thresholds) >= set(NETWORK)
