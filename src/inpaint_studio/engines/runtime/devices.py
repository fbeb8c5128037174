"""Where a network runs, and in which numbers."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from inpaint_studio import network
from inpaint_studio.errors import InputError

if TYPE_CHECKING:
    from types import ModuleType

#: What may be asked for; "auto" takes the first of the others that is there.
DEVICES = ("auto", "cuda", "xpu", "mps", "cpu")


@dataclass(frozen=True, slots=True)
class Device:
    """kind: "cuda", "xpu", "mps" or "cpu". dtype: name of the type the weights are kept in. free_mib: None when not told."""

    kind: str
    dtype: str
    free_mib: int | None = None

    def __str__(self) -> str:
        numbers = {"float32": "32-bit", "float16": "half precision", "bfloat16": "bfloat16"}[self.dtype]
        free = "" if self.free_mib is None else f", {self.free_mib / 1024:.1f} GB free"
        return f"{self.kind} ({numbers}{free})"


def torch_module() -> ModuleType:
    """torch, imported in a process that reaches no other machine."""
    network.guard()
    # torch would make itself a folder among the temporary files
    kept = platformdirs.user_cache_path("inpaint-studio", appauthor=False) / "torch"
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(kept))
    import torch

    return torch


def choose_device(wanted: str = "auto") -> Device:
    """The device `wanted`, or the best there is. bfloat16 where the hardware computes in it, since float16 overflows in
    some networks. Raises InputError for a device that isn't there.
    """
    torch = torch_module()
    there = {
        "cuda": torch.cuda.is_available(),
        "xpu": hasattr(torch, "xpu") and torch.xpu.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    kind = next(name for name, found in there.items() if found) if wanted == "auto" else wanted
    if not there.get(kind, False):
        found = ", ".join(name for name, is_there in there.items() if is_there)
        raise InputError(f"There is no device {wanted} on this computer.", f"There is: {found}.")
    return Device(kind, _dtype(torch, kind), _free_mib(torch, kind))


def likely_gpu() -> bool:
    """Whether this computer seems to have a device other than its processor; cheap, without torch."""
    return sys.platform in {"darwin", "win32"} or any(map(os.path.exists, ("/dev/nvidiactl", "/dev/kfd", "/dev/dri")))


def _dtype(torch: Any, kind: str) -> str:
    if kind == "cpu":
        return "float32"
    if kind == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability()[0] >= 8 else "float16"
    return "bfloat16" if kind == "xpu" else "float16"


def _free_mib(torch: Any, kind: str) -> int | None:
    if kind == "cuda":
        return int(torch.cuda.mem_get_info()[0] >> 20)
    if kind == "xpu" and hasattr(torch.xpu, "mem_get_info"):
        return int(torch.xpu.mem_get_info()[0] >> 20)
    if kind == "cpu":
        return _free_ram_mib()
    return None


def _free_ram_mib() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("MemAvailable:")), None)
    return None if found is None else int(found.split()[1]) >> 10
