from __future__ import annotations

import json
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_studio.document.codec import (
    Encoded,
    format_from_json,
    format_to_json,
    pack_image,
    pack_tiles,
    unpack_image,
    unpack_tiles,
)
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import EDIT_KINDS, decode_edit
from inpaint_studio.document.layers import LAYER_KINDS, LayerState
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import COVERAGE, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE
from tests.document.generators import LAYERS, documents, edits_of_kind, images, texts
from tests.pixels.strategies import FORMATS, formats, name_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
encoded = st.builds(
    Encoded,
    texts,
    st.integers(),
    st.dictionaries(texts, json_values.filter(lambda value: value == value), max_size=3),
    st.lists(st.binary(max_size=20), max_size=3).map(tuple),
)


@given(encoded)
def test_what_is_encoded_comes_back(thing: Encoded) -> None:
    back = Encoded.from_bytes(thing.to_bytes())
    assert json.dumps(back.data) == json.dumps(thing.data)
    assert (back.kind, back.version, back.blobs, back.nbytes) == (thing.kind, thing.version, thing.blobs, thing.nbytes)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole` with bytes changed, cut out or put in."""
    start = draw(st.integers(0, len(whole) - 1))
    if draw(st.booleans()):
        return whole[:start] + bytes([whole[start] ^ draw(st.integers(1, 255))]) + whole[start + 1 :]
    stop = draw(st.integers(start, min(start + 8, len(whole))) | st.just(len(whole)))
    put_in = draw(st.binary(max_size=8))
    return whole[:start] + put_in + whole[stop:]


@settings(max_examples=200)
@given(data=st.data(), document=documents(st.just(COVERAGE)))
def test_damaged_bytes_are_refused(data: st.DataObject, document: Document) -> None:
    kind = data.draw(st.sampled_from(sorted(EDIT_KINDS)))
    whole = data.draw(edits_of_kind(kind, document)).encode().to_bytes()
    bytes_ = data.draw(damaged(whole).filter(lambda other: other != whole))
    with pytest.raises(InputError):
        Encoded.from_bytes(bytes_)


@given(st.binary(max_size=60))
def test_other_bytes_are_refused(bytes_: bytes) -> None:
    with pytest.raises(InputError):
        Encoded.from_bytes(bytes_)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[]",
        b"7",
        b'{"kind": "paint"}',
        b'{"kind": "k", "version": 1, "data": {}, "blobs": 3}',
        b'{"kind": "k", "version": 1, "data": {}, "blobs": [-1, 1]}',
        b'{"kind": "k", "version": 1, "data": {}, "blobs": [1.5]}',
        b'{"kind": "k", "version": 1, "data": {}, "blobs": ["2"]}',
        b'{"kind": "k", "version": 1, "data": {}, "blobs": [10000000000000000000000]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_head_that_was_not_written_by_the_program_is_refused(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(json, "dumps", lambda _: _Raw(head))
        bytes_ = Encoded("k", 1, {}).to_bytes()
    assert head in bytes_
    with pytest.raises(InputError):
        Encoded.from_bytes(bytes_)


class _Raw(str):
    """A text that encodes to bytes of our choice."""

    __slots__ = ("raw",)

    def __new__(cls, raw: bytes) -> _Raw:
        text = super().__new__(cls)
        text.raw = raw
        return text

    def encode(self, *_: object) -> bytes:
        return self.raw


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, part in inner for place in places(part, (*way, key)))]


def put(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """`value` with `new` at the end of `way`."""
    if not way:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = put(value[way[0]], way[1:], new)
    return copy


@st.composite
def twisted(draw: st.DrawFn, thing: Encoded) -> Encoded:
    """`thing` with another value somewhere in its JSON, or other blobs: what a checksum cannot find."""
    blobs = list(thing.blobs)
    what = draw(st.sampled_from(["json", "json", "json", "drop", "cut", "flip", "more", "kind"]))
    if what == "json" or not blobs:
        plain = json.loads(json.dumps(thing.data))
        way = draw(st.sampled_from(places(plain)))
        return Encoded(thing.kind, thing.version, put(plain, way, draw(json_values)), thing.blobs)
    if what == "kind":
        return Encoded(draw(st.sampled_from([*EDIT_KINDS, "", "???"])), thing.version, thing.data, thing.blobs)
    at = draw(st.integers(0, len(blobs) - 1))
    if what == "drop":
        del blobs[at]
    elif what == "more":
        blobs.insert(at, draw(st.binary(max_size=30)))
    elif what == "cut":
        blobs[at] = blobs[at][: draw(st.integers(0, len(blobs[at]) - 1))]
    else:
        byte = draw(st.integers(0, len(blobs[at]) - 1))
        blobs[at] = blobs[at][:byte] + bytes([blobs[at][byte] ^ draw(st.integers(1, 255))]) + blobs[at][byte + 1 :]
    return Encoded(thing.kind, thing.version, thing.data, tuple(blobs))


@settings(max_examples=150)
@given(data=st.data(), document=documents(st.just(COVERAGE)))
def test_a_twisted_edit_decodes_or_is_refused(data: st.DataObject, document: Document) -> None:
    kind = data.draw(st.sampled_from(sorted(EDIT_KINDS)))
    thing = data.draw(twisted(data.draw(edits_of_kind(kind, document)).encode()))
    try:
        edit = decode_edit(thing)
    except InputError as refusal:
        assert refusal.message.endswith(".")
    else:
        assert edit.kind == thing.kind


@settings(max_examples=200)
@given(data=st.data(), document=documents(st.just(COVERAGE)))
def test_a_twisted_layer_decodes_or_is_refused(data: st.DataObject, document: Document) -> None:
    kind = data.draw(st.sampled_from(sorted(LAYER_KINDS)))
    thing = data.draw(twisted(data.draw(LAYERS[kind](document)).state().encode()))
    try:
        state = LayerState.decode(thing)
    except InputError as refusal:
        assert refusal.message.endswith(".")
    else:
        assert state.planes.keys() == LAYER_KINDS[state.kind].plane_names


@pytest.mark.parametrize("kind", sorted(EDIT_KINDS))
def test_an_edit_of_a_newer_version_is_refused_with_advice(kind: str) -> None:
    with pytest.raises(InputError, match="newer version") as caught:
        decode_edit(Encoded(kind, EDIT_KINDS[kind].version + 1, {}))
    assert caught.value.hint


def test_an_unknown_kind_of_edit_is_refused_with_advice() -> None:
    with pytest.raises(InputError, match="newer version") as caught:
        decode_edit(Encoded("a kind of the future", 1, {}))
    assert caught.value.hint


@pytest.mark.parametrize("pixel_format", [*FORMATS, PixelFormat(COVERAGE.colour, "uint16", bits=12)], ids=name_of)
def test_a_format_comes_back(pixel_format: PixelFormat) -> None:
    assert format_from_json(json.loads(json.dumps(format_to_json(pixel_format)))) == pixel_format


@settings(max_examples=30)
@given(data=st.data(), pixel_format=formats)
def test_an_image_comes_back(data: st.DataObject, pixel_format: PixelFormat) -> None:
    image = data.draw(images(pixel_format, Rect(-300, -9, 20, 270)))
    head, blobs = pack_image(image)
    rest = [*blobs, b"of another image"]
    back = unpack_image(json.loads(json.dumps(head)), rest)
    assert rest == [b"of another image"]
    assert (back.format, back.extent, back.tiles.keys()) == (image.format, image.extent, image.tiles.keys())
    assert back.same_pixels(image)


@pytest.mark.parametrize("size", [0, TILE * TILE - 1, TILE * TILE + 1, 2**30])
def test_a_tile_of_another_size_is_refused_before_it_is_unpacked(size: int) -> None:
    compressor = zstandard.ZstdCompressor().compressobj(size=size)
    blob = b"".join(compressor.compress(bytes(part)) for part in _parts(size)) + compressor.flush()
    with pytest.raises(ValueError, match="wrong size"):
        unpack_tiles([[0, 0, 1]], [blob], COVERAGE)


def _parts(size: int) -> list[int]:
    return [2**20] * (size // 2**20) + [size % 2**20]


def test_absent_tiles_take_no_blob() -> None:
    keys, blobs = pack_tiles({(3, -4): None})
    assert blobs == []
    assert unpack_tiles(keys, [], COVERAGE) == {(3, -4): None}
