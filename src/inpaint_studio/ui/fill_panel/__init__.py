"""What a fill is to be like: engine, mask geometry, seed and the engine's own options."""

from inpaint_studio.ui.fill_panel.form import RecipeForm
from inpaint_studio.ui.fill_panel.panel import FillPanel

__all__ = ["FillPanel", "RecipeForm"]
