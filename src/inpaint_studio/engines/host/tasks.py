"""What a worker can be asked to do: this list and nothing else. No option, variable or file adds to it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final, Protocol, cast

from inpaint_studio.errors import StudioError

if TYPE_CHECKING:
    from inpaint_studio.engines.contract import Payload, Progress


class Task(Protocol):
    """A function a worker runs. Raises StudioError when it can't, Cancelled when `progress` says so."""

    def __call__(self, payload: Payload, progress: Progress, /) -> Payload: ...


_SELFTEST: Final = "inpaint_studio.engines.host.selftest"

#: Task name → "module:function", imported only inside the worker and only when asked for.
TASKS: Final = {
    "fill": "inpaint_studio.engines.catalog:fill_task",
    "heavy.probe": "inpaint_studio.engines.catalog:probe_task",
    "heavy.load": "inpaint_studio.engines.catalog:load_task",
    "heavy.unload": "inpaint_studio.engines.catalog:unload_task",
    "detect": "inpaint_studio.restore.task:detect_task",
    "detect_text": "inpaint_studio.restore.text:text_task",
    "warm": "inpaint_studio.studio.warm:warm_task",
    "smart_select": "inpaint_studio.studio.smart_select:segment_task",
    "selftest.echo": f"{_SELFTEST}:echo",
    "selftest.count": f"{_SELFTEST}:count",
    "selftest.busy": f"{_SELFTEST}:busy",
    "selftest.segfault": f"{_SELFTEST}:segfault",
    "selftest.fail": f"{_SELFTEST}:fail",
    "selftest.allocate": f"{_SELFTEST}:allocate",
    "selftest.print": f"{_SELFTEST}:print_natively",
}


def resolve(name: str) -> Task:
    """Import the task `name`. Raises StudioError for one that is not listed, and whatever its import raises."""
    if name not in TASKS:
        raise StudioError(f'The engine process knows no task "{name}".', "Restart Inpaint Studio.")
    module, _, function = TASKS[name].partition(":")
    return cast("Task", getattr(importlib.import_module(module), function))
