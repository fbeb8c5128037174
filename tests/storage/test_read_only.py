"""What every family promises that is only read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.settings import Settings
from inpaint_studio.storage import libheif
from inpaint_studio.storage.files import pages, probe, read_photo
from inpaint_studio.storage.orientation import SIDEWAYS
from inpaint_studio.storage.photo import Photo
from inpaint_studio.storage.registry import FAMILIES
from inpaint_studio.studio.export import export
from inpaint_studio.studio.export_layers import layers_export
from inpaint_studio.studio.studio import Studio
from tests.storage.raws import write_dng
from tests.storage.test_damage import mutated, opened

READ = tuple(family for family in FAMILIES if not family.writes)
RNG = np.random.default_rng(4)


def layered(path: Path) -> Path:
    photo = Photo(RNG.integers(0, 256, (30, 40, 3), np.uint8), PixelFormat(Colour.RGB))
    studio = Studio.of(photo, Settings())
    studio.add_mask(np.full((30, 40), 128, np.uint8))
    return layers_export(studio, path)()


def raw(path: Path) -> Path:
    pytest.importorskip("rawpy")
    return write_dng(path, RNG.uniform(0.1, 0.9, (32, 40, 3)))


def heic(path: Path) -> Path:
    if not libheif.available():
        pytest.skip("the system has no libheif")
    shutil.copy(Path(__file__).parent / "samples" / "rgb.heic", path)
    return path


#: Makes a sound file of each family.
SAMPLES: dict[str, Callable[[Path], Path]] = {"psd": layered, "openraster": layered, "raw": raw, "heic": heic}


@pytest.fixture(params=READ, ids=lambda family: family.id)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return SAMPLES[request.param.id](tmp_path / f"photo{request.param.suffixes[0]}")


def test_each_has_a_sample() -> None:
    assert {family.id for family in READ} == set(SAMPLES)


def test_the_header_says_what_is_read(sample: Path) -> None:
    info, photo = probe(sample), read_photo(sample, max_megapixels=1)
    size = (info.width, info.height) if info.orientation in SIDEWAYS else (info.height, info.width)
    assert photo.pixels.shape == (*size, photo.format.channels)
    assert (info.format, info.family, photo.path) == (photo.format, photo.family, sample)
    assert photo.pixels.dtype == photo.format.numpy
    assert 0 in pages(sample)


def test_contents_count_not_the_name(sample: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    shutil.copy(sample, other)
    photo = read_photo(other, max_megapixels=1)
    assert photo.family == probe(sample).family
    assert any("its name ends in .png" in note for note in photo.notes)


def test_too_many_pixels_are_not_decoded(sample: Path) -> None:
    with pytest.raises(InputError, match="more than the limit"):
        read_photo(sample, max_megapixels=0.0001)


def test_it_is_exported_as_another_and_never_written(sample: Path, tmp_path: Path) -> None:
    studio = Studio.open(sample, Settings())
    exported = export(studio.shown(), tmp_path / "out.tif")
    assert exported.proof.holds
    back = read_photo(tmp_path / "out.tif", max_megapixels=1)
    assert np.array_equal(back.pixels, studio.photo.pixels)
    assert back.metadata.icc == studio.photo.metadata.icc
    before = sample.read_bytes()
    with pytest.raises(InputError):
        export(studio.shown(), sample)
    assert sample.read_bytes() == before


def test_what_is_damaged_is_refused_or_opened(sample: Path, tmp_path: Path) -> None:
    data, path = sample.read_bytes(), tmp_path / "mutated"
    rng = np.random.default_rng(len(data))
    for _ in range(200):
        path.write_bytes(mutated(data, rng))
        photo = opened(path)
        assert photo is None or photo.pixels.shape[2] == photo.format.channels


def test_half_a_file_is_refused(sample: Path, tmp_path: Path) -> None:
    data, path = sample.read_bytes(), tmp_path / "cut"
    for length in range(0, len(data) // 2, max(1, len(data) // 60)):
        path.write_bytes(data[:length])
        assert opened(path) is None, length
