import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpaint_studio.pixels import stroke, stroke_backend, stroke_fallback
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.stroke import Ink, PlaneStroke, StrokeBuffer
from inpaint_studio.pixels.stroke_path import Nib, curve
from inpaint_studio.pixels.tiled import TILE, TiledImage, tile_rect

_SIDE = 700
_CANVAS = Rect.of_size(_SIDE, _SIDE)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    assert stroke_backend.warm()


@pytest.fixture(params=["compiled", "fallback"])
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "fallback":
        monkeypatch.setattr(stroke, "kernels", lambda: stroke_backend.FALLBACK)
    return str(request.param)


def _path(points: int = 14, step: float = 20.0) -> list[tuple[float, float]]:
    """A smooth curve that does not cross itself."""
    return [(100.3 + step * i, 350.7 + 40 * math.sin(i * step / 120)) for i in range(points)]


def _drawn(nibs: list[Nib], hardness: float, canvas: Rect = _CANVAS) -> NDArray[np.uint8]:
    buffer = StrokeBuffer(canvas, hardness)
    joined = False
    for start, end in itertools.pairwise(nibs):
        buffer.add(start, end, joined=joined)
        joined = True
    return _whole(buffer, canvas)


def _whole(buffer: StrokeBuffer, canvas: Rect) -> NDArray[np.uint8]:
    image = TiledImage(COVERAGE, canvas)
    image.exchange({key: tile[..., None].copy() for key, tile in buffer.tiles.items()})
    return image.read(canvas)[..., 0]


def _discs_nearest(
    nibs: list[Nib], x: NDArray[np.float64], y: NDArray[np.float64], *, relative: bool = False
) -> NDArray[np.float64]:
    """Least distance minus radius, or share of the radius, over all discs along the chords, by brute force."""
    best = np.full(np.broadcast(x, y).shape, np.inf)
    for a, b in itertools.pairwise(nibs):
        for t in np.linspace(0, 1, 1001):
            cx, cy, r = (a[i] + (b[i] - a[i]) * t for i in range(3))
            distance = np.hypot(x - cx, y - cy)
            np.minimum(best, distance / r if relative else distance - r, out=best)
    return best


def _supersampled(nibs: list[Nib], area: Rect) -> NDArray[np.float64]:
    """Coverage 0..255 from 16×16 samples in each pixel of `area`."""
    offsets = (np.arange(area.width * 16) + 0.5) / 16 + area.left
    rows = []
    for row in range(area.top, area.bottom):
        ys = (np.arange(16) + 0.5)[:, None] / 16 + row
        inside = np.zeros((16, len(offsets)), np.bool_)
        for a, b in itertools.pairwise(nibs):
            dx, dy = b.x - a.x, b.y - a.y
            t = np.clip(((offsets - a.x) * dx + (ys - a.y) * dy) / (dx * dx + dy * dy), 0, 1)
            inside |= np.hypot(offsets - a.x - t * dx, ys - a.y - t * dy) <= a.radius
        rows.append(inside.reshape(16, area.width, 16).mean((0, 2)) * 255)
    return np.array(rows)


@pytest.mark.parametrize("diameter", [1, 2, 3, 5, 9, 11, 13, 30, 100, 300])
@pytest.mark.usefixtures("implementation")
def test_hard_edge_agrees_with_16_times_supersampling(diameter: int) -> None:
    nibs = [Nib(x, y, diameter / 2, 1.0) for x, y in _path(6)]
    area = Rect(int(90 - diameter / 2), int(300 - diameter / 2), int(220 + diameter / 2), int(460 + diameter / 2))
    area = area.clipped(_CANVAS)
    error = _drawn(nibs, 1.0)[area.slices] - _supersampled(nibs, area)
    assert np.abs(error).max() <= 16
    assert np.sqrt((error**2).mean()) <= 1.5


