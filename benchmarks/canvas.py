"""The canvas on a 100-megapixel photo with 8 masks: from an input event until its pixels are painted.

Wall-clock times of real mouse and wheel events sent to a shown window (1920×1080, offscreen unless QT_QPA_PLATFORM says
otherwise), one every 8 ms as from a usual mouse; the worst of several zooms. `cpu` figures are the same spans without
what other programs took of the processor. The rival figures of the design notes:
one pixmap a mask repaints in 6–33 ms, QGraphicsView in 6–29, QOpenGLWidget with software GL in 53–154.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import psutil
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from benchmarks import _masks
from inpaint_studio.document.document import Document
from inpaint_studio.document.edits import Edit
from inpaint_studio.document.layers import MaskLayer
from inpaint_studio.pixels import stroke_backend
from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.pixels.stroke import Ink, PlaneStroke
from inpaint_studio.pixels.stroke_path import Nib
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.tools.base import BrushSettings
from inpaint_studio.tools.bound import BoundTool
from inpaint_studio.tools.stroke import StrokeTool
from inpaint_studio.ui.canvas import Canvas

_WIDTH, _HEIGHT = 11600, 8700
_MASKS, _SHARE = 8, 0.02
_ZOOMS = (0.14, 0.25, 0.6, 1.0, 4.0)
_PERIOD = 0.008
_MOVE = 20


@dataclass
class _Bench:
    canvas: Canvas
    document: Document
    painted: int = 0
    edits: list[Edit] = field(default_factory=list)
    last: float = 0.0
    cpu: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.canvas.painted.connect(self._count)
        self.canvas.strokeFinished.connect(self.edits.append)

    def _count(self) -> None:
        self.painted += 1

    def timed(self, act: Callable[[], object]) -> float:
        """Milliseconds from `act` until the next frame is painted."""
        while time.perf_counter() < self.last + _PERIOD:
            QCoreApplication.processEvents()
        before, begin, cpu = self.painted, time.perf_counter(), time.thread_time()
        act()
        while self.painted == before:
            QCoreApplication.processEvents()
            if time.perf_counter() > begin + 5:
                raise RuntimeError("nothing was painted")
        self.last = time.perf_counter()
        self.cpu.append((time.thread_time() - cpu) * 1e3)
        return (self.last - begin) * 1e3

    def settle(self) -> None:
        """Until nothing is left to paint."""
        end = time.perf_counter() + 0.15
        while time.perf_counter() < end:
            before = self.painted
            QCoreApplication.processEvents()
            if self.painted != before:
                end = time.perf_counter() + 0.15

    def mouse(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else button
        pressed = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else button
        viewport = self.canvas.viewport()
        where = QPointF(viewport.mapToGlobal(at.toPoint()))
        event = QMouseEvent(kind, at, where, pressed, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(viewport, event)

    def wheel(self, at: QPointF, delta: int) -> None:
        viewport = self.canvas.viewport()
        event = QWheelEvent(
            at, QPointF(viewport.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,  # noqa: FBT003
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)


def run() -> dict[str, object]:
    """All figures; times in milliseconds."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication([])
    application.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, on=False)
    stroke_backend.warm()
    photo = _photo()
    documents = {count: _document(photo, count) for count in (1, _MASKS)}
    canvas = Canvas()
    canvas.resize(1920, 1080)
    canvas.show()
    bench = _Bench(canvas, documents[_MASKS])
    figures: dict[str, object] = {"photo_mp": round(_WIDTH * _HEIGHT / 1e6, 1), "masks": _MASKS}
    figures["first_view_ms"] = _show(bench, documents[_MASKS])
    for size in (500, 1500):
        bench.cpu.clear()
        times = _strokes(bench, size, _ZOOMS)
        figures[f"stroke_d{size}_cpu_p95_ms"] = _p95(bench.cpu)
        figures[f"stroke_d{size}_median_ms"] = _round(np.median(np.concatenate(list(times.values()))))
        figures[f"stroke_d{size}_p95_ms"] = max(_p95(values) for values in times.values())
        figures[f"stroke_d{size}_p95_ms_by_zoom"] = {f"{zoom:.0%}": _p95(values) for zoom, values in times.items()}
    figures |= _undo(bench)
    bench.cpu.clear()
    pan = {zoom: _pan(bench, zoom) for zoom in _ZOOMS}
    figures["pan_cpu_p95_ms"] = _p95(bench.cpu)
    figures["pan_p95_ms"] = max(_p95(values) for values in pan.values())
    figures["pan_p95_ms_by_zoom"] = {f"{zoom:.0%}": _p95(values) for zoom, values in pan.items()}
    bench.cpu.clear()
    zooms = _zoom(bench)
    figures["zoom_cpu_p95_ms"] = _p95(bench.cpu)
    figures["zoom_median_ms"], figures["zoom_p95_ms"] = _round(np.median(zooms)), _p95(zooms)
    figures |= _turned(bench)
    masks = [layer for layer in documents[_MASKS].layers if isinstance(layer, MaskLayer)]
    figures["masks8_mib"] = _mib(sum(mask.coverage.nbytes for mask in masks) + canvas.mask_nbytes)
    figures["rss_100mp_8layers_mib"] = _mib(psutil.Process().memory_info().rss)
    figures["stroke_layers_ratio"] = _layers_ratio(bench, documents)
    canvas.set_document(None)
    canvas.close()
    figures |= _masks.masks(documents[_MASKS])
    documents.clear()
    bench.document = Document(TiledImage(PixelFormat(Colour.RGB), photo.extent))
    del photo
    return figures | _masks.opening()


