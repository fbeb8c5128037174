"""HEVC pictures decoded by the system's own libheif, called through its C interface (libheif/heif.h, version 1).

Nothing of it is shipped or installed by this program: the wheels that bundle it either bring GPL encoders along or are
no longer maintained, and a decoder of such a format needs the system's security updates.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NAMES = {
    # what Homebrew installs lies outside the places that are searched
    "darwin": ("libheif.1.dylib", "/opt/homebrew/lib/libheif.1.dylib", "/usr/local/lib/libheif.1.dylib"),
    "win32": ("libheif.dll", "heif.dll"),
}
_LINUX = ("libheif.so.1",)
#: Versions of 1.x before 10 hand over more than 8 bits in another way.
_OLDEST = 0x010A0000

_RGB, _INTERLEAVED = 1, 10
_BYTES, _BYTES_ALPHA, _WORDS, _WORDS_ALPHA = 10, 11, 14, 15
_UNSUPPORTED_CODEC, _NO_PLUGIN = 3000, 11


class NoDecoderError(Exception):
    """libheif, or its decoder of HEVC, is not installed."""


class _Error(ctypes.Structure):
    _fields_ = (("code", c_int), ("subcode", c_int), ("message", c_char_p))


@cache
def _library() -> ctypes.CDLL | None:
    for name in _NAMES.get(sys.platform, _LINUX):
        try:
            library = ctypes.CDLL(name)
            library.heif_get_version_number.restype = c_uint32
            if library.heif_get_version_number() < _OLDEST:
                return None
            _declare(library)
        except (OSError, AttributeError):
            continue
        return library
    return None


def _declare(library: ctypes.CDLL) -> None:
    """Raises AttributeError when a function is missing."""
    handle, image = c_void_p, c_void_p
    for name, result, arguments in (
        ("heif_context_alloc", c_void_p, ()),
        ("heif_context_free", None, (c_void_p,)),
        ("heif_context_read_from_memory_without_copy", _Error, (c_void_p, c_char_p, c_size_t, c_void_p)),
        ("heif_context_get_image_handle", _Error, (c_void_p, c_uint32, POINTER(c_void_p))),
        ("heif_image_handle_release", None, (handle,)),
        ("heif_decode_image", _Error, (handle, POINTER(c_void_p), c_int, c_int, c_void_p)),
        ("heif_image_release", None, (image,)),
        ("heif_image_get_width", c_int, (image, c_int)),
        ("heif_image_get_height", c_int, (image, c_int)),
        ("heif_image_get_plane_readonly", c_void_p, (image, c_int, POINTER(c_int))),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def available() -> bool:
    """Whether the system has a libheif that can be used."""
    return _library() is not None


def decode(data: bytes, item: int, *, alpha: bool, deep: bool) -> NDArray[Any]:
    """The picture `item` of the file `data`, turned and cropped as the file asks: RGB, with `alpha` RGBA.

    H×W×C uint8, or numbers of the file's bits as uint16 when `deep`. Raises NoDecoderError, or ValueError for what is damaged.
    """
    library = _library()
    if library is None:
        raise NoDecoderError
    context = library.heif_context_alloc()
    handle, image = c_void_p(), c_void_p()
    try:
        _check(library.heif_context_read_from_memory_without_copy(context, data, len(data), None))
        _check(library.heif_context_get_image_handle(context, item, byref(handle)))
        layout = (_WORDS_ALPHA if alpha else _WORDS) if deep else (_BYTES_ALPHA if alpha else _BYTES)
        _check(library.heif_decode_image(handle, byref(image), _RGB, layout, None))
        return _pixels(library, image, 3 + alpha, deep=deep)
    finally:
        if image:
            library.heif_image_release(image)
        if handle:
            library.heif_image_handle_release(handle)
        library.heif_context_free(context)


def _pixels(library: ctypes.CDLL, image: c_void_p, samples: int, *, deep: bool) -> NDArray[Any]:
    """A copy of what was decoded, H×W×`samples`: the memory is libheif's."""
    stride = c_int()
    start = library.heif_image_get_plane_readonly(image, _INTERLEAVED, byref(stride))
    height = library.heif_image_get_height(image, _INTERLEAVED)
    width = library.heif_image_get_width(image, _INTERLEAVED)
    row = width * samples * (2 if deep else 1)
    if not start or height < 1 or width < 1 or stride.value < row:
        raise ValueError("HEIC without the pixels that it promises")
    # the last row may end where its pixels do
    nbytes = (height - 1) * stride.value + row
    flat = np.frombuffer((ctypes.c_uint8 * nbytes).from_address(start), np.uint8)
    rows = np.lib.stride_tricks.as_strided(flat, (height, row), (stride.value, 1), writeable=False)
    copy = rows.copy()
    return (copy.view("<u2") if deep else copy).reshape(height, width, samples)


def _check(error: _Error) -> None:
    if error.code == 0:
        return
    if error.subcode == _UNSUPPORTED_CODEC or error.code == _NO_PLUGIN:
        raise NoDecoderError
    raise ValueError((error.message or b"").decode("utf-8", "replace"))
