"""How the window looks: neutral greys around photographs, one desaturated blue for the keyboard focus."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from inpaint_studio.resources import resource


@dataclass(frozen=True, slots=True)
class Colours:
    """Every colour of the window. Texts reach a contrast of 4.5 on every ground they stand on; a test computes it."""

    window: str = "#323232"
    base: str = "#272727"
    raised: str = "#3b3b3b"
    button: str = "#464646"
    selected: str = "#545454"
    line: str = "#222222"
    edge: str = "#5c5c5c"
    text: str = "#dedede"
    strong: str = "#f4f4f4"
    quiet: str = "#b6b6b6"
    faint: str = "#929292"
    outline: str = "#8a8a8a"
    primary: str = "#cfcfcf"
    onPrimary: str = "#1e1e1e"  # noqa: N815  the name in the style sheet
    ring: str = "#8aa0b6"
    accent: str = "#586d81"
    error: str = "#c4786c"
    warning: str = "#c2a762"


DARK = Colours()

#: Texts and the grounds they stand on.
TEXT_PAIRS = (
    ("text", "window"),
    ("text", "base"),
    ("text", "raised"),
    ("text", "button"),
    ("strong", "selected"),
    ("text", "selected"),
    ("strong", "accent"),
    ("quiet", "window"),
    ("quiet", "base"),
    ("quiet", "raised"),
    ("faint", "base"),
    ("onPrimary", "primary"),
    ("onPrimary", "strong"),
)


def apply_theme(application: QApplication, colours: Colours = DARK) -> None:
    """Dress the whole application."""
    application.setStyle("Fusion")
    application.setPalette(_palette(colours))
    application.setWindowIcon(QIcon(str(resource("icons/app.svg"))))
    sheet = Template(resource("themes/dark.qss").read_text("utf-8"))
    application.setStyleSheet(sheet.substitute(asdict(colours), icons=resource("icons").as_posix()))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it: 1 for equal ones, 21 for black on white."""
    light, dark = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _palette(colours: Colours) -> QPalette:
    role = QPalette.ColorRole
    roles = {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.base,
        role.AlternateBase: colours.raised,
        role.Text: colours.text,
        role.PlaceholderText: colours.quiet,
        role.Button: colours.button,
        role.ButtonText: colours.text,
        role.BrightText: colours.strong,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.strong,
        role.Accent: colours.accent,
        role.Link: colours.ring,
        role.LinkVisited: colours.ring,
        role.Light: colours.edge,
        role.Midlight: colours.selected,
        role.Mid: colours.raised,
        role.Dark: colours.line,
        role.Shadow: "#111111",
    }
    palette = QPalette()
    for which, colour in roles.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText, role.PlaceholderText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.faint))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colours.selected))
    return palette
