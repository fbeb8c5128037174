"""Big arrays between processes: .npy files in a job's folder, mapped by the worker, never pickled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inpaint_studio.engines.contract import Payload
from inpaint_studio.engines.host.protocol import Parcel
from inpaint_studio.errors import StudioError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

#: Bytes copied between two looks at whether somebody still wants them: a few milliseconds.
_CHUNK = 16 << 20


def pack(payload: Payload, folder: Path, prefix: str, check: Callable[[], None]) -> Parcel:
    """Write the arrays of `payload` into `folder` as `prefix`-0.npy, `prefix`-1.npy ...

    `check` is called every few milliseconds and may raise. Raises StudioError when the folder takes no more, TypeError
    for an array of Python objects.
    """
    refs = {}
    for index, (name, array) in enumerate(payload.arrays.items()):
        refs[name] = f"{prefix}-{index}.npy"
        store(array, folder / refs[name], check)
    return Parcel(payload.data, refs)


def unpack(parcel: Parcel, folder: Path, check: Callable[[], None]) -> Payload:
    """The payload of `parcel` in this process's own memory: its files may go afterwards. `check` as in `pack`."""
    return Payload(parcel.data, {name: load(folder / ref, check) for name, ref in parcel.arrays.items()})


def unpack_mapped(parcel: Parcel, folder: Path) -> Payload:
    """The payload of `parcel` with arrays that read straight from its files; written to, they change only in memory."""
    # copy on write: engines may work in place, and torch warns of arrays that are read-only
    return Payload(parcel.data, {name: np.asarray(_mapped(folder / ref, "c")) for name, ref in parcel.arrays.items()})


def store(array: NDArray[Any], path: Path, check: Callable[[], None]) -> None:
    """Write `array` to the new file `path`; errors and `check` as in `pack`."""
    array = np.asarray(array)
    if array.dtype.hasobject:
        raise TypeError(f"an array of {array.dtype} can't leave its process")
    header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
    try:
        # written, not mapped: on a full disk a write is refused, a mapping ends the process with a bus error
        with path.open("xb") as file:
            np.lib.format.write_array_header_2_0(file, header)
            for rows in _pieces(array):
                check()
                file.write(np.atleast_1d(array)[rows].tobytes())
    except OSError as error:
        raise no_room(path.parent, error) from error


def load(path: Path, check: Callable[[], None]) -> NDArray[Any]:
    """The array in `path`, in memory of its own; `check` as in `pack`."""
    mapped = _mapped(path, "r")
    array = np.empty(mapped.shape, mapped.dtype)
    for rows in _pieces(array):
        check()
        np.atleast_1d(array)[rows] = np.atleast_1d(mapped)[rows]
    return array


def no_room(folder: Path, error: OSError) -> StudioError:
    """The error for temporary files that can't be written."""
    return StudioError(
        f"The temporary folder {folder} cannot be written: {error.strerror or error}.",
        "Free some disk space, or point TMPDIR (Windows: TEMP) to a folder with more of it, and try again.",
    )


def _mapped(path: Path, mode: str) -> NDArray[Any]:
    # open_memmap refuses arrays of Python objects: there is nothing in such a file to unpickle
    return np.lib.format.open_memmap(path, mode=mode)


def _pieces(array: NDArray[Any]) -> Iterator[slice]:
    """Ranges of the first axis of `array` (one for a scalar) of about `_CHUNK` bytes each."""
    length = array.shape[0] if array.ndim else 1
    rows = max(1, _CHUNK * length // max(1, array.nbytes))
    for start in range(0, length, rows):
        yield slice(start, start + rows)
