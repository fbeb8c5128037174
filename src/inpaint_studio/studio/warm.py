"""Compiling what is compiled on the user's machine: once, into a cache of the user's, and never in the window's process.

`make` runs this module; otherwise the quick worker does, by the task "warm". Compiling takes seconds of pure Python, which
would hold a window up; loading what is compiled does not.
"""

from __future__ import annotations

from inpaint_studio.engines.contract import Payload, Progress, Silent
from inpaint_studio.engines.models import exemplar
from inpaint_studio.pixels import membrane, rays, stroke_backend
from inpaint_studio.storage.jpeg_blocks import scans


def warm_task(payload: Payload, progress: Progress) -> Payload:
    """The worker task "warm"; the payload comes back as it went."""
    progress.step(None, "Compiling the brush")
    stroke_backend.warm()
    progress.step(None, "Compiling the thin and smooth fills")
    rays.warm()
    membrane.warm()
    progress.step(None, "Compiling the object fill")
    exemplar.warm()
    progress.step(None, "Compiling the JPEG blocks")
    scans.warm()
    return payload


if __name__ == "__main__":
    print("Compiling what runs on every pixel, once: about a minute.", flush=True)
    warm_task(Payload(), Silent())
