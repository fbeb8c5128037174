"""JPEGs of every kind, and which of their blocks an edit leaves alone: for tests and the benchmark of exports."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import jpeglib
import numpy as np
from PIL import Image

from inpaint_studio.storage.containers import jpeg_segments

PILLOW = {"444": 0, "422": 1, "420": 2}
#: Width and height of an MCU in blocks.
MCU = {"gray": (1, 1), "444": (1, 1), "422": (2, 1), "420": (2, 2), "440": (1, 2), "411": (4, 1)}


@dataclass(frozen=True)
class Case:
    """How a JPEG is made, and where it is changed: the corner and size of a rectangle in the picture as shown."""

    sampling: str
    height: int
    width: int
    orientation: int
    progressive: bool
    restart: int
    optimised: bool
    quality: int
    flat: bool
    seed: int
    rectangles: tuple[tuple[float, float, float, float], ...]

    def picture(self) -> np.ndarray:
        """Smooth with grain, or nearly flat, so that its Huffman tables lack most codes."""
        rng = np.random.default_rng(self.seed)
        if self.flat:
            return np.full((self.height, self.width, 3), rng.integers(0, 256, 3), np.uint8)
        coarse = rng.integers(0, 256, (self.height // 9 + 1, self.width // 9 + 1, 3), dtype=np.uint8)
        smooth = Image.fromarray(coarse).resize((self.width, self.height), Image.Resampling.BICUBIC)
        return np.clip(np.asarray(smooth).astype(int) + rng.normal(0, 5, (self.height, self.width, 3)), 0, 255).astype(
            "u1"
        )

    def file(self) -> bytes:
        exif = Image.Exif()
        exif[274] = self.orientation
        if self.sampling in ("440", "411"):  # Pillow does not write these
            encoded = bytes(imagecodecs.jpeg8_encode(self.picture(), level=self.quality, subsampling=self.sampling))
            segments, scan = jpeg_segments.read_segments(encoded)
            block = jpeg_segments.Segment(
                jpeg_segments.APP1, jpeg_segments.EXIF_MARK + exif.tobytes().removeprefix(b"Exif\0\0")
            )
            return jpeg_segments.write_segments([segments[0], block, *segments[1:]], encoded[scan:])
        picture, options = (
            Image.fromarray(self.picture()),
            {"progressive": self.progressive, "optimize": self.optimised},
        )
        if self.sampling == "gray":
            picture = picture.convert("L")
        else:
            options["subsampling"] = PILLOW[self.sampling]
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=self.quality, exif=exif, restart_marker_blocks=self.restart, **options)
        return stream.getvalue()

    def edited(self, pixels: np.ndarray) -> np.ndarray:
        result, rng = pixels.copy(), np.random.default_rng(self.seed + 1)
        height, width = pixels.shape[:2]
        for top, left, down, across in self.rectangles:
            y, x = int(top * height), int(left * width)
            area = result[y : y + 1 + int(down * height), x : x + 1 + int(across * width)]
            area[...] = rng.integers(0, 256, area.shape, dtype=np.uint8)
        return result


def untouched(case: Case, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """MCUs down×across without a changed pixel; both pictures as stored."""
    across, down = MCU[case.sampling]
    differs = (before != after).any(2)
    rows, columns = -(-differs.shape[0] // (8 * down)), -(-differs.shape[1] // (8 * across))
    padded = np.zeros((rows * 8 * down, columns * 8 * across), np.bool_)
    padded[: differs.shape[0], : differs.shape[1]] = differs
    return ~padded.reshape(rows, 8 * down, columns, 8 * across).any((1, 3))


def components(path: Path) -> list[np.ndarray]:
    """What jpeglib reads, from a file without metadata: of those it keeps fifty at most."""
    data = path.read_bytes()
    segments, scan = jpeg_segments.read_segments(data)
    bare = path.with_suffix(".bare.jpg")
    bare.write_bytes(
        jpeg_segments.write_segments([one for one in segments if not jpeg_segments.is_metadata(one)], data[scan:])
    )
    read = jpeglib.read_dct(str(bare))
    return [plane for plane in (read.Y, read.Cb, read.Cr) if plane is not None]


def spread(kept: np.ndarray, plane: np.ndarray, down: int, across: int) -> np.ndarray:
    """MCUs as blocks of a component that has `down`×`across` of them in each."""
    return kept.repeat(down, 0).repeat(across, 1)[: plane.shape[0], : plane.shape[1]]
