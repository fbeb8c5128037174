"""What waits to be told: bounded, and equal messages are counted instead of repeated."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from inpaint_studio.errors import InputError, StudioError

#: Messages kept at once; beyond that the oldest of those that wait are left to the log.
MOST = 20


class Kind(StrEnum):
    """How grave a message is. The values name icons and colours."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class AdviceError(InputError):
    """Nothing went wrong: something has to be done first, such as painting a mask. Told calmly; it goes by itself."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a message, such as "Try again"."""

    label: str
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Message:
    """What the bar shows. `later`: the label of a second button that only closes it. `count`: how often it was told."""

    kind: Kind
    text: str
    hint: str = ""
    details: str = ""
    action: Action | None = None
    later: str = ""
    count: int = 1
    #: An information that does not go by itself.
    stays: bool = False

    def same(self, other: Message) -> bool:
        return (self.kind, self.text, self.hint) == (other.kind, other.text, other.hint)

    @property
    def full(self) -> str:
        """All of it as text to be sent to somebody."""
        return "\n".join(part for part in (self.text, self.hint, self.details) if part)


class Queue:
    """The first message is the one shown."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def current(self) -> Message | None:
        return self._messages[0] if self._messages else None

    def add(self, message: Message) -> None:
        for index, old in enumerate(self._messages):
            if old.same(message):
                self._messages[index] = replace(message, count=old.count + 1)
                return
        if message.kind is not Kind.INFO and self.current is not None and self.current.kind is Kind.INFO:
            # what goes by itself comes back afterwards
            self._messages.insert(0, message)
        else:
            self._messages.append(message)
        if len(self._messages) > MOST:
            del self._messages[1]

    def drop(self, text: str) -> None:
        """Forget messages that say `text`."""
        self._messages = [message for message in self._messages if message.text != text]

    def next(self) -> None:
        """Drop the message shown."""
        del self._messages[:1]


def details_of(error: BaseException) -> str:
    """The traceback where it says more than the message: an error that the program raised on purpose has none, nor has
    the refusal of a file, whatever a decoder said about it."""
    if isinstance(error, InputError) or (isinstance(error, StudioError) and error.__cause__ is None):
        return ""
    return "".join(traceback.format_exception(error)).strip()
