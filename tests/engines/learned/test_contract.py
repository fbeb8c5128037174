"""The contract of all engines, kept by the learned ones; what needs a trained network is left out."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import pytest

from inpaint_studio.engines import catalog
from inpaint_studio.engines.contract import Engine, EngineSpec
from inpaint_studio.engines.models.diffusion import DiffusionOptions
from tests.engines.learned.conftest import SINGLE
from tests.engines.learned.tiny_diffusion import KINDS
from tests.engines.test_contract import (
    test_cancel_is_heard_at_the_first_step,
    test_edges_give_a_result_or_a_refusal,
    test_empty_mask_returns_the_image,
    test_fills_the_hole_and_nothing_else,
    test_finish_gives_a_result,
    test_progress_never_runs_backwards,
    test_same_seed_same_result,
    test_spec_is_complete,
    test_what_lies_under_the_hole_does_not_show,
)

__all__ = [
    "test_cancel_is_heard_at_the_first_step",
    "test_edges_give_a_result_or_a_refusal",
    "test_empty_mask_returns_the_image",
    "test_fills_the_hole_and_nothing_else",
    "test_finish_gives_a_result",
    "test_progress_never_runs_backwards",
    "test_same_seed_same_result",
    "test_spec_is_complete",
    "test_what_lies_under_the_hole_does_not_show",
]

ENGINES = (
    *(f"diffusion/{kind}" for kind in KINDS),
    *(f"diffusion/{kind}-single" for kind in SINGLE),
    "lama/big-lama", "lama/lama-fixed", "migan/migan-pipeline", "migan/migan-network", "migan/migan-weights",
)  # fmt: skip


@dataclass(frozen=True)
class Quick(DiffusionOptions):
    """Two steps tell as much of a random network as twenty."""

    steps: int = 2


@functools.lru_cache
def _loaded(load: Any, device: str) -> Engine:
    return load(device)


@pytest.fixture(params=ENGINES)
def spec(request: pytest.FixtureRequest) -> EngineSpec:
    found = catalog.specs()[request.param]
    options = Quick if found.options is DiffusionOptions else found.options
    return replace(found, options=options, load=functools.partial(_loaded, found.load))


def test_every_installed_model_is_tested_here() -> None:
    learned = {engine for engine, spec in catalog.specs().items() if "/" in engine}
    assert learned == set(ENGINES)
