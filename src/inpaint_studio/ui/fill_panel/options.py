"""Controls for an engine's own options, made from its options dataclass."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QLineEdit, QSpinBox

from inpaint_studio.errors import InputError
from inpaint_studio.ui.theme import named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inpaint_studio.document.codec import Json

_Control = QCheckBox | QSpinBox | QDoubleSpinBox | QComboBox | QLineEdit

#: Where the field's own name says too little.
_TITLES = {"thin_px": "Thin up to"}
#: No option is looked for beyond this, up and down.
_FARTHEST = 1 << 24


class OptionControls(QObject):
    """One line an option. The values that can be set are those that the dataclass accepts."""

    changed = Signal()

    def __init__(self, options: type, values: Mapping[str, Any], lines: QFormLayout, typed_at: int) -> None:
        """Add the options to `lines`: at the end, but what is typed, such as a prompt, from line `typed_at` on, in sight.

        `values` that the options don't know, or don't take, are left out.
        """
        super().__init__(lines)
        self._lines = lines
        self._controls: dict[str, _Control] = {}
        helps = _helps(options)
        for field in fields(options):
            if field.default is MISSING or not isinstance(field.default, bool | int | float | str):
                continue
            value = values.get(field.name, field.default)
            control: _Control
            if isinstance(field.default, str):
                control = self._words(getattr(options, "choices", {}).get(field.name, ()), str(value))
            else:
                control = self._control(options, field.name, field.default, value)
            title = _TITLES.get(field.name, field.name.removesuffix("_px").replace("_", " ").capitalize())
            named(control, f"fill.option.{field.name}", helps.get(field.name, title), accessible=title)
            self._controls[field.name] = control
            if isinstance(control, QCheckBox):
                control.setText(title)
                lines.addRow(control)
            elif isinstance(control, QLineEdit):
                lines.insertRow(typed_at, title, control)
                typed_at += 1
            else:
                lines.addRow(title, control)

    def remove(self) -> None:
        """Take the lines away again."""
        for control in self._controls.values():
            self._lines.removeRow(control)
        self.deleteLater()

    def values(self) -> Json:
        return {name: _value(control) for name, control in self._controls.items()}

    def _words(self, choices: Sequence[str], value: str) -> QComboBox | QLineEdit:
        """A list for an option of a few words, a line for one of any."""
        if not choices:
            line = QLineEdit(value)
            line.textChanged.connect(self.changed)
            return line
        chooser = QComboBox()
        chooser.addItems(choices)
        chooser.setCurrentText(value)
        chooser.currentTextChanged.connect(self.changed)
        return chooser

    def _control(
        self, options: type, name: str, default: float, value: object
    ) -> QCheckBox | QSpinBox | QDoubleSpinBox:
        if isinstance(default, bool):
            check = QCheckBox()
            check.setChecked(bool(value))
            check.toggled.connect(self.changed)
            return check
        least, most = (_limit(options, name, default, step) for step in (-1, 1))
        spin: QSpinBox | QDoubleSpinBox
        if isinstance(default, int):
            whole = spin = QSpinBox()
            whole.setRange(int(least), int(most))
            whole.setValue(_number(value, int, default))
            whole.valueChanged.connect(self.changed)
        else:
            real = spin = QDoubleSpinBox()
            real.setRange(least, most)
            real.setSingleStep(0.1 if abs(default) <= 1 else 1.0)
            real.setValue(_number(value, float, default))
            real.valueChanged.connect(self.changed)
        if name.endswith("_px"):
            spin.setSuffix(self.tr(" px"))
        return spin


def _value(control: _Control) -> bool | float | str:
    if isinstance(control, QCheckBox):
        return control.isChecked()
    if isinstance(control, QComboBox):
        return control.currentText()
    return control.text() if isinstance(control, QLineEdit) else control.value()


def _number(value: object, kind: Callable[[Any], Any], default: float) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError):
        return default


def _limit(options: type, name: str, default: float, direction: int) -> float:
    """The last value that `options` takes when going from `default` up or down; found by halving."""
    good, bad = float(default), float(default + direction * _FARTHEST)
    whole = isinstance(default, int)
    if _takes(options, name, int(bad) if whole else bad):
        return bad
    while abs(bad - good) > (1 if whole else 1e-6):
        middle = (good + bad) // 2 if whole else (good + bad) / 2
        if _takes(options, name, int(middle) if whole else middle):
            good = middle
        else:
            bad = middle
    return good if whole else round(good, 4)


def _takes(options: type, name: str, value: float) -> bool:
    try:
        options(**{name: value})
    except (InputError, ValueError):
        return False
    return True


def _helps(options: type) -> dict[str, str]:
    """What the docstring of the dataclass says of each option: "name: what it does."."""
    text = " ".join((options.__doc__ or "").split())
    names = "|".join(field.name for field in fields(options))
    parts = re.split(rf"\b({names}): ", text)[1:] if names else []
    return {name: said[:1].upper() + said[1:].strip() for name, said in zip(parts[::2], parts[1::2], strict=True)}
