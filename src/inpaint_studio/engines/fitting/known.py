"""What an engine without weights has to know of a request before it begins."""

from __future__ import annotations

from inpaint_studio.engines.contract import FillRequest
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.masks import Hole


def hole_and_unknown(request: FillRequest, to_do: str, hint: str) -> tuple[Hole, Hole]:
    """The hole of `request`, and all pixels that are no source: the hole and what is to be avoided; bool H×W.

    to_do: "copy" or "continue", for the message. Raises InputError, with `hint`, when that leaves nothing.
    """
    hole = request.mask > 0
    unknown = hole if request.avoid is None else hole | (request.avoid > 0)
    if unknown.all():
        raise InputError(f"There is nothing to {to_do} from: the mask leaves no usable pixel.", hint)
    return hole, unknown
