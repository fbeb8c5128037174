"""What is shown while nothing is open."""

from inpaint_studio.ui.welcome.cards import Recent
from inpaint_studio.ui.welcome.page import Welcome

__all__ = ["Recent", "Welcome"]
