"""Everything that can be done to a document, one file a kind, each with its way back and its bytes."""

from inpaint_studio.document.codec import Encoded, reading
from inpaint_studio.document.edits.add_layer import AddLayer
from inpaint_studio.document.edits.base import Edit
from inpaint_studio.document.edits.group import Group
from inpaint_studio.document.edits.mark import Mark, is_mark
from inpaint_studio.document.edits.move_layer import MoveLayer
from inpaint_studio.document.edits.paint import Paint
from inpaint_studio.document.edits.remove_layer import RemoveLayer
from inpaint_studio.document.edits.set_layer import SetLayer
from inpaint_studio.errors import InputError

#: Every kind of edit. A kind that is missing here can't be read back, and a test enumerates this table.
EDIT_KINDS: dict[str, type[Edit]] = {
    cls.kind: cls for cls in (AddLayer, RemoveLayer, MoveLayer, SetLayer, Paint, Group, Mark)
}


def decode_edit(encoded: Encoded) -> Edit:
    """The edit that `encoded` was made from.

    Raises InputError for a kind or version this program doesn't know, and for damaged data.
    """
    with reading(f"The step “{encoded.kind}”"):
        kind = EDIT_KINDS.get(encoded.kind)
        if kind is None or encoded.version > kind.version:
            raise InputError(
                f"The step “{encoded.kind}” was written by a newer version of the program.", "Update Inpaint Studio."
            )
        return kind.decode(encoded)


__all__ = [
    "EDIT_KINDS",
    "AddLayer",
    "Edit",
    "Group",
    "Mark",
    "MoveLayer",
    "Paint",
    "RemoveLayer",
    "SetLayer",
    "decode_edit",
    "is_mark",
]
