"""The layers of a document: each kind declares its planes (rasters) and properties, so that all are handled alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

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
            if encoded.kind == FillLayer.kind:
                planes = FillLayer.completed(planes)
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
        #: Tools and mask operations leave its planes as they are.
        self.locked = False
        self.planes = planes

    def properties(self) -> Json:
        """What can be set on the layer, as JSON."""
        return {"name": self.name, "visible": self.visible, "opacity": self.opacity, "locked": self.locked}

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
    """What is selected: 8-bit coverage in the plane "coverage". `colour` is its overlay's, 0xRRGGBB.

    `role`: "fill" is to be filled; while it is visible, "avoid" is not to be copied from by any fill, and from "source"
    alone engines that copy may copy.
    """

    ROLES: ClassVar[tuple[str, ...]] = ("fill", "avoid", "source")

    kind = "mask"
    plane_names = frozenset({"coverage"})

    def __init__(self, layer_id: str, name: str, planes: dict[str, TiledImage], colour: int = 0xFF0000) -> None:
        super().__init__(layer_id, name, planes)
        self.colour = colour
        self.role = "fill"

    @classmethod
    def empty(cls, layer_id: str, name: str, canvas: Rect) -> MaskLayer:
        return cls(layer_id, name, {"coverage": TiledImage(COVERAGE, canvas)})

    @property
    def coverage(self) -> TiledImage:
        return self.planes["coverage"]

    def properties(self) -> Json:
        return {**super().properties(), "colour": self.colour, "role": self.role}

    def _read(self, key: str, value: object) -> object:
        if key == "role" and value not in self.ROLES:
            raise ValueError(f"a mask has no role {value!r}")
        return super()._read(key, value)


class PixelLayer(Layer):
    """Pixels that lie over the photo.

    Planes: "pixels" at the photo's depth without alpha, "alpha" (16-bit opacity), "hidden" (8-bit, painted to bring back
    what lies below).
    """

    @property
    def pixels(self) -> TiledImage:
        return self.planes["pixels"]

    @property
    def alpha(self) -> TiledImage:
        return self.planes["alpha"]

    @property
    def hidden(self) -> TiledImage:
        return self.planes["hidden"]


class CloneLayer(PixelLayer):
    """What was retouched by hand: copied from elsewhere in the photo by the clone stamp, the heal brush, the patch."""

    kind = "clone"
    plane_names = frozenset({"pixels", "alpha", "hidden"})

    @classmethod
    def empty(cls, layer_id: str, name: str, photo: PixelFormat, canvas: Rect) -> CloneLayer:
        pixels, alpha = new_fill_planes(photo, canvas)
        return cls(layer_id, name, {"pixels": pixels, "alpha": alpha, "hidden": TiledImage(COVERAGE, canvas)})


class FillLayer(PixelLayer):
    """Filled pixels with all that is needed to make them again.

    Planes beside those of every `PixelLayer`, whose alpha is the effective mask: "mask" (the user's coverage that the
    recipe was run with) and the pixels of up to eight candidates. Properties: `recipe`, that of what is shown;
    `variants`, for each candidate its recipe and score as JSON, or None once it was discarded; `variant`, which one is
    shown. A fill that was asked for once has no candidates.
    """

    #: The planes of the candidates.
    VARIANTS: ClassVar[tuple[str, ...]] = tuple(f"variant.{number}" for number in range(8))

    kind = "fill"
    plane_names = frozenset({"pixels", "alpha", "hidden", "mask", *VARIANTS})

    def __init__(self, layer_id: str, name: str, planes: dict[str, TiledImage], recipe: Recipe | None = None) -> None:
        super().__init__(layer_id, name, self.completed(planes))
        self.recipe = recipe or Recipe()
        self.variants: list[Json | None] = []
        self.variant = 0

    @classmethod
    def completed(cls, planes: dict[str, TiledImage]) -> dict[str, TiledImage]:
        """`planes` with those of candidates that there are none of."""
        pixels = planes["pixels"]
        return {**{name: TiledImage(pixels.format, pixels.extent) for name in cls.VARIANTS}, **planes}

    @classmethod
    def made(
        cls, layer_id: str, name: str, pixels: TiledImage, alpha: TiledImage, mask: TiledImage, recipe: Recipe
    ) -> FillLayer:
        if pixels.format.alpha or alpha.format != ALPHA16 or mask.format != COVERAGE:
            raise ValueError("a fill is colour without alpha, a 16-bit opacity and an 8-bit mask")
        hidden = TiledImage(COVERAGE, pixels.extent)
        return cls(layer_id, name, {"pixels": pixels, "alpha": alpha, "hidden": hidden, "mask": mask}, recipe)

    @property
    def mask(self) -> TiledImage:
        return self.planes["mask"]

    def properties(self) -> Json:
        return {
            **super().properties(),
            "recipe": self.recipe.to_json(),
            "variants": self.variants,
            "variant": self.variant,
        }

    def _read(self, key: str, value: object) -> object:
        return Recipe.from_json(value) if key == "recipe" and isinstance(value, dict) else super()._read(key, value)


#: The classes of damage that a proposal has a plane for.
PROPOSED = ("dust", "lines", "cracks", "stains", "text")


class ProposalLayer(Layer):
    """What a detector proposes to mend, and what the user thinks of it. It shows and fills nothing by itself.

    Planes: for each class of `PROPOSED` its 8-bit probability, kept where it reaches the lowest threshold; "added" and
    "removed", the user's corrections as 8-bit coverage. Properties: `parts`, labelled once at the lowest threshold (what
    an entry holds is `restore.parts.Part`); `verdicts`, for the index of a part (as text) "accepted" or "dropped";
    `settings`, the sliders and switches, which only hide (see `restore.proposal.Sliders`).
    """

    kind = "proposal"
    plane_names = frozenset({*PROPOSED, "added", "removed"})

    def __init__(self, layer_id: str, name: str, planes: dict[str, TiledImage]) -> None:
        super().__init__(layer_id, name, planes)
        self.parts: list[list[Any]] = []
        self.verdicts: Json = {}
        self.settings: Json = {}

    @classmethod
    def empty(cls, layer_id: str, name: str, canvas: Rect) -> ProposalLayer:
        return cls(layer_id, name, {plane: TiledImage(COVERAGE, canvas) for plane in sorted(cls.plane_names)})

    def properties(self) -> Json:
        return {**super().properties(), "parts": self.parts, "verdicts": self.verdicts, "settings": self.settings}


def layer_from(state: LayerState) -> Layer:
    """A new layer with what `state` holds; later edits to it do not reach the state."""
    planes = {name: plane.snapshot() for name, plane in state.planes.items()}
    layer = LAYER_KINDS[state.kind](state.id, "", planes)
    layer.set_properties(state.properties)
    return layer


#: Every kind of layer that a document can hold.
LAYER_KINDS: dict[str, type[Layer]] = {cls.kind: cls for cls in (MaskLayer, FillLayer, CloneLayer, ProposalLayer)}


def new_fill_planes(photo: PixelFormat, canvas: Rect) -> tuple[TiledImage, TiledImage]:
    """Empty "pixels" and "alpha" planes for a fill of a photo in the format `photo`."""
    return TiledImage(photo.without_alpha(), canvas), TiledImage(ALPHA16, canvas)
