"""Names that a server gives to files, before they become files here."""

from __future__ import annotations

import re

from inpaint_studio.errors import StudioError

_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"|?*\\]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 200


def safe_path(path: str) -> str:
    """`path` if, on every system, it stays below the folder it is joined to. Raises StudioError otherwise."""
    if len(path) > _LONGEST or _FORBIDDEN.search(path) or not all(_is_safe(part) for part in path.split("/")):
        raise StudioError(f"The hub offers a file with an unsafe name ({path[:80]!r}).", "Do not use this model.")
    return path


def _is_safe(part: str) -> bool:
    # Windows drops trailing blanks and full stops, and keeps some names for devices
    return bool(part) and part == part.rstrip(" .") and not _DEVICE.fullmatch(part)
