"""Averaging the weights of a training."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from training.defects import average  # noqa: E402


def state(value: float, step: int) -> dict[str, object]:
    return {"average": {"w": torch.full((2,), value), "seen": torch.tensor(step)}, "step": step}


def test_weights_are_mixed_and_the_last_state_leads(tmp_path: Path) -> None:
    torch.save(state(1.0, 7), tmp_path / "a.pt")
    torch.save(state(5.0, 9), tmp_path / "b.pt")
    average.main([f"{tmp_path / 'a.pt'}=0.25", f"{tmp_path / 'b.pt'}=0.75", "--out", str(tmp_path / "run")])
    made = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    assert made["average"]["w"].tolist() == [4.0, 4.0]
    assert made["average"]["seen"].item() == made["step"] == 9


@pytest.mark.parametrize("shares", [[0.5], [0.5, 0.6], [1.0, 1.0]])
def test_shares_make_a_whole(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="share"):
        average.averaged([state(1, 1), state(2, 2)], shares)


def test_other_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="different networks"):
        average.averaged([state(1, 1), {"average": {}, "step": 2}], [0.5, 0.5])
