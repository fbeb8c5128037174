"""The models that are offered for download: `resources/models/catalogue.json`, read and checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from inpaint_studio.errors import InputError
from inpaint_studio.resources import resource

_ID = re.compile(r"[a-z0-9][a-z0-9.-]*")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A model on offer. Sizes and digests are not here: the hub's tree listing tells them when it is downloaded.

    purpose: what it is good for. licence: its name; restrictions: what it forbids, in words.
    family: see `InstalledModel`. memory_gib: what a graphics card should have; 0: runs well without one.
    about_mib: size of the download as a rough guide before the hub is asked.
    repository, revision: on the hub; a revision "main" is resolved to a commit, which is recorded.
    files: the single files to take; empty: the whole model folder. variant: "fp16" takes the half precision weights.
    gated: the publisher wants its licence accepted on its page first. extra: "diffusion" when it runs only with that.
    """

    id: str
    title: str
    purpose: str
    family: str
    memory_gib: float
    about_mib: int
    licence: str
    restrictions: str
    repository: str
    revision: str
    files: tuple[str, ...] = ()
    variant: str = ""
    gated: bool = False
    extra: Literal["", "diffusion"] = ""


@cache
def catalogue() -> tuple[Entry, ...]:
    """Every model on offer, in the order of the file. A fault in the shipped file is a ValueError."""
    stored = json.loads(resource("models/catalogue.json").read_text("utf-8"))
    entries = tuple(_entry(fields) for fields in stored["models"])
    if len({entry.id for entry in entries}) != len(entries):
        raise ValueError("two models of the catalogue have the same id")
    return entries


def offered(model_id: str) -> Entry:
    """The entry of that id. Raises InputError when there is none."""
    for entry in catalogue():
        if entry.id == model_id:
            return entry
    raise InputError(
        f"There is no model named {model_id} in the catalogue.",
        f"The models are: {', '.join(entry.id for entry in catalogue())}.",
    )


def _entry(fields: dict[str, Any]) -> Entry:
    entry = Entry(**{**fields, "files": tuple(fields.get("files", ()))})
    if not (_ID.fullmatch(entry.id) and _REPOSITORY.fullmatch(entry.repository) and entry.revision and entry.licence):
        raise ValueError(f"the catalogue's entry {entry.id} is not complete")
    return entry
