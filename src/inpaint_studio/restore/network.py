"""The damage network on one crop; and what its card says about thresholds."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.engines.runtime import onnx
from inpaint_studio.restore.defects import NETWORK, Defect, Threshold
from inpaint_studio.restore.looking import Rgb, shrunk
from inpaint_studio.restore.prior import Regimes

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MODEL = "defects.onnx"
#: Probabilities H×W×4 in 0..1, channels in the order of `NETWORK`.
Probabilities = NDArray[np.float32]

_MULTIPLE = 32
_THREADS = 2


def available() -> bool:
    """Whether the network can run here (onnxruntime is installed)."""
    return onnx.session(MODEL, _THREADS) is not None


def probabilities(rgb: Rgb, scale: float, session: InferenceSession | None = None) -> Probabilities:
    """Calibrated probability of each class at each pixel of `rgb` (H×W×3 in 0..1), seen at `scale`; the network halves it too.

    session: another network than the shipped one, to be calibrated.
    """
    session = session or onnx.session(MODEL, _THREADS)
    if session is None:
        raise RuntimeError("asked without `available`")
    found = _run(session, shrunk(rgb, scale))
    if found.shape[:2] == rgb.shape[:2]:
        return found
    return np.asarray(cv2.resize(found, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _run(session: InferenceSession, rgb: Rgb) -> Probabilities:
    height, width = rgb.shape[:2]
    below, right = -height % _MULTIPLE, -width % _MULTIPLE
    padded = cv2.copyMakeBorder(
        rgb, 0, below, 0, right, cv2.BORDER_REFLECT_101 if min(height, width) > _MULTIPLE else cv2.BORDER_REPLICATE
    )
    planes = session.run(None, {"image": np.ascontiguousarray(padded.transpose(2, 0, 1)[None])})[0]
    return np.ascontiguousarray(np.asarray(planes)[0].transpose(1, 2, 0)[:height, :width])


@lru_cache(maxsize=1)
def thresholds() -> dict[Defect, Threshold]:
    """The thresholds for a photo that is whole, found on the validation photos, from the model's own notes."""
    noted = json.loads(_notes()["thresholds"])
    return {defect: Threshold(*noted[defect.value]) for defect in NETWORK}


@lru_cache(maxsize=1)
def regimes() -> Regimes | None:
    """How thresholds follow what a photo shows; None for a model that was not calibrated for it."""
    noted = _notes().get("prior")
    return Regimes.from_json(json.loads(noted)) if noted else None


def _notes() -> dict[str, Any]:
    session = onnx.session(MODEL, _THREADS)
    if session is None:
        raise RuntimeError("asked without `available`")
    return dict(session.get_modelmeta().custom_metadata_map)