def _round(value: float | np.floating) -> float:
    return round(float(value), 2)


def _p95(values: Sequence[float]) -> float:
    return _round(np.percentile(values, 95))


def _mib(size: int) -> float:
    return _round(size / 2**20)


def _photo() -> TiledImage:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 24, (870, 1160, 3), np.uint8)
    photo = np.tile(noise, (10, 10, 1))
    photo += (np.arange(_WIDTH) * 200 // _WIDTH).astype(np.uint8)[None, :, None]
    return TiledImage.from_array(photo, PixelFormat(Colour.RGB))


def _document(photo: TiledImage, masks: int) -> Document:
    document = Document(photo)
    rng = np.random.default_rng(2)
    for number in range(masks):
        layer = MaskLayer.empty(document.new_id(), f"Mask {number + 1}", document.canvas)
        layer.colour = int(rng.integers(0, 1 << 24))
        area = 0.0
        while area < _SHARE * _WIDTH * _HEIGHT:
            radius = float(rng.uniform(150, 500))
            stroke = PlaneStroke(layer.coverage, Ink.OVER, hardness=0.7)
            stroke.draw([Nib(float(rng.uniform(0, _WIDTH)), float(rng.uniform(0, _HEIGHT)), radius, 1.0)], joined=False)
            stroke.finish()
            area += np.pi * radius * radius
        document.insert(layer, number)
    return document


def _show(bench: _Bench, document: Document) -> float:
    """Show `document` with its last mask active; milliseconds until all of it is painted."""
    begin = time.perf_counter()
    bench.document = document
    bench.canvas.set_document(document)
    bench.canvas.set_active_layer(document.layers[-1].id)
    bench.settle()
    return _round((bench.last if bench.last > begin else time.perf_counter() - 0.15 - begin) * 1e3)


def _strokes(bench: _Bench, size: int, zooms: Sequence[float]) -> dict[float, list[float]]:
    tool = StrokeTool(Ink.OVER, BrushSettings(size=size, hardness=0.5))
    bench.canvas.pointer = BoundTool(bench.document, tool, bench.document.layers[-1].id)
    bench.canvas.set_brush_size(size)
    times: dict[float, list[float]] = {}
    for zoom in zooms:
        _look_at(bench, zoom)
        view = bench.canvas.view
        # at high zooms the photo pixels that fit in the window are few: shorter moves, the same number
        move = min(_MOVE, 1600 / zoom / 80)
        steps = np.arange(80) * move
        xs = _WIDTH / 2 - 40 * move + steps
        ys = _HEIGHT / 2 + 10 * move * np.sin(steps / move / 12)
        points = [QPointF(*view.to_viewport(x, y)) for x, y in zip(xs, ys, strict=True)]
        bench.mouse(QEvent.Type.MouseButtonPress, points[0], Qt.MouseButton.LeftButton)
        times[zoom] = [
            bench.timed(lambda at=at: bench.mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.LeftButton))
            for at in points[1:]
        ]
        bench.mouse(QEvent.Type.MouseButtonRelease, points[-1], Qt.MouseButton.LeftButton)
    return times


