"""Smart select: the object is found, its edge is the photo's own at full size, and odd prompts do no harm."""

from __future__ import annotations

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
