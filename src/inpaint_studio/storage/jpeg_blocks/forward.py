"""From pixels to quantised coefficients, for chosen MCUs only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.pixels.format import Samples
from inpaint_studio.storage.jpeg_blocks.layout import Component, Layout
from inpaint_studio.storage.jpeg_blocks.scans import Coefficients

Floats = NDArray[np.float32]
#: MCUs down×across, True where chosen.
Grid = NDArray[np.bool_]

#: Pixels transformed at a time.
_CHUNK = 1 << 20
#: Greatest coefficients that every decoder takes: 11 bits for DC, 10 for AC.
_LOWEST_DC, _GREATEST = -1024, 1023

_ZIGZAG = np.array(sorted(range(64), key=lambda i: (s := i // 8 + i % 8, i // 8 if s % 2 else i % 8)))
_FREQUENCIES = np.arange(8)[:, None]
_COSINES = np.cos((2 * np.arange(8) + 1) * _FREQUENCIES * np.pi / 16) / 2
_COSINES[0] /= np.sqrt(2)
_DCT: Floats = _COSINES.astype(np.float32)
#: Rec. 601 full range, as JFIF has it.
_YCBCR = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]], np.float32
)


def changed_mcus(layout: Layout, before: Samples, after: Samples) -> Grid:
    """The MCUs that hold a pixel in which two pictures (H×W×C as stored) differ."""
    height, width = layout.mcu
    grid = np.zeros(layout.grid, np.bool_)
    for row in range(len(grid)):
        band = slice(row * height, (row + 1) * height)
        if np.array_equal(before[band], after[band]):
            continue
        differs = (before[band] != after[band]).any((0, 2))
        grid[row] = np.logical_or.reduceat(differs, np.arange(0, layout.width, width))
    return grid


def transform(
    layout: Layout,
    divisors: dict[int, NDArray[np.uint16]],
    samples: Samples,
    chosen: Grid,
    coefficients: Coefficients,
    *,
    in_rgb: bool,
) -> None:
    """Put the MCUs `chosen` of the picture `samples` (uint8 H×W×C as stored) into `coefficients`.

    Beyond its edges the picture goes on as its last row and column. `in_rgb` when the components are neither YCbCr nor
    YCCK; four inks are as libjpeg gives them.
    """
    rows, columns = np.nonzero(chosen)
    step = max(1, _CHUNK // (layout.mcu[0] * layout.mcu[1]))
    for at in range(0, len(rows), step):
        down, across = rows[at : at + step], columns[at : at + step]
        planes = _planes(layout, samples, down, across, in_rgb=in_rgb)
        for index, component in enumerate(layout.components):
            blocks = _blocks(layout, component, planes[..., index])
            numbers = layout.of_mcu(component)[down, across]
            coefficients[numbers] = _quantised(blocks, divisors[component.table])


def _planes(
    layout: Layout, samples: Samples, down: NDArray[np.intp], across: NDArray[np.intp], *, in_rgb: bool
) -> Floats:
    """The samples of MCUs, N×H×W×components, centred on zero."""
    height, width = layout.mcu
    y = np.minimum(down[:, None] * height + np.arange(height), layout.height - 1)
    x = np.minimum(across[:, None] * width + np.arange(width), layout.width - 1)
    pixels: Floats = samples[y[:, :, None], x[:, None, :]].astype(np.float32)
    if len(layout.components) == 1 or in_rgb:
        pixels -= np.float32(128)
        return pixels
    if len(layout.components) == 4:  # YCCK: inks as the complements of RGB
        luma: Floats = (255 - pixels[..., :3]) @ _YCBCR.T
        pixels[..., :3] = luma
        pixels[..., [0, 3]] -= 128
        return pixels
    planes: Floats = pixels @ _YCBCR.T
    planes[..., 0] -= 128
    return planes


def _blocks(layout: Layout, component: Component, plane: Floats) -> Floats:
    """A component's blocks of MCUs, sampled down by its factors: N×vertical×horizontal×8×8."""
    count = len(plane)
    v, h = component.vertical, component.horizontal
    tall, wide = layout.mcu[0] // (8 * v), layout.mcu[1] // (8 * h)
    sampled = plane.reshape(count, 8 * v, tall, 8 * h, wide).mean((2, 4))
    return np.asarray(sampled.reshape(count, v, 8, h, 8).swapaxes(2, 3), np.float32)


def _quantised(blocks: Floats, divisors: NDArray[np.uint16]) -> Coefficients:
    """Coefficients …×64 in zigzag order."""
    spectrum = (_DCT @ blocks @ _DCT.T).reshape(*blocks.shape[:-2], 64)[..., _ZIGZAG]
    result = np.rint(spectrum / divisors)
    result[..., 1:] = result[..., 1:].clip(-_GREATEST, _GREATEST)
    result[..., 0] = result[..., 0].clip(_LOWEST_DC, _GREATEST)
    return result.astype(np.int16)
