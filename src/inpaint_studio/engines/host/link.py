"""One worker process seen from its client: the pipes, and the threads that listen to them."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from inpaint_studio.engines.host import protocol
from inpaint_studio.engines.host.ending import Ending, confusion, ending
from inpaint_studio.errors import EngineDiedError, OutOfMemoryError, StudioError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

_log = logging.getLogger(__name__)

#: Bytes of stderr kept to say why a process ended.
_TAIL = 16 << 10

#: Seconds that stderr may stay open after the process has ended, when something it started still holds it.
_LAST_WORDS = 0.5


def command() -> list[str]:
    """How a worker is started; never through a shell."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker"]
    # -P: a file in the folder the user happens to be in must not stand in for a module
    return [sys.executable, "-P", "-m", "inpaint_studio", "--worker"]


class Link:
    """A worker process. It ends on `Quit` or `kill`, or by itself; either way the last thing told is an `Ending`."""

    def __init__(self, name: str, tell: Callable[[protocol.Report | Ending], None]) -> None:
        """Start a process; `tell` is called with all it says, on a thread of this link.

        Raises StudioError when there is nothing to start.
        """
        self.name = name
        #: For the owner to note, under its own lock, what it was told.
        self.ready = False
        self.ending: Ending | None = None
        #: Set by `kill`: it may not have ended yet, but nothing more is to be asked of it.
        self.killed = False
        self._tell = tell
        self._sending = threading.Lock()
        try:
            self._process = subprocess.Popen(
                command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # no console window flashes up on Windows
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise not_started(f"{error.strerror or error}") from error
        self._stderr = b""
        self._listener = self._thread("stderr", self._listen)
        self._reader = self._thread("reports", self._read)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, order: protocol.Order) -> None:
        """Send `order`; short as it is, it never waits for the process to read."""
        self.write(protocol.encode(order))

    def write(self, line: bytes) -> None:
        """Send an encoded order; to a process that has ended, nothing, because its `Ending` says it all."""
        # OSError: it has ended; ValueError: and the pipe is closed already
        with self._sending, suppress(OSError, ValueError):
            pipe = _open(self._process.stdin)
            pipe.write(line)
            pipe.flush()

    def kill(self) -> None:
        """End the process at once, whatever it does; does not wait for the end."""
        self.killed = True
        self._process.kill()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until the process has ended and no thread is left of the link; False when it takes longer."""
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def _thread(self, what: str, target: Callable[[], None]) -> threading.Thread:
        # daemon: a worker that nobody closed must not keep the program from ending; it ends itself at the end of stdin
        thread = threading.Thread(target=target, name=f"{self.name} worker {what}", daemon=True)
        thread.start()
        return thread

    def _read(self) -> None:
        understood = True
        try:
            with _open(self._process.stdout) as pipe:
                for line in pipe:
                    self._tell(protocol.decode_report(line))
        except protocol.ProtocolError:
            understood = False
            _log.exception("the %s worker is not understood", self.name)
            self._process.kill()
        code = self._process.wait()
        self._listener.join(_LAST_WORDS)
        with self._sending, suppress(OSError):
            _open(self._process.stdin).close()
        stderr = self._stderr.decode("utf-8", "replace")
        end = ending(code, stderr) if understood else confusion(stderr)
        if code != 0 and not self.killed:
            _log.error("the %s worker stopped because %s\n%s", self.name, end.cause, end.stderr)
        self._tell(end)

    def _listen(self) -> None:
        with _open(self._process.stderr) as pipe:
            while chunk := pipe.read1(_TAIL):  # type: ignore[attr-defined]  # subprocess makes buffered readers
                self._stderr = (self._stderr + chunk)[-_TAIL:]


def stopped(end: Ending) -> StudioError:
    """The error for a job whose process has ended."""
    kind = OutOfMemoryError if end.memory else EngineDiedError
    return kind(f"The engine stopped unexpectedly because {end.cause}.", end.hint)


def hung(seconds: float) -> StudioError:
    """The error for a job whose process gave no sign of life for so long that it was ended."""
    return EngineDiedError(
        f"The engine gave no sign of life for {seconds:.0f} seconds and was stopped.",
        "Nothing in your document is lost. Try again; if it happens again, fill a smaller area or choose another engine.",
    )


def not_started(reason: str) -> StudioError:
    """The error for a worker that does not come up; `reason` without a full stop."""
    return StudioError(
        f"The engine process could not be started: {reason}.",
        "Restart Inpaint Studio; if that does not help, install it again.",
    )


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("not a pipe")  # never: all three are asked for
    return pipe
