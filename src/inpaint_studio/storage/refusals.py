"""Refusing a file in one sentence: what decoders raise on damaged bytes becomes an InputError here."""

from __future__ import annotations

import struct
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inpaint_studio.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What Pillow, imagecodecs, tifffile, zlib and our own parsers raise on damaged bytes; none promises a narrower set.
#: OSError stands for Pillow's "truncated", RuntimeError for all of imagecodecs.
DECODER_ERRORS = (
    ValueError,
    RuntimeError,
    OSError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    SyntaxError,
    struct.error,
    zlib.error,
)

#: Compressed files above this many bytes are refused before they are loaded.
_LARGEST_FILE = 2 << 30


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Turn what a decoder raises about `path` into an InputError. InputErrors pass through."""
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(
            f"There is not enough memory to open {path.name}.", "Close other programs, or open a smaller copy."
        ) from error
    except (FileNotFoundError, PermissionError) as error:
        raise unreadable(path, error) from error
    except DECODER_ERRORS as error:
        raise damaged(path) from error


def damaged(path: Path) -> InputError:
    """The refusal of bytes that do not decode."""
    return InputError(
        f"{path.name} is damaged or cut off, so it was not opened.",
        "Copy it again from where it came from, or open another copy.",
    )


def unreadable(path: Path, error: OSError) -> InputError:
    """What the system said about reading `path`, as one sentence."""
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path.name} does not exist.", "Check the name and the folder.")
    reason = (error.strerror or "the system refused").lower()
    return InputError(f"{path.name} could not be read: {reason}.", "Check the file's permissions and its disk.")


def unsupported(path: Path, what: str, hint: str) -> InputError:
    """`what` completes "NAME ...": a verb phrase without the full stop."""
    return InputError(f"{path.name} {what}.", hint)


def no_page(path: Path, page: int, pages: int) -> InputError:
    """The refusal of a page, counted from 0, that a file does not have."""
    count = "one picture" if pages == 1 else f"{pages} pages"
    return unsupported(path, f"has {count}: there is no page {page + 1}", f"Choose a page from 1 to {pages}.")


def animated(path: Path) -> InputError:
    """The refusal of animations, in any family."""
    return unsupported(path, "is an animation, not a photo", "Save one of its frames as a picture and open that.")


def load(path: Path) -> bytes:
    """The bytes of `path`. Raises InputError above 2 GiB."""
    if path.stat().st_size > _LARGEST_FILE:
        raise unsupported(path, "is larger than 2 GB", "Save it as TIFF, which is read piece by piece.")
    return path.read_bytes()
