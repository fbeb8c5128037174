"""A recipe as controls; the fill panel and "Run again" are made of it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from inpaint_studio.document.recipe import Recipe
from inpaint_studio.engines.contract import AUTO
from inpaint_studio.ui.fill_panel.options import OptionControls
from inpaint_studio.ui.theme import hint, icon_button, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inpaint_studio.engines.contract import EngineSpec

#: What the window starts with: a mask is rarely drawn to the pixel.
DEFAULT = Recipe(grow=4, feather=2)

_MOST_PIXELS = 500
_LARGEST_SEED = 2**31 - 1
#: The line after the engine and what is said about it.
_BELOW_THE_ENGINE = 2
#: The role of what an engine is for, and pixels beside the texts of the list.
_ABOUT = Qt.ItemDataRole.UserRole + 1
_SCROLL_BAR = 24
#: Pixels between its lines.
_AIR = 8
#: Begins the data of entries that stand for models which are not here.
_GET = "get:"


class RecipeForm(QWidget):
    """Shows and makes a `Recipe`. Until `set_engines` there is only the automatic choice."""

    changed = Signal()
    #: The id of a model that is not here and is wanted.
    getRequested = Signal(str)  # noqa: N815  Qt's way of naming signals

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "fill.recipe")
        self._engines: Mapping[str, EngineSpec] = {}
        self._offers: Mapping[str, str] = {}
        self._shown: str = AUTO
        self._recipe = DEFAULT
        self._options: OptionControls | None = None
        self._engine = named(QComboBox(), "fill.engine", self.tr("What fills the mask"), accessible=self.tr("Engine"))
        self._engine.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._engine.setMinimumContentsLength(12)
        self._engine.setItemDelegate(_Explained(self._engine))
        self._about = hint("fill.engine.about")
        self._grow = self._pixels("fill.grow", self.tr("Grow the mask by this before filling"))
        self._feather = self._pixels("fill.feather", self.tr("Blend into the photo over this distance"))
        self._seed = named(QSpinBox(), "fill.seed", self.tr("Same seed, same result; another gives a variation"))
        self._seed.setRange(0, _LARGEST_SEED)
        self._seed.valueChanged.connect(self.changed)
        self._dice = icon_button("dice", "fill.dice", self.tr("Another seed"))
        self._dice.clicked.connect(self._roll)
        self._seams = self._check(
            "fill.seams", self.tr("Light"), self.tr("Bring light and colour of the fill to those around it")
        )
        self._grain = self._check(
            "fill.grain", self.tr("Grain"), self.tr("Give the fill the grain that the photo has around it")
        )
        self._lay_out()
        self._engine.currentIndexChanged.connect(self._engine_chosen)
        self.set_recipe(DEFAULT)

    def set_engines(self, engines: Mapping[str, EngineSpec]) -> None:
        """Offer `engines`, by id; those that can't run here are listed and say why."""
        recipe = self.recipe()
        self._engines = engines
        self.set_recipe(recipe)

    @property
    def engines(self) -> Mapping[str, EngineSpec]:
        """Those that are offered, by id."""
        return self._engines

    def set_offers(self, offers: Mapping[str, str]) -> None:
        """List models that are not here, titles by id; choosing one asks for it and leaves the engine as it is."""
        self._offers = offers
        self.set_recipe(self.recipe())

    def choose(self, engine_id: str) -> None:
        """Choose an engine as the user does; one that is not listed is left."""
        if (index := self._engine.findData(engine_id)) >= 0:
            self._engine.setCurrentIndex(index)

    def set_recipe(self, recipe: Recipe) -> None:
        """Show `recipe`, also one whose engine is not installed."""
        self._recipe = recipe
        self._engine.blockSignals(True)
        self._engine.setModel(self._engine_model())
        # the list tells what each is for; the closed box only its name
        self._engine.view().setMinimumWidth(self._engine.view().sizeHintForColumn(0) + _SCROLL_BAR)
        self._engine.setCurrentIndex(self._engine.findData(recipe.engine))
        self._engine.blockSignals(False)
        self._grow.setValue(recipe.grow)
        self._feather.setValue(recipe.feather)
        self._seed.setValue(recipe.seed)
        self._seams.setChecked(recipe.seams)
        self._grain.setChecked(recipe.grain)
        self._engine_chosen()

    def recipe(self) -> Recipe:
        """The recipe as the controls say; what has no control is kept, as long as the engine is."""
        engine = self._engine.currentData() or self._recipe.engine
        kept = self._recipe if engine == self._recipe.engine else Recipe(context=self._recipe.context)
        options = kept.options if self._options is None else self._options.values()
        return replace(
            kept,
            engine=engine,
            options=options,
            seed=self._seed.value(),
            grow=self._grow.value(),
            feather=self._feather.value(),
            seams=self._seams.isChecked(),
            grain=self._grain.isChecked(),
            chosen={},
        )

    @property
    def engine_title(self) -> str:
        """The short name of the engine chosen."""
        return self._engine.currentText()

    def _pixels(self, name: str, tip: str) -> QSpinBox:
        spin = named(QSpinBox(), name, tip)
        spin.setRange(0, _MOST_PIXELS)
        spin.setSuffix(self.tr(" px"))
        spin.valueChanged.connect(self.changed)
        return spin

    def _check(self, name: str, text: str, tip: str) -> QCheckBox:
        check = named(QCheckBox(text), name, tip)
        check.toggled.connect(self.changed)
        return check

    def _lay_out(self) -> None:
        seed = QWidget()
        row = QHBoxLayout(seed)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._seed, 1)
        row.addWidget(self._dice)
        self._lines = lines = QFormLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        lines.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        lines.addRow(self.tr("En&gine"), self._engine)
        lines.addRow("", self._about)
        lines.addRow(self.tr("Gro&w"), self._grow)
        lines.addRow(self.tr("Fe&ather"), self._feather)
        label = QLabel(self.tr("See&d"))
        label.setBuddy(self._seed)
        # otherwise it stands too high in a line that is higher than others
        label.setMinimumHeight(seed.sizeHint().height())
        lines.addRow(label, seed)
        match = QHBoxLayout()
        match.setSpacing(12)
        match.addWidget(self._seams)
        match.addWidget(self._grain)
        match.addStretch(1)
        lines.addRow(self.tr("Match"), match)

    def _engine_model(self) -> QStandardItemModel:
        model = QStandardItemModel(self._engine)
        if AUTO not in self._engines:
            model.appendRow(_item(AUTO, self.tr("Automatic")))
        for spec in self._engines.values():
            item = _item(spec.id, spec.name)
            item.setData(spec.about, _ABOUT)
            item.setToolTip(spec.title)
            if not spec.availability.available:
                item.setEnabled(False)
                item.setToolTip(f"{spec.availability.reason}\n{spec.availability.remedy}")
            model.appendRow(item)
        if self._recipe.engine not in self._engines and self._recipe.engine != AUTO:
            item = _item(self._recipe.engine, self.tr("{engine} (not installed)").format(engine=self._recipe.engine))
            item.setEnabled(False)
            model.appendRow(item)
        for model_id, title in self._offers.items():
            item = _item(_GET + model_id, self.tr("Get {0}…").format(title))
            item.setToolTip(self.tr("Not on this computer yet. Shows what it is, its size and its licence first."))
            model.appendRow(item)
        return model

    @Slot()
    def _engine_chosen(self) -> None:
        engine = self._engine.currentData()
        if engine is not None and engine.startswith(_GET):
            self._engine.blockSignals(True)
            self._engine.setCurrentIndex(self._engine.findData(self._shown))
            self._engine.blockSignals(False)
            self.getRequested.emit(engine.removeprefix(_GET))
            return
        self._shown = engine
        spec = self._engines.get(engine)
        about = spec.about if spec is not None else ""
        if spec is not None and not spec.availability.available:
            about = spec.availability.reason
        self._about.setText(about[:1].upper() + about[1:])
        self._about.setVisible(bool(about))
        if self._options is not None:
            self._options.remove()
            self._options = None
        if spec is not None:
            values = self._recipe.options if engine == self._recipe.engine else {}
            self._options = OptionControls(spec.options, values, self._lines, _BELOW_THE_ENGINE)
            self._options.changed.connect(self.changed)
        self.changed.emit()

    @Slot()
    def _roll(self) -> None:
        self._seed.setValue(random.randint(1, 999_999))  # noqa: S311  no secret


class _Explained(QStyledItemDelegate):
    """An engine's name and, behind it, what it is for."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:  # noqa: N802
        super().initStyleOption(option, index)
        about = index.data(_ABOUT)
        if about:
            option.text = f"{index.data()}:  {about}"

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        return super().sizeHint(option, index) + QSize(0, _AIR)


def _item(engine_id: str, text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setData(engine_id, Qt.ItemDataRole.UserRole)
    return item
