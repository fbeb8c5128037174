"""The downloads that run: they outlive the dialog, and stop with the window, keeping what has arrived."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from inpaint_studio import network
from inpaint_studio.engines.library.control import Control, Transfer
from inpaint_studio.errors import Cancelled, StudioError

if TYPE_CHECKING:
    from inpaint_studio.engines.library.catalogue import Entry

_log = logging.getLogger(__name__)


class Downloads(QObject):
    """One thread for each download. Everything but the threads' bodies is called on the window's thread."""

    #: A model's id, and its `Transfer`.
    moved = Signal(str, object)
    #: A model's id, and the error that ended it; None when it is installed. `Cancelled` when the user ended it.
    ended = Signal(str, object)
    #: The same, told by the threads.
    _told = Signal(str, object)
    _over = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: dict[str, tuple[Control, threading.Thread]] = {}
        self._states: dict[str, Transfer] = {}
        # to slots of a QObject: what other threads tell is queued
        self._told.connect(self._move)
        self._over.connect(self._end)

    def start(self, entry: Entry, token: str = "") -> None:
        """Download `entry`. The caller has the user's consent."""
        if entry.id in self._running:
            return
        control = Control()
        thread = threading.Thread(target=self._run, args=(entry, control, token), name="download", daemon=True)
        self._running[entry.id] = (control, thread)
        self._move(entry.id, Transfer(0, 0, 0.0, self.tr("Asking the hub")))
        thread.start()

    def state(self, model_id: str) -> Transfer | None:
        """Where the download of that model is; None when none runs."""
        return self._states.get(model_id) if model_id in self._running else None

    def pause(self, model_id: str) -> None:
        """Leave the connection; `resume` goes on."""
        self._running[model_id][0].pause()

    def resume(self, model_id: str) -> None:
        """Go on where it was left."""
        self._running[model_id][0].resume()

    def cancel(self, model_id: str) -> None:
        """End it and remove what has arrived."""
        self._running[model_id][0].cancel()

    def stop(self) -> None:
        """End all, keeping what has arrived for the next time. Returns at once; `wait` waits for the threads."""
        for control, _ in self._running.values():
            control.cancel(keep=True)

    def wait(self, seconds: float = 5.0) -> None:
        """Wait for the threads of all downloads, but not for a network that hangs; call it outside the event loop."""
        for _, thread in list(self._running.values()):
            thread.join(seconds)

    def _run(self, entry: Entry, control: Control, token: str) -> None:
        try:
            from inpaint_studio.engines.library.download import download
            from inpaint_studio.engines.library.hub import Hub

            with network.consented():
                download(entry, Hub(token=token), control, lambda transfer: _emit(self._told, entry.id, transfer))
        except (StudioError, Cancelled) as error:
            _emit(self._over, entry.id, error)
        except Exception as error:  # noqa: BLE001  told to the user, and logged
            _log.exception("the download of %s failed", entry.id)
            self._over.emit(
                entry.id, StudioError(f"The download failed ({type(error).__name__}).", "Please report this.")
            )
        else:
            _emit(self._over, entry.id, None)

    @Slot(str, object)
    def _move(self, model_id: str, transfer: Transfer) -> None:
        if model_id in self._running:
            self._states[model_id] = transfer
            self.moved.emit(model_id, transfer)

    @Slot(str, object)
    def _end(self, model_id: str, error: BaseException | None) -> None:
        del self._running[model_id]
        self._states.pop(model_id, None)
        self.ended.emit(model_id, error)


def _emit(signal: SignalInstance, *arguments: object) -> None:
    # a thread may outlive the window when the network hangs: then nobody listens
    with suppress(RuntimeError):
        signal.emit(*arguments)
