"""Grain match: what a fill lacks of its surroundings' noise is added, with its spectrum and its colours.

The noise is measured in calm squares of the known pixels: the mean of their windowed cross-spectra (Welch 1967), so that
coarse film grain, noise that a JPEG softened and noise that the channels share keep their look. Its strength follows the
tone. Then the fill's own detail is measured in two bands, and only what is missing is added: a fill of copied patches
brings its grain along and gets none.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.contract import Float
from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect

#: Pixels around the hole in which noise is measured.
REACH = 64
#: Sides of the squares in which it is measured, the first of which there are enough; they lie half a side apart.
_SIDES = (32, 16)
#: How many pixels of squares are enough, and how few squares are not.
_MOST, _FEWEST = 100_000, 6
#: A square is calm when it has at most so many times the slow detail of the calmest fifth.
_CALM = 2.5
#: Groups of tones in which calm squares are looked for and strengths told apart.
_TONES = 4
#: The share of the calm squares that is weaker than what is taken for noise.
_WEAK = 0.25
#: How far, as a logarithm of power, noise may depend on the tone: more comes from different contents.
_TREND = 2.0
#: Pixels over which the detail next to a hole is averaged: grain is never stronger than it, wherever it was measured.
_NEAR = 8.0
#: They are averaged at a size this many times smaller.
_COARSER = 4
#: Marks up to about this width get all of the grain only where its standard deviation, in 0..1, reaches that.
_THIN, _MISSED = 11, 0.024
#: Radius that parts fine detail from coarse.
_FINE = 0.8
#: Radius beyond which variation is not told from the photo's own.
_SLOW = 2.0
#: The median of the square of a normal variable.
_MEDIAN = 0.4549


@dataclass(frozen=True, slots=True)
class Grain:
    """Noise of C channels as it was measured.

    roots: complex S×(S/2+1)×C×C, for each frequency of `numpy.fft.rfft2` the square root of the cross-spectrum. tones,
    strengths: at which lightness (mean of the channels) which standard deviation of detail.
    """

    roots: NDArray[np.complex128]
    tones: NDArray[np.float64]
    strengths: NDArray[np.float64]

    def field(self, period: int, seed: int) -> Float:
        """Noise with detail of variance one, float32 period×period×C, that can be laid side by side; same seed, same noise."""
        side, channels = len(self.roots), self.roots.shape[2]
        white = np.random.default_rng(seed).standard_normal((period, period, channels)).astype(np.float32)
        spectra = [np.fft.rfft2(np.ascontiguousarray(white[..., c])) for c in range(channels)]
        # frequencies between those measured: the correlations are as long as the square, and no longer
        index = np.r_[0 : side // 2, -(side // 2) : 0]
        found = [np.zeros_like(spectra[0]) for _ in range(channels)]
        for a, b in combinations_with_replacement(range(channels), 2):
            correlation = np.zeros((period, period), np.float32)
            correlation[np.ix_(index, index)] = np.fft.irfft2(self.roots[..., a, b], s=(side, side))
            root = np.fft.rfft2(correlation)
            found[a] += root * spectra[b]
            if a != b:
                found[b] += root.conj() * spectra[a]
        made = np.stack([np.fft.irfft2(part, s=(period, period)) for part in found], -1)
        noise: Float = np.asarray(made / max(float(made.std()), 1e-12), np.float32)
        wrapped = np.pad(noise, ((16, 16), (16, 16), (0, 0)), mode="wrap")
        detail = (wrapped - _blurred(wrapped, _SLOW))[16:-16, 16:-16]
        return np.asarray(noise / max(float(detail.std()), 1e-6), np.float32)

    def strength(self, tones: Float) -> Float:
        """Standard deviation of the detail at each of the N lightnesses `tones`."""
        return np.asarray(np.interp(tones, self.tones, self.strengths), np.float32)


def measure(image: Float, known: Hole, detail: Float) -> Grain | None:
    """The grain of the `known` pixels of `image` (float32 H×W×C); None where there is too little calm to measure it.

    detail: `image` less its slow variation.
    """
    for side in _SIDES:
        corners = _corners(known, side)
        if len(corners) >= 2 * _FEWEST:
            break
    else:
        return None
    patches = _cut(image, corners, side)
    tones = patches.mean((1, 2, 3), dtype=np.float64)
    # strength is told by detail: what is slower than grain may be the photo's own
    powers = (_cut(detail, corners, side) ** 2).mean((1, 2, 3), dtype=np.float64) + 1e-14
    flat = _levelled(patches)
    calm = _calm(flat, tones, powers)
    if len(calm) < _FEWEST:
        return None
    # squares count alike, whatever the strength of the noise at their tone
    flat = flat[calm] / np.sqrt(powers[calm]).astype(np.float32)[:, None, None, None]
    values, vectors = np.linalg.eigh(_without_slow(_cross_spectrum(flat)))
    roots = (vectors * np.sqrt(np.maximum(values, 0))[..., None, :]) @ vectors.conj().swapaxes(2, 3)
    return Grain(roots, *_strengths(tones[calm], powers[calm]))


def matched(image: Float, hole: Hole, known: Hole, seed: int) -> Float:
    """`image` (float32 H×W×C) with the grain in `hole` that it lacks against the `known` pixels; unchanged elsewhere."""
    canvas = Rect.of_size(hole.shape[1], hole.shape[0])
    inner = Rect.around(hole)
    box = inner.grown(REACH).clipped(canvas)
    image_box, own = np.ascontiguousarray(image[box.slices]), hole[box.slices]
    slow = _blurred(image_box, _SLOW)
    detail = image_box - slow
    grain = measure(image_box, known[box.slices], detail)
    if grain is None:
        return image
    # everything below is of the hole's pixels alone: a scratch has few in a large box
    where = np.flatnonzero(own)
    rows, columns = np.divmod(where, own.shape[1])
    at_all, at_slow, at_calm = (
        plane.reshape(-1, image.shape[2])[where] for plane in (image_box, slow, _blurred(image_box))
    )
    period = 256 if len(where) > 128 * 128 else 128
    noise = grain.field(period, seed)
    fine = noise - _blurred(np.pad(noise, ((8, 8), (8, 8), (0, 0)), mode="wrap"))[8:-8, 8:-8]
    coarse = noise - fine
    strength = grain.strength(at_slow.mean(1))
    strength = _held(strength, _nearby(detail, known[box.slices], rows, columns))
    lacks = _lacking((at_all - at_calm, at_calm - at_slow), strength, _details_of(noise))
    if max(lacks) == 0:
        return image
    piece = np.float32(lacks[0]) * fine + np.float32(lacks[1]) * coarse
    if not cv2.erode(own.view(np.uint8), np.ones((_THIN, _THIN), np.uint8), borderValue=0).any():
        # in a mark a few pixels wide weak grain is not missed, and added noise is an error like any other
        strength = strength * np.minimum(1, strength / np.float32(_MISSED))
    result = image.copy()
    # by the place in the crop, so that the noise doesn't hang on the hole's outline
    rows, columns = rows + box.top, columns + box.left
    result[rows, columns] += piece[rows % period, columns % period] * strength[:, None]
    return result


def _nearby(detail: Float, known: Hole, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Float:
    """The mean power of the `detail` (H×W×C) of the known pixels around N pixels; infinite where there are none near."""
    height, width = known.shape
    there = known.astype(np.float32)
    power = cv2.transform(detail * detail, np.full((1, detail.shape[2]), 1 / detail.shape[2], np.float32)) * there
    # slow enough to be told at a quarter of the size
    size = max(1, width // _COARSER), max(1, height // _COARSER)
    weight, total = (
        cv2.GaussianBlur(
            cv2.resize(plane, size, interpolation=cv2.INTER_AREA),
            (0, 0),
            _NEAR / _COARSER,
            borderType=cv2.BORDER_REFLECT,
        )[rows * size[1] // height, columns * size[0] // width]
        for plane in (there, power)
    )
    return np.where(weight > 0.02, total / np.maximum(weight, 1e-6), np.float32(np.inf))


def _held(strength: Float, nearby: Float) -> Float:
    """`strength`, but no more than the detail nearby."""
    # by a little more than the mean, which wavers: pure noise must not lose by it
    return np.asarray(np.sqrt(np.minimum(strength**2, np.float32(1.3) * nearby)), np.float32)


def _lacking(found: tuple[Float, Float], strength: Float, wanted: tuple[float, float]) -> tuple[float, float]:
    """Factors for the fine and the coarse noise that bring the hole up to the strength of its surroundings.

    found: fine and middle detail of the hole's pixels, N×C each. wanted: the power of both in the noise.
    """
    factors = []
    scale = np.maximum(strength, 1e-9) ** 2
    for band, power in zip(found, wanted, strict=True):
        # the median passes over what edges and texture the fill has
        there = float(np.median((band**2).mean(1) / scale)) / _median_of(band.shape[1])
        factors.append(float(np.sqrt(max(0.0, 1 - there / max(power, 1e-12)))))
    return factors[0], factors[1]


def _median_of(channels: int) -> float:
    """The median of the mean of the squares of so many normal variables, alike as the channels of a photo mostly are."""
    return _MEDIAN if channels == 1 else 0.6


def _details_of(noise: Float) -> tuple[float, float]:
    """The power of fine and of middle detail in noise that repeats."""
    wrapped = np.pad(noise, ((16, 16), (16, 16), (0, 0)), mode="wrap")
    calm = _blurred(wrapped)
    fine, middle = ((part[16:-16, 16:-16] ** 2).mean() for part in (wrapped - calm, calm - _blurred(wrapped, _SLOW)))
    return float(fine), float(middle)


def _blurred(image: Float, radius: float = _FINE) -> Float:
    blurred = cv2.GaussianBlur(np.ascontiguousarray(image), (0, 0), radius, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32).reshape(image.shape)


def _corners(known: Hole, side: int) -> NDArray[np.intp]:
    """N×2 rows and columns of known squares on a grid, evenly taken where there are more than enough."""
    if min(known.shape) < side:
        return np.zeros((0, 2), np.intp)
    count = cv2.integral((~known).view(np.uint8))
    y, x = np.meshgrid(*(np.arange(0, size - side + 1, side // 2) for size in known.shape), indexing="ij")
    bad = count[y + side, x + side] - count[y, x + side] - count[y + side, x] + count[y, x]
    y, x = y[bad == 0], x[bad == 0]
    step = max(1, -(-len(y) * side**2 // _MOST))
    return np.stack([y[::step], x[::step]], 1)


def _cut(image: Float, corners: NDArray[np.intp], side: int) -> Float:
    """The squares at `corners`, N×side×side×C."""
    return np.stack([image[y : y + side, x : x + side] for y, x in corners])


def _levelled(patches: Float) -> Float:
    """Squares less the plane through each: light that falls off is no noise."""
    side = patches.shape[1]
    y, x = np.meshgrid(*[np.linspace(-1, 1, side)] * 2, indexing="ij")
    basis = np.linalg.qr(np.stack([np.ones_like(x), x, y], -1).reshape(-1, 3))[0].astype(np.float32)
    flat = patches.reshape(len(patches), side * side, -1)
    return np.asarray((flat - basis @ (basis.T @ flat)).reshape(patches.shape), np.float32)


def _calm(flat: Float, tones: NDArray[np.float64], powers: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which squares hold noise alone. powers: of their detail.

    Told by slow variation, the means of 4×4 pixels, among squares of like tone: choosing by detail would choose weak noise.
    """
    count = flat.shape[1] // 4
    slow = (flat.reshape(len(flat), count, 4, count, 4, -1).mean((2, 4)) ** 2).mean((1, 2, 3))
    order = np.argsort(tones, kind="stable")
    found = []
    for part in np.array_split(order, _TONES if len(order) >= 4 * _FEWEST * _TONES else 1):
        calm = part[slow[part] <= _CALM * np.quantile(slow[part], 0.2) + 1e-14]
        # alike in pure noise; where there is texture as well, the weaker squares are those of noise
        found.append(calm[powers[calm] <= 2 * np.quantile(powers[calm], _WEAK)])
    return np.concatenate(found)


