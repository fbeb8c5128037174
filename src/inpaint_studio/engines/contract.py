"""What an engine is: the types that engines, planner, workers and the studio agree on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.codec import Json

Float = NDArray[np.float32]

#: The id of the planner's own engine, which chooses one of the others for each part of a mask.
AUTO = "auto"


#: Among what an engine takes: it copies patches of what it sees, so that a user may say where from.
COPIES = "copies"


class Decision(Enum):
    """What the user wants of a running fill, as `Progress.step` tells the engine."""

    CONTINUE = "continue"
    #: Stop here and keep what there is.
    FINISH = "finish"


class Progress(Protocol):
    """Where a long operation says how far it is and hears whether to go on."""

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        """Report `fraction` done in 0..1 (None: cannot be told), a few words, perhaps a preview of the request's size.

        Raises Cancelled when the user wants nothing of it any more.
        """
        ...


@runtime_checkable
class Checked(Protocol):
    """A `Progress` that can be asked between its steps, for next to nothing, whether to go on."""

    def check(self) -> None:
        """Raise Cancelled when the user wants nothing of it any more."""
        ...


def check(progress: Progress) -> None:
    """Ask `progress` inside a step, where there is nothing to report. Raises Cancelled."""
    if isinstance(progress, Checked):
        progress.check()


class Silent:
    """A `Progress` that nobody watches: never cancels."""

    def step(self, fraction: float | None, note: str, preview: Float | None = None) -> Decision:
        return Decision.CONTINUE


@dataclass(frozen=True, slots=True)
class SizeRule:
    """Which crops an engine takes: sides within `least`..`most` pixels and a multiple of `multiple_of`.

    native: side of the squares a network was trained on; its crops are at least that large where the photo is. 0: any.
    """

    least: int = 1
    most: int = 1 << 20
    multiple_of: int = 1
    native: int = 0


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an engine can run here; if not, why, and what the user can do about it."""

    available: bool
    reason: str = ""
    remedy: str = ""


AVAILABLE = Availability(available=True)


@dataclass(frozen=True, slots=True)
class FillRequest:
    """One crop to fill.

    image: float32 H×W×C in 0..1, in the photo's own encoding, with a channel count that the engine's spec names.
    mask: float32 H×W in 0..1, 1 = fill. Pixels of `image` under it are what the photo shows there.
    avoid: float32 H×W in 0..1, 1 = never copied from and not filled. None: no such pixel.
    seed: same request and same seed give the same result.
    options: an instance of the engine's own options dataclass.
    """

    image: Float
    mask: Float
    seed: int = 0
    options: Any = None
    avoid: Float | None = None


@dataclass(frozen=True, slots=True)
class FillResult:
    """What an engine made of a request.

    image: float32 of the request's shape, 0..1; only what lies under the mask will be used.
    note: what the user should know about this fill, in one sentence; mostly empty.
    """

    image: Float
    note: str = ""


class Engine(Protocol):
    """A loaded engine. Engines keep no state between fills that could change a result."""

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        """Fill one crop. Raises StudioError when it can't be done, Cancelled when `progress` says so."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """An engine whose first fill waits for its weights, and which can be made ready before."""

    def prepare(self, options: Any, progress: Progress) -> None:
        """Open what a fill with `options` needs. Raises what such a fill would."""
        ...


class Loader(Protocol):
    """Makes an engine ready on a device such as "cpu" or "cuda"; may take long, runs where the engine runs."""

    def __call__(self, device: str) -> Engine: ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """The loader of an engine that needs neither weights nor a device: `make` makes it."""

    make: Callable[[], Engine]

    def __call__(self, device: str) -> Engine:
        return self.make()


@dataclass(frozen=True, slots=True)
class NoOptions:
    """For engines that have nothing to set."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What the program knows of an engine before loading it. Cheap to make: no heavy import behind it.

    levels: sample depth the engine works at inside: 8 or 32 bits. 8-bit engines get the crop stretched to their range.
    channels: how many colour channels it takes.
    context: how much of the surroundings it wants to see, in hole sizes, and at least `context_least` pixels.
    takes: of "avoid", "soft" (mask values between 0 and 1), "prompt", "strength" and COPIES.
    needs_source: refuses a crop without a known pixel to copy from.
    grace: seconds it may need to hear a cancel; 0 when it can't be interrupted, and its worker is killed at once.
    worker: "quick", or "heavy" for what brings torch along: a process of its own, so that the rest stays quick.
    memory_mib: what its weights take; heavy engines are dropped by it when another one needs the room.
    patience: seconds without a sign of life after which its worker is held to hang; 0: for ever.
    lighter: the options with which to try again when memory ran out; None when there is nothing less.
    """

    id: str
    version: int
    title: str
    licence: str
    load: Loader
    size: SizeRule = SizeRule()
    levels: int = 32
    channels: frozenset[int] = frozenset({1, 3})
    context: float = 1.0
    context_least: int = 32
    takes: frozenset[str] = frozenset()
    needs_source: bool = True
    grace: float = 0.0
    worker: str = "quick"
    memory_mib: int = 0
    patience: float = 0.0
    options: type = NoOptions
    lighter: Callable[[Any], Any] | None = None
    availability: Availability = field(default=AVAILABLE)

    @property
    def name(self) -> str:
        """What stands before the colon of the title."""
        return self.title.partition(":")[0]

    @property
    def about(self) -> str:
        """What stands after the colon of the title: what it is for."""
        return self.title.partition(":")[2].strip()


@dataclass(frozen=True, slots=True)
class Payload:
    """What goes to a worker and comes back: plain JSON and named arrays, never pickles."""

    data: Json = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
