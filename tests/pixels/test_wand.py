import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_studio.pixels import wand as module
from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import FULL_TILE, Region
from inpaint_studio.pixels.tiled import TILE, TiledImage, tile_rect
from inpaint_studio.pixels.wand import wand
from tests.pixels.strategies import FORMATS, name_of, seeds

_RGB = PixelFormat(Colour.RGB)


def _brute(samples: Samples, white: float, at: tuple[int, int], tolerance: float, contiguous: bool) -> np.ndarray:
    """Pixel by pixel."""
    values = samples.astype(np.float64)
    near = (np.abs(values - values[at[1], at[0]]) * 255 <= tolerance * white).all(-1)
    if not contiguous:
        return near
    found, waiting = np.zeros_like(near), [at]
    while waiting:
        x, y = waiting.pop()
        if 0 <= y < near.shape[0] and 0 <= x < near.shape[1] and near[y, x] and not found[y, x]:
            found[y, x] = True
            waiting += [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
    return found


def _select(
    samples: Samples, pixel_format: PixelFormat, at: tuple[int, int], tolerance: float, contiguous: bool = True
) -> Region:
    image = TiledImage.from_array(samples, pixel_format)
    return wand(image.read, pixel_format, image.extent, at, tolerance, contiguous=contiguous)


def _whole(region: Region, extent: Rect) -> np.ndarray:
    result = np.zeros((extent.height, extent.width), np.uint8)
    for key, tile in region.items():
        inside = tile_rect(key).clipped(extent)
        result[inside.slices] = tile[inside.within(tile_rect(key)).slices]
        assert tile.any()
        assert tile.sum(dtype=int) == result[inside.slices].sum(dtype=int), "nothing outside the photo"
    return result


@pytest.mark.parametrize("contiguous", [True, False])
@pytest.mark.parametrize("pixel_format", FORMATS, ids=name_of)
def test_against_pixel_by_pixel(pixel_format: PixelFormat, contiguous: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SIDE", 32)
    rng = np.random.default_rng(pixel_format.channels)
    levels = rng.integers(0, 4, (70, 90, pixel_format.channels)) * (rng.random((70, 90, 1)) < 0.4)
    samples = (levels * (pixel_format.white / 8)).astype(pixel_format.numpy)
    y, x = np.argwhere((levels == 0).all(-1))[700]
    for tolerance in (0, 31, 32, 64, 255):
        found = _whole(_select(samples, pixel_format, (x, y), tolerance, contiguous), Rect.of_size(90, 70))
        wanted = _brute(samples, pixel_format.white, (x, y), tolerance, contiguous)
        assert np.array_equal(found == 255, wanted)


@settings(max_examples=40, deadline=None)
@given(seeds, st.floats(0.3, 0.9), st.sampled_from([1, 3, 40, 10_000]), st.booleans())
def test_mazes_over_many_blocks(seed: int, share: float, many: int, contiguous: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SIDE", 16)
        patch.setattr(module, "_MANY", many)
        rng = np.random.default_rng(seed)
        samples = np.where(rng.random((75, 90, 1)) < share, 100, 200).astype(np.uint8)
        at = int(rng.integers(90)), int(rng.integers(75))
        found = _whole(_select(samples, PixelFormat(Colour.GRAY), at, 32, contiguous), Rect.of_size(90, 75))
        assert np.array_equal(found == 255, _brute(samples, 255, at, 32, contiguous))


@pytest.mark.parametrize(("dtype", "step"), [("uint8", 1), ("uint16", 257)])
def test_the_tolerance_counts_levels_of_eight_bits(dtype: str, step: int) -> None:
    row = (np.arange(100, 200) * step).astype(dtype)
    samples = np.repeat(row[None, :, None], 5, 0)
    found = _whole(_select(samples, PixelFormat(Colour.GRAY, dtype), (50, 2), 20), Rect.of_size(100, 5))
    assert np.flatnonzero(found[2] == 255).tolist() == list(range(30, 71))
    if dtype == "uint16":
        samples[:, 70] += 1
        found = _whole(_select(samples, PixelFormat(Colour.GRAY, dtype), (50, 2), 20), Rect.of_size(100, 5))
        assert np.flatnonzero(found[2] == 255)[-1] == 69, "a 256th of a level counts"


def test_one_channel_is_enough_to_differ() -> None:
    samples = np.full((10, 10, 3), 100, np.uint8)
    samples[:, 5, 2] = 133
    assert (_whole(_select(samples, _RGB, (0, 0), 32, contiguous=False), Rect.of_size(10, 10)) == 255).sum() == 90


def test_corners_do_not_connect() -> None:
    samples = np.full((4, 4, 1), 200, np.uint8)
    samples[:2, :2] = samples[2:, 2:] = 50
    found = _whole(_select(samples, PixelFormat(Colour.GRAY), (0, 0), 10), Rect.of_size(4, 4))
    assert (found == 255).sum() == 4


@pytest.mark.parametrize("at", [(-1, 5), (5, -1), (300, 5), (5, 300), (-9999, -9999)])
@pytest.mark.parametrize("contiguous", [True, False])
def test_outside_the_photo_nothing_is_selected(at: tuple[int, int], contiguous: bool) -> None:
    assert _select(np.zeros((300, 300, 3), np.uint8), _RGB, at, 255, contiguous) == {}


def test_the_edge_is_soft_outside_and_over_tile_borders() -> None:
    samples = np.full((2 * TILE, 2 * TILE, 1), 200, np.uint8)
    samples[100:TILE, 100:TILE] = 50
    found = _whole(_select(samples, PixelFormat(Colour.GRAY), (150, 150), 10), Rect.of_size(2 * TILE, 2 * TILE))
    assert (found[100:TILE, 100:TILE] == 255).all()
    assert (found[110 : TILE - 10, TILE] == 64).all()
    assert (found[TILE, 110 : TILE - 10] == 64).all()
    assert (found[110 : TILE - 10, 99] == 64).all()
    rest = found.copy()
    rest[99 : TILE + 1, 99 : TILE + 1] = 0
    assert not rest.any()


def test_a_rim_may_lie_in_a_block_that_the_flood_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SIDE", TILE)
    samples = np.full((2 * TILE, 2 * TILE, 1), 200, np.uint8)
    samples[:TILE, :TILE] = 50
    region = _select(samples, PixelFormat(Colour.GRAY), (0, 0), 10)
    assert region[0, 0] is FULL_TILE
    assert set(region) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert region[1, 1].sum() == region[1, 1][0, 0] > 0


def test_a_small_region_reads_little_of_a_large_photo() -> None:
    extent = Rect.of_size(20_000, 20_000)
    read: list[int] = []

    def samples(rect: Rect) -> Samples:
        read.append(rect.area)
        x, y = np.meshgrid(np.arange(rect.left, rect.right), np.arange(rect.top, rect.bottom))
        return (((x // 40 + y // 40) % 2) * 200).astype(np.uint8)[..., None]

    region = wand(samples, PixelFormat(Colour.GRAY), extent, (9999, 9999), 10, contiguous=True)
    assert (sum((tile == 255).sum() for tile in region.values())) == 1600
    assert sum(read) < 6_000_000


def test_a_float_photo_without_a_number_selects_nothing() -> None:
    samples = np.full((9, 9, 1), np.nan, np.float32)
    assert _select(samples, PixelFormat(Colour.GRAY, "float32"), (4, 4), 32) == {}
