"""A rival's bare call, run by the rivals' own Python: bare.py NAME CASE.npz RESULT.npy [SEED], seconds on stdout.

The case holds `image` (uint8 H×W×3) and `hole` (bool H×W). Nothing of this project is imported.
"""

import json
import sys
import time

import numpy as np


def patchmatch(image, hole):
    import patchmatch as library

    library.set_random_seed(SEED)
    return library.inpaint(image, hole, patch_size=3)


def telea(image, hole):
    import cv2

    return cv2.inpaint(image, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA)


def navier_stokes(image, hole):
    import cv2

    return cv2.inpaint(image, hole.astype(np.uint8), 3, cv2.INPAINT_NS)


def biharmonic(image, hole):
    from skimage.restoration import inpaint_biharmonic

    filled = inpaint_biharmonic(image / 255, hole, channel_axis=-1, split_into_regions=True)
    return np.rint(filled * 255).clip(0, 255).astype(np.uint8)


def fsr_fast(image, hole):
    import cv2

    result = np.empty_like(image)
    known = np.where(hole, 0, 255).astype(np.uint8)
    cv2.xphoto.inpaint(image, known, result, cv2.xphoto.INPAINT_FSR_FAST)
    return result


SEED = 0

RIVALS = {rival.__name__: rival for rival in (patchmatch, telea, navier_stokes, biharmonic, fsr_fast)}

if __name__ == "__main__":
    name, case, result, *seed = sys.argv[1:]
    SEED = int(seed[0]) if seed else 0
    data = np.load(case)
    RIVALS[name](data["image"][:64, :64].copy(), np.eye(64, dtype=bool))  # imports and tables are not what we measure
    started = time.perf_counter()
    filled = RIVALS[name](data["image"], data["hole"])
    json.dump({"seconds": time.perf_counter() - started}, sys.stdout)
    np.save(result, filled)
