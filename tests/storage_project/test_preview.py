"""A project's picture of itself: of every format, up to date or not there, and nothing else passes for one."""

from __future__ import annotations

import io
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from inpaint_studio.document.document import Document
from inpaint_studio.pixels.display_samples import eight_bit
from inpaint_studio.pixels.format import Colour
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.storage.project import make_preview, read_preview, schema
from tests.pixels.strategies import FORMATS, name_of, noise
from tests.storage_project.sessions import Session, opened, pictures, stroke, worked_on


@pytest.mark.parametrize("pixel_format", FORMATS, ids=name_of)
def test_every_format_has_one(tmp_path, pixel_format):
    samples = np.zeros((300, 400, pixel_format.channels), pixel_format.numpy)
    samples[:150] = noise(1, 1, pixel_format, 1)
    document = Document(TiledImage.from_array(samples, pixel_format), profile=b"of the photo")
    with Session.new(tmp_path, document) as session:
        session.save(tmp_path / "Work.inpaint", session.pictures())
    preview = read_preview(tmp_path / "Work.inpaint")
    assert (preview.width, preview.height, preview.profile) == (400, 300, b"of the photo")
    assert preview.format.colour is pixel_format.colour
    difference = preview.pixels.astype(int) - eight_bit(samples)[..., : preview.format.channels]
    assert np.abs(difference[[0, -1]]).max() <= 8  # far from the edge, of which a JPEG makes waves


def test_it_is_there_only_while_it_is_true(tmp_path):
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path) as session:
        session.save(target)
        assert read_preview(target) is None  # as in projects of older versions
        session.save(target, session.pictures())
        assert read_preview(target) is not None
        before = session.pictures()
        session.do(stroke(session.document, "L1", (0, 0), 9))
        session.save(target)
        assert read_preview(target) is None  # a step came after it
        session.save(target, before)
        assert read_preview(target) is None  # it was made before that step
        session.save(target, session.pictures())
        assert read_preview(target) is not None
        session.go_to(1)
        session.save(target)
        assert read_preview(target) is None
    with opened(target, tmp_path) as again:
        again.save(target, again.pictures())
        assert read_preview(target) is not None


def test_a_journal_that_was_left_has_one(tmp_path):
    session = worked_on(tmp_path)
    session.writer.record_pictures(session.pictures())
    path = session.crash()
    assert read_preview(path, journal=True) is not None
    assert read_preview(path) is None  # whoever calls a journal a project is not believed


def test_what_it_says_is_not_believed(tmp_path):
    target = tmp_path / "Work.inpaint"
    with worked_on(tmp_path) as session:
        good = session.pictures()
        session.save(target, good)
    wide = io.BytesIO()
    Image.new("L", (2049, 4)).save(wide, "JPEG")
    colours = make_preview(np.zeros((4, 4, 3), np.uint8), Colour.RGB)
    other = io.BytesIO()
    Image.new("L", (4, 4)).save(other, "GIF")
    cut = good.preview[: len(good.preview) // 2]
    for data in (b"", wide.getvalue(), colours, other.getvalue(), cut, bytes(5 << 20)):
        with closing(schema.connect(target)) as connection:
            connection.execute("UPDATE blobs SET blob = ? WHERE name = 'preview'", (data,))
        assert read_preview(target) is None
    assert read_preview(tmp_path / "absent") is None
    assert read_preview(tmp_path) is None


def test_a_picture_that_would_be_large_is_left_out():
    noisy = np.random.default_rng(0).integers(0, 256, (1500, 1500, 4), np.uint8)
    assert make_preview(noisy, Colour.RGB) is None
    assert pictures(Document(TiledImage.from_array(noisy[:9, :9, :1].copy(), FORMATS[0]))).preview is not None
