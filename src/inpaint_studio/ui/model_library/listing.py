"""What the library shows, gathered away from the window's thread: a folder may lie on a disk that sleeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from inpaint_studio.ui.model_library.card import About

if TYPE_CHECKING:
    from inpaint_studio.engines.library.catalogue import Entry
    from inpaint_studio.engines.library.installed import InstalledModel, Refused


@dataclass(frozen=True, slots=True)
class Listing:
    """left: per cent that have arrived of unfinished downloads, by id.
    large: ids of models that can be opened ahead of a fill.
    """

    installed: list[InstalledModel]
    offered: list[Entry]
    refused: list[Refused]
    left: dict[str, int]
    folders: tuple[str, ...]
    offline: bool
    safety_checker: bool
    large: frozenset[str]


def gather() -> Listing:
    """Look at the disk; asks no server."""
    from inpaint_studio.engines.catalog import specs
    from inpaint_studio.engines.library.catalogue import catalogue
    from inpaint_studio.engines.library.installed import installed, refused
    from inpaint_studio.engines.library.staging import unfinished
    from inpaint_studio.settings import load_settings

    settings = load_settings()
    here = installed(settings)
    known = {model.id for model in here}
    return Listing(
        installed=here,
        offered=[entry for entry in catalogue() if entry.id not in known],
        refused=refused(settings),
        left={part.id: max(1, 100 * part.done // max(part.total, 1)) for part in unfinished()},
        folders=settings.model_folders,
        offline=settings.offline,
        safety_checker=settings.safety_checker,
        large=frozenset(
            spec.id.partition("/")[2]
            for spec in specs().values()
            if spec.worker == "heavy" and spec.availability.available
        ),
    )


def about_entry(entry: Entry) -> About:
    """The texts of a model on offer."""
    facts = [_about_size(entry), _memory(entry), entry.licence]
    return About(entry.id, entry.title, entry.purpose, " · ".join(facts), entry.restrictions)


def consent_text(entry: Entry) -> str:
    """What a user should have read before they agree to a download."""
    size, memory = _about_size(entry), _memory(entry)
    licence = _tr("Licence: {0}.").format(entry.licence)
    return f"{size}; {memory}.\n\n{licence} {entry.restrictions}"


def about_installed(model: InstalledModel) -> About:
    """The texts of a model that is here."""
    from inpaint_studio.engines.library.catalogue import catalogue

    entry = next((entry for entry in catalogue() if entry.id == model.id), None)
    facts = [_tr("{0} MiB of weights").format(f"{model.memory_mib:,}"), model.licence or _tr("licence unknown")]
    if entry is not None:
        return About(model.id, model.title, entry.purpose, " · ".join([_memory(entry), *facts]), entry.restrictions)
    purpose = _PURPOSES.get(model.family, "")
    return About(model.id, model.title, _tr(purpose), " · ".join([*facts, str(model.path)]))


def is_removable(model: InstalledModel, folders: tuple[str, ...]) -> bool:
    """Whether the model is ours, or was added by itself; one of an added folder goes with that folder."""
    return model.origin == "app" or str(model.path) in folders


_PURPOSES = {
    "sd1": "Stable Diffusion 1: fills to a prompt.",
    "sd2": "Stable Diffusion 2: fills to a prompt.",
    "sdxl": "Stable Diffusion XL: fills to a prompt.",
    "flux": "FLUX.1: fills to a prompt.",
    "lama": "LaMa: removes objects without a prompt.",
    "migan": "MI-GAN: removes objects without a prompt.",
    "taesd": "A tiny decoder: sharper previews of models that read a prompt, on a graphics card.",
}


def _about_size(entry: Entry) -> str:
    if entry.about_mib < 1024:
        return _tr("about {0} MiB").format(entry.about_mib)
    return _tr("about {0} GiB").format(f"{entry.about_mib / 1024:.1f}")


def _memory(entry: Entry) -> str:
    if not entry.memory_gib:
        return _tr("no graphics card needed")
    return _tr("wants {0} GiB of graphics memory").format(f"{entry.memory_gib:g}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelLibrary", text)
