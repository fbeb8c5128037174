"""Multi-scale patch synthesis: several coarse layouts, the most coherent of them carried to full resolution.

PatchMatch search (Barnes et al. 2009) and weighted voting in turn (Wexler et al. 2007) with a texture feature
(Newson et al. 2014). What a layout is worth is judged by the shifts of its patches: neighbours that copy from neighbours
make few seams.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np

from inpaint_studio.engines.patches import kernels
from inpaint_studio.engines.patches.level import Flags, Float, Ints, Level, Patches, Pause, finest
from inpaint_studio.pixels.rect import Rect

#: Search and voting rounds of a level, the finest first; coarser ones decide what goes where.
_ROUNDS = (2, 2, 4, 8, 12)
#: A level whose votes change less than this, of 1, is done.
_STILL = 0.001
#: Share of the spread of costs that the last vote ignores: it keeps texture sharp.
_SHARPNESS = 0.5
#: What a source costs that is used once more than its share.
_BURDEN = 0.002
#: Layouts of holes with more pixels than this are chosen between at a quarter of the size, of others at half.
_MANY = 200_000
#: How many sources the filling from the rim looks at.
_MOST_PEELED = 1500
#: Pixels that are filled so between two pauses.
_PEELED_AT_ONCE = 64
#: Rows that are copied between two pauses.
_ROWS = 512
#: A coarse level needs this many sources.
_FEWEST_SOURCES = 64


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to begin. r: patch radius. thickness: coarse levels are made until the hole is at most so many pixels deep."""

    r: int
    thickness: float


#: Tells how far the work is, with a picture now and then; True: come to an end.
Told = Callable[[float, Float | None], bool]


@dataclass(slots=True)
class State:
    """One way to fill one level: its `features` with the hole filled, and where each patch was copied from at which cost."""

    patches: Patches
    features: Float
    matches: Ints
    costs: Float

    @property
    def merit(self) -> float:
        """Lower is better: how many neighbours copy from apart, and how unlike the patches are to what they stand for."""
        p, shift = self.patches, self.matches - self.patches.targets
        together = []
        for step in ((0, 1), (1, 0)):
            place = p.targets + np.array(step, np.int32)
            inside = (place < p.index.shape).all(1)
            other = np.full(len(place), -1, np.int32)
            other[inside] = p.index[tuple(place[inside].T)]
            pair = other >= 0
            together.append((shift[pair] == shift[other[pair]]).all(1).mean() if pair.any() else 1.0)
        apart = 1 - float(np.mean(together))
        return float(np.log(apart + 1e-3) + 0.5 * np.log(np.sqrt(self.costs).mean() + 1e-4))


