"""Where models lie: the program's own folder, the Hugging Face cache, and the hub they come from."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_ENDPOINT = "https://huggingface.co"
#: Below the models folder: downloads that are not whole yet, and models on their way out.
STAGING, TRASH = ".staging", ".trash"


def models_folder() -> Path:
    """The program's own models, one folder each; `INPAINT_STUDIO_MODELS` moves it to another disk."""
    moved = os.environ.get("INPAINT_STUDIO_MODELS", "")
    return Path(moved) if moved else platformdirs.user_data_path("inpaint-studio", appauthor=False) / "models"


def hub_cache() -> Path:
    """The cache that Hugging Face's own programs share, by their environment variables."""
    if cache := os.environ.get("HF_HUB_CACHE", ""):
        return Path(cache)
    if home := os.environ.get("HF_HOME", ""):
        return Path(home) / "hub"
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "huggingface" / "hub"


def endpoint() -> str:
    """The hub's address: the user's mirror, or the hub itself."""
    return (os.environ.get("HF_ENDPOINT") or _ENDPOINT).rstrip("/")
