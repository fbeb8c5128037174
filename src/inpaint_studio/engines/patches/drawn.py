"""Patch synthesis that begins from pictures of the fill at a smaller size, drawn by another method.

The other method lays out what goes where, where it is cheap and sees far; the levels below copy whole patches of the photo
itself, at its own depth. Of several pictures the one whose texture is most like the surroundings' is carried on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.patches.level import Flags, Float, Level, finest
from inpaint_studio.engines.patches.synthesis import Layout, State, Synthesis, patches_of

#: Patch radius. Of 2, 3 and 4, 2 has the best GMSD and PSNR on `retouch` and is the fastest.
_R = 2
#: Holes shallower than this, in pixels, would not survive at a smaller size.
_SHALLOW = 8.0
#: Pictures are drawn at half the size at most, and smaller until the hole is at most so many pixels deep.
_DEEP = 48.0
#: Where so much of the rim is smooth, pictures are drawn at full size: what is out of focus shows every patch of another
#: sharpness, and outlines against a sky get lumps when they are drawn small. Up to so many pixels, which take three seconds.
_CALM = 0.4
_MANY = 100_000
#: Smooth: a standard deviation of lightness below this in windows of 7 pixels, within 7 pixels of the hole.
_FLAT, _RIM = 4 / 255, 7
#: Sweeps that find out what a picture copied from.
_SWEEPS = 6
#: As in `Synthesis`, of the last vote: the pictures are calm, so it may be sharp, and grain stays.
_SHARPNESS = 0.9
#: The same on calm ground.
_SOFTER = 0.3
#: The share of the work that is drawing.
_DRAWING = 0.5
#: Texture is compared by windows of that side, so many of them, along so many directions.
_WINDOW, _WINDOWS, _DIRECTIONS = 7, 2000, 32

#: Draws the hole of a level: (level, number of the picture) to float32 H×W×C.
Draw = Callable[[Level, int], Float]


class FromPictures(Synthesis):
    """Fills one hole; use it once, by `run_from`."""

    #: The level that pictures are drawn at.
    _index = 0

    def run_from(self, draw: Draw, count: int) -> Float:
        """The filled image, H×W×C, from the best of `count` pictures."""
        with self._threads():
            self._levels.append(finest(self._image, self._hole, self._avoid, self._pause))
            index = self._index = self._drawn_at()
            area = [level.hole.sum() * self._rounds(i) for i, level in enumerate(self._levels[: max(1, index)])]
            self._work = float(sum(area)) / (1 - _DRAWING) or 1.0
            states: list[State] = []
            for number in range(count):
                if states and (self._hurried or self._is_calm):
                    break
                states.append(self._state_of(draw(self._levels[index], number), index, number))
                self._done = self._work * _DRAWING * (number + 1) / count
                self._tell(self._picture(states[-1], index))
            best = min(states, key=_unlikeness) if len(states) > 1 else states[0]
            self._done = self._work * _DRAWING
            self._last = count
            if index:
                best = self._descend(best, Layout(_R, 0), index - 1, 0, self._last)
            return self._finish(best, _SOFTER if self._is_calm else _SHARPNESS)

    @cached_property
    def _is_calm(self) -> bool:
        """Whether the hole is drawn at full size, once: where it is not too large for that, and most around it is smooth."""
        return int(self._hole.sum()) <= _MANY and _smooth_share(self._levels[0]) >= _CALM

    def _rounds(self, index: int) -> int:
        # what comes from two levels above is settled: a second round at full size takes a third of all time for nothing seen
        return 1 if index == 0 and self._index > 1 else super()._rounds(index)

    def _drawn_at(self) -> int:
        """The index of the level that pictures are drawn at."""
        thickness = self._levels[0].thickness
        if thickness < _SHALLOW or self._is_calm:
            return 0
        return self._depth(Layout(_R + 1, min(_DEEP, thickness * 0.75)))

    def _state_of(self, picture: Float, index: int, number: int) -> State:
        """`picture`, H×W×C of level `index`, and which patches it looks like."""
        level = self._levels[index]
        patches = patches_of(level, _R, self._pause)
        features = level.features.copy()
        nothing = np.zeros_like(level.hole)
        shown = np.where(level.hole[..., None], picture, level.features[..., :-1])
        whole = finest(np.ascontiguousarray(shown, np.float32), nothing, nothing, self._pause).features
        features[level.hole] = whole[level.hole]
        generator = np.random.default_rng((self._seed, number, index))
        matches = patches.random(generator, len(patches.targets)).copy()
        state = State(patches, features, matches, np.ones(len(patches.targets), np.float32))
        for sweep in range(_SWEEPS):
            self._search(state, (self._seed * 31 + number) * 64 + sweep, forward=sweep % 2 == 0, refresh=sweep == 0)
        return state


def _smooth_share(level: Level) -> float:
    """The share of smooth pixels around the hole."""
    reach = 2 * _RIM + 1
    rim = (cv2.dilate(level.hole.view(np.uint8), np.ones((reach, reach), np.uint8)) > 0) & ~(level.hole | level.avoid)
    light = np.ascontiguousarray(level.features[..., :-1].mean(2))
    variance = cv2.blur(light * light, (_RIM, _RIM)) - cv2.blur(light, (_RIM, _RIM)) ** 2
    return float((variance[rim] < _FLAT**2).mean()) if rim.any() else 0.0


def _unlikeness(state: State) -> float:
    """How far the windows of the hole are from those of its surroundings: their sliced Wasserstein distance.

    (Rabin et al. 2011; here of quantiles along random directions.) Costs and seams alone would choose flat fills.
    """
    level = state.patches.level
    reach = 2 * int(max(8.0, float(np.sqrt(level.hole.sum())) / 2)) + 1
    near = cv2.dilate(level.hole.view(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    apart = cv2.dilate((level.hole | level.avoid).view(np.uint8), np.ones((_WINDOW, _WINDOW), np.uint8)) > 0
    generator = np.random.default_rng(1)
    directions = generator.normal(size=(_WINDOW**2 * (state.features.shape[2] - 1), _DIRECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    found = [
        _quantiles(state.features[..., :-1], chosen, directions, generator) for chosen in (level.hole, near & ~apart)
    ]
    if found[0] is None or found[1] is None:
        return state.merit
    return float(np.abs(found[0] - found[1]).mean())


def _quantiles(
    values: Float, chosen: Flags, directions: Float, generator: np.random.Generator
) -> NDArray[np.float64] | None:
    """Quantiles of the windows around the `chosen` pixels along each direction; None where there are too few."""
    half = _WINDOW // 2
    inner = chosen[half : chosen.shape[0] - half, half : chosen.shape[1] - half]
    rows, columns = np.nonzero(inner)
    if len(rows) < 2 * _DIRECTIONS:
        return None
    some = generator.permutation(len(rows))[:_WINDOWS]
    line = np.arange(_WINDOW)
    windows = values[rows[some, None, None] + line[:, None], columns[some, None, None] + line]
    # tone counts a little: what differs most is texture
    windows = windows - np.float32(0.8) * windows.mean((1, 2), keepdims=True)
    # einsum, and no BLAS: the same to the last bit on any number of threads
    lengths = np.einsum("nd,dk->nk", windows.reshape(len(windows), -1), directions)
    return np.asarray(np.quantile(lengths, np.linspace(0.02, 0.98, 49), axis=0), np.float64)