class Synthesis:
    """Fills one hole; use it once, by `run`."""

    def __init__(self, image: Float, hole: Flags, avoid: Flags, seed: int, told: Told) -> None:
        """image: float32 H×W×C, about 0..1. At least one pixel must be neither `hole` nor `avoid`."""
        self._image = np.ascontiguousarray(image, np.float32)
        self._hole, self._avoid = hole, avoid
        self._levels: list[Level] = []
        self._seed = seed & 0x7FFFFFFF
        self._told = told
        self._hurried = False
        self._last = -1
        self._done, self._work = 0.0, 1.0

    def run(self, layouts: Sequence[Layout]) -> Float:
        """The filled image, H×W×C: the one that was given, when it was float32 and contiguous."""
        with self._threads():
            self._levels.append(finest(self._image, self._hole, self._avoid, self._pause))
            depths = [self._depth(layout) for layout in layouts]
            choose_at = min(2 if self._hole.sum() > _MANY else 1, *depths)
            area = [level.hole.sum() * self._rounds(i) for i, level in enumerate(self._levels)]
            self._work = float(sum(sum(area[choose_at : d + 1]) for d in depths) + sum(area[:choose_at])) or 1.0
            states: list[State] = []
            for number, (layout, depth) in enumerate(zip(layouts, depths, strict=True)):
                if states and self._hurried:
                    break
                states.append(self._descend(None, layout, depth, choose_at, number))
            best = min(states, key=lambda state: state.merit)
            self._pause()
            if choose_at:
                self._last = len(layouts)
                best = self._descend(best, Layout(best.patches.r, 0), choose_at - 1, 0, self._last)
            return self._finish(best, _SHARPNESS)

    @contextmanager
    def _threads(self) -> Iterator[None]:
        workers = max(1, min(4, os.cpu_count() or 1))
        with ThreadPoolExecutor(workers, thread_name_prefix="patches") as self._pool:
            try:
                yield
            finally:
                self._pool.shutdown(wait=True, cancel_futures=True)

    def _rounds(self, index: int) -> int:
        return _ROUNDS[min(index, len(_ROUNDS) - 1)]

    def _depth(self, layout: Layout) -> int:
        """The index of the coarsest level for `layout`; makes the levels that are missing."""
        depth = 0
        while self._levels[depth].thickness > layout.thickness and min(self._levels[depth].hole.shape) >= 16:
            if depth + 1 == len(self._levels):
                self._levels.append(self._levels[depth].halved(self._pause))
            coarser = self._levels[depth + 1]
            if not coarser.hole.any() or not coarser.sources(layout.r).sum() >= _FEWEST_SOURCES:
                break
            depth += 1
        return depth

    def _descend(self, state: State | None, layout: Layout, top: int, bottom: int, number: int) -> State:
        """From level `top` down to `bottom`, beginning with `state` of the level above it, or anew."""
        for index in range(top, bottom - 1, -1):
            last = index == 0 and number == self._last
            level = self._levels[index]
            patches = patches_of(level, layout.r, self._pause)
            generator = np.random.default_rng((self._seed, number, index))
            costs = np.ones(len(patches.targets), np.float32)
            if state is None:
                matches = patches.random(generator, len(patches.targets)).copy()
                features = _peeled(patches, matches, generator, self._pause)
                state = State(patches, features, matches, costs)
            else:
                matches = patches.carried(state.patches, state.matches, generator)
                # the last one may have the finest level's own, which are large
                features = level.features if last else level.features.copy()
                self._pause()
                state = State(patches, features, matches, costs)
                self._revote(state)
            self._improve(state, index, (self._seed * 31 + number) * 31 + index)
            # pictures are as large as the crop: of the layouts after the first only what they come to is shown
            shown = index > 0 and (number == 0 or index == bottom)
            self._tell(self._picture(state, index) if shown else None)
        if state is None:
            raise ValueError("there is no level to work on")
        return state

    def _improve(self, state: State, index: int, seed: int) -> None:
        """Search and vote in turn, until little changes."""
        rounds = self._rounds(index)
        share = float(state.patches.level.hole.sum())
        for step in range(rounds):
            if self._hurried:
                break
            self._search(state, seed * 64 + 2 * step, forward=step % 2 == 0)
            self._search(state, seed * 64 + 2 * step + 1, forward=step % 2 == 1, refresh=False)
            change = self._revote(state)
            self._done += share
            self._tell(None)
            if change < _STILL:
                self._done += share * (rounds - 1 - step)
                break

    def _search(
        self, state: State, seed: int, *, forward: bool, refresh: bool = True, reach: int | None = None
    ) -> None:
        p, before = state.patches, state.matches.copy()
        height, width = p.index.shape
        channels = state.features.shape[2]
        flat = state.features.reshape(height, width * channels)
        radius = max(height, width) if reach is None else reach
        self._pause()
        burden = self._burden(state)
        self._pause()

        def work(first: int, last: int) -> None:
            kernels.search(
                flat, channels, p.sources, burden, p.index, p.targets, state.matches, state.costs, before,
                first, last, p.r, forward, refresh, seed & 0x7FFFFFFF, radius,
            )  # fmt: skip

        self._each(work, p.target_bands)

    def _burden(self, state: State) -> Float:
        """What each source costs for being used more often than need be (Kaspar et al. 2015): else flat ones take over."""
        p = state.patches
        used = np.zeros(p.index.shape, np.float32)
        kernels.tally(state.matches, used)
        self._pause()
        used = np.asarray(cv2.boxFilter(used, -1, (2 * p.r + 1, 2 * p.r + 1)), np.float32)
        self._pause()
        used /= np.float32(max(1.0, len(p.targets) / max(1, len(p.source_list))))
        used -= 1
        np.maximum(used, 0, out=used)
        used *= np.float32(_BURDEN)
        return used

    def _votes(self, state: State, values: Float, sharpness: float) -> Float:
        p = state.patches
        out = np.zeros((len(p.pixels), values.shape[2]), np.float32)

        def work(first: int, last: int) -> None:
            kernels.vote(
                values, p.index, state.matches, state.costs, p.trust, p.pixels,
                first, last, p.r, np.float32(sharpness), out,
            )  # fmt: skip

        self._each(work, p.pixel_bands)
        return out

    def _revote(self, state: State) -> float:
        """Vote on all features of the hole; returns their mean change."""
        votes = self._votes(state, state.features, 0.0)
        flat = state.features.reshape(-1, state.features.shape[2])
        pixels = state.patches.flat_pixels
        change = float(np.abs(votes - flat[pixels]).mean())
        self._pause()
        flat[pixels] = votes
        return change

    def _finish(self, state: State, sharpness: float) -> Float:
        """The last vote, on the image itself."""
        self._search(state, 5, forward=True, reach=1)
        votes = self._votes(state, self._image, sharpness)
        self._image.reshape(-1, self._image.shape[2])[state.patches.flat_pixels] = votes
        return self._image

    def _picture(self, state: State, index: int) -> Float:
        """What the fill looks like so far, at full size."""
        height, width = self._hole.shape
        step = 1 << index
        box = Rect.around(self._hole)
        # on the coarse level's grid
        box = Rect(box.left // step, box.top // step, -(-box.right // step), -(-box.bottom // step))
        small = np.ascontiguousarray(state.features[box.slices][..., :-1])
        large = np.clip(cv2.resize(small, (box.width * step, box.height * step)), 0, 1)
        area = Rect(*(side * step for side in (box.left, box.top, box.right, box.bottom)))
        inside = area.clipped(Rect.of_size(width, height))
        hole = self._hole[inside.slices]
        picture = np.empty_like(self._image)
        for top in range(0, height, _ROWS):
            picture[top : top + _ROWS] = self._image[top : top + _ROWS]
            self._pause()
        picture[inside.slices][hole] = large.reshape(area.height, area.width, -1)[inside.within(area).slices][hole]
        return picture

    def _pause(self) -> None:
        self._tell(None)

    def _tell(self, picture: Float | None) -> None:
        self._hurried |= self._told(min(0.99, self._done / self._work), picture)

    def _each(self, work: Callable[[int, int], None], bands: list[tuple[int, int]]) -> None:
        """All bands in the pool; the user is heard between them."""
        waiting = [self._pool.submit(work, *band) for band in bands]
        for future in waiting:
            future.result()
            self._tell(None)


def patches_of(level: Level, r: int, pause: Pause) -> Patches:
    """Patches of radius `r`, or of the largest below it that leaves enough sources."""
    sources = level.sources(r)
    while r and sources.sum() < (_FEWEST_SOURCES if r > 1 else 1):
        r -= 1
        sources = level.sources(r)
    pause()
    return Patches(level, r, sources, pause)


def _peeled(patches: Patches, matches: Ints, generator: np.random.Generator, pause: Pause) -> Float:
    """The features with the hole filled pixel by pixel from its rim inwards (Efros and Leung 1999); sets `matches` there."""
    level = patches.level
    order = np.argsort(level.depth()[level.hole], kind="stable")
    pixels = np.ascontiguousarray(patches.pixels[order])
    sources = patches.source_list
    if len(sources) > _MOST_PEELED:
        sources = np.ascontiguousarray(generator.permutation(sources)[:_MOST_PEELED])
    features, known, found = level.features.copy(), ~level.hole, np.zeros_like(pixels)
    for first in range(0, len(pixels), _PEELED_AT_ONCE):
        part = slice(first, first + _PEELED_AT_ONCE)
        kernels.peel(features, known, pixels[part], sources, patches.r, found[part])
        pause()
    matches[patches.index[tuple(pixels.T)]] = found
    return features
