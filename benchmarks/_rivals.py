"""Starting rivals from a benchmark."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np

_HERE = Path(__file__).parent / "rivals"
_FOLDER = Path(__file__).parents[1] / ".venv-rivals"


def rivals_python() -> Path:
    """The rivals' interpreter; makes their environment on first use, which needs the package index."""
    python = _FOLDER / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = _FOLDER / "complete"
    if not done.exists():
        sys.stderr.write("Setting up the rivals' environment …\n")
        venv.create(_FOLDER, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", _HERE / "requirements.txt"], check=True)
        done.touch()
    return python


def bare(name: str, image: np.ndarray, hole: np.ndarray, seed: int = 0) -> tuple[float, np.ndarray]:
    """Seconds of the bare call of the rival `name` in a fresh process, and its result."""
    with tempfile.TemporaryDirectory() as folder:
        case, result = Path(folder) / "case.npz", Path(folder) / "result.npy"
        np.savez(case, image=image, hole=hole)
        answer = subprocess.run(
            [rivals_python(), _HERE / "bare.py", name, case, result, str(seed)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return json.loads(answer)["seconds"], np.load(result)
