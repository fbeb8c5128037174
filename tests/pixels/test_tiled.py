from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inpaint_studio.pixels.format import Colour, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, TileKey, in_bands, tile_keys, tile_rect
from tests.pixels.strategies import FORMATS, formats, name_of, noise, rects, rects_in, seeds

RGB = PixelFormat(Colour.RGB)
#: All that a test touches: the model is one array of it.
WORLD = Rect(-320, -320, 320, 320)
EXTENTS = [Rect(-300, -20, 280, 270), Rect.of_size(300, 257), Rect(-257, -256, -1, 40), Rect(3, 3, 3, 9)]
keys = st.tuples(st.integers(-2, 1), st.integers(-2, 1))


class Model:
    """A plain array that is written as a `TiledImage` should be."""

    def __init__(self, pixel_format: PixelFormat, extent: Rect, world: Samples | None = None) -> None:
        self.extent = extent
        shape = (WORLD.height, WORLD.width, pixel_format.channels)
        self.world = np.zeros(shape, pixel_format.numpy) if world is None else world

    def write(self, rect: Rect, samples: Samples) -> None:
        inside = rect.clipped(self.extent)
        if not inside.empty:
            self.view(inside)[:] = samples[inside.within(rect).slices]

    def view(self, rect: Rect) -> Samples:
        rect = Rect(rect.left, rect.top, max(rect.left, rect.right), max(rect.top, rect.bottom))
        return self.world[rect.within(WORLD).slices]


class TiledImageMachine(RuleBasedStateMachine):
    """A `TiledImage` and its snapshots against plain arrays."""

    @initialize(pixel_format=formats, extent=st.sampled_from(EXTENTS))
    def begin(self, pixel_format: PixelFormat, extent: Rect) -> None:
        self.image = TiledImage(pixel_format, extent)
        self.model = Model(pixel_format, extent)
        self.snapshots: list[tuple[TiledImage, Samples]] = []

    @rule(rect=rects(), seed=seeds, blank_channels=st.integers(0, 4))
    def write(self, rect: Rect, seed: int, blank_channels: int) -> None:
        samples = noise(rect.height, rect.width, self.image.format, seed)
        samples[..., : min(blank_channels, self.image.format.channels - 1)] = 0
        self.image.write(rect, samples)
        self.model.write(rect, samples)

    @rule(rect=rects())
    def erase(self, rect: Rect) -> None:
        samples = np.zeros((rect.height, rect.width, self.image.format.channels), self.image.format.numpy)
        self.image.write(rect, samples)
        self.model.write(rect, samples)

    @rule(rect=rects())
    def read(self, rect: Rect) -> None:
        read = self.image.read(rect)
        assert (read.dtype, read.shape) == (
            self.image.format.numpy,
            (rect.height, rect.width, self.image.format.channels),
        )
        assert np.array_equal(read, self.model.view(rect))
        read[...] = 1  # a fresh array: the image must not see this

    @rule(key=keys, seed=seeds)
    def paint_in_a_tile(self, key: TileKey, seed: int) -> None:
        tile = self.image.writable(key)
        inside = tile_rect(key).clipped(self.image.extent)
        if not inside.empty:
            samples = noise(inside.height, inside.width, self.image.format, seed)
            tile[inside.within(tile_rect(key)).slices] = samples
            self.model.write(inside, samples)

    @rule(key=keys, seed=st.none() | seeds)
    def exchange(self, key: TileKey, seed: int | None) -> None:
        area = tile_rect(key)
        tile = None if seed is None else noise(TILE, TILE, self.image.format, seed)
        stood = self.image.tile(key)
        before = self.image.exchange({key: tile})
        assert before.keys() == {key}
        assert before[key] is stood
        for frozen in (before[key], tile):
            assert frozen is None or not frozen.flags.writeable
        self.model.write(area, np.zeros((TILE, TILE, self.image.format.channels)) if tile is None else tile)

    @rule(key=keys, seed=seeds)
    def exchange_and_back(self, key: TileKey, seed: int) -> None:
        before = self.image.exchange({key: noise(TILE, TILE, self.image.format, seed)})
        self.image.exchange(before)

    @rule()
    def drop_blank_tiles(self) -> None:
        self.image.drop_blank_tiles()
        assert all(tile.any() for tile in self.image.tiles.values())

    @rule()
    def take_snapshot(self) -> None:
        self.snapshots.append((self.image.snapshot(), self.model.world.copy()))

    @rule(data=st.data())
    def go_on_with_a_snapshot(self, data: st.DataObject) -> None:
        """A snapshot is an image of its own: it may be written, and the image it came from does not see that."""
        if not self.snapshots:
            return
        image, world = self.snapshots.pop(data.draw(st.integers(0, len(self.snapshots) - 1)))
        self.snapshots.append((self.image, self.model.world))
        self.image, self.model = image, Model(image.format, image.extent, world)

    @rule()
    def compare(self) -> None:
        for image, world in self.snapshots:
            assert self.image.same_pixels(image) == np.array_equal(self.model.world, world)

    @invariant()
    def reads_as_the_model(self) -> None:
        assert np.array_equal(self.image.read(WORLD), self.model.world)

    @invariant()
    def covers_what_it_holds(self) -> None:
        held = Rect.around(self.model.world.any(2)).moved(WORLD.left, WORLD.top)
        assert self.image.covered.contains(held)
        assert self.image.extent.contains(self.image.covered)
        assert self.image.nbytes == sum(tile.nbytes for tile in self.image.tiles.values())

    @invariant()
    def snapshots_stay(self) -> None:
        for image, world in self.snapshots:
            assert np.array_equal(image.read(WORLD), world)


