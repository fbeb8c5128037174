"""What was acknowledged survives a kill, and a save is whole or was never there."""

from __future__ import annotations

from tests.storage_project.killer import kill_once


def test_no_acknowledged_edit_is_lost(tmp_path):
    outcomes = [kill_once(tmp_path / str(seed), seed) for seed in range(20)]
    assert [outcome.fault for outcome in outcomes] == [""] * 20
    assert sum(outcome.acknowledged for outcome in outcomes) > 200


def test_a_killed_save_leaves_the_old_or_the_new_file(tmp_path):
    outcomes = [kill_once(tmp_path / str(seed), seed, saving=True) for seed in range(20)]
    assert [outcome.fault for outcome in outcomes] == [""] * 20
    assert sum(outcome.saves for outcome in outcomes) > 20
