"""The photographs, decoded once into one memory-mapped file, and random crops of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
HARD = "hard.json"
"""The file of a cache that says where a former network marked photos wrongly: written by `mine`."""
_HARD_SCALE = 0.5
"""Hard places are looked at from no further away than this: there they were wrong."""


@dataclass(frozen=True)
class Photo:
    """Where a photo lies in the cache: H×W×4 bytes (RGB, and 255 where dust is its own) from `offset`, then its half."""

    name: str
    height: int
    width: int
    offset: int
    weight: float
    largest_scale: float


class PhotoCache:
    """All training photos as one memory map, so that processes share the pages and a crop costs microseconds."""

    def __init__(self, folder: Path) -> None:
        self.photos = [Photo(**entry) for entry in json.loads((folder / "photos.json").read_text())]
        self._bytes = np.memmap(folder / "photos.bin", np.uint8, "r")
        weights = np.array([photo.weight for photo in self.photos])
        self._chances = np.cumsum(weights / weights.sum())
        self.hard, self._hard_chances = np.zeros((0, 4)), np.zeros(0)
        if (folder / HARD).exists():
            self.set_hard(json.loads((folder / HARD).read_text()))

    def set_hard(self, places: dict[str, list[list[float]]]) -> None:
        """Where hard crops are taken: for photos by name y, x and how much each place counts."""
        rows = [(index, *place) for index, photo in enumerate(self.photos) for place in places.get(photo.name, [])]
        self.hard = np.array(rows, np.float64).reshape(-1, 4)
        self._hard_chances = np.cumsum(self.hard[:, 3]) / max(1e-9, self.hard[:, 3].sum())

    def pixels(self, index: int, *, halved: bool = False) -> Image:
        """H×W×4 view of photo `index`, or of its copy at half size."""
        photo = self.photos[index]
        height, width, start = photo.height, photo.width, photo.offset
        if halved:
            start += height * width * 4
            height, width = height // 2, width // 2
        return self._bytes[start : start + height * width * 4].reshape(height, width, 4)

    def crop(self, rng: np.random.Generator, side: int, *, hard: bool = False) -> tuple[Image, Image]:
        """A random crop, resized to `side`², turned and mirrored: RGB, and 255 where natural dust is not to be judged.

        hard: around one of the places that `set_hard` named, if there are any.
        """
        place = None
        if hard and len(self.hard):
            place = self.hard[min(int(np.searchsorted(self._hard_chances, rng.random())), len(self.hard) - 1)]
            index = int(place[0])
        else:
            index = min(int(np.searchsorted(self._chances, rng.random())), len(self.photos) - 1)
        photo = self.photos[index]
        shortest = min(photo.height, photo.width)
        smallest = max(0.3 if place is None else _HARD_SCALE, side / shortest)
        largest = max(smallest, photo.largest_scale if rng.random() < 0.85 else 1.5 * photo.largest_scale)
        scale = float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))
        size = min(shortest, max(16, round(side / scale)))
        y, x = _corner(rng, photo, size, place)
        if halved := size >= 2 * side:  # a sixth of the time that shrinking from full size takes
            y, x, size = y // 2, x // 2, size // 2
        part = np.asarray(self.pixels(index, halved=halved)[y : y + size, x : x + size])
        if size != side:
            part = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA if size > side else cv2.INTER_CUBIC)
        part = np.rot90(part, int(rng.integers(4)))
        if rng.random() < 0.5:
            part = part[:, ::-1]
        return np.ascontiguousarray(part[..., :3]), np.ascontiguousarray(part[..., 3])


def _corner(
    rng: np.random.Generator, photo: Photo, size: int, place: npt.NDArray[np.float64] | None
) -> tuple[int, int]:
    """Where a crop of `size` begins: anywhere, or so that `place` is in it."""
    lengths = (photo.height, photo.width)
    if place is None:
        return int(rng.integers(0, lengths[0] - size + 1)), int(rng.integers(0, lengths[1] - size + 1))
    y, x = (
        int(np.clip(at - rng.uniform(0.1, 0.9) * size, 0, length - size))
        for at, length in zip(place[1:3], lengths, strict=True)
    )
    return y, x


def natural_dust(rgb: Image) -> Image:
    """255 where an old photo has something small and much lighter or darker than all around it: not to be judged."""
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    bumps = cv2.max(
        cv2.morphologyEx(gray, cv2.MORPH_TOPHAT, kernel), cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, kernel)
    )
    return cv2.dilate((bumps > 26).astype(np.uint8) * 255, np.ones((3, 3), np.uint8))


def _people(photos: Path) -> set[str]:
    manifest = photos.parent / "MANIFEST.tsv"
    rows = [line.split("\t") for line in manifest.read_text(encoding="utf-8").splitlines()]
    column = rows[0].index("has_people")
    return {Path(row[0]).name for row in rows[1:] if row[column] == "y"}


def build(config: dict, folder: Path, *, validation: bool = False) -> PhotoCache:
    """Decode the training photos (or those kept aside) into `folder`, once; later calls only open it."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "photos.json").exists():
        return PhotoCache(folder)
    data = config["data"]
    source, people = Path(data["photos"]), _people(Path(data["photos"]))
    photos, offset = [], 0
    with (folder / "photos.bin").open("wb") as file:
        for path in sorted(source.glob("*.jpg")):
            if (path.name in data["validation"]) is not validation:
                continue
            rgb = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            old = path.name.startswith(tuple(data["old_prefixes"]))
            ignore = natural_dust(rgb) if old else np.zeros(rgb.shape[:2], np.uint8)
            pixels = np.dstack([rgb, ignore])
            half = cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=cv2.INTER_AREA)
            file.write(pixels.tobytes())
            file.write(half.tobytes())
            weight = (data["old_weight"] if old else 1.0) * (data["people_weight"] if path.name in people else 1.0)
            scale = data["old_scale"] if old else 1.0
            photos.append(Photo(path.name, *rgb.shape[:2], offset, weight, scale))
            offset += pixels.size + half.size
    (folder / "photos.json").write_text(json.dumps([vars(photo) for photo in photos]))
    return PhotoCache(folder)
