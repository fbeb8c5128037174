"""Headers of safetensors files: sound ones are read, lying ones refused, and nothing else is touched."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from inpaint_studio.engines.library.weights import read_header
from inpaint_studio.errors import InputError
from tests.engines.library.makers import write_raw, write_weights

ONE = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def test_a_sound_header_is_read(tmp_path: Path) -> None:
    tensors = read_header(write_weights(tmp_path / "a.safetensors", {"a": (3, 4), "b": (), "c": (0, 5)}))
    assert {name: tensor.shape for name, tensor in tensors.items()} == {"a": (3, 4), "b": (), "c": (0, 5)}
    assert (tensors["a"].count, tensors["a"].nbytes, tensors["b"].count) == (12, 24, 1)


LIES = {
    "length beyond the file": (b"", b""),
    "not an object": (b"[1, 2]", b""),
    "not JSON": (b"{,}", b""),
    "a name twice": (b'{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, "a": {}}', b"x"),
    "nested without end": (b'{"a": ' + b"[" * 100_000, b""),
    "unknown type": ({"a": ONE | {"dtype": "PYOBJ"}}, bytes(16)),
    "no shape": ({"a": {"dtype": "F32", "data_offsets": [0, 16]}}, bytes(16)),
    "shape of words": ({"a": ONE | {"shape": ["2", "2"]}}, bytes(16)),
    "shape of truths": ({"a": ONE | {"shape": [True, 4]}}, bytes(16)),
    "negative shape": ({"a": ONE | {"shape": [-2, -2]}}, bytes(16)),
    "one offset": ({"a": ONE | {"data_offsets": [0]}}, bytes(16)),
    "offsets swapped": ({"a": ONE | {"data_offsets": [16, 0]}}, bytes(16)),
    "longer than its shape": ({"a": ONE | {"data_offsets": [0, 20]}}, bytes(20)),
    "out of the file": ({"a": ONE}, bytes(8)),
    "behind the file": ({"a": ONE | {"data_offsets": [1 << 40, (1 << 40) + 16]}}, bytes(16)),
    "overlapping": ({"a": ONE, "b": ONE | {"data_offsets": [8, 24]}}, bytes(24)),
    "a gap": ({"a": ONE, "b": ONE | {"data_offsets": [20, 36]}}, bytes(36)),
    "bytes left over": ({"a": ONE}, bytes(17)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_header_is_refused(tmp_path: Path, lie: str) -> None:
    path = tmp_path / "lie.safetensors"
    write_raw(path, *LIES[lie])
    if lie == "length beyond the file":
        path.write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
    with pytest.raises(InputError, match="not a sound safetensors file"):
        read_header(path)


class _Trap:
    """What a hostile file would run when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("sprung"),)


@pytest.mark.parametrize("disguise", ["a Python pickle", "a zip archive"])
def test_a_disguised_pickle_is_named_and_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disguise: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.safetensors"
    if disguise == "a Python pickle":
        path.write_bytes(pickle.dumps(_Trap()))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(_Trap()))
    with pytest.raises(InputError, match=disguise):
        read_header(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("length", [0, 3, 8])
def test_a_stub_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "stub.safetensors"
    path.write_bytes(bytes(length))
    with pytest.raises(InputError):
        read_header(path)
