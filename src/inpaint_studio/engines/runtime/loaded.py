"""The engines that a process keeps ready: embedded ones for good, large models as memory allows."""

from __future__ import annotations

import gc
import os
import threading
from collections import OrderedDict

from inpaint_studio.engines.contract import Engine, EngineSpec

#: Share of the memory that heavy engines may keep while another one is needed.
_SHARE = 0.5


class LoadedEngines:
    """Engines by id, loaded once. Of the heavy ones at least the last stays, others as long as there is room for all."""

    def __init__(self, room_mib: int | None = None) -> None:
        """room_mib: what heavy engines may take together; None: half of this machine's memory."""
        self._room = _memory_mib() * _SHARE if room_mib is None else room_mib
        self._lock = threading.Lock()
        self._embedded: OrderedDict[str, tuple[EngineSpec, Engine]] = OrderedDict()
        self._heavy: OrderedDict[str, tuple[EngineSpec, Engine]] = OrderedDict()

    def engine(self, spec: EngineSpec) -> Engine:
        """The engine of `spec`, which may take long to load. One that was loaded for another model of that id goes."""
        with self._lock:
            kept = self._heavy if spec.worker == "heavy" else self._embedded
            known = kept.get(spec.id)
            if known is not None and known[0].load != spec.load:
                known = None
                del kept[spec.id]
            if known is None:
                if kept is self._heavy:
                    self._make_room(spec.memory_mib)
                known = kept[spec.id] = spec, spec.load("auto" if kept is self._heavy else "cpu")
            kept.move_to_end(spec.id)
            return known[1]

    def drop_others(self, engine_id: str) -> bool:
        """Let go of all heavy engines but `engine_id`; whether there were any."""
        with self._lock:
            others = [other for other in self._heavy if other != engine_id]
            for other in others:
                del self._heavy[other]
        gc.collect()
        return bool(others)

    def drop(self, engine_id: str) -> bool:
        """Let go of the heavy engine `engine_id`; whether it was there."""
        with self._lock:
            gone = self._heavy.pop(engine_id, None) is not None
        gc.collect()
        return gone

    @property
    def heavy(self) -> tuple[str, ...]:
        """The heavy engines that are kept, the least recently used first."""
        return tuple(self._heavy)

    def _make_room(self, wanted_mib: int) -> None:
        while self._heavy and sum(spec.memory_mib for spec, _ in self._heavy.values()) + wanted_mib > self._room:
            self._heavy.popitem(last=False)
            # pipelines are full of cycles: their memory comes back only now
            gc.collect()


def _memory_mib() -> float:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20)
    return 8192.0
