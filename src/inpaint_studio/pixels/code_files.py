"""How numba's machine code is kept in files, so that neither a kill nor a second program can spoil it.

numba numbers its files, and an index, which is written first, says what is in which. A process that is killed between the
two, or two that compile the same loop for different samples at once, leave an index that names a file with the code for
other arguments: calling it crashes, and goes on crashing at every start.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
from pathlib import Path

from numba.core import caching

_DIGEST = 32
_log = logging.getLogger(__name__)


class CodeFiles(caching.IndexDataCacheFile):
    """Each file is named after what it is for, so that no index is needed, and is checked when it is read."""

    def save(self, key: object, data: object) -> None:
        """Keep the code `data` for the argument types, processor and source in `key`; a full disk has this run do without."""
        code = self._dump(data)
        try:
            with self._open_for_write(self._data_path(self._name(key))) as stream:
                stream.write(hashlib.sha256(code).digest() + code)
        except OSError as error:
            _log.warning("compiled code could not be kept: %s", error)

    def load(self, key: object) -> object | None:
        """The code for `key`; None when there is none, or when it is damaged, so that it is compiled anew."""
        try:
            stored = Path(self._data_path(self._name(key))).read_bytes()
        except OSError:
            return None
        digest, code = stored[:_DIGEST], stored[_DIGEST:]
        if hashlib.sha256(code).digest() != digest:
            return None
        try:
            loaded: object = pickle.loads(code)  # noqa: S301  our own, and whole
        except (ImportError, AttributeError):  # it names what is not there any more
            return None
        return loaded

    def _name(self, key: object) -> str:
        """Equal keys have equal texts, but not always equal pickles."""
        return f"{self._base}-{hashlib.sha256(repr((self._source_stamp, key)).encode()).hexdigest()[:_DIGEST]}.nbc"

    @property
    def _base(self) -> str:
        return self._index_name.removesuffix(".nbi")


def keep_code_safely() -> None:
    """Have numba keep what it compiles from now on in `CodeFiles`."""
    caching.IndexDataCacheFile = CodeFiles  # type: ignore[misc]