@pytest.mark.parametrize("diameter", [1, 2, 3, 5, 9, 11])
@pytest.mark.usefixtures("implementation")
def test_a_thin_line_that_turns_sharply_and_crosses_itself_agrees_with_supersampling(diameter: int) -> None:
    rng = np.random.default_rng(diameter)
    nibs = [Nib(*rng.uniform(110, 170, 2), diameter / 2, 1.0) for _ in range(12)]
    area = Rect(100, 100, 180, 180)
    error = _drawn(nibs, 1.0)[area.slices] - _supersampled(nibs, area)
    assert np.abs(error).max() <= 16
    assert np.sqrt((error**2).mean()) <= 1.5


@pytest.mark.usefixtures("implementation")
def test_a_fainter_thin_line_adds_nothing_to_what_a_stronger_one_covers() -> None:
    buffer = StrokeBuffer(_CANVAS, 1.0)
    for amount in (0.8, 0.3):
        buffer.add(Nib(100, 100.5, 1, amount), Nib(200, 100.5, 1, amount), joined=False)
    row = _whole(buffer, _CANVAS)[99:102, 150]
    # a line 2 px wide over three rows: half, whole, half
    assert np.abs(row - np.array([102.0, 204.0, 102.0])).max() <= 1


@pytest.mark.parametrize(("hardness", "diameter"), [(0, 40), (0.5, 60), (0.8, 200), (0.3, 350)])
@pytest.mark.usefixtures("implementation")
def test_soft_edge_is_its_analytic_profile(hardness: float, diameter: float) -> None:
    nibs = [Nib(x, y, diameter / 2, 1.0) for x, y in _path(5)]
    x, y = np.arange(_SIDE) + 0.5, (np.arange(_SIDE) + 0.5)[:, None]
    distance = np.full((_SIDE, _SIDE), np.inf)
    for a, b in itertools.pairwise(nibs):
        dx, dy = b.x - a.x, b.y - a.y
        t = np.clip(((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy), 0, 1)
        np.minimum(distance, np.hypot(x - a.x - t * dx, y - a.y - t * dy), out=distance)
    u = np.clip((1 - distance / (diameter / 2)) / (1 - hardness), 0, 1)
    assert np.abs(_drawn(nibs, hardness) - u * u * (3 - 2 * u) * 255).max() <= 2


@pytest.mark.usefixtures("implementation")
def test_pressure_makes_the_hull_of_all_discs_between() -> None:
    nibs = [Nib(200, 200, 20, 1), Nib(330, 260, 70, 1), Nib(480, 420, 12, 1)]
    x, y = np.arange(_SIDE)[::7] + 0.5, (np.arange(_SIDE)[::7] + 0.5)[:, None]
    expected = np.clip(0.5 - _discs_nearest(nibs, x, y), 0, 1) * 255
    assert np.abs(_drawn(nibs, 1.0)[::7, ::7] - expected).max() <= 2


@pytest.mark.usefixtures("implementation")
def test_a_soft_stroke_with_pressure_is_what_all_discs_between_cover() -> None:
    nibs = [Nib(200, 200, 20, 1), Nib(330, 260, 70, 1), Nib(480, 420, 12, 1)]
    x, y = np.arange(_SIDE)[::7] + 0.5, (np.arange(_SIDE)[::7] + 0.5)[:, None]
    u = np.clip((1 - _discs_nearest(nibs, x, y, relative=True)) / 0.6, 0, 1)
    assert np.abs(_drawn(nibs, 0.4)[::7, ::7] - u * u * (3 - 2 * u) * 255).max() <= 2


def _nibs() -> st.SearchStrategy[list[Nib]]:
    place = st.floats(-60, _SIDE + 60, allow_nan=False, width=32)
    nib = st.builds(Nib, place, place, st.floats(0.125, 200, width=32), st.floats(0, 1, width=32))
    return st.lists(nib, min_size=2, max_size=5)


class _OneTile(StrokeBuffer):
    """All in a single large tile."""

    def __init__(self, side: int, hardness: float) -> None:
        super().__init__(Rect.of_size(TILE, TILE), hardness)
        self._spare = np.zeros((side, side), np.uint8)


@given(_nibs(), st.sampled_from([0.0, 0.5, 0.95, 1.0]))
def test_tiles_make_no_seam(nibs: list[Nib], hardness: float) -> None:
    one = _OneTile(_SIDE, hardness)
    joined = False
    for start, end in itertools.pairwise(nibs):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stroke, "tile_keys", lambda _rect: [(0, 0)])
            patch.setattr(stroke, "_HALF_DIAGONAL", 10 * _SIDE)
            one.add(start, end, joined=joined)
        joined = True
    whole = one.tiles.get((0, 0), np.zeros((_SIDE, _SIDE), np.uint8))
    # a difference of one level is how a vectorised and a scalar loop round
    assert np.abs(_drawn(nibs, hardness).astype(int) - whole).max() <= 1


