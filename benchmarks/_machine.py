"""When the machine itself stood still: a witness on each processor, asleep but for a moment every two milliseconds.

A virtual machine gets its processors taken away for a tenth of a second now and then; no program on it answers meanwhile.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_SLEEP_S = 0.002
#: A witness that comes so much later than it wanted could not run.
_LATE_S = 0.006

#: From and to, in seconds of `time.perf_counter`, which on Linux all processes share.
Span = tuple[float, float]


class Witnesses:
    """While entered, one process on each processor notes when it could not run; `standstills` has it afterwards."""

    def __init__(self) -> None:
        self.standstills: list[list[Span]] = []
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        if hasattr(os, "sched_getaffinity"):
            for processor in sorted(os.sched_getaffinity(0)):
                line = [sys.executable, "-m", "benchmarks._machine", str(processor)]
                self._processes.append(
                    subprocess.Popen(
                        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
                    )
                )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            told, _ = process.communicate("")
            self.standstills.append([(float(a), float(b)) for a, b in (line.split() for line in told.splitlines())])

    def stolen(self, begin: float, end: float) -> float:
        """How many seconds between `begin` and `end` some processor stood still; the longest of them all counts."""
        spans = ([(max(begin, a), min(end, b)) for a, b in found] for found in self.standstills)
        return max((sum(b - a for a, b in found if b > a) for found in spans), default=0.0)


def _witness(processor: int) -> None:
    os.sched_setaffinity(0, {processor})
    before = time.perf_counter()
    while not select.select([sys.stdin], [], [], _SLEEP_S)[0]:
        now = time.perf_counter()
        if now - before > _SLEEP_S + _LATE_S:
            sys.stdout.write(f"{before + _SLEEP_S} {now}\n")
        before = now


def main(arguments: Sequence[str]) -> None:
    """Watch the processor that `arguments` name until there is something to read."""
    _witness(int(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
