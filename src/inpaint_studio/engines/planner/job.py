"""What a user asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.pixels.tiled import TiledImage


@dataclass(frozen=True, slots=True)
class FillJob:
    """What a user asks for: fill what `coverage` selects in `source`, as `recipe` says.

    avoid: 8-bit coverage of what must not be copied from. only: of what alone engines that copy may copy from.
    """

    source: Composite
    coverage: TiledImage
    recipe: Recipe = field(default_factory=Recipe)
    avoid: TiledImage | None = None
    only: TiledImage | None = None
