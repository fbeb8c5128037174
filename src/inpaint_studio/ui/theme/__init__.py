"""How the window looks, and how its controls are made so that all look and speak alike."""

from inpaint_studio.ui.theme.colours import DARK, TEXT_PAIRS, Colours, apply_theme, contrast
from inpaint_studio.ui.theme.controls import ElidedLabel, heading, hint, icon_button, keep_keys, named

__all__ = [
    "DARK",
    "TEXT_PAIRS",
    "Colours",
    "ElidedLabel",
    "apply_theme",
    "contrast",
    "heading",
    "hint",
    "icon_button",
    "keep_keys",
    "named",
]