TestTiledImage = TiledImageMachine.TestCase
TestTiledImage.settings = settings(max_examples=25, stateful_step_count=12)


@given(rects())
def test_tiles_of_a_rectangle_are_those_that_meet_it(rect: Rect) -> None:
    found = list(tile_keys(rect))
    around = [(row, column) for row in range(-3, 3) for column in range(-3, 3)]
    assert found == [key for key in around if not tile_rect(key).clipped(rect).empty]


@pytest.mark.parametrize("pixel_format", FORMATS, ids=name_of)
@pytest.mark.parametrize("size", [(TILE, TILE), (1, 300), (300, 700), (2 * TILE, TILE + 1)])
def test_an_array_comes_back_from_its_image(pixel_format: PixelFormat, size: tuple[int, int]) -> None:
    samples = noise(*size, pixel_format, 1)
    image = TiledImage.from_array(samples, pixel_format)
    assert image.extent == Rect.of_size(size[1], size[0])
    assert np.array_equal(image.read(image.extent), samples)


def test_an_image_shares_the_memory_of_its_array() -> None:
    samples = noise(2 * TILE, 2 * TILE, RGB, 1)
    image = TiledImage.from_array(samples, RGB)
    assert len(image.tiles) == 4
    for key, tile in image.tiles.items():
        assert np.shares_memory(tile, samples[tile_rect(key).slices])


def test_an_image_of_an_array_is_frozen_until_a_tile_is_copied() -> None:
    samples = noise(TILE, 2 * TILE, RGB, 1)
    image = TiledImage.from_array(samples, RGB)
    assert not any(tile.flags.writeable for tile in image.tiles.values())
    kept = samples.copy()
    image.write(Rect(0, 0, 9, 9), np.zeros((9, 9, 3), np.uint8))
    assert np.array_equal(samples, kept)
    assert not image.read(Rect(0, 0, 9, 9)).any()
    assert np.shares_memory(image.tiles[0, 1], samples)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros((4, 4, 1), np.uint8),
    ],
)
def test_an_array_that_is_not_in_the_format_is_refused(samples: Samples) -> None:
    with pytest.raises(ValueError, match="is not PixelFormat"):
        TiledImage.from_array(samples, RGB)


