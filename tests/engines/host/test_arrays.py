from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inpaint_studio.engines.contract import Payload, Silent
from inpaint_studio.engines.host import arrays
from inpaint_studio.engines.host.client import Worker
from inpaint_studio.errors import Cancelled, StudioError


def nothing() -> None: ...


CASES: dict[str, np.ndarray[Any, Any]] = {
    "float": np.random.default_rng(0).random((37, 21, 3), np.float32),
    "sixteen bits": np.arange(65536, dtype=np.uint16).reshape(256, 256),
    "big endian": np.arange(5, dtype=">i4"),
    "truth": np.array([[True, False]]),
    "complex": np.array([1 + 2j]),
    "text": np.array(["ä", "long enough"]),
    "time": np.array(["2024-01-01"], "datetime64[D]"),
    "fields": np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")]),
    "nan": np.array([np.nan, np.inf, -0.0]),
    "scalar": np.array(7.5),
    "no rows": np.empty((0, 4), np.float32),
    "no columns": np.empty((4, 0, 3), np.uint8),
    "transposed": np.arange(12).reshape(3, 4).T,
    "every other": np.arange(20, dtype=np.uint8)[::-2],
    "repeated": np.broadcast_to(np.float32(0.5), (9, 9)),
}


def same(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> bool:
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


def test_arrays_pass_a_process_and_back_exactly(worker: Worker) -> None:
    result = worker.run("selftest.echo", Payload({"ü": [1, None, "x"]}, CASES), Silent(), grace=0)
    assert result.data == {"ü": [1, None, "x"]}
    assert result.arrays.keys() == CASES.keys()
    assert [name for name, array in CASES.items() if not same(result.arrays[name], array)] == []
    assert all(array.flags.writeable and array.flags.owndata for array in result.arrays.values())


@pytest.mark.parametrize("name", CASES)
def test_what_is_stored_in_many_pieces_is_the_same(name: str, temp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_CHUNK", 7)
    arrays.store(CASES[name], temp / "in-0.npy", nothing)
    assert same(arrays.load(temp / "in-0.npy", nothing), CASES[name])
    assert same(np.load(temp / "in-0.npy", allow_pickle=False), CASES[name])


def test_a_mapped_array_can_be_written_without_its_file_changing(temp: Path) -> None:
    parcel = arrays.pack(Payload({}, {"a": np.zeros(4)}), temp, "in", nothing)
    mapped = arrays.unpack_mapped(parcel, temp).arrays["a"]
    mapped += 1
    assert type(mapped) is np.ndarray
    assert not arrays.load(temp / "in-0.npy", nothing).any()


def test_arrays_of_objects_are_neither_written_nor_read(temp: Path) -> None:
    with pytest.raises(TypeError):
        arrays.store(np.array([object()]), temp / "in-0.npy", nothing)
    with (temp / "in-1.npy").open("wb") as file:
        np.lib.format.write_array(file, np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(ValueError, match="objects"):
        arrays.load(temp / "in-1.npy", nothing)
    (temp / "in-2.npy").write_bytes(pickle.dumps(1))
    with pytest.raises(ValueError, match="magic"):
        arrays.load(temp / "in-2.npy", nothing)


@pytest.mark.parametrize("direction", ["store", "load"])
def test_a_long_copy_can_be_cancelled_on_the_way(direction: str, temp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_CHUNK", 1000)
    seen = []

    def check() -> None:
        seen.append(1)
        if len(seen) == 3:
            raise Cancelled

    big = np.zeros((100, 100), np.uint8)
    arrays.store(big, temp / "in-0.npy", nothing)
    copy = (
        partial(arrays.store, big, temp / "in-1.npy")
        if direction == "store"
        else partial(arrays.load, temp / "in-0.npy")
    )
    with pytest.raises(Cancelled):
        copy(check)
    assert len(seen) == 3


def test_a_folder_that_takes_no_more_is_told_in_words(temp: Path) -> None:
    with pytest.raises(StudioError, match="cannot be written") as caught:
        arrays.store(np.zeros(3), temp / "missing" / "in-0.npy", nothing)
    assert "TMPDIR" in caught.value.hint
