"""Filling from the window: begun, cancelled, broken, repeated."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from inpaint_studio.document.layers import FillLayer, MaskLayer
from inpaint_studio.errors import StudioError
from inpaint_studio.studio.jobs import JobRunner, WorkerRunner
from tests.acceptance.conftest import Run, garden
from tests.acceptance.test_main_path import red
from tests.acceptance.user import User

_WHERE = (245, 145, 335, 235, 20)


def select_much(user: User) -> None:
    """A mask on `long_picture` that takes many seconds."""
    user.write("brush.size", "400")
    user.tab.canvas.setFocus()
    user.scribble(600, 600, 1400, 1400, 200)


def fills(user: User) -> list[FillLayer]:
    return [layer for layer in user.layers if isinstance(layer, FillLayer)]


def workers() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "--worker" in child.cmdline()]


def test_the_button_fills(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.scribble(*_WHERE)
        user.click("fill.button")
        await user.filled()
        assert red(user.shown()) == 0
        assert user.steps == ("Add mask", "Brush stroke", "Fill")
        mask, fill = user.layers
        assert isinstance(mask, MaskLayer)
        assert not mask.visible
        assert isinstance(fill, FillLayer)
        assert fill.recipe.chosen

    at_the_window(scenario, picture)


def test_with_nothing_selected_it_says_what_to_do(at_the_window: Run, picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.key(Qt.Key.Key_Return)
        assert "brush (B)" in await user.told("Nothing is selected")
        assert user.steps == ()
        await user.quiet()
        user.scribble(*_WHERE)
        user.ctrl(Qt.Key.Key_D)
        user.key(Qt.Key.Key_Return)
        await user.told("Nothing is selected")

    at_the_window(scenario, picture)


@pytest.mark.parametrize("way", ["Esc on the canvas", "Esc after the button", "the Cancel button"])
def test_a_native_fill_is_cancelled_at_once(at_the_window: Run, long_picture: Path, way: str) -> None:
    async def scenario(user: User) -> None:
        select_much(user)
        before, steps = user.shown(), user.steps
        if way == "Esc after the button":
            user.click("fill.button")
        else:
            user.key(Qt.Key.Key_Return)
        await user.filling()
        began = time.perf_counter()
        if way == "the Cancel button":
            user.click("progress.cancel")
        else:
            user.key(Qt.Key.Key_Escape)
        await user.until(lambda: user.window.fills.tab is None, user.window.fills.running)
        assert time.perf_counter() - began < 0.3
        assert user.steps == steps
        assert np.array_equal(user.shown(), before)
        assert not user.is_there("messages")
        assert not user.is_there("progress")

        user.ctrl(Qt.Key.Key_D)
        user.write("brush.size", "60")
        user.tab.canvas.setFocus()
        user.paint((100, 100), (150, 100))
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert len(fills(user)) == 1

    at_the_window(scenario, long_picture)


def test_a_killed_worker_is_a_message(at_the_window: Run, long_picture: Path) -> None:
    async def scenario(user: User) -> None:
        select_much(user)
        before, steps = user.shown(), user.steps
        user.key(Qt.Key.Key_Return)
        await user.filling()
        (worker,) = workers()
        worker.kill()
        text, hint = (await user.told("stopped unexpectedly")).split("\n")
        assert text
        assert hint
        assert user.steps == steps
        assert np.array_equal(user.shown(), before)

        user.ctrl(Qt.Key.Key_D)
        user.write("brush.size", "60")
        user.tab.canvas.setFocus()
        user.paint((100, 100), (150, 100))
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert len(fills(user)) == 1
        assert workers() != [worker]

    at_the_window(scenario, long_picture)


def test_a_worker_that_does_not_start_is_a_message_with_a_way_on(
    at_the_window: Run, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(user: User) -> None:
        user.scribble(*_WHERE)
        with monkeypatch.context() as broken:
            broken.setattr(sys, "executable", "/nowhere/python")
            user.key(Qt.Key.Key_Return)
            message = await user.told("could not be started")
        assert message.partition("\n")[2]
        user.paint((100, 100), (150, 100))
        assert user.covered(120, 100) == 255
        assert user.steps == ("Add mask", "Brush stroke", "Brush stroke")
        # what was wrong is mended
        user.click("messages.action")
        await user.filled()
        assert red(user.shown()) == 0
        assert not user.is_there("messages")

    at_the_window(scenario, picture)


def test_a_runner_that_can_not_be_made_is_a_message(at_the_window: Run, picture: Path) -> None:
    attempts: list[int] = []

    def make() -> JobRunner:
        attempts.append(1)
        if len(attempts) == 1:
            raise StudioError("The engines are not there.", "Install them.")
        return WorkerRunner()

    async def scenario(user: User) -> None:
        user.scribble(*_WHERE)
        user.key(Qt.Key.Key_Return)
        assert await user.told("engines are not there") == "The engines are not there.\nInstall them."
        user.tab.canvas.setFocus()
        user.key(Qt.Key.Key_Return)
        await user.filled()
        assert red(user.shown()) == 0

    at_the_window(scenario, picture, make_runner=make)


def test_painting_goes_on_meanwhile_and_the_result_still_comes(at_the_window: Run, long_picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.write("brush.size", "200")
        user.tab.canvas.setFocus()
        user.paint((500, 500), (600, 500))
        user.key(Qt.Key.Key_Return)
        await user.filling()
        user.paint((1500, 1500), (1700, 1500))
        assert user.steps == ("Add mask", "Brush stroke", "Brush stroke")
        await user.filled()
        assert user.steps == ("Add mask", "Brush stroke", "Brush stroke", "Fill")
        await user.told("mask was changed")
        (fill,) = fills(user)
        assert fill.mask.read(user.tab.document.canvas)[1500, 1600, 0] == 0
        assert fill.mask.read(user.tab.document.canvas)[500, 550, 0] == 255

    at_the_window(scenario, long_picture)


@pytest.mark.parametrize("end", ["released", "taken back", "cancelled with the fill"])
def test_a_stroke_that_is_being_drawn_survives_the_result(at_the_window: Run, picture: Path, end: str) -> None:
    async def scenario(user: User) -> None:
        made: list[object] = []
        user.window.engine.finished_fill.connect(lambda *_: made.append(True))
        user.scribble(*_WHERE)
        user.key(Qt.Key.Key_Return)
        port, held = user.tab.canvas.viewport(), Qt.MouseButton.LeftButton
        QTest.mousePress(port, held, pos=user.on_screen(100, 300))
        user.move(user.on_screen(150, 300), held=held)
        await user.until(lambda: made, user.window.engine.finished_fill)
        # the fill is there, and waits
        assert user.steps == ("Add mask", "Brush stroke")
        user.move(user.on_screen(200, 300), held=held)
        if end == "cancelled with the fill":
            user.click("progress.cancel")
            await user.window.settle()
        if end == "taken back":
            user.key(Qt.Key.Key_Escape)
        QTest.mouseRelease(port, held, pos=user.on_screen(200, 300))
        await user.window.settle()
        stroke = () if end == "taken back" else ("Brush stroke",)
        fill = () if end == "cancelled with the fill" else ("Fill",)
        assert user.steps == ("Add mask", "Brush stroke", *stroke, *fill)
        mask = user.layers[0]
        assert [int(mask.planes["coverage"].read(user.tab.document.canvas)[300, x, 0]) for x in (110, 190)] == [
            255 * len(stroke)
        ] * 2
        assert user.window.fills.tab is None

    at_the_window(scenario, picture)


def test_a_fill_shows_its_progress_after_an_export(at_the_window: Run, long_picture: Path, tmp_path: Path) -> None:
    async def scenario(user: User) -> None:
        select_much(user)
        user.key(Qt.Key.Key_Return)
        await user.filling()
        user.ctrl(Qt.Key.Key_E, shift=True)
        await user.until_there("dialog.export")
        user.write("export.name", "now.png")
        user.key(Qt.Key.Key_Return)
        await user.told("now.png")
        assert (tmp_path / "now.png").exists()
        assert user.window.fills.tab is not None
        assert user.is_there("progress")
        user.click("progress.cancel")
        await user.until(lambda: user.window.fills.tab is None, user.window.fills.running)
        assert not user.is_there("progress")

    at_the_window(scenario, long_picture)


def test_a_photo_dropped_during_a_fill_opens(at_the_window: Run, long_picture: Path, tmp_path: Path) -> None:
    other = garden(tmp_path / "dropped.png")

    async def scenario(user: User) -> None:
        user.write("brush.size", "200")
        user.tab.canvas.setFocus()
        user.paint((500, 500), (600, 500))
        first = user.tab
        user.key(Qt.Key.Key_Return)
        await user.filling()
        user.drop(other)
        await user.opened(2)
        assert user.tab.title == "dropped.png"
        assert user.window.fills.tab is first
        assert not user.widget("fill.button").isEnabled()
        await user.filled()
        assert isinstance(first.document.layers[-1], FillLayer)
        assert user.steps == ()
        assert user.widget("fill.button").isEnabled()

    at_the_window(scenario, long_picture)


def test_run_again_puts_another_fill_in_its_place(at_the_window: Run, long_picture: Path) -> None:
    async def scenario(user: User) -> None:
        user.write("brush.size", "60")
        for x in (500, 900):
            user.tab.canvas.setFocus()
            user.paint((x, 500), (x + 40, 500))
            user.key(Qt.Key.Key_Return)
            await user.filled()
        lower, upper = fills(user)
        user.choose(lower.id)
        user.click("layers.run_again")
        dialog = await user.until_there("dialog.run_again")
        user.write("fill.seed", "7", within=dialog)
        before, steps = user.shown(), user.steps
        user.click("run_again.run")
        await user.filled()
        again, same = fills(user)
        assert again.recipe.seed == 7
        assert again.id != lower.id
        assert same.id == upper.id
        assert np.array_equal(again.mask.read(user.tab.document.canvas), lower.mask.read(user.tab.document.canvas))
        assert not np.array_equal(user.shown(), before)
        assert len(user.steps) == len(steps) + 1
        await user.back()
        user.ctrl(Qt.Key.Key_Z)
        assert [fill.id for fill in fills(user)] == [lower.id, upper.id]
        assert np.array_equal(user.shown(), before)

    at_the_window(scenario, long_picture)
