from collections.abc import Callable
from typing import Any, TypeVar

from numba import types as types

_F = TypeVar("_F", bound=Callable[..., Any])

def njit(
    signature: object = ...,
    *,
    cache: bool = ...,
    nogil: bool = ...,
    fastmath: bool = ...,
    boundscheck: bool = ...,
    inline: str = ...,
    error_model: str = ...,
) -> Callable[[_F], _F]: ...
