"""A sum of small decision trees, as gradient boosting makes them, read from the notes of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

#: In place of a feature: the node is a leaf.
LEAF = -1
#: So many rows are walked at once.
_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Forest:
    """All nodes of all trees in one row. roots: where each tree begins. features: the column that a node asks for, or `LEAF`.

    limits: a row with at most so much goes on at `left`, another at `right`. values: what a leaf adds to the sum.
    """

    roots: NDArray[np.int32]
    features: NDArray[np.int16]
    limits: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, trees: Sequence[Mapping[str, Sequence[float]]]) -> Self:
        """Each tree by the names of the fields, its `left` and `right` counted from its own first node, which is its root."""
        sizes = [len(tree["features"]) for tree in trees]
        starts = np.cumsum([0, *sizes])[:-1].astype(np.int32)

        def joined(name: str, kind: type, *, moved: bool = False) -> NDArray[Any]:
            rows: list[NDArray[Any]] = [np.zeros(0, kind)]
            rows += [
                np.asarray(tree[name], kind) + (start if moved else 0)
                for tree, start in zip(trees, starts, strict=True)
            ]
            return np.concatenate(rows).astype(kind)

        return cls(
            starts, joined("features", np.int16), joined("limits", np.float64), joined("left", np.int32, moved=True),
            joined("right", np.int32, moved=True), joined("values", np.float64),
        )  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[float]]) -> Self:
        """What `to_json` wrote. Raises KeyError where something is missing."""
        return cls(
            np.array(data["roots"], np.int32), np.array(data["features"], np.int16), np.array(data["limits"], np.float64),
            np.array(data["left"], np.int32), np.array(data["right"], np.int32), np.array(data["values"], np.float64),
        )  # fmt: skip

    def to_json(self) -> dict[str, list[float]]:
        """What `from_json` reads; limits and values with six digits."""
        return {
            "roots": self.roots.tolist(), "features": self.features.tolist(),
            "limits": [float(f"{limit:.6g}") for limit in self.limits.tolist()],
            "left": self.left.tolist(), "right": self.right.tolist(),
            "values": [float(f"{value:.6g}") for value in self.values.tolist()],
        }  # fmt: skip

    def sums(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each row (N×features) the sum over all trees of the leaf that it comes to."""
        parts = [self._sums(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _sums(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        at = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        every = np.arange(len(rows))[:, None]
        while (asked := self.features[at]).size and (asked != LEAF).any():
            below = rows[every, np.maximum(asked, 0)] <= self.limits[at]
            at = np.where(asked == LEAF, at, np.where(below, self.left[at], self.right[at]))
        return np.asarray(self.values[at].sum(1), np.float64)
