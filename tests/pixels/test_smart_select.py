"""Smart select: the object is found, its edge is the photo's own at full size, and odd prompts do no harm."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.proxy import Proxy
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.shapes import Region
from inpaint_studio.pixels.smart_select import Hint, Prompt, SegmentRequest, grabcut, object_region
from inpaint_studio.pixels.tiled import tile_rect

_RGB = PixelFormat(Colour.RGB)


def _scene(width: int, height: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A textured blob on a textured ground, mixed at its soft edge, and its true coverage 0..1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    turn = np.arctan2(y - height / 2, x - width / 2)
    radius = min(width, height) * (0.26 + 0.05 * np.sin(5 * turn) + 0.02 * np.sin(17 * turn))
    truth = np.clip(radius - np.hypot(x - width / 2, y - height / 2) + 0.5, 0, 1)[..., None]
    noise = cv2.resize(rng.normal(0, 9, (height // 3, width // 3, 3)).astype(np.float32), (width, height))
    inside = np.stack([190 + x / width * 30, 90 + y / height * 40, 60 + 0 * x], -1) + noise
    outside = np.stack([80 + y / height * 50, 120 + x / width * 30, 110 + 0 * x], -1) - noise
    return np.clip(truth * inside + (1 - truth) * outside, 0, 255).astype(np.uint8), truth[..., 0]


def _whole(region: Region, extent: Rect) -> NDArray[np.uint8]:
    result = np.zeros((extent.height, extent.width), np.uint8)
    for key, tile in region.items():
        area = tile_rect(key).clipped(extent)
        result[area.slices] = tile[area.within(tile_rect(key)).slices]
    return result


def _select(image: NDArray[np.uint8], prompt: Prompt, pixel_format: PixelFormat = _RGB) -> NDArray[np.uint8]:
    extent = Rect.of_size(image.shape[1], image.shape[0])
    return _whole(object_region(lambda rect: image[rect.slices], pixel_format, extent, prompt, grabcut), extent)


def _box(width: int, height: int) -> Prompt:
    reach = 0.36 * min(width, height)
    return Prompt(box=(width / 2 - reach, height / 2 - reach, width / 2 + reach, height / 2 + reach))


@pytest.mark.parametrize(("width", "height"), [(420, 300), (1700, 1300)])
def test_a_box_finds_the_object_and_its_edge_at_full_size(width: int, height: int) -> None:
    image, truth = _scene(width, height)
    found = _select(image, _box(width, height)) / 255
    assert np.minimum(found, truth).sum() / np.maximum(found, truth).sum() > 0.985
    edge = cv2.morphologyEx((truth > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    off = np.abs(cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5))
    border = cv2.morphologyEx((found > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    assert np.median(off[border]) <= 1.5


def test_following_the_edge_beats_enlarging_the_small_mask() -> None:
    width, height = 2000, 1500
    image, truth = _scene(width, height)
    extent = Rect.of_size(width, height)
    found = _select(image, _box(width, height)) / 255
    proxy = Proxy.of(lambda rect: image[rect.slices], extent, 120_000)
    small = Proxy.of(
        lambda rect: np.repeat((truth[rect.slices] > 0.5)[..., None] * np.uint8(255), 3, 2), extent, 120_000
    )
    hard = (small.image[..., 0] > 127).astype(np.float32)
    naive = proxy.enlarged(hard, extent) > 0.5
    assert np.abs(found - truth).sum() < 0.7 * np.abs(naive - truth).sum()


def test_a_scribble_takes_what_is_like_it_and_not_the_ground() -> None:
    image, truth = _scene(420, 300)
    found = _select(image, Prompt(lines=(((180.0, 150.0), (240.0, 160.0)),), width=8)) / 255
    assert np.minimum(found, truth).sum() / np.maximum(found, truth).sum() > 0.95


@pytest.mark.parametrize(
    "pixel_format",
    [
        PixelFormat(Colour.GRAY),
        PixelFormat(Colour.RGB, "uint16"),
        PixelFormat(Colour.RGB, "float32"),
        PixelFormat(Colour.RGB, alpha=True),
        PixelFormat(Colour.CMYK),
    ],
)
def test_every_kind_of_photo(pixel_format: PixelFormat) -> None:
    image, truth = _scene(420, 300)
    channels = {Colour.GRAY: image[..., :1], Colour.RGB: image, Colour.CMYK: np.dstack([image, image[..., :1] | 128])}
    samples = channels[pixel_format.colour].astype(np.float64) / 255 * pixel_format.white
    if pixel_format.alpha:
        samples = np.dstack([samples, np.full(samples.shape[:2], pixel_format.white)])
    found = _select(samples.astype(pixel_format.numpy), _box(420, 300), pixel_format) / 255
    assert np.minimum(found, truth).sum() / np.maximum(found, truth).sum() > 0.95


def _figure(width: int, height: int, part: tuple[int, int, int]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A disc with a smaller one of the colour `part` beside it, joined by a neck, on grass; where the smaller one is."""
    rng = np.random.default_rng(5)
    image = np.full((height, width, 3), (70, 120, 60), np.float32)
    unit = height / 10
    disc, lobe = (int(3.6 * unit), int(5 * unit)), (int(8.2 * unit), int(5 * unit))
    cv2.circle(image, disc, int(2.4 * unit), (200, 60, 50), -1)
    cv2.rectangle(image, (disc[0], int(4.7 * unit)), (lobe[0], int(5.3 * unit)), part, -1)
    cv2.circle(image, disc, int(2.4 * unit), (200, 60, 50), -1)
    cv2.circle(image, lobe, int(1.4 * unit), part, -1)
    there = np.zeros((height, width), np.uint8)
    cv2.circle(there, lobe, int(1.4 * unit), 1, -1)
    image += rng.normal(0, 8, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8), there > 0