def _strengths(
    tones: NDArray[np.float64], powers: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tones and the standard deviation of the detail at them: a trend over the tones, held to the weaker squares."""
    levels = np.linspace(tones.min(), tones.max(), 9)
    logs = np.log(powers)
    centred = tones - tones.mean()
    spread = float((centred**2).sum())
    slope = float((centred * logs).sum()) / spread if spread > 1e-4 * len(tones) else 0.0
    rest = logs - slope * centred
    low = float(np.quantile(rest, _WEAK))
    trend = np.clip(slope * (levels - tones.mean()), -_TREND, _TREND)
    return levels, np.sqrt(np.exp(low + trend))


def _cross_spectrum(squares: Float) -> NDArray[np.complex128]:
    """The mean cross-spectrum S×(S/2+1)×C×C of N windowed squares, N×S×S×C."""
    count, side, _, channels = squares.shape
    window = np.hanning(side + 2)[1:-1].astype(np.float32)
    planes = np.ascontiguousarray(squares.transpose(3, 0, 1, 2)) * np.outer(window, window)
    spectra = np.fft.rfft2(planes)
    cross = np.empty((side, side // 2 + 1, channels, channels), np.complex128)
    for a, b in combinations_with_replacement(range(channels), 2):
        cross[..., a, b] = (spectra[a] * spectra[b].conj()).sum(0) / count
        cross[..., b, a] = cross[..., a, b].conj()
    return cross


def _without_slow(cross: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Cross-spectra whose slow part, the photo's own as often as not, is no more than twice that of middle frequencies."""
    side = len(cross)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    # all columns but the first and the last stand for two
    ring = ((frequency > 0.08) & (frequency < 0.14)) * np.where(np.arange(side // 2 + 1) % (side // 2) > 0, 2, 1)
    total = np.einsum("yxaa->yx", cross).real
    most = 2 * float((total * ring).sum() / ring.sum())
    return cross * np.where(frequency <= 0.08, np.minimum(1, most / np.maximum(total, 1e-30)), 1)[..., None, None]
