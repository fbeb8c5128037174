"""Documents, layers and, for every kind of edit, valid edits of a given document."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from inpaint_studio.document.codec import Encoded, Tiles
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import (
    AddLayer,
    Edit,
    Group,
    Mark,
    MoveLayer,
    Paint,
    RemoveLayer,
    SetLayer,
    decode_edit,
)
from inpaint_studio.document.layers import CloneLayer, FillLayer, Layer, MaskLayer, ProposalLayer, layer_from
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.format import ALPHA16, COVERAGE, PixelFormat, Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TILE, TiledImage, tile_keys
from tests.pixels.strategies import formats, noise, rects_in, seeds

#: The photo of most tests: two tiles wide, and small.
EXTENT = Rect.of_size(TILE + 20, 24)

texts = st.text(max_size=8)
opacities = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)
recipes = st.builds(
    Recipe,
    engine=texts,
    engine_version=st.integers(0, 9),
    options=st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts, max_size=2),
    seed=seeds,
    grow=st.integers(0, 99),
    feather=st.integers(0, 99),
    context=st.none() | st.floats(0, 9),
    chosen=st.dictionaries(texts, st.integers(0, 9), max_size=2),
)


def documents(photo_formats: st.SearchStrategy[PixelFormat] = formats) -> st.SearchStrategy[Document]:
    """Documents with a photo and no layers."""

    def document(pixel_format: PixelFormat, seed: int) -> Document:
        return Document(TiledImage.from_array(noise(EXTENT.height, EXTENT.width, pixel_format, seed), pixel_format))

    return st.builds(document, photo_formats, seeds)


@st.composite
def images(draw: st.DrawFn, pixel_format: PixelFormat, extent: Rect = EXTENT) -> TiledImage:
    """Images with a few rectangles of noise in them."""
    image = TiledImage(pixel_format, extent)
    for rect in draw(st.lists(rects_in(extent), max_size=2)):
        image.write(rect, noise(rect.height, rect.width, pixel_format, draw(seeds)))
    return image


@st.composite
def masks(draw: st.DrawFn, document: Document) -> MaskLayer:
    planes = {"coverage": draw(images(COVERAGE, document.canvas))}
    layer = MaskLayer(document.new_id(), draw(texts), planes, draw(st.integers(0, 0xFFFFFF)))
    layer.role = draw(st.sampled_from(MaskLayer.ROLES))
    return layer


#: A fill's candidates.
variant_lists = st.lists(
    st.none() | st.builds(lambda recipe, score: {"recipe": recipe.to_json(), "score": score}, recipes, st.floats(0, 1)),
    max_size=3,
)


@st.composite
def fills(draw: st.DrawFn, document: Document) -> FillLayer:
    canvas = document.canvas
    pixels = draw(images(document.format.without_alpha(), canvas))
    alpha, mask, hidden = (draw(images(kind, canvas)) for kind in (ALPHA16, COVERAGE, COVERAGE))
    layer = FillLayer.made(document.new_id(), draw(texts), pixels, alpha, mask, draw(recipes))
    layer.planes["hidden"] = hidden
    layer.planes["variant.0"] = draw(images(document.format.without_alpha(), canvas))
    layer.variants, layer.variant = draw(variant_lists), draw(st.integers(0, 7))
    return layer


@st.composite
def clones(draw: st.DrawFn, document: Document) -> CloneLayer:
    layer = CloneLayer.empty(document.new_id(), draw(texts), document.format, document.canvas)
    for name, plane in layer.planes.items():
        layer.planes[name] = draw(images(plane.format, document.canvas))
    return layer


#: The entries of a proposal's parts, its verdicts and settings: the document keeps them as they are.
part_lists = st.lists(st.tuples(st.sampled_from(["dust", "text"]), seeds).map(list), max_size=3)
verdicts = st.dictionaries(st.integers(0, 9).map(str), st.sampled_from(["accepted", "dropped"]), max_size=2)
slider_settings = st.dictionaries(texts, st.floats(0, 1) | st.integers(0, 9), max_size=2)


@st.composite
def proposals(draw: st.DrawFn, document: Document) -> ProposalLayer:
    layer = ProposalLayer.empty(document.new_id(), draw(texts), document.canvas)
    for plane in draw(st.sets(st.sampled_from(sorted(ProposalLayer.plane_names)), max_size=3)):
        layer.planes[plane] = draw(images(COVERAGE, document.canvas))
    layer.parts, layer.verdicts, layer.settings = draw(part_lists), draw(verdicts), draw(slider_settings)
    return layer


#: For every kind of layer its generator.
LAYERS: dict[str, Callable[[Document], st.SearchStrategy[Layer]]] = {
    "mask": masks,
    "fill": fills,
    "clone": clones,
    "proposal": proposals,
}


def layers(document: Document) -> st.SearchStrategy[Layer]:
    """Layers of any kind that could be added to `document`."""
    return st.one_of([generator(document) for generator in LAYERS.values()])


@st.composite
def _add_layer(draw: st.DrawFn, document: Document) -> Edit:
    return AddLayer(draw(layers(document)).state(), draw(st.integers(0, len(document.layers))), draw(texts))


@st.composite
def _remove_layer(draw: st.DrawFn, document: Document) -> Edit:
    return RemoveLayer.of(document, draw(st.sampled_from(document.layers)).id)


@st.composite
def _move_layer(draw: st.DrawFn, document: Document) -> Edit:
    places = st.integers(0, len(document.layers) - 1)
    return MoveLayer(draw(places), draw(places), draw(texts))


@st.composite
def _set_layer(draw: st.DrawFn, document: Document) -> Edit:
    layer = draw(st.sampled_from(document.layers))
    values = {
        "name": texts,
        "visible": st.booleans(),
        "opacity": opacities,
        "locked": st.booleans(),
        "colour": st.integers(0, 0xFFFFFF),
        "role": st.sampled_from(MaskLayer.ROLES),
        "recipe": recipes.map(Recipe.to_json),
        "variants": variant_lists,
        "variant": st.integers(0, 7),
        "parts": part_lists,
        "verdicts": verdicts,
        "settings": slider_settings,
    }
    some = draw(st.sets(st.sampled_from(sorted(layer.properties())), min_size=1))
    return SetLayer.of(document, layer.id, {key: draw(values[key]) for key in sorted(some)}, draw(texts))


@st.composite
def _paint(draw: st.DrawFn, document: Document) -> Edit:
    layer = draw(st.sampled_from(document.layers))
    plane = draw(st.sampled_from(sorted(layer.planes)))
    image = layer.planes[plane]
    keys = draw(st.sets(st.sampled_from(list(tile_keys(image.extent))), min_size=1))
    after: Tiles = {key: draw(st.none() | _tiles(image.format)) for key in sorted(keys)}
    return Paint.of(document, layer.id, plane, after, draw(texts))


@st.composite
def _tiles(draw: st.DrawFn, pixel_format: PixelFormat) -> Samples:
    tile = np.zeros((TILE, TILE, pixel_format.channels), pixel_format.numpy)
    rect = draw(rects_in(Rect.of_size(TILE, EXTENT.height)))
    tile[rect.slices] = noise(rect.height, rect.width, pixel_format, draw(seeds))
    return tile


@st.composite
def _group(draw: st.DrawFn, document: Document) -> Edit:
    ahead = copy_of(document)
    edits = []
    for _ in range(draw(st.integers(0, 3))):
        edits.append(draw(edits_of(ahead)))
        edits[-1].apply(ahead)
    return Group(draw(texts), tuple(edits))


@st.composite
def _mark(draw: st.DrawFn, _document: Document) -> Edit:
    return Mark.named(draw(texts))


#: For every kind of edit its generator, and whether it needs a layer to work on.
EDITS: dict[str, tuple[Callable[[Document], st.SearchStrategy[Edit]], bool]] = {
    "add_layer": (_add_layer, False),
    "remove_layer": (_remove_layer, True),
    "move_layer": (_move_layer, True),
    "set_layer": (_set_layer, True),
    "paint": (_paint, True),
    "group": (_group, False),
    "mark": (_mark, False),
}


def edits_of(document: Document) -> st.SearchStrategy[Edit]:
    """Edits of any kind that `document`, as it is now, can take."""
    return st.one_of([edit(document) for edit, needs_layer in EDITS.values() if document.layers or not needs_layer])


@st.composite
def edits_of_kind(draw: st.DrawFn, kind: str, document: Document) -> Edit:
    """Edits of one kind; an empty `document` gets some layers first if the kind needs one."""
    generator, needs_layer = EDITS[kind]
    if needs_layer and not document.layers:
        for index in range(draw(st.integers(1, 3))):
            document.insert(draw(layers(document)), index)
    return draw(generator(document))


def copy_of(document: Document) -> Document:
    """A document with the same photo and layers of its own."""
    copy = Document(document.photo, document.profile)
    for index, layer in enumerate(document.layers):
        copy.insert(layer_from(layer.state()), index)
    return copy


def through_bytes(edit: Edit) -> Edit:
    """`edit` as it comes back from a file."""
    return decode_edit(Encoded.from_bytes(edit.encode().to_bytes()))


Fingerprint = tuple[object, ...]


def fingerprint(document: Document) -> Fingerprint:
    """All that a document holds and shows, byte for byte."""
    return (
        document.canvas,
        document.profile,
        document.photo.read(document.canvas).tobytes(),
        tuple(map(layer_fingerprint, document.layers)),
        document.composite().read(document.canvas).tobytes(),
    )


def layer_fingerprint(layer: Layer) -> Fingerprint:
    planes = [
        (name, plane.format, plane.extent, plane.read(plane.extent).tobytes())
        for name, plane in sorted(layer.planes.items())
    ]
    return layer.kind, layer.id, json.dumps(layer.properties(), sort_keys=True), tuple(planes)
