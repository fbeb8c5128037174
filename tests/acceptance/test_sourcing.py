"""Where fills may copy from, the way out where there is nothing to copy, and a race of engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QListWidget, QSpinBox

from inpaint_studio.document.layers import FillLayer, MaskLayer
from tests.acceptance.conftest import Run
from tests.acceptance.user import User


def test_a_mask_becomes_an_avoid_map_and_again_a_mask(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_M)
        user.paint((50, 50), (120, 120))
        user.ctrl(Qt.Key.Key_N, shift=True)
        user.paint((150, 50), (300, 200))
        await user.command("action.mask_avoid")
        wanted, avoided = user.layers
        assert isinstance(avoided, MaskLayer)
        assert avoided.role == "avoid"
        assert user.tab.mask_to_fill() == wanted.id, "what is avoided is not what is filled"
        colour = avoided.colour
        await user.command("action.mask_source")
        assert (avoided.role, avoided.colour != colour) == ("source", True)
        await user.command("action.mask_source")
        assert avoided.role == "fill"
        user.ctrl(Qt.Key.Key_Z)
        user.ctrl(Qt.Key.Key_Z)
        assert avoided.role == "avoid"
        user.key(Qt.Key.Key_Return)
        await user.filled()
        fill = user.layers[-1]
        assert isinstance(fill, FillLayer)
        alpha = fill.alpha.read(user.tab.document.canvas)[..., 0]
        assert alpha[60, 60], "the mask below was filled"
        assert not alpha[:, 150:].any()
        assert avoided.visible, "it goes on saying where not to copy from"

    at_the_window(scenario, picture)


def test_nothing_to_copy_is_told_and_membrane_is_one_click_away(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        # all but a corner, of which the mask, grown by 4 and feathered by 2 pixels, takes most
        user.key(Qt.Key.Key_M)
        user.paint((0, 0), (9, 9))
        await user.command("action.mask_invert")
        await user.until(lambda: user.covered(100, 100), user.tab.changed)
        user.choose_engine("exemplar")
        user.click("fill.button")
        told = await user.told("nothing to copy")
        assert "membrane" in told
        user.click("messages.action")
        await user.filled()
        fill = user.layers[-1]
        assert isinstance(fill, FillLayer)
        assert fill.recipe.engine == "membrane"

    at_the_window(scenario, picture)


def test_candidates_by_a_race_of_engines(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        count, race = user.widget("fill.candidates"), user.widget("fill.race")
        assert isinstance(count, QSpinBox)
        assert isinstance(race, QCheckBox)
        assert not race.isEnabled()
        QTest.keyClick(count, Qt.Key.Key_Up)
        race.setFocus()
        QTest.keyClick(race, Qt.Key.Key_Space)
        assert race.isChecked()
        user.key(Qt.Key.Key_M)
        user.paint((240, 140), (300, 200))
        user.key(Qt.Key.Key_Return)
        await user.filled()
        fill = user.layers[-1]
        assert isinstance(fill, FillLayer)
        assert [held["recipe"]["engine"] for held in fill.variants] == ["auto", "exemplar"]
        planes = [fill.planes[name].read(fill.pixels.extent) for name in fill.VARIANTS[:2]]
        assert not np.array_equal(*planes)
        await user.until_there("candidates.list")
        strip = user.widget("candidates.list")
        assert isinstance(strip, QListWidget)
        assert {"Automatic", "Exemplar"} <= set(
            " ".join(strip.item(row).text() for row in range(2)).replace(",", "").split()
        )

    at_the_window(scenario, picture)