def _look_at(bench: _Bench, zoom: float) -> None:
    """The middle of the photo at `zoom`, everything painted."""
    bench.canvas.zoom_fit()
    bench.canvas.zoom_to(zoom)
    bench.settle()


def _undo(bench: _Bench) -> dict[str, object]:
    """Undo of a stroke 1200 pixels long, 500 wide."""
    tool = StrokeTool(Ink.ERASE, BrushSettings(size=500, hardness=0.5))
    bench.canvas.pointer = BoundTool(bench.document, tool, bench.document.layers[-1].id)
    times, sizes = [], []
    for zoom in _ZOOMS:
        _look_at(bench, zoom)
        for number in range(5):
            x, y = _WIDTH / 2 - 600, _HEIGHT / 2 + 60 * number
            view = bench.canvas.view
            ends = [QPointF(*view.to_viewport(x + way, y)) for way in range(0, 1220, 20)]
            bench.edits.clear()
            bench.mouse(QEvent.Type.MouseButtonPress, ends[0], Qt.MouseButton.LeftButton)
            for at in ends[1:]:
                bench.mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.LeftButton)
            bench.mouse(QEvent.Type.MouseButtonRelease, ends[-1], Qt.MouseButton.LeftButton)
            bench.settle()
            if bench.edits:
                edit = bench.edits.pop()
                times.append(bench.timed(lambda edit=edit: edit.revert(bench.document)))
                sizes.append(edit.encode().nbytes / 1024)
    return {
        "undo_ms": _round(np.median(times)),
        "undo_p95_ms": _p95(times),
        "undo_stroke_kib": _round(np.median(sizes)),
    }


def _pan(bench: _Bench, zoom: float) -> list[float]:
    """Drags with the middle button, to and fro; the second round, when all tiles have been seen."""
    _look_at(bench, zoom)
    times: list[float] = []
    for _ in range(2):
        times = []
        at = QPointF(1200, 500)
        bench.mouse(QEvent.Type.MouseButtonPress, at, Qt.MouseButton.MiddleButton)
        for step in range(80):
            at += QPointF(-20, -6) if step < 40 else QPointF(20, 6)
            times.append(
                bench.timed(lambda at=at: bench.mouse(QEvent.Type.MouseMove, QPointF(at), Qt.MouseButton.MiddleButton))
            )
        bench.mouse(QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.MiddleButton)
    return times


def _zoom(bench: _Bench) -> list[float]:
    """Ctrl+wheel from the whole photo to 800 % and back; the second round."""
    times: list[float] = []
    for _ in range(2):
        _look_at(bench, 0.14)
        at = QPointF(900, 520)
        times = [bench.timed(partial(bench.wheel, at, delta)) for delta in [120] * 23 + [-120] * 23]
    return times


def _turned(bench: _Bench) -> dict[str, object]:
    """The view turned by steps of 2°, and strokes of 500 pixels in a view that is turned by 33°."""
    times: list[float] = []
    for zoom in (0.25, 0.6, 1.0):
        _look_at(bench, zoom)
        times += [bench.timed(partial(bench.canvas.turn_to, 2 * step)) for step in range(1, 41)]
        bench.canvas.turn_to(0)
    bench.canvas.turn_to(33)
    strokes = _strokes(bench, 500, (0.25, 1.0))
    bench.canvas.turn_to(0)
    return {
        "turn_p95_ms": _p95(times),
        "stroke_d500_turned_p95_ms": max(_p95(values) for values in strokes.values()),
    }


def _layers_ratio(bench: _Bench, documents: dict[int, Document]) -> float:
    """Median time of a stroke's event with 8 masks to that with one, taken in turns."""
    medians: dict[int, list[float]] = {count: [] for count in documents}
    for _ in range(3):
        for count, document in documents.items():
            _show(bench, document)
            times = _strokes(bench, 500, (0.25, 1.0))
            medians[count].append(float(np.median(np.concatenate(list(times.values())))))
    return _round(np.median(medians[_MASKS]) / np.median(medians[1]))
