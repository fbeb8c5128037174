"""A JPEG exported as JPEG: proven block by block, and nothing in it shows what was removed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import Silent
from inpaint_studio.errors import StudioError
from inpaint_studio.settings import Settings
from inpaint_studio.storage import exif
from inpaint_studio.storage.containers.ifd import Entry, Ifd, Layout
from inpaint_studio.storage.files import read_photo
from inpaint_studio.storage.jpeg_blocks import codec, rewrite
from inpaint_studio.studio.export import Exported, export
from inpaint_studio.studio.export_options import ExportOptions
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio
from tests.storage.thumbnails import jpeg_thumbnail, thumbnail


def picture(*, stain: bool) -> Image.Image:
    coarse = np.random.default_rng(5).integers(60, 200, (9, 12, 3), dtype=np.uint8)
    result = Image.fromarray(coarse).resize((192, 144), Image.Resampling.BICUBIC)
    if stain:
        result.paste((250, 10, 10), (80, 60, 100, 80))
    return result


@pytest.fixture
def source(tmp_path: Path) -> Path:
    small = io.BytesIO()
    picture(stain=True).resize((96, 72)).save(small, "JPEG", quality=85)
    block = jpeg_thumbnail(exif.serialise(Layout(), Ifd({271: Entry.raw(b"Maker\0", 2)})), small.getvalue())
    path = tmp_path / "photo.jpg"
    picture(stain=True).save(path, "JPEG", quality=90, subsampling=2, exif=b"Exif\0\0" + block)
    return path


def filled(path: Path) -> Studio:
    """The stain taken away."""
    studio = Studio.of(read_photo(path, max_megapixels=1), Settings())
    coverage = np.zeros((144, 192), np.uint8)
    coverage[58:82, 78:102] = 255
    masks = [studio.add_mask(coverage)]
    plan, result = studio.run(studio.fill_job(masks, Recipe()), HereRunner(), Silent())
    studio.accept(plan, result, masks)
    return studio


def test_the_note_says_what_was_written_anew(source, tmp_path):
    exported = export(filled(source).shown(), tmp_path / "out.jpg")
    proof = exported.proof
    assert not proof.lossless
    assert proof.holds
    assert 0 < proof.changed_outside <= 50 * 50 - 24 * 24  # three by three MCUs hold the mask, and a pixel around them
    anew = next(note for note in exported.notes if "keep their exact coefficients" in note)
    assert anew.startswith("9 of 108 blocks of 16×16 pixels were written anew")
    old, new = (np.asarray(Image.open(path)).astype(int) for path in (source, tmp_path / "out.jpg"))
    differs = (old != new).any(2)
    differs[47:97, 63:113] = False
    assert not differs.any()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_the_thumbnail_no_longer_shows_the_stain(source, suffix, tmp_path):
    def redness(path: Path) -> int:
        small = thumbnail(read_photo(path, max_megapixels=1).metadata.exif)
        assert small is not None
        assert small.size == (96, 72)
        return int(np.asarray(small)[32:38, 42:48, 0].mean())

    assert redness(source) > 220
    target = tmp_path / f"out{suffix}"
    export(filled(source).shown(), target)
    assert redness(target) < 215


def test_an_untouched_photo_keeps_its_thumbnail_and_every_block(source, tmp_path):
    studio = Studio.of(read_photo(source, max_megapixels=1), Settings())
    exported: Exported = export(studio.shown(), tmp_path / "out.jpg")
    assert exported.proof.changed_outside == 0
    assert any(note.startswith("0 of 108 blocks") for note in exported.notes)
    assert (tmp_path / "out.jpg").read_bytes() == source.read_bytes()


def test_over_the_original_and_after_an_undo(source):
    """The second export goes back to the pixels of the first file: what changes is told, nothing is refused."""
    studio = filled(source)
    export(studio.shown(), source)
    studio.history.go_to(0)
    again = export(studio.shown(), source)
    assert any("keep their exact coefficients" in note for note in again.notes)
    assert np.abs(np.asarray(Image.open(source)).astype(int)[60:80, 80:100] - (250, 10, 10)).mean() < 12


def test_a_block_that_was_not_kept_refuses_the_export(source, tmp_path, monkeypatch):
    (tmp_path / "out.jpg").write_bytes(b"the old file")
    studio, honest = filled(source), codec.write

    def careless(blocks, changed):
        blocks.coefficients[0, 5] ^= 1
        return honest(blocks, changed + 1)

    monkeypatch.setattr(rewrite.codec, "write", careless)
    with pytest.raises(StudioError, match="does not keep"):
        export(studio.shown(), tmp_path / "out.jpg")
    assert (tmp_path / "out.jpg").read_bytes() == b"the old file"


def test_an_explicit_quality_is_told_of_by_its_number_alone(source, tmp_path):
    exported = export(filled(source).shown(), tmp_path / "out.jpg", ExportOptions(quality=80))
    assert not any("exact coefficients" in note for note in exported.notes)
    assert exported.proof.changed_outside > 1000