@pytest.mark.parametrize("hardness", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("amount", [1.0, 0.3])
def test_what_the_chord_before_covered_is_left_out_without_a_trace(hardness: float, amount: float) -> None:
    rng = np.random.default_rng(round(10 * hardness))
    saved, whole = (StrokeBuffer(Rect.of_size(900, 800), hardness) for _ in range(2))
    place, joined = np.array([200.0, 300.0]), False
    for _ in range(25):
        to = place + rng.normal(8, 12, 2)
        start, end = Nib(*place, 190, amount), Nib(*to, 190, amount)
        saved.add(start, end, joined=joined)
        whole.add(start, end, joined=False)
        place, joined = to, True
    assert saved.tiles.keys() == whole.tiles.keys()
    for key, tile in whole.tiles.items():
        # a difference of one level is how a vectorised and a scalar loop round
        assert np.abs(saved.tiles[key].astype(int) - tile).max() <= 1, key


@given(_nibs(), st.sampled_from([0.0, 0.5, 0.95, 1.0]))
def test_compiled_and_fallback_agree(nibs: list[Nib], hardness: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        compiled = _drawn(nibs, hardness).astype(int)
        patch.setattr(stroke, "kernels", lambda: stroke_backend.FALLBACK)
        assert np.abs(compiled - _drawn(nibs, hardness)).max() <= 2


@given(st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_compiled_and_fallback_lay_alike(opacity: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, laid = rng.integers(0, 256, (2, 256, 256), np.uint8)
    below = rng.integers(0, 1 << 32, (256, 256), np.uint32)
    box = (3, 5, 250, 251)
    kernels = stroke_backend.kernels()
    for name in ("over", "erase"):
        outs = np.zeros((2, 256, 256), np.uint8)
        getattr(kernels, name)(before, laid, outs[0], opacity, *box)
        getattr(stroke_fallback, name)(before, laid, outs[1], opacity, *box)
        assert np.array_equal(outs[0], outs[1])
        assert not outs[0][:5].any()
    tinted = np.zeros((2, 256, 256), np.uint32)
    kernels.tint(below, laid, tinted[0], 0xFF8001, opacity, *box)
    stroke_fallback.tint(below, laid, tinted[1], 0xFF8001, opacity, *box)
    assert np.array_equal(tinted[0], tinted[1])


def test_the_path_goes_through_every_point_and_follows_a_circle() -> None:
    points = [Nib(200 * math.cos(a), 200 * math.sin(a), 5 + a, 1) for a in np.arange(0, 6, 0.2)]
    path, previous = [points[0]], None
    for start, end in itertools.pairwise(points):
        path += curve(previous, start, end)
        previous = start
    assert set(points) <= set(path)
    middles = [((a.x + b.x) / 2, (a.y + b.y) / 2) for a, b in itertools.pairwise(path[8:])]
    assert max(abs(math.hypot(x, y) - 200) for x, y in middles) < 0.6
    assert all(a.radius <= b.radius for a, b in itertools.pairwise(path))


def test_a_path_of_equal_points_is_no_error() -> None:
    nib = Nib(5, 5, 3, 1)
    assert curve(nib, nib, nib) == [nib]


@pytest.mark.usefixtures("implementation")
def test_a_thin_brush_is_pale_rather_than_gone() -> None:
    thin = _drawn([Nib(100, 100.5, 0.1, 1), Nib(200, 100.5, 0.1, 1)], 1.0)
    assert 30 < thin[100, 150] < 80


@pytest.mark.usefixtures("implementation")
def test_erasing_nothing_and_painting_with_no_opacity_store_nothing() -> None:
    plane = TiledImage(COVERAGE, _CANVAS)
    for paint in (PlaneStroke(plane, Ink.ERASE, hardness=1), PlaneStroke(plane, Ink.OVER, hardness=1, opacity=0)):
        paint.draw([Nib(300, 300, 90, 1)], joined=False)
        assert paint.finish() == ({}, {})
        assert not plane.tiles


@pytest.mark.usefixtures("implementation")
def test_erasing_all_leaves_no_tile() -> None:
    plane = TiledImage(COVERAGE, _CANVAS)
    for ink, radius in ((Ink.OVER, 40), (Ink.ERASE, 43)):
        paint = PlaneStroke(plane, ink, hardness=1)
        paint.draw([Nib(300, 300, radius, 1), Nib(350, 310, radius, 1)], joined=False)
        before, after = paint.finish()
        assert before.keys() == after.keys() == {(1, 1)}
    assert not plane.tiles


def test_opacity_bounds_the_whole_stroke() -> None:
    plane = TiledImage(COVERAGE, _CANVAS)
    paint = PlaneStroke(plane, Ink.OVER, hardness=1, opacity=0.5)
    for _ in range(3):
        paint.draw([Nib(100, 100, 30, 1), Nib(160, 100, 30, 1)], joined=False)
    paint.finish()
    assert plane.read(_CANVAS).max() == 128


def test_a_stroke_over_the_border_stays_inside() -> None:
    canvas = Rect.of_size(300, 270)
    plane = TiledImage(COVERAGE, canvas)
    paint = PlaneStroke(plane, Ink.OVER, hardness=1)
    dirty = paint.draw([Nib(280, 260, 80, 1)], joined=False)
    paint.finish()
    assert canvas.contains(dirty)
    for key, tile in plane.tiles.items():
        area = tile_rect(key)
        outside = np.ones(tile.shape[:2], np.bool_)
        outside[canvas.clipped(area).within(area).slices] = False
        assert not tile[outside].any()


def test_a_snapshot_in_mid_stroke_keeps_what_it_saw_and_revert_restores_the_very_tiles() -> None:
    plane = TiledImage(COVERAGE, _CANVAS)
    plane.write(Rect(0, 0, 300, 300), np.full((300, 300, 1), 90, np.uint8))
    tiles = dict(plane.tiles)
    paint = PlaneStroke(plane, Ink.OVER, hardness=0.5)
    paint.draw([Nib(100, 100, 50, 1), Nib(200, 120, 50, 1)], joined=False)
    seen = plane.snapshot()
    was = seen.read(_CANVAS)
    paint.draw([Nib(200, 120, 50, 1), Nib(400, 420, 50, 1)], joined=True)
    assert np.array_equal(seen.read(_CANVAS), was)
    paint.revert()
    assert plane.tiles.keys() == tiles.keys()
    assert all(plane.tile(key) is tile for key, tile in tiles.items())


def test_softening_blurs_an_edge_only_under_the_brush_and_without_a_seam() -> None:
    plane = TiledImage(COVERAGE, _CANVAS)
    plane.write(Rect(0, 0, 256, _SIDE), np.full((_SIDE, 256, 1), 255, np.uint8))
    paint = PlaneStroke(plane, Ink.SOFTEN, hardness=1, softness=10)
    paint.draw([Nib(256, 256, 100, 1)], joined=False)
    paint.finish()
    result = plane.read(_CANVAS)[..., 0]
    middle = result[256].astype(int)
    assert (np.diff(middle[180:330]) <= 0).all()
    assert np.abs(np.diff(middle[230:280])).max() < 20
    assert np.abs(result[254:258, 200:300].astype(int) - middle[200:300]).max() <= 1
    assert set(np.unique(result[400])) == {0, 255}
