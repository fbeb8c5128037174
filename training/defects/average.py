"""Averages the weights of states of one training (Izmailov et al., Averaging Weights Leads to Wider Optima, 2018)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch


def averaged(states: Sequence[dict[str, Any]], shares: Sequence[float]) -> dict[str, Any]:
    """The last of `states` with the mean of the running averages of all, weighed by `shares`.

    Raises ValueError unless the shares, one a state, sum up to 1 and all networks have the same parts.
    """
    if len(shares) != len(states) or abs(sum(shares) - 1) > 1e-6:
        raise ValueError("one share for each state, 1 together")
    averages = [state["average"] for state in states]
    if any(one.keys() != averages[-1].keys() for one in averages):
        raise ValueError("these are states of different networks")
    mean = {
        name: sum(share * one[name] for share, one in zip(shares, averages, strict=True))
        if value.is_floating_point()
        else value
        for name, value in averages[-1].items()
    }
    return {**states[-1], "average": mean}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the average of the states that the command line names as the state of a new run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "states", nargs="+", metavar="STATE=SHARE", help="a state.pt and its share of 1; the last one leads"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the new run")
    given = parser.parse_args(arguments)
    pairs = [text.rpartition("=") for text in given.states]
    states = [torch.load(path, weights_only=True) for path, _, _ in pairs]
    given.out.mkdir(parents=True, exist_ok=True)
    torch.save(averaged(states, [float(share) for _, _, share in pairs]), given.out / "state.pt")


if __name__ == "__main__":
    main()
