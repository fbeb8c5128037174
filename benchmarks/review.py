"""The review of 6,000 parts on a 24-megapixel photo: from a move of the slider until the outlines it asks for are painted.

Real mouse events on the window's own slider (1920×1080, offscreen unless QT_QPA_PLATFORM says otherwise), at three zooms,
and Tab to the next part. `cpu` is the time of the window's thread.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import qasync
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QSlider, QWidget

from inpaint_studio.document.edits import AddLayer
from inpaint_studio.pixels.format import COVERAGE
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore.defects import Defect, Threshold
from inpaint_studio.restore.finding import Found
from inpaint_studio.restore.parts import find_parts
from inpaint_studio.restore.places import Places
from inpaint_studio.restore.proposal import Proposal, Sliders, layer_of
from inpaint_studio.settings import Settings
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.theme import apply_theme
from inpaint_studio.ui.window import MainWindow

_WIDTH, _HEIGHT, _PARTS = 6000, 4000, 6000
_ZOOMS = (0.0, 0.5, 2.0)
_LEVEL = Threshold(0.2, 0.5)


def _found() -> Found:
    """Specks, hairs and some stains, each as likely as another."""
    rng = np.random.default_rng(1)
    planes = {}
    for defect, share in ((Defect.DUST, 0.85), (Defect.LINES, 0.13), (Defect.STAINS, 0.02)):
        picture = np.zeros((_HEIGHT, _WIDTH), np.uint8)
        for _ in range(round(_PARTS * share)):
            x, y, value = int(rng.integers(_WIDTH)), int(rng.integers(_HEIGHT)), int(rng.integers(60, 256))
            if defect is Defect.LINES:
                end = int(x + rng.normal(0, 80)), int(y + rng.normal(0, 80))
                cv2.line(picture, (x, y), end, value, 2)
            else:
                cv2.circle(picture, (x, y), int(rng.integers(1, 5 if defect is Defect.DUST else 90)), value, -1)
        plane = TiledImage(COVERAGE, Rect.of_size(_WIDTH, _HEIGHT))
        plane.write(plane.extent, picture[..., None])
        plane.drop_blank_tiles()
        planes[defect] = plane
    parts = [part for defect, plane in planes.items() for part in find_parts(plane, defect, _LEVEL.pixel)]
    return Found(planes, tuple(parts), dict.fromkeys(planes, _LEVEL))


def _mouse(widget: QWidget, kind: QEvent.Type, x: float) -> None:
    spot, left, none = QPointF(x, widget.height() / 2), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind is QEvent.Type.MouseMove else left
    held = none if kind is QEvent.Type.MouseButtonRelease else left
    where = QPointF(widget.mapToGlobal(QPoint(0, 0))) + spot
    QApplication.sendEvent(widget, QMouseEvent(kind, spot, where, button, held, Qt.KeyboardModifier.NoModifier))


async def _painted(tab: DocumentTab, act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds from `act` until nothing is left to paint: on the clock, and of this thread."""
    frames: list[bool] = []
    count = lambda: frames.append(True)  # noqa: E731  to be disconnected
    tab.canvas.painted.connect(count)
    begin, cpu = time.perf_counter(), time.thread_time()
    act()
    if not tab.canvas._frame_due:
        raise RuntimeError("nothing is to be painted")
    while not frames or tab.canvas._frame_due or not tab.canvas._dirty.isEmpty():
        await asyncio.sleep(0)
    tab.canvas.painted.disconnect(count)
    return 1000 * (time.perf_counter() - begin), 1000 * (time.thread_time() - cpu)


async def _measure(window: MainWindow, tab: DocumentTab) -> dict[str, float]:
    figures: dict[str, float] = {}
    found = await asyncio.to_thread(_found)
    state = layer_of(found, tab.document.new_id(), "Damage", Sliders())
    begin, cpu = time.perf_counter(), time.thread_time()
    tab.do(AddLayer(state, 0, "Find damage"))
    figures["review_open_ms"] = round(1000 * (time.perf_counter() - begin), 1)
    figures["review_open_cpu_ms"] = round(1000 * (time.thread_time() - cpu), 1)
    layer = tab.proposal_worked_on()
    assert layer is not None
    await window.settle()
    proposal, begin = Proposal(layer), time.perf_counter()
    Places.of(proposal)
    figures["review_parts"] = len(proposal.parts)
    figures["review_places_ms"] = round(1000 * (time.perf_counter() - begin), 1)
    slider = window.review.dock.sliders.findChild(QSlider, "review.sensitivity")
    times: list[tuple[float, float]] = []
    for zoom in _ZOOMS:
        tab.canvas.zoom_fit()
        if zoom:
            tab.canvas.zoom_to(zoom)
        for _ in range(30):
            await asyncio.sleep(0.02)
        middle = slider.width() / 2
        _mouse(slider, QEvent.Type.MouseButtonPress, 8 + (slider.width() - 16) * slider.value() / slider.maximum())
        if not slider.isSliderDown():
            raise RuntimeError("the handle of the slider was missed")
        for step in range(24):
            # another place each time: there and back again
            x = middle + (slider.width() / 2 - 10) * (1 if step % 2 else -1) * (step + 5) / 29
            times.append(await _painted(tab, lambda x=x: _mouse(slider, QEvent.Type.MouseMove, x)))
        _mouse(slider, QEvent.Type.MouseButtonRelease, middle)
        await asyncio.sleep(0.1)
    wall, cpu = np.array(times).T
    figures |= {
        "review_slide_p50_ms": round(float(np.percentile(wall, 50)), 1),
        "review_slide_p95_ms": round(float(np.percentile(wall, 95)), 1),
        "review_slide_cpu_p95_ms": round(float(np.percentile(cpu, 95)), 1),
        "review_slide_moves": len(wall),
    }
    none = Qt.KeyboardModifier.NoModifier
    steps = [
        await _painted(
            tab,
            lambda: QApplication.sendEvent(tab.canvas, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Tab, none)),
        )
        for _ in range(20)
    ]
    figures["review_next_part_p95_ms"] = round(float(np.percentile([wall for wall, _ in steps], 95)), 1)
    return figures


def run() -> dict[str, float]:
    """Times in milliseconds; needs no engine."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = folder
        photo = Path(folder) / "photo.png"
        noise = np.random.default_rng(0).integers(90, 160, (_HEIGHT // 8, _WIDTH // 8, 3), np.uint8)
        cv2.imwrite(str(photo), cv2.resize(noise, (_WIDTH, _HEIGHT)), [cv2.IMWRITE_PNG_COMPRESSION, 1])
        application = QApplication.instance() or QApplication([])
        assert isinstance(application, QApplication)
        apply_theme(application)
        loop = qasync.QEventLoop(application)
        asyncio.set_event_loop(loop)
        with loop:
            return dict(loop.run_until_complete(_body(photo)))


async def _body(photo: Path) -> dict[str, float]:
    window = MainWindow(Settings())
    window.resize(1920, 1080)
    window.show()
    await window.file_commands.open_files([photo])
    await window.settle()
    tab = window.tab
    assert tab is not None
    try:
        return await _measure(window, tab)
    finally:
        await window.files.close(tab, discard=True)
        await asyncio.to_thread(window.engine.close)
        await window.settle()