@pytest.mark.parametrize("size", [(480, 400), (1600, 1300)])
@pytest.mark.parametrize("part", [(40, 60, 190), (200, 60, 50)], ids=["of another colour", "of the same colour"])
@pytest.mark.parametrize("shown", ["box", "scribble"])
def test_a_line_on_the_background_takes_a_part_out(
    size: tuple[int, int], part: tuple[int, int, int], shown: str
) -> None:
    width, height = size
    unit = height / 10
    image, lobe = _figure(width, height, part)
    rest = np.hypot(*np.meshgrid(np.arange(width) - 3.6 * unit, np.arange(height) - 5 * unit)) < 2.3 * unit
    if shown == "box":
        prompt = Prompt(box=(0.8 * unit, 2.3 * unit, 9.9 * unit, 7.7 * unit), width=unit / 3)
    else:
        lines = (((3 * unit, 5 * unit), (4 * unit, 5 * unit)), ((8 * unit, 4.5 * unit), (8.3 * unit, 5.5 * unit)))
        prompt = Prompt(lines=lines, width=unit / 3)
    whole = _select(image, prompt) / 255
    assert whole[lobe].mean() > 0.9, "it has to be there to be taken out"
    away = (((8 * unit, 4.6 * unit), (8.4 * unit, 5.4 * unit)),)
    without = _select(image, replace(prompt, lines=prompt.lines[:1], background=away)) / 255
    assert without[lobe].mean() < 0.1
    assert without[rest].mean() > 0.97
    assert (without > 0.5).sum() < (whole > 0.5).sum() - 0.85 * lobe.sum()


def test_a_line_beside_the_object_changes_nothing() -> None:
    image, _ = _scene(420, 300)
    prompt = _box(420, 300)
    beside = replace(prompt, background=(((2.0, 2.0), (30.0, 4.0)), ((-90.0, -90.0),)))
    assert np.array_equal(_select(image, prompt), _select(image, beside))


def test_edges_at_full_size_are_followed_round_what_was_left_out() -> None:
    """The edge to a part of another colour is the photo's own, not that of the small copy."""
    width, height = 1600, 1300
    unit = height / 10
    image, _ = _figure(width, height, (40, 60, 190))
    prompt = Prompt(
        box=(0.8 * unit, 2.3 * unit, 9.9 * unit, 7.7 * unit),
        width=unit / 3,
        background=(((8 * unit, 4.6 * unit), (8.4 * unit, 5.4 * unit)),),
    )
    found = _select(image, prompt) > 127
    rows = slice(int(4.75 * unit), int(5.25 * unit))
    edge = [int(np.flatnonzero(row)[-1]) for row in found[rows]]
    wanted = [3.6 * unit + np.sqrt((2.4 * unit) ** 2 - (y - 5 * unit) ** 2) for y in range(rows.start, rows.stop)]
    assert np.median(np.abs(np.array(edge) - wanted)) <= 2


@pytest.mark.parametrize("seed", range(3))
def test_prompts_that_make_no_sense_do_no_harm(seed: int) -> None:
    rng = np.random.default_rng(seed)
    photos = [
        rng.integers(0, 256, (200, 300, 3), np.uint8),
        np.full((200, 300, 3), 90, np.uint8),
        rng.integers(0, 256, (3000, 1, 3), np.uint8),
        rng.integers(0, 256, (1, 1, 3), np.uint8),
    ]
    for image in photos:
        height, width = image.shape[:2]
        prompts = [
            Prompt(box=(0, 0, width, height)),
            Prompt(box=(-500, -500, width + 500, height + 500)),
            Prompt(box=(width + 5, height + 5, width + 50, height + 50)),
            Prompt(box=(width / 3, height / 3, width / 3, height / 3)),
            Prompt(lines=(((0.2, 0.2),),), width=1),
            Prompt(lines=(((-900.0, -900.0), (9000.0, 9000.0)),), width=40),
            Prompt(lines=(((width + 90.0, 0.0),),), width=4),
        ]
        prompts += [
            replace(prompts[0], background=(((0.0, 0.0), (width + 9.0, height + 9.0)),), width=4),
            replace(prompts[4], background=prompts[4].lines),
            replace(prompts[5], background=(((-50.0, 2.0),),)),
        ]
        for prompt in prompts:
            assert _select(image, prompt).shape == (height, width)
    assert not _select(photos[0], prompts[2]).any()


def test_what_is_certain_stays() -> None:
    image, _ = _scene(200, 160)
    hints = np.full((160, 200), Hint.MAYBE_BACKGROUND, np.uint8)
    hints[:40] = Hint.BACKGROUND
    hints[70:90, 90:110] = Hint.OBJECT
    found = grabcut(SegmentRequest(image, hints))
    assert not found[:40].any()
    assert found[70:90, 90:110].all()
    assert found.dtype == np.float32
