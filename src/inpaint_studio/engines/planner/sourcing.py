"""What engines that copy may copy from: where they look, and whether there is anything."""

from __future__ import annotations

import cv2
import numpy as np

from inpaint_studio.engines.planner.job import FillJob
from inpaint_studio.pixels.masks import Hole
from inpaint_studio.pixels.rect import Rect

#: Side of the smallest patch that is worth copying, and how many of them there have to be.
_PATCH, _FEWEST = 5, 24


def barred(job: FillJob, rect: Rect, *, copies: bool) -> Hole:
    """Pixels of `rect` (bool H×W) that the user's masks forbid to copy from.

    copies: whether the engine copies patches; others continue what surrounds the hole, and a region of sources far away
    is nothing to them.
    """
    forbidden = np.zeros((rect.height, rect.width), np.bool_)
    if job.avoid is not None:
        forbidden |= job.avoid.read(rect)[..., 0] > 0
    if copies and job.only is not None:
        forbidden |= job.only.read(rect)[..., 0] == 0
    return forbidden


def with_sources(job: FillJob, crop: Rect) -> Rect:
    """`crop` made to reach the region that alone may be copied from, if the user has drawn one."""
    if job.only is None:
        return crop
    return Rect.union_of([crop, job.only.covered]).clipped(job.source.photo.extent)


def can_copy(job: FillJob, inside: Rect, hole: Hole, crop: Rect) -> bool:
    """Whether `crop` holds patches that are known and allowed. hole: what is unknown in `inside`, a part of `crop`."""
    unknown = barred(job, crop, copies=True)
    unknown[inside.within(crop).slices] |= hole
    square = np.ones((_PATCH, _PATCH), np.uint8)
    whole = cv2.erode((~unknown).view(np.uint8), square, borderValue=0)
    return int(np.count_nonzero(whole)) >= _FEWEST
