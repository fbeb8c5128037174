"""What client and worker say to each other: one JSON object a line, plain ASCII, nothing that could run code."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

    from inpaint_studio.document.codec import Json

#: Why a job failed: bad input, an error told in words, memory, or an exception that nobody expected.
Kind = Literal["input", "studio", "memory", "crash"]

#: The only file names that may travel: a peer can't point outside the job's folder.
_REF = re.compile(r"[a-z]+-[0-9]+\.npy", re.ASCII)


class ProtocolError(Exception):
    """A line that no client or worker of this version writes."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A `Payload` on its way: its data, and for each array the name of the file in the job's folder that holds it."""

    data: Json
    arrays: dict[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """Do `task` with `payload`; its arrays lie in `folder`, and so shall the result's."""

    job: int
    task: str
    payload: Parcel
    folder: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody wants the job's result any more."""

    job: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Stop the job and keep what there is."""

    job: int


@dataclass(frozen=True, slots=True)
class Quit:
    """End in good order when the running job is over."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has started and listens."""

    pid: int


@dataclass(frozen=True, slots=True)
class Step:
    """How far the job is; `preview` names a file in the job's folder, and whoever reads it removes it."""

    job: int
    fraction: float | None
    note: str
    preview: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """The job's result."""

    job: int
    payload: Parcel


@dataclass(frozen=True, slots=True)
class Failed:
    """The job ended with an error; `detail` is for the log."""

    job: int
    kind: Kind
    message: str
    hint: str
    detail: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job has stopped because it was told to."""

    job: int


#: From the client to the worker.
Order = Run | Cancel | Finish | Quit
#: From the worker to the client.
Report = Ready | Step | Done | Failed | Cancelled


def encode(message: Order | Report) -> bytes:
    """One line with its line feed. Raises TypeError or ValueError for data that JSON can't carry."""
    text = json.dumps({"type": type(message).__name__, **asdict(message)}, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


def decode_order(line: bytes) -> Order:
    """The order in `line`. Raises ProtocolError."""
    message = _decode(line)
    if not isinstance(message, Order):
        raise ProtocolError(f"a {type(message).__name__} is no order")
    return message


def decode_report(line: bytes) -> Report:
    """The report in `line`. Raises ProtocolError."""
    message = _decode(line)
    if not isinstance(message, Report):
        raise ProtocolError(f"a {type(message).__name__} is no report")
    return message


def _decode(line: bytes) -> Order | Report:
    try:
        raw = json.loads(line.decode("ascii"))
        cls = _TYPES[raw.pop("type")]
        if raw.keys() != {field.name for field in fields(cls)}:
            raise ProtocolError(f"a {cls.__name__} with the fields {sorted(raw)}")
        return cls(**{name: _CHECKS[name](value) for name, value in raw.items()})
    # everything a line can do wrong: no ASCII or JSON, no object, no type, a wrong field, endless brackets
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
        raise ProtocolError(f"{line[:200]!r} is no message") from error


def _int(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _fraction(value: object) -> float | None:
    if value is not None and not isinstance(value, float):
        raise TypeError
    return value


def _ref(value: object) -> str:
    if not isinstance(value, str) or not _REF.fullmatch(value):
        raise TypeError
    return value


def _preview(value: object) -> str | None:
    return None if value is None else _ref(value)


def _parcel(value: Any) -> Parcel:
    if value.keys() != {"data", "arrays"} or not isinstance(value["data"], dict):
        raise TypeError
    return Parcel(value["data"], {name: _ref(ref) for name, ref in value["arrays"].items()})


def _kind(value: object) -> object:
    if value not in get_args(Kind):
        raise TypeError
    return value


_TYPES: dict[str, type[Order | Report]] = {cls.__name__: cls for cls in (*get_args(Order), *get_args(Report))}
#: A field means the same in every message that has it.
_CHECKS: dict[str, Callable[[Any], Any]] = {
    "job": _int,
    "pid": _int,
    "task": _str,
    "folder": _str,
    "note": _str,
    "message": _str,
    "hint": _str,
    "detail": _str,
    "fraction": _fraction,
    "preview": _preview,
    "payload": _parcel,
    "kind": _kind,
}
