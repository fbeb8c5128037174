"""Runners and fills for tests of widgets."""

from __future__ import annotations

import threading

from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import EngineSpec, FillRequest, FillResult, Progress, Silent
from inpaint_studio.errors import Cancelled
from inpaint_studio.studio.jobs import HereRunner
from inpaint_studio.studio.studio import Studio


def masks_of(studio: Studio) -> list[str]:
    return [layer.id for layer in studio.document.layers if isinstance(layer, MaskLayer)]


def add_fill(studio: Studio, seed: int = 7) -> FillLayer:
    masks = masks_of(studio)
    job = studio.fill_job(masks, Recipe(engine="smooth", seed=seed))
    layer = studio.document.layer(studio.accept(*studio.run(job, HereRunner(), Silent()), masks))
    assert isinstance(layer, FillLayer)
    return layer


class HeldRunner:
    """Runs nothing until it is let go, and hears a cancel."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.entered = threading.Event()
        self.cancelled = False
        self.closed = False
        self.started = False

    def warm(self) -> None:
        self.started = True

    def run(self, spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
        self.entered.set()
        for done in range(500):
            progress.step(done / 500, f"Step {done}")
        self.go.wait(20)
        if self.cancelled:
            raise Cancelled
        progress.step(1.0, "Done")
        return FillResult(request.image, "A note.")

    def cancel(self) -> None:
        self.cancelled = True
        self.go.set()

    def close(self) -> None:
        self.closed = True
