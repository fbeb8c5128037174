"""The strip under the canvas with the candidates of a fill: point to look, click or Enter to take, Delete to drop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inpaint_studio.document.composite import Composite
from inpaint_studio.document.layers import FillLayer
from inpaint_studio.pixels.format import Samples
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.studio import candidates
from inpaint_studio.ui.document_tab import DocumentTab
from inpaint_studio.ui.engine_names import short_name
from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.theme import named

if TYPE_CHECKING:
    from inpaint_studio.engines.contract import EngineSpec

_SIDE = 96
_NUMBER = Qt.ItemDataRole.UserRole


class _Spawn(Protocol):
    def __call__(self, work: Coroutine[Any, Any, None], /) -> object: ...


class CandidatesDock(QDockWidget):
    """Shows itself while the fill that is followed has more than one candidate."""

    #: The id of a fill layer that more candidates are wanted of.
    moreAsked = Signal(str)  # noqa: N815  Qt's way to name signals

    def __init__(self, spawn: _Spawn, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Candidates, the best first: point to see one in the photo, click to take it"))
        self.setObjectName("dock.candidates")
        self._spawn = spawn
        self._tab: DocumentTab | None = None
        self._layer_id = ""
        self._pictures: dict[tuple[str, int], QIcon] = {}
        self._looked = 0
        self._engines: Mapping[str, EngineSpec] = {}
        self._list = QListWidget()
        named(self._list, "candidates.list", accessible=self.tr("Candidates, the best first"))
        self._list.setViewMode(QListWidget.ViewMode.IconMode)
        self._list.setFlow(QListWidget.Flow.LeftToRight)
        self._list.setWrapping(False)
        self._list.setMovement(QListWidget.Movement.Static)
        self._list.setIconSize(QSize(_SIDE, _SIDE))
        self._list.setSpacing(4)
        self._list.setMouseTracking(True)
        self._list.installEventFilter(self)
        self._list.viewport().installEventFilter(self)
        self._list.entered.connect(self._look_at)
        self._list.currentItemChanged.connect(lambda item, _: self._look_at(self._list.indexFromItem(item)))
        self._list.itemClicked.connect(lambda _: self._take())
        self._more = QPushButton(icon("add"), self.tr("More"))
        named(self._more, "candidates.more", self.tr("Make three more"))
        self._more.clicked.connect(lambda: self.moreAsked.emit(self._layer_id))
        self._drop = QPushButton(icon("delete"), self.tr("Discard"))
        named(self._drop, "candidates.discard", self.tr("Discard the one that is marked"), shortcut=self.tr("Delete"))
        self._drop.clicked.connect(self._discard)
        self.setWidget(self._body())
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.hide()

    def set_engines(self, engines: Mapping[str, EngineSpec]) -> None:
        """Call engines as these are, by id; others by their ids."""
        self._engines = engines
        self.follow(self._tab, self._layer_id or None)

    def _body(self) -> QWidget:
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self._list, 1)
        buttons = QVBoxLayout()
        buttons.addWidget(self._more)
        buttons.addWidget(self._drop)
        buttons.addStretch(1)
        row.addLayout(buttons)
        body.setFixedHeight(_SIDE + 52)
        return body

    def follow(self, tab: DocumentTab | None, layer_id: str | None) -> None:
        """Show the candidates of the fill `layer_id` of `tab`, or of the topmost fill that has some."""
        layer = None if tab is None else _fill(tab, layer_id)
        if tab is not self._tab or (layer.id if layer is not None else "") != self._layer_id:
            self._stop_looking()
            self._pictures.clear()
        self._tab, self._layer_id = tab, layer.id if layer is not None else ""
        found = [] if layer is None else candidates.candidates(layer)
        self.setVisible(len(found) > 1)
        if layer is not None:
            self._fill_list(layer, found)

    def _fill_list(self, layer: FillLayer, found: list[candidates.Candidate]) -> None:
        self._list.blockSignals(True)
        marked = self._marked()
        self._list.clear()
        raced = len({candidate.recipe.engine for candidate in found}) > 1
        pattern = self.tr("{rank}. {engine}, {seed}") if raced else self.tr("{rank}. seed {seed}")
        for rank, candidate in enumerate(found):
            engine, seed = short_name(candidate.recipe.engine, self._engines), candidate.recipe.seed
            text = pattern.format(rank=rank + 1, engine=engine, seed=seed)
            item = QListWidgetItem(
                self._picture(candidate.number), f"✓ {text}" if candidate.number == layer.variant else text
            )
            item.setData(_NUMBER, candidate.number)
            told = self.tr("Click to take it. Difference from its surroundings: {score:.4f}; less is better.")
            item.setToolTip(told.format(score=candidate.score))
            self._list.addItem(item)
            if candidate.number == (layer.variant if marked is None else marked):
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        self._drop.setEnabled(len(found) > 1)
        self._more.setEnabled(len(layer.variants) < candidates.MOST)

    def _marked(self) -> int | None:
        item = self._list.currentItem()
        return None if item is None else int(item.data(_NUMBER))

    # ---- looking

    def _picture(self, number: int) -> QIcon:
        key = self._layer_id, number
        if key not in self._pictures:
            self._pictures[key] = _square(QImage())
            self._spawn(self._make_picture(number))
        return self._pictures[key]

    async def _make_picture(self, number: int) -> None:
        frozen = self._frozen(number)
        tab, layer_id = self._tab, self._layer_id
        if frozen is None or tab is None:
            return
        _, samples = await asyncio.to_thread(_seen, *frozen, _SIDE)
        if tab.closing or (tab, layer_id) != (self._tab, self._layer_id):
            return
        rgb = np.ascontiguousarray(tab.canvas.to_display(samples))
        image = QImage(rgb.data, rgb.shape[1], rgb.shape[0], rgb.shape[1] * 3, QImage.Format.Format_RGB888)
        self._pictures[layer_id, number] = _square(image)
        for row in range(self._list.count()):
            item = self._list.item(row)
            if item is not None and item.data(_NUMBER) == number:
                item.setIcon(self._pictures[layer_id, number])

    def _frozen(self, number: int) -> tuple[Composite, TiledImage, TiledImage] | None:
        layer = None if self._tab is None else _fill(self._tab, self._layer_id)
        if self._tab is None or layer is None or number >= len(layer.variants):
            return None
        pixels = layer.planes[FillLayer.VARIANTS[number]].snapshot()
        return self._tab.document.composite(below=layer.id), layer.alpha.snapshot(), pixels

    def _look_at(self, index: QModelIndex) -> None:
        """Lay a candidate over the photo for as long as it is pointed at."""
        if index.isValid():
            self._looked += 1
            self._spawn(self._show(int(index.data(_NUMBER)), self._looked))

    async def _show(self, number: int, looked: int) -> None:
        frozen, tab = self._frozen(number), self._tab
        if frozen is None or tab is None:
            return
        rect, samples = await asyncio.to_thread(_seen, *frozen, None)
        if looked == self._looked and tab is self._tab and not tab.closing:
            tab.canvas.show_filling(rect, samples)

    def _stop_looking(self) -> None:
        self._looked += 1
        if self._tab is not None and not self._tab.closing:
            self._tab.canvas.clear_preview()

    # ---- deciding

    def _take(self) -> None:
        number, tab = self._marked(), self._tab
        if number is not None and tab is not None:
            self._stop_looking()
            tab.do(candidates.choose(tab.document, self._layer_id, number))

    def _discard(self) -> None:
        number, tab = self._marked(), self._tab
        if number is not None and tab is not None:
            self._stop_looking()
            edit = candidates.discard(tab.document, self._layer_id, number)
            if edit is not None:
                self._list.setCurrentRow(-1)
                tab.do(edit)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Enter takes, Delete drops, and what is shown goes when nobody points at it any more."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self._list:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
            if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                self._discard()
                return True
        if event.type() in (QEvent.Type.Leave, QEvent.Type.FocusOut):
            self._stop_looking()
        return super().eventFilter(watched, event)


def _fill(tab: DocumentTab, layer_id: str | None) -> FillLayer | None:
    fills = [layer for layer in tab.document.layers if isinstance(layer, FillLayer)]
    chosen = next((layer for layer in fills if layer.id == layer_id), None)
    if chosen is not None:
        return chosen
    return next((layer for layer in reversed(fills) if layer.variants), None)


def _square(image: QImage) -> QIcon:
    """The picture in the middle of a square: a row whose items change their size leaves their old texts behind.

    A chosen one keeps its colours: they are what is to be judged.
    """
    square = QPixmap(_SIDE, _SIDE)
    square.fill(Qt.GlobalColor.transparent)
    if not image.isNull():
        painter = QPainter(square)
        painter.drawImage((_SIDE - image.width()) // 2, (_SIDE - image.height()) // 2, image)
        painter.end()
    made = QIcon(square)
    made.addPixmap(square, QIcon.Mode.Selected)
    return made


def _seen(source: Composite, alpha: TiledImage, pixels: TiledImage, side: int | None) -> tuple[Rect, Samples]:
    """What a candidate makes of its place; with `side` no larger than so many pixels. Any thread."""
    rect = candidates.place(source, alpha)
    samples = candidates.seen(source, alpha, pixels, rect)
    longest = max(rect.width, rect.height)
    if side is not None and longest > side:
        size = max(1, rect.width * side // longest), max(1, rect.height * side // longest)
        samples = cv2.resize(samples, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
    return rect, samples
