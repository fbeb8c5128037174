"""A JPEG saved again keeps the coefficients of every MCU that holds no changed pixel. Witnesses: jpeglib and Pillow."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from inpaint_studio.errors import StudioError
from inpaint_studio.pixels import compiled
from inpaint_studio.pixels.format import Colour
from inpaint_studio.storage.files import probe, read_photo, write_photo
from inpaint_studio.storage.jpeg_blocks import codec, huffman, rewrite
from inpaint_studio.storage.orientation import stored
from inpaint_studio.storage.photo import Photo
from tests.storage.jpegs import MCU, Case, components, spread, untouched

part = st.floats(0, 0.99)
cases = st.builds(
    Case,
    sampling=st.sampled_from([*MCU, "420", "422"]),
    height=st.integers(1, 70),
    width=st.integers(1, 90),
    orientation=st.integers(1, 8),
    progressive=st.booleans(),
    restart=st.sampled_from([0, 0, 1, 3]),
    optimised=st.booleans(),
    quality=st.sampled_from([5, 40, 75, 92, 100]),
    flat=st.sampled_from([False, False, True]),
    seed=st.integers(0, 2**16),
    rectangles=st.lists(st.tuples(part, part, st.floats(0, 0.3), st.floats(0, 0.3)), max_size=3).map(tuple),
)


def read(path: Path) -> Photo:
    return read_photo(path, max_megapixels=1)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases)
def test_every_untouched_coefficient_stays(case, tmp_path):
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    source.write_bytes(case.file())
    photo = read(source)
    edited = case.edited(photo.pixels)
    (note, *_) = write_photo(replace(photo, pixels=edited), target)
    before, after = stored(photo.pixels, case.orientation), stored(edited, case.orientation)
    kept = untouched(case, before, after)
    event("all kept" if kept.all() else "some kept" if kept.any() else "none kept")
    assert note.startswith(
        f"{(~kept).sum()} of {kept.size} blocks of {MCU[case.sampling][0] * 8}×{MCU[case.sampling][1] * 8} "
    )
    # coefficients, as another library reads them
    across, down = MCU[case.sampling]
    for index, (old, new) in enumerate(zip(components(source), components(target), strict=True)):
        same = (old == new).all((2, 3))
        assert same[spread(kept, same, *((down, across) if index == 0 else (1, 1)))].all()
    # pixels, as Pillow decodes them: beyond one chroma sample from a changed MCU they are the same
    with Image.open(target) as picture, Image.open(source) as original:
        assert picture.quantization == original.quantization
        assert case.sampling == "gray" or get_sampling(picture) == get_sampling(original)
        assert picture.layer == original.layer
        assert bool(picture.info.get("progressive")) == bool(original.info.get("progressive"))
        assert picture.getexif()[274] == case.orientation
        differs = (np.asarray(picture) != np.asarray(original)).reshape(*before.shape).any(2)
    reach = ~kept.repeat(8 * down, 0).repeat(8 * across, 1)[: differs.shape[0], : differs.shape[1]]
    for axis, ratio in ((0, down), (1, across)):
        if ratio > 1:
            grown = reach.copy()
            for step in range(1, ratio + 1):
                grown |= np.roll(reach, step, axis) | np.roll(reach, -step, axis)
            reach = grown
    assert not (differs & ~reach).any()


@pytest.mark.parametrize("sampling", MCU)
def test_restart_markers_and_tables_stay(sampling, tmp_path):
    case = Case(sampling, 50, 70, 6, False, 2, False, 80, False, 4, ((0.1, 0.1, 0.1, 0.1),))
    (tmp_path / "a.jpg").write_bytes(case.file())
    photo = read(tmp_path / "a.jpg")
    write_photo(replace(photo, pixels=case.edited(photo.pixels)), tmp_path / "b.jpg")
    old, new = (codec.read((tmp_path / name).read_bytes()) for name in ("a.jpg", "b.jpg"))
    assert old.header == new.header


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("sampling", MCU)
def test_an_unchanged_photo_keeps_every_byte_of_its_scans(sampling, progressive, tmp_path):
    case = Case(sampling, 45, 77, 3, progressive, 3, True, 85, False, 5, ())
    data = case.file()
    (tmp_path / "a.jpg").write_bytes(data)
    write_photo(read(tmp_path / "a.jpg"), tmp_path / "b.jpg", edited=False)
    assert (tmp_path / "b.jpg").read_bytes() == data


@pytest.mark.parametrize("sampling", ["gray", "444", "422", "420"])
def test_new_blocks_are_what_libjpeg_makes_of_the_pixels(sampling, tmp_path):
    case = Case(sampling, 64, 96, 1, False, 0, False, 90, False, 6, ((0.2, 0.2, 0.3, 0.3),))
    (tmp_path / "a.jpg").write_bytes(case.file())
    photo = read(tmp_path / "a.jpg")
    other = replace(case, seed=60).picture()[..., : photo.pixels.shape[2]]
    write_photo(replace(photo, pixels=other), tmp_path / "b.jpg")
    with Image.open(tmp_path / "a.jpg") as original:
        options = {} if sampling == "gray" else {"subsampling": get_sampling(original)}
        picture = Image.fromarray(other[..., 0] if sampling == "gray" else other)
        picture.save(tmp_path / "c.jpg", qtables=original.quantization, **options)
    for mine, theirs in zip(components(tmp_path / "b.jpg"), components(tmp_path / "c.jpg"), strict=True):
        difference = np.abs(mine - theirs)
        assert difference.max() <= 1
        assert difference.mean() < 0.05  # libjpeg rounds colours to bytes before it transforms them


def test_components_in_rgb_stay_so(tmp_path):
    case = Case("444", 40, 60, 1, False, 0, False, 90, False, 7, ((0.2, 0.2, 0.2, 0.2),))
    Image.fromarray(case.picture()).save(tmp_path / "a.jpg", quality=95, keep_rgb=True)
    photo = read(tmp_path / "a.jpg")
    edited = case.edited(photo.pixels)
    edited[8:16, 8:16] = (250, 10, 20)
    (note, *_) = write_photo(replace(photo, pixels=edited), tmp_path / "b.jpg")
    assert "anew; all others keep" in note
    assert np.abs(read(tmp_path / "b.jpg").pixels[8:16, 8:16].astype(int) - (250, 10, 20)).max() < 8


def sound_file() -> bytes:
    return Case("420", 64, 96, 1, False, 2, False, 80, False, 8, ()).file()


def test_what_does_not_follow_the_standard_is_compressed_anew_with_a_word(tmp_path):
    data = bytearray(sound_file())
    data[data.rindex(b"\xff\xd1") + 1] = 0xD5  # a restart marker out of order, which decoders forgive
    scan_end = data.rindex(b"\xff\xd9")
    extra = bytes(data[:scan_end]) + b"\xff\xd3" + bytes(data[scan_end:])  # and one too many
    (tmp_path / "a.jpg").write_bytes(extra)
    photo = read(tmp_path / "a.jpg")
    notes = write_photo(replace(photo, pixels=photo.pixels[::-1]), tmp_path / "b.jpg")
    assert "compressed anew, because it has scans that do not follow the standard" in notes[0]
    assert read(tmp_path / "b.jpg").pixels.shape == photo.pixels.shape


def test_a_source_that_was_cut_off_meanwhile_is_not_used(tmp_path):
    (tmp_path / "a.jpg").write_bytes(sound_file())
    photo = read(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes(sound_file()[:-400])
    (note, *_) = write_photo(photo, tmp_path / "b.jpg")
    assert "damaged now" in note
    assert np.abs(read(tmp_path / "b.jpg").pixels.astype(int) - photo.pixels).mean() < 8


def test_a_photo_of_another_size_is_compressed_anew(tmp_path):
    (tmp_path / "a.jpg").write_bytes(sound_file())
    photo = read(tmp_path / "a.jpg")
    (note, *_) = write_photo(replace(photo, pixels=photo.pixels[:40]), tmp_path / "b.jpg")
    assert "another size" in note
    assert read(tmp_path / "b.jpg").pixels.shape == (40, 96, 3)


def test_an_explicit_quality_is_obeyed(tmp_path):
    (tmp_path / "a.jpg").write_bytes(sound_file())
    assert write_photo(read(tmp_path / "a.jpg"), tmp_path / "b.jpg", quality=30) == ()
    assert (tmp_path / "b.jpg").stat().st_size < (tmp_path / "a.jpg").stat().st_size


def test_over_itself_again_and_again_loses_nothing_elsewhere(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(sound_file())
    first = components(path)
    for x in (0, 16, 32):
        photo = read(path)
        edited = photo.pixels.copy()
        edited[20:30, x : x + 5] = 255 - x
        write_photo(replace(photo, pixels=edited), path)
    for old, new in zip(first, components(path), strict=True):
        same = (old == new).all((2, 3))
        assert same[:, -(-48 * same.shape[1] // 96) :].all()


def test_a_lost_coefficient_is_noticed_and_the_old_file_stands(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(sound_file())
    (tmp_path / "b.jpg").write_bytes(b"the old file")
    photo = read(tmp_path / "a.jpg")
    honest = codec.write

    def careless(blocks, changed):
        blocks.coefficients[7, 3] += 1
        return honest(blocks, changed + 1)

    monkeypatch.setattr(rewrite.codec, "write", careless)
    with pytest.raises(StudioError, match="does not keep the coefficients"):
        write_photo(photo, tmp_path / "b.jpg")
    assert (tmp_path / "b.jpg").read_bytes() == b"the old file"


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_is_refused_never_worse(data):
    """Any bytes changed: either it decodes, or it is a ValueError that lets the whole be compressed anew."""
    case = data.draw(cases)
    spoilt = bytearray(case.file())
    for _ in range(data.draw(st.integers(1, 8))):
        spoilt[data.draw(st.integers(2, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(spoilt), len(spoilt), len(spoilt) * 2 // 3]))
    try:
        blocks = codec.read(bytes(spoilt[:cut]))
        codec.write(blocks, 0)
    except (ValueError, codec.struct.error):
        return


def test_without_compiled_code_everything_is_compressed_anew(tmp_path, monkeypatch):
    def missing(name):
        raise RuntimeError("cannot cache")

    (tmp_path / "a.jpg").write_bytes(sound_file())
    photo = read(tmp_path / "a.jpg")
    monkeypatch.setattr(compiled.importlib, "import_module", missing)
    (note, *_) = write_photo(photo, tmp_path / "b.jpg")
    assert "compiled code" in note


def test_the_best_codes_have_at_most_sixteen_bits():
    counts = np.array([1 << min(i, 40) for i in range(60)] + [0] * 196, np.int64)
    table = huffman.best(counts)
    assert sum(table.lengths) == 60
    assert sorted(table.symbols) == list(range(60))
    assert len(table.codes()) == 60
    assert all(code != (1 << length) - 1 for _, code, length in table.codes())
    assert huffman.best(np.zeros(256, np.int64)).symbols == b"\0"


def cmyk_file(space: str, pixels: np.ndarray) -> bytes:
    """A JPEG with Adobe's mark, inks stored as they are or as YCC and K."""
    if space == "ycck":
        inks = np.ascontiguousarray(255 - pixels)  # Adobe stores them turned round
        return bytes(imagecodecs.jpeg8_encode(inks, level=92, colorspace="cmyk", outcolorspace="ycck"))
    stream = io.BytesIO()
    Image.frombytes("CMYK", pixels.shape[1::-1], pixels.tobytes()).save(stream, "JPEG", quality=92)
    return stream.getvalue()


@pytest.mark.parametrize("space", ["cmyk", "ycck"])
def test_cmyk_keeps_its_inks(space, tmp_path):
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (5, 7, 4), dtype=np.uint8)
    pixels = np.repeat(np.repeat(coarse, 16, 0), 16, 1)
    path = tmp_path / "a.jpg"
    path.write_bytes(cmyk_file(space, pixels))
    assert probe(path).format.colour is Colour.CMYK
    photo = read(path)
    assert np.abs(photo.pixels.astype(int) - pixels).mean() < 4
    edited = photo.pixels.copy()
    edited[20:30, 35:50] = (200, 10, 90, 40)
    notes = write_photo(replace(photo, pixels=edited), tmp_path / "b.jpg")
    assert any("blocks" in note and "exact coefficients" in note for note in notes)
    again = read(tmp_path / "b.jpg")
    outside = np.ones(pixels.shape[:2], np.bool_)
    outside[14:34, 30:66] = False  # and what colours sampled at half size touch
    assert np.array_equal(again.pixels[outside], photo.pixels[outside])
    assert np.abs(again.pixels[22:28, 38:46].astype(int) - (200, 10, 90, 40)).max() < 12
