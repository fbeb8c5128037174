"""How a row is drawn: eye, picture, name and what the layer was made with."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from inpaint_studio.document.layers import ProposalLayer
from inpaint_studio.ui.icons import icon
from inpaint_studio.ui.layers_dock.model import PHOTO, PICTURE, ROW, Row
from inpaint_studio.ui.theme import DARK

_Index = QModelIndex | QPersistentModelIndex

HEIGHT = 48
_EYE, _PICTURE, _GAP = 18, 40, 8


class LayerDelegate(QStyledItemDelegate):
    """Draws rows and hears clicks on the eye."""

    #: A layer's id.
    eyeClicked = Signal(str)  # noqa: N815  Qt's way of naming signals

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._eye, self._eye_off = icon("eye"), icon("eye-off")
        self._lock, self._damage = icon("lock"), icon("damage")

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802  Qt's name
        return QSize(160, max(HEIGHT, 2 * option.fontMetrics.height() + 8))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: Row = index.data(ROW)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(DARK.selected))
        if row.active:
            painter.fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())), QColor(DARK.ring))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(DARK.ring))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        if row.id != PHOTO:
            (self._eye if row.visible else self._eye_off).paint(painter, eye_rect(option.rect))
        self._paint_picture(painter, _picture_rect(option.rect), index.data(PICTURE))
        if row.locked:
            painter.fillRect(_lock_rect(option.rect), QColor(DARK.line))
            self._lock.paint(painter, _lock_rect(option.rect))
        if row.kind == ProposalLayer.kind:
            painter.fillRect(_kind_rect(option.rect), QColor(DARK.line))
            self._damage.paint(painter, _kind_rect(option.rect))
        self._paint_texts(painter, option, row)
        painter.restore()

    def editorEvent(  # noqa: N802  Qt's name
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        presses = {QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick}
        row: Row = index.data(ROW)
        if event.type() not in presses or row.id == PHOTO:
            return False
        mouse = cast("QMouseEvent", event)
        on_eye = eye_rect(option.rect).adjusted(-6, -12, 6, 12).contains(mouse.position().toPoint())
        if on_eye and event.type() == QEvent.Type.MouseButtonRelease:
            self.eyeClicked.emit(row.id)
        return on_eye

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:  # noqa: N802
        area = _text_rect(option.rect)
        height = editor.sizeHint().height()
        editor.setGeometry(area.left(), area.center().y() - height // 2, area.width(), height)

    def _paint_picture(self, painter: QPainter, area: QRect, picture: QImage | None) -> None:
        painter.fillRect(area, QColor(DARK.line))
        if picture is None or picture.isNull():
            return
        size = picture.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(QPoint(0, 0), size)
        target.moveCenter(area.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, picture)

    def _paint_texts(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        area = _text_rect(option.rect)
        metrics = option.fontMetrics
        line = metrics.height()
        name_area = QRect(area.left(), area.center().y() - line // 2, area.width(), line)
        if row.subtitle:
            name_area.moveTop(area.center().y() - line)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        loud, soft = (DARK.strong, DARK.text) if selected else (DARK.text, DARK.quiet)
        painter.setPen(QColor(loud if row.visible else soft))
        self._paint_line(painter, option, name_area, row.name)
        painter.setPen(QColor(soft))
        self._paint_line(painter, option, name_area.translated(0, line), row.subtitle)

    def _paint_line(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, text: str) -> None:
        shown = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def eye_rect(row: QRect) -> QRect:
    """Where the eye is in the rectangle of a row."""
    return QRect(row.left() + _GAP, row.center().y() - _EYE // 2, _EYE, _EYE)


def _lock_rect(row: QRect) -> QRect:
    return QRect(row.left() + 2 * _GAP + _EYE + _PICTURE - 14, row.bottom() - 19, 14, 14)


def _kind_rect(row: QRect) -> QRect:
    return QRect(row.left() + 2 * _GAP + _EYE, row.bottom() - 19, 14, 14)


def _picture_rect(row: QRect) -> QRect:
    return QRect(row.left() + 2 * _GAP + _EYE, row.center().y() - _PICTURE // 2 + 1, _PICTURE, _PICTURE)


def _text_rect(row: QRect) -> QRect:
    return row.adjusted(3 * _GAP + _EYE + _PICTURE, 0, -_GAP, 0)
