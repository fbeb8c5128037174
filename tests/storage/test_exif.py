"""EXIF blocks: set in place, everything else where it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inpaint_studio.storage import exif
from inpaint_studio.storage.containers.ifd import EXIF, GPS, Entry, Ifd, Layout


def block(order: str) -> bytes:
    layout = Layout("<" if order == "<" else ">")
    note, place = Ifd({37500: Entry.raw(b"FAKEMAKER" * 9)}), Ifd({1: Entry.raw(b"N\0", 2)})
    return exif.serialise(layout, Ifd({271: Entry.raw(b"A long maker's name\0", 2)}, {EXIF: note, GPS: place}))


@pytest.mark.parametrize("order", ["<", ">"])
def test_entries_are_set_without_moving_the_maker_note(order):
    original = block(order)
    turned = exif.with_orientation(original, 6)
    assert turned is not None
    assert exif.orientation_of(turned) == 6
    assert turned.index(b"FAKEMAKER") == original.index(b"FAKEMAKER")
    again = exif.with_orientation(turned, 8)
    assert again is not None
    assert len(again) == len(turned)
    scaled = exif.with_resolution(again, (300.5, 72.0))
    assert scaled is not None
    assert exif.resolution_of(scaled) == (300.5, 72.0)
    assert exif.orientation_of(scaled) == 8
    read = Image.Exif()
    read.load(b"Exif\0\0" + scaled)
    assert read[274] == 8
    assert read[271] == "A long maker's name"
    assert read.get_ifd(EXIF)[37500] == b"FAKEMAKER" * 9
    assert read.get_ifd(GPS)[1] == "N"


def test_nothing_to_say_is_nothing():
    assert exif.with_orientation(None, 1) is None
    assert exif.with_resolution(None, None) is None
    assert exif.orientation_of(exif.with_orientation(None, 5)) == 5
    assert exif.orientation_of(exif.with_orientation(b"rubbish", 5)) == 5


@given(st.binary(max_size=200))
def test_rubbish_is_read_as_nothing(data):
    for head in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert 1 <= exif.orientation_of(head + data) <= 8
        exif.resolution_of(head + data)
        assert exif.orientation_of(exif.with_orientation(head + data, 3)) == 3
