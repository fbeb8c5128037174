"""What to do when memory runs out: notice it, give back what there is, and the ways to do with less."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from inpaint_studio.engines.runtime.devices import Device, likely_gpu, torch_module

#: Ways to use memory, from the fastest to the most modest. "auto" begins with the fastest that seems to fit.
#: "offload" keeps one part of the model on the device at a time, "group" one block, "sequential" one layer; "small" is
#: that, at a smaller native size.
MEMORY = ("auto", "full", "offload", "group", "sequential", "small")

#: What a fill takes beside the weights, as a share of them and at least so many MiB.
_WORKING_SHARE, _WORKING_MIB = 0.3, 1500
_SIGNS = ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed", "bad allocation")


def less(memory: str) -> str | None:
    """The next more modest way; None after the last. Without a GPU there is nothing to move weights away from."""
    if not likely_gpu():
        return None if memory == "small" else "small"
    at = MEMORY.index("full" if memory == "auto" else memory) + 1
    return MEMORY[at] if at < len(MEMORY) else None


def fitting(memory: str, device: Device, weights_mib: int) -> str:
    """`memory` itself, or for "auto" what suits the free memory of `device`."""
    if memory != "auto":
        return memory
    if device.kind == "cpu" or device.free_mib is None:
        return "full"
    wanted = weights_mib + max(_WORKING_MIB, weights_mib * _WORKING_SHARE)
    return "full" if wanted <= device.free_mib else "offload"


def arrange(pipe: Any, memory: str, device: Device) -> None:
    """Bring the parts of a diffusers pipeline to where `memory` wants them."""
    torch = torch_module()
    if memory == "full" or device.kind == "cpu":
        pipe.to(device.kind)
    elif memory == "offload":
        pipe.enable_model_cpu_offload(device=device.kind)
    elif memory == "group":
        pipe.enable_group_offload(torch.device(device.kind), offload_type="block_level", num_blocks_per_group=1)
    else:
        pipe.enable_sequential_cpu_offload(device=device.kind)
    if memory != "full" and device.kind == "cpu" and hasattr(pipe, "enable_attention_slicing"):
        pipe.enable_attention_slicing()


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turns the many ways in which torch says that memory ran out into MemoryError, and gives back what it keeps."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not (isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _SIGNS)):
            raise
        said = str(error)
    else:
        return
    # outside the handler: the traceback holds what filled the memory
    give_back()
    raise MemoryError(said)


def give_back() -> None:
    """Hand unused memory back to the system and the device; only a process that has torch has any."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
