"""The layers of a document: each kind declares its planes (rasters) and properties, so that all are handled alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from inpaint_studio.document.codec import Encoded, Json, pack_image, reading, unpack_image
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import ALPHA16, COVERAGE, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage

_VERSION = 1


@dataclass(frozen=True, slots=True)
class LayerState:
    """Everything of a layer, frozen: what an edit holds to bring the layer back."""

    kind: str
    id: str
    properties: Json
    planes: Mapping[str, TiledImage]

    @property
    def nbytes(self) -> int:
        return sum(plane.nbytes for plane in self.planes.values())

    def encode(self) -> Encoded:
        planes: Json = {}
        blobs: list[bytes] = []
        for name, plane in self.planes.items():
            planes[name], packed = pack_image(plane)
            blobs += packed
        return Encoded(
            self.kind, _VERSION, {"id": self.id, "properties": self.properties, "planes": planes}, tuple(blobs)
        )

    @classmethod
    def decode(cls, encoded: Encoded) -> LayerState:
        """Raises InputError for a kind or version this program doesn't know, and for damaged data."""
        with reading("A stored layer"):
            if encoded.version != _VERSION or encoded.kind not in LAYER_KINDS:
                raise InputError("A layer was written by a newer version of the program.", "Update Inpaint Studio.")
            blobs = list(encoded.blobs)
            planes = {name: unpack_image(data, blobs) for name, data in encoded.data["planes"].items()}
            if blobs or planes.keys() != LAYER_KINDS[encoded.kind].plane_names:
                raise ValueError("its planes are not those of its kind")
            state = cls(encoded.kind, encoded.data["id"], encoded.data["properties"], planes)
            layer_from(state)
            return state


class Layer:
    """A named layer. `opacity` is 0..1; in a mask it affects only how the mask is shown, never the fill."""

    kind: ClassVar[str]
    plane_names: ClassVar[frozenset[str]]

    def __init__(self, layer_id: str, name: str, planes: dict[str, TiledImage]) -> None:
        self.id = layer_id
        self.name = name
        self.visible = True
        self.opacity = 1.0
        self.planes = planes

    def properties(self) -> Json:
        """What can be set on the layer, as JSON."""
        return {"name": self.name, "visible": self.visible, "opacity": self.opacity}

    def set_properties(self, values: Json) -> None:
        """Set some of `properties()`; a name that isn't one of them raises KeyError."""
        unknown = values.keys() - self.properties().keys()
        if unknown:
            raise KeyError(min(unknown))
        # all are read before one is set: a value that can't be leaves the layer as it was
        for key, value in {key: self._read(key, value) for key, value in values.items()}.items():
            setattr(self, key, value)

    def _read(self, key: str, value: object) -> object:
        """The attribute `key` from its JSON."""
        return value

    def state(self) -> LayerState:
        return LayerState(
            self.kind, self.id, self.properties(), {name: plane.snapshot() for name, plane in self.planes.items()}
        )

    @property
    def covered(self) -> Rect:
        """Where the layer holds anything."""
        return Rect.union_of(plane.covered for plane in self.planes.values())


class MaskLayer(Layer):
    """What is to be filled: 8-bit coverage in the plane "coverage". `colour` is its overlay's, 0xRRGGBB."""

    kind = "mask"
    plane_names = frozenset({"coverage"})

    def __init__(self, layer_id: str, name: str, planes: dict[str, TiledImage], colour: int = 0xFF0000) -> None:
        super().__init__(layer_id, name, planes)
        self.colour = colour

    @classmethod
    def empty(cls, layer_id: str, name: str, canvas: Rect) -> MaskLayer:
        return cls(layer_id, name, {"coverage": TiledImage(COVERAGE, canvas)})

    @property
    def coverage(self) -> TiledImage:
        return self.planes["coverage"]

    def properties(self) -> Json:
        return {**super().properties(), "colour": self.colour}


class FillLayer(Layer):
    """Filled pixels with all that is needed to make them again.

    Planes: "pixels" at the photo's depth without alpha, "alpha" (16-bit opacity: the effective mask), "hidden" (8-bit,
    painted to bring the original back), "mask" (the user's coverage that the recipe was run with).
    """

    kind = "fill"
    plane_names = frozenset({"pixels", "alpha", "hidden", "mask"})

    def __init__(self, layer_id: str, name: str, planes: dict[str, TiledImage], recipe: Recipe | None = None) -> None:
        super().__init__(layer_id, name, planes)
        self.recipe = recipe or Recipe()

    @classmethod
    def made(
        cls, layer_id: str, name: str, pixels: TiledImage, alpha: TiledImage, mask: TiledImage, recipe: Recipe
    ) -> FillLayer:
        if pixels.format.alpha or alpha.format != ALPHA16 or mask.format != COVERAGE:
            raise ValueError("a fill is colour without alpha, a 16-bit opacity and an 8-bit mask")
        hidden = TiledImage(COVERAGE, pixels.extent)
        return cls(layer_id, name, {"pixels": pixels, "alpha": alpha, "hidden": hidden, "mask": mask}, recipe)

    @property
    def pixels(self) -> TiledImage:
        return self.planes["pixels"]

    @property
    def alpha(self) -> TiledImage:
        return self.planes["alpha"]

    @property
    def hidden(self) -> TiledImage:
        return self.planes["hidden"]

    @property
    def mask(self) -> TiledImage:
        return self.planes["mask"]

    def properties(self) -> Json:
        return {**super().properties(), "recipe": self.recipe.to_json()}

    def _read(self, key: str, value: object) -> object:
        return Recipe.from_json(value) if key == "recipe" and isinstance(value, dict) else super()._read(key, value)


def layer_from(state: LayerState) -> Layer:
    """A new layer with what `state` holds; later edits to it do not reach the state."""
    planes = {name: plane.snapshot() for name, plane in state.planes.items()}
    layer = LAYER_KINDS[state.kind](state.id, "", planes)
    layer.set_properties(state.properties)
    return layer


#: Every kind of layer that a document can hold.
LAYER_KINDS: dict[str, type[Layer]] = {cls.kind: cls for cls in (MaskLayer, FillLayer)}


def new_fill_planes(photo: PixelFormat, canvas: Rect) -> tuple[TiledImage, TiledImage]:
    """Empty "pixels" and "alpha" planes for a fill of a photo in the format `photo`."""
    return TiledImage(photo.without_alpha(), canvas), TiledImage(ALPHA16, canvas)