def test_a_snapshot_copies_no_tile_and_a_write_only_those_it_touches() -> None:
    image = TiledImage(RGB, Rect.of_size(3 * TILE, TILE))
    image.write(image.extent, noise(TILE, 3 * TILE, RGB, 1))
    snapshot = image.snapshot()
    image.write(Rect(TILE, 0, TILE + 1, 1), np.zeros((1, 1, 3), np.uint8))
    shared = [key for key in image.tiles if image.tile(key) is snapshot.tile(key)]
    assert shared == [(0, 0), (0, 2)]


def test_a_tile_of_its_own_is_written_in_place() -> None:
    image = TiledImage(RGB, Rect.of_size(TILE, TILE))
    tile = image.writable((0, 0))
    assert image.writable((0, 0)) is tile
    image.snapshot()
    assert image.writable((0, 0)) is not tile
    with pytest.raises(ValueError, match="read-only"):
        tile[0] = 1


@given(rects_in(Rect.of_size(300, 300)), formats)
def test_stored_zeros_and_absent_tiles_are_the_same_pixels(rect: Rect, pixel_format: PixelFormat) -> None:
    stored, absent = (TiledImage(pixel_format, Rect.of_size(300, 300)) for _ in range(2))
    stored.write(rect, np.zeros((rect.height, rect.width, pixel_format.channels), pixel_format.numpy))
    assert stored.tiles
    assert stored.same_pixels(absent)
    assert absent.same_pixels(stored)
    stored.write(rect, noise(rect.height, rect.width, pixel_format, 1))
    assert not stored.same_pixels(absent)
    assert not absent.same_pixels(stored)


def test_only_tiles_without_any_value_are_dropped() -> None:
    image = TiledImage(RGB, Rect.of_size(2 * TILE, TILE))
    for key in ((0, 0), (0, 1)):
        image.writable(key)
    image.writable((0, 1))[-1, -1, 2] = 1
    image.drop_blank_tiles()
    assert list(image.tiles) == [(0, 1)]


def test_a_tile_of_two_images_shows_as_much_as_their_extents_let_it() -> None:
    narrow, wide = TiledImage(RGB, Rect.of_size(9, 9)), TiledImage(RGB, Rect.of_size(20, 9))
    tile = np.zeros((TILE, TILE, 3), np.uint8)
    tile[:9, :9] = 1
    for image in (narrow, wide):
        image.exchange({(0, 0): tile})
    assert narrow.same_pixels(wide)
    tile = tile.copy()
    tile[0, 15] = 1
    for image in (narrow, wide):
        image.exchange({(0, 0): tile})
    assert not narrow.same_pixels(wide)


def test_images_in_different_formats_are_not_the_same() -> None:
    extent = Rect.of_size(9, 9)
    assert not TiledImage(RGB, extent).same_pixels(TiledImage(PixelFormat(Colour.RGB, "uint16"), extent))


@given(st.lists(rects(-900, 900), max_size=6))
def test_bands_hold_all_and_never_more_than_the_box_around(whole: list[Rect]) -> None:
    parts = [tile_rect(key).clipped(rect) for rect in whole for key in tile_keys(rect)]
    bands = in_bands(parts)
    assert all(any(band.contains(part) for band in bands) for part in parts)
    assert sum(band.area for band in bands) <= Rect.union_of(parts).area
    assert len(bands) <= 1 + 1800 // TILE + 1


def test_a_ring_is_told_in_bands_and_a_square_in_one_piece() -> None:
    ring = [Rect.of_size(TILE, TILE).moved(x * TILE, abs(x) * TILE) for x in range(-3, 4)]
    assert len(in_bands(ring)) == 4
    square = [tile_rect((row, column)) for row in range(3) for column in range(3)]
    assert in_bands(square) == [Rect.of_size(3 * TILE, 3 * TILE)]
