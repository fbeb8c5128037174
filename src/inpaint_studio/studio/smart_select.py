"""Smart select as a worker's task: the object is found in the worker, on a small copy of the photo."""

from __future__ import annotations

from collections.abc import Callable

from inpaint_studio.engines.contract import Payload, Progress
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.smart_select import Float, Segmenter, SegmentRequest, grabcut

#: The name of the task.
TASK = "smart_select"

#: Best first: each gives its segmenter, or None where it can't run here. A model goes before GrabCut, which always can.
SEGMENTERS: tuple[Callable[[], Segmenter | None], ...] = (lambda: grabcut,)


def segment_task(payload: Payload, progress: Progress) -> Payload:
    """The worker task "smart_select": `image`, `hints` and perhaps `box` of a `SegmentRequest`; `found` comes back."""
    progress.step(None, "Finding the object")
    box = payload.data.get("box")
    request = SegmentRequest(payload.arrays["image"], payload.arrays["hints"], None if box is None else Rect(*box))
    segment = next(found for make in SEGMENTERS if (found := make()) is not None)
    return Payload({}, {"found": segment(request)})


def by_task(run: Callable[[str, Payload], Payload]) -> Segmenter:
    """A `Segmenter` whose work `run` has done elsewhere."""

    def segment(request: SegmentRequest) -> Float:
        box = request.box
        data = {} if box is None else {"box": [box.left, box.top, box.right, box.bottom]}
        return run(TASK, Payload(data, {"image": request.image, "hints": request.hints})).arrays["found"]

    return segment
