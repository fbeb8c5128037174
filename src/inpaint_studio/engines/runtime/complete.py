"""Weights that a network of our own is made of: what is missing among them is told in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from inpaint_studio.errors import StudioError


@contextmanager
def complete(network: str) -> Iterator[None]:
    """Weights are looked up by name in here: one that is not there is a StudioError that names `network`."""
    try:
        yield
    except KeyError as error:
        raise StudioError(
            f"These are not the weights of a {network} network ({error} is missing).", "Get the model again."
        ) from error
