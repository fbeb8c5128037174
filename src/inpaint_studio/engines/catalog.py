"""Which engines there are, how they are loaded, and the tasks by which a worker runs one, opens it and lets it go."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from functools import partial
from typing import Any

from inpaint_studio.engines import models
from inpaint_studio.engines.contract import (
    AUTO,
    Availability,
    Embedded,
    Engine,
    EngineSpec,
    FillRequest,
    FillResult,
    Payload,
    Prepares,
    Progress,
)
from inpaint_studio.engines.library.installed import InstalledModel, installed
from inpaint_studio.engines.runtime.devices import choose_device
from inpaint_studio.engines.runtime.loaded import LoadedEngines
from inpaint_studio.engines.runtime.memory import give_back
from inpaint_studio.errors import InputError, StudioError

_log = logging.getLogger(__name__)

#: The engines of this process.
_LOADED = LoadedEngines()

#: The families by name: a frozen build has no folder to look into. A test holds this against the folder.
FAMILIES = ("diffusion", "exemplar", "lama", "membrane", "migan", "patchmatch", "smooth", "thin")


def families() -> tuple[str, ...]:
    """Names of the modules in `engines/models`."""
    if getattr(sys, "frozen", False):
        return FAMILIES
    return tuple(sorted(module.name for module in pkgutil.iter_modules(models.__path__)))


def specs() -> dict[str, EngineSpec]:
    """Every single engine by its id, whether or not it can run here: the embedded ones, and one for each installed model.

    A family that can't even be asked stands there under its own name, with the reason.
    """
    found: dict[str, EngineSpec] = {}
    library = installed()
    for family in families():
        for spec in _specs_of(family, library):
            if spec.id in found:
                raise RuntimeError(f"two engines are called {spec.id}")
            found[spec.id] = spec
    return found


def _specs_of(family: str, library: Sequence[InstalledModel]) -> tuple[EngineSpec, ...]:
    try:
        some: tuple[EngineSpec, ...] = importlib.import_module(f"{models.__name__}.{family}").specs(library)
    except Exception as error:  # noqa: BLE001  a broken package below one family must not take the others along
        _log.warning("The engines of the family %s are left out.", family, exc_info=True)
        reason = f"its program code could not be loaded ({type(error).__name__}: {error})."
        remedy = "Install Inpaint Studio again; the other engines work."
        return (
            EngineSpec(
                id=family,
                version=0,
                title=family.capitalize(),
                licence="",
                load=Embedded(partial(_refuse, family, reason, remedy)),
                availability=Availability(available=False, reason=reason, remedy=remedy),
            ),
        )
    return some


def _refuse(family: str, reason: str, remedy: str) -> Engine:
    raise StudioError(f"{family} cannot run here: {reason}", remedy)


def choose(found: Mapping[str, EngineSpec], engine_id: str) -> EngineSpec:
    """The engine `engine_id`. Raises InputError when there is none of that id or it can't run here."""
    spec = found.get(engine_id)
    if spec is None:
        raise InputError(
            f"There is no engine named {engine_id}.", f"The engines are: {', '.join([AUTO, *sorted(found)])}."
        )
    if not spec.availability.available:
        raise InputError(f"{engine_id} cannot run here: {spec.availability.reason}", spec.availability.remedy)
    return spec


def options_for(spec: EngineSpec, values: Mapping[str, Any]) -> Any:
    """The engine's options with `values`, which may be texts as a user types them.

    Raises InputError for an option the engine doesn't have or a value it can't take.
    """
    known = {field.name: field for field in fields(spec.options)}
    options = {}
    for key, value in values.items():
        if key not in known:
            names = f"It has: {', '.join(sorted(known))}." if known else "It has no options."
            raise InputError(f"The engine {spec.id} has no option {key}.", names)
        default = known[key].default
        if default is MISSING:
            raise RuntimeError(f"option {key} of {spec.id} has no default")
        options[key] = _read(key, value, type(default))
    return spec.options(**options)


def _read(key: str, value: Any, kind: type) -> Any:
    if kind is bool and isinstance(value, str):
        if value.lower() not in {"true", "false", "yes", "no", "1", "0"}:
            raise InputError(f"{value} is no value for {key}.", "Say true or false.")
        return value.lower() in {"true", "yes", "1"}
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{value} is no value for {key}.", f"It takes a {kind.__name__}.") from error


def engine_of(spec: EngineSpec) -> Engine:
    """The engine of `spec`, loaded once in this process."""
    return _LOADED.engine(spec)


def run_here(spec: EngineSpec, request: FillRequest, progress: Progress) -> FillResult:
    """Fill in this process. Raises MemoryError when there is not enough for it."""
    try:
        return engine_of(spec).fill(request, progress)
    except MemoryError:
        if not _LOADED.drop_others(spec.id):
            raise
    # it had to share the memory with models that nobody uses now
    return engine_of(spec).fill(request, progress)


def to_payload(spec: EngineSpec, request: FillRequest) -> Payload:
    """`request` for the worker task "fill"."""
    arrays = {"image": request.image, "mask": request.mask}
    if request.avoid is not None:
        arrays["avoid"] = request.avoid
    options = asdict(request.options) if request.options is not None else {}
    return Payload({"engine": spec.id, "seed": request.seed, "options": options}, arrays)


def from_payload(payload: Payload) -> FillResult:
    """The result that the worker task "fill" sent."""
    return FillResult(payload.arrays["image"], payload.data["note"])


def fill_task(payload: Payload, progress: Progress) -> Payload:
    """The worker task "fill": run one engine on one request."""
    spec = choose(specs(), payload.data["engine"])
    request = FillRequest(
        image=payload.arrays["image"],
        mask=payload.arrays["mask"],
        avoid=payload.arrays.get("avoid"),
        seed=payload.data["seed"],
        options=options_for(spec, payload.data["options"]),
    )
    result = run_here(spec, request, progress)
    return Payload({"note": result.note}, {"image": result.image})


def probe_task(_payload: Payload, progress: Progress) -> Payload:
    """The worker task "heavy.probe": what computes here, its free memory, and which large models are open."""
    progress.step(None, "Looking for what computes")
    device = choose_device()
    return Payload({
        "device": str(device),
        "kind": device.kind,
        "dtype": device.dtype,
        "free_mib": device.free_mib,
        "open": list(_LOADED.heavy),
    })  # fmt: skip


def load_task(payload: Payload, progress: Progress) -> Payload:
    """The worker task "heavy.load": open a model ahead of its first fill, with the options that it will have."""
    spec = choose(specs(), payload.data["engine"])
    engine = engine_of(spec)
    if isinstance(engine, Prepares):
        try:
            engine.prepare(options_for(spec, payload.data["options"]), progress)
        except BaseException:
            _LOADED.drop(spec.id)
            raise
    return probe_task(Payload(), progress)


def unload_task(payload: Payload, progress: Progress) -> Payload:
    """The worker task "heavy.unload": let go of a model, and hand its memory back."""
    progress.step(None, "Freeing memory")
    _LOADED.drop(payload.data["engine"])
    give_back()
    return probe_task(Payload(), progress)
