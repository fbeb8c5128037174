"""What engines are called where there is little room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from inpaint_studio.engines.contract import AUTO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inpaint_studio.engines.contract import EngineSpec


def short_name(engine_id: str, engines: Mapping[str, EngineSpec]) -> str:
    """The engine's name; of one that is not among `engines`, the end of its id."""
    if engine_id == AUTO:
        return QCoreApplication.translate("EngineNames", "Automatic")
    spec = engines.get(engine_id)
    return engine_id.rpartition("/")[2] if spec is None else spec.name
