"""Whether the packages that a learned engine runs on are there; nothing is imported to find out."""

from __future__ import annotations

import importlib.util

from inpaint_studio.engines.contract import AVAILABLE, Availability

#: What brings a package here, where it is not the extra `diffusion`.
_REMEDIES: dict[tuple[str, ...], str] = {("onnxruntime",): "pip install 'onnxruntime>=1.23'"}


def availability(*packages: str) -> Availability:
    """Whether all of `packages` are installed; if not, which are absent, and what installs them."""
    absent = tuple(name for name in packages if importlib.util.find_spec(name) is None)
    if not absent:
        return AVAILABLE
    return Availability(
        available=False,
        reason=f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed.",
        remedy=_REMEDIES.get(absent, "inpaint-studio setup diffusion"),
    )
