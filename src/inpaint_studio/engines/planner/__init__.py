"""From what a user asks for to crops for engines, and the filled crops put together."""

from inpaint_studio.engines.planner.auto import all_specs
from inpaint_studio.engines.planner.execute import Filled, Run, execute
from inpaint_studio.engines.planner.job import FillJob
from inpaint_studio.engines.planner.leftovers import Leftover, leftover
from inpaint_studio.engines.planner.plan import Plan, Step, auto_options, plan

__all__ = [
    "FillJob",
    "Filled",
    "Leftover",
    "Plan",
    "Run",
    "Step",
    "all_specs",
    "auto_options",
    "execute",
    "leftover",
    "plan",
]
