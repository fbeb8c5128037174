"""The model library in the window, against a hub on this machine: everything by clicks, drops and keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QProgressBar, QWidget

from inpaint_studio.engines.library import download as download_module
from inpaint_studio.engines.library import manage
from inpaint_studio.engines.library.installed import InstalledModel, installed
from inpaint_studio.engines.library.staging import unfinished
from inpaint_studio.settings import load_settings
from inpaint_studio.studio import setup
from inpaint_studio.ui.model_library import ModelLibrary
from inpaint_studio.ui.model_library import extra as extra_module
from tests.acceptance.conftest import Run, User
from tests.engines.library.hub_server import HubServer
from tests.engines.library.makers import sd_shapes, write_onnx, write_weights

pytestmark = pytest.mark.network

MIGAN = "andraniksargsyan/migan"
FILE = "migan_pipeline_v2.onnx"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub that has MI-GAN, and a computer without models whose extra is there."""
    monkeypatch.setenv("INPAINT_STUDIO_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(extra_module, "is_missing", lambda: False)
    write_onnx(tmp_path / "hub" / MIGAN / FILE)
    with HubServer(tmp_path / "hub") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


async def library(user: User) -> ModelLibrary:
    """Open it by the command palette, and wait for its list."""
    await user.command("action.models")
    dialog = await user.until_there("dialog.models")
    assert isinstance(dialog, ModelLibrary)
    await user.until_there("models.card.migan")
    return dialog


async def get(user: User) -> None:
    """Press Download, and agree."""
    user.click("models.download.migan")
    await user.until_there("question")
    user.answer("Download")


def drop(target: QWidget, *paths: Path) -> QDropEvent:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, buttons = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(50, 50), actions, data, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(50, 50), actions, data, buttons, Qt.KeyboardModifier.NoModifier)
    event.setDropAction(Qt.DropAction.MoveAction)
    QApplication.sendEvent(target, event)
    return event


def test_what_it_is_size_licence_then_download_verify_and_remove(at_the_window: Run, hub: HubServer) -> None:
    async def scenario(user: User) -> None:
        await library(user)
        card = user.widget("models.card.migan")
        texts = " ".join(label.text() for label in card.findChildren(type(user.widget("models.about"))))
        for part in ("MI-GAN", "Removes objects", "about 27 MiB", "no graphics card needed", "MIT", "Any use"):
            assert part in texts
        assert "NON-COMMERCIAL" in " ".join(
            label.text()
            for label in user.widget("models.card.flux-fill").findChildren(type(user.widget("models.about")))
        )
        await get(user)
        await user.until_there("models.verify.migan")
        assert [model.id for model in installed()] == ["migan"]
        user.click("models.verify.migan")
        await user.until_seen(lambda: "every byte" in user.text("models.state.migan"))
        user.click("models.remove.migan")
        await user.until_there("question")
        user.answer("Delete")
        await user.until_there("models.download.migan")
        assert installed() == []

    at_the_window(scenario)


def test_the_engine_is_offered_as_soon_as_its_model_is_here(at_the_window: Run, hub: HubServer, picture: Path) -> None:
    async def scenario(user: User) -> None:
        engines = user.window.findChild(QComboBox, "fill.engine")
        assert engines.findData("migan/migan") < 0
        await library(user)
        await get(user)
        await user.until_there("models.verify.migan")
        await user.window.settle()
        assert engines.findData("migan/migan") >= 0

    at_the_window(scenario, picture)


def test_an_engine_that_is_not_here_is_got_from_the_fill_panel(
    at_the_window: Run, hub: HubServer, picture: Path
) -> None:
    async def scenario(user: User) -> None:
        user.window.models.list_engines()
        await user.window.settle()
        engines = user.widget("fill.engine")
        assert isinstance(engines, QComboBox)
        before = engines.currentText()
        engines.setFocus()
        user.key(Qt.Key.Key_G)
        await user.until_there("models.card.migan")
        assert engines.currentText() == before
        await user.until_seen(lambda: user.widget("models.download.migan").hasFocus())
        user.key(Qt.Key.Key_Space)
        await user.until_there("question")
        user.answer("Download")
        await user.until_there("models.verify.migan")
        await user.window.settle()
        assert engines.currentData() == "migan/migan"
        assert engines.findText("Get MI-GAN…") < 0

    at_the_window(scenario, picture)


def test_without_agreement_nothing_is_asked_of_the_hub(at_the_window: Run, hub: HubServer) -> None:
    async def scenario(user: User) -> None:
        await library(user)
        user.click("models.download.migan")
        await user.until_there("question")
        user.answer("Cancel")
        await user.window.settle()
        assert hub.asked == []
        assert user.is_there("models.download.migan")

    at_the_window(scenario)


def test_the_offline_switch(at_the_window: Run, hub: HubServer) -> None:
    async def scenario(user: User) -> None:
        await library(user)
        switch = user.widget("models.offline")
        assert isinstance(switch, QCheckBox)
        assert switch.isChecked()
        switch.setFocus()
        user.key(Qt.Key.Key_Space)
        await user.window.settle()
        assert load_settings().offline is False
        user.click("models.download.migan")
        await user.until_there("models.verify.migan")
        user.widget("models.offline").setFocus()
        user.key(Qt.Key.Key_Space)
        await user.window.settle()
        assert load_settings().offline is True

    at_the_window(scenario)


def test_the_switch_of_the_safety_checker(at_the_window: Run, hub: HubServer) -> None:
    async def scenario(user: User) -> None:
        await library(user)
        switch = user.widget("models.safety_checker")
        assert isinstance(switch, QCheckBox)
        assert switch.isChecked()
        user.click("models.safety_checker")
        await user.window.settle()
        assert load_settings().safety_checker is False
        user.click("models.close")
        await user.until_gone("dialog.models")
        await user.back()
        await library(user)
        await user.until_seen(lambda: not switch.isChecked())

    at_the_window(scenario)


def test_downloads_forbidden_on_this_computer(
    at_the_window: Run, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INPAINT_STUDIO_OFFLINE", "1")

    async def scenario(user: User) -> None:
        await library(user)
        await get(user)
        await user.until_seen(lambda: "switched off" in user.text("models.message"))
        assert hub.asked == []

    at_the_window(scenario)


def test_pause_go_on_and_close_the_library_meanwhile(
    at_the_window: Run, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "_BEAT", 0.0)
    hub.stall[FILE] = 100

    async def scenario(user: User) -> None:
        await library(user)
        await get(user)
        await user.until_there("models.pause.migan")
        await user.until_seen(lambda: FILE in user.text("models.state.migan"))
        bar = user.widget("models.progress.migan")
        assert isinstance(bar, QProgressBar)
        assert 0 < bar.value() < bar.maximum()
        assert " of " in user.text("models.state.migan")
        user.click("models.pause.migan")
        await user.until_there("models.resume.migan")
        await user.until_seen(lambda: "Paused" in user.text("models.state.migan"))
        user.click("models.close")
        await user.until_gone("dialog.models")
        await user.back()
        await library(user)
        await user.until_there("models.resume.migan")
        hub.released.set()
        user.click("models.resume.migan")
        await user.until_there("models.verify.migan")
        assert hub.ranges(FILE) == ["", "bytes=100-"]

    at_the_window(scenario)


def test_cancel_leaves_nothing(at_the_window: Run, hub: HubServer) -> None:
    hub.stall[FILE] = 100

    async def scenario(user: User) -> None:
        await library(user)
        await get(user)
        await user.until_there("models.cancel.migan")
        user.click("models.cancel.migan")
        await user.until_there("models.download.migan")
        assert unfinished() == []
        assert user.text("models.message") == ""

    at_the_window(scenario)


def test_a_check_can_be_cancelled(at_the_window: Run, hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    real = manage.verify

    def slowly(model: InstalledModel, note: Callable[[int, int], None]) -> str:
        note(5_000_000, 10_000_000)
        held.wait(20)
        return real(model, note)

    monkeypatch.setattr(manage, "verify", slowly)

    async def scenario(user: User) -> None:
        await library(user)
        await get(user)
        await user.until_there("models.verify.migan")
        user.click("models.verify.migan")
        await user.until_seen(lambda: user.text("models.state.migan") == "Checking 5.0 MB of 10.0 MB")
        user.click("models.cancel.migan")
        # the window does not wait for the thread
        await user.until_there("models.verify.migan")
        assert user.text("models.state.migan") == ""
        assert not held.is_set()
        held.set()

    at_the_window(scenario)


def test_a_cut_download_says_so_and_goes_on(
    at_the_window: Run, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module.download, "__defaults__", ((lambda _transfer: None), ()))
    hub.cut[FILE] = [100] + [0] * 9

    async def scenario(user: User) -> None:
        await library(user)
        await get(user)
        await user.until_seen(lambda: "connection" in user.text("models.message"))
        await user.until_there("models.discard.migan")
        assert "% has arrived" in user.text("models.state.migan")
        hub.cut.clear()
        await get(user)
        await user.until_there("models.verify.migan")
        assert user.text("models.message") == ""

    at_the_window(scenario)


def test_a_gate_is_explained(at_the_window: Run, hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.gate[MIGAN] = "hf_word"

    async def scenario(user: User) -> None:
        await library(user)
        await get(user)
        await user.until_seen(lambda: "accepted its licence" in user.text("models.message"))
        user.click("models.token")
        dialog = await user.until_there("models.token.dialog")
        QTest.keyClicks(dialog.findChild(QLineEdit), "hf_word")
        user.key(Qt.Key.Key_Return)
        await user.until_seen(lambda: "token" in user.text("models.message"))
        await get(user)
        await user.until_there("models.verify.migan")

    at_the_window(scenario)


def test_a_dropped_file_is_used_where_it_is(at_the_window: Run, hub: HubServer, tmp_path: Path) -> None:
    path = write_weights(tmp_path / "Mine.safetensors", sd_shapes())

    async def scenario(user: User) -> None:
        dialog = await library(user)
        event = drop(dialog, path)
        assert event.dropAction() == Qt.DropAction.CopyAction
        await user.until_there("models.card.mine")
        assert "Mine.safetensors" in user.text("models.message")
        assert path.exists()
        user.click("models.remove.mine")
        await user.until_gone("models.card.mine")
        assert path.exists()
        assert load_settings().model_folders == ()

    at_the_window(scenario)


def test_a_folder_is_added_and_left_again(at_the_window: Run, hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "comfy/models/checkpoints").mkdir(parents=True)
    write_weights(tmp_path / "comfy/models/checkpoints/Dream.safetensors", sd_shapes())
    (tmp_path / "comfy/models/checkpoints/bad.safetensors").write_bytes(b"PK\x03\x04" + bytes(60))

    async def scenario(user: User) -> None:
        await library(user)
        user.click("models.folder")
        await user.until_there("open.dialog")
        user.write("fileNameEdit", str(tmp_path / "comfy"))
        user.key(Qt.Key.Key_Return)
        await user.until_there("models.card.dream")
        assert "zip archive" in user.text("models.refused.0")
        assert not user.widget("models.remove.dream").isEnabled()
        user.click("models.forget.0")
        await user.until_gone("models.card.dream")
        assert load_settings().model_folders == ()

    at_the_window(scenario)


def test_a_dropped_pickle_is_refused_with_the_reason(at_the_window: Run, hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x02")

    async def scenario(user: User) -> None:
        drop(await library(user), tmp_path / "model.ckpt")
        await user.until_seen(lambda: "can run any program" in user.text("models.message"))
        assert load_settings().model_folders == ()

    at_the_window(scenario)


def test_the_window_closes_while_a_download_hangs(
    at_the_window: Run, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "_BEAT", 0.0)
    hub.stall[FILE] = 100

    async def scenario(user: User) -> None:
        ended: list[bool] = []
        user.window.ended.connect(lambda: ended.append(True))
        dialog = await library(user)
        await get(user)
        await user.until_seen(lambda: FILE in user.text("models.state.migan"))
        dialog.close()
        await user.back()
        user.ctrl(Qt.Key.Key_Q)
        await user.until(lambda: ended, user.window.ended)
        assert [left.id for left in unfinished()] == ["migan"]

    at_the_window(scenario)


def test_the_extra_is_offered_with_its_size_first(
    at_the_window: Run, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing, ran = [True], []
    monkeypatch.setattr(extra_module, "is_missing", lambda: missing[0])
    plan = setup.Installation(("torch",), ("torch 2.0", "diffusers 1.0"), 900_000_000)
    monkeypatch.setattr(setup, "plan_installation", lambda _requirements: plan)

    def install(installation: setup.Installation, note: setup.Note, stoppable: object) -> None:
        note("Downloading torch", 450_000_000, installation.nbytes)
        ran.append(installation)
        missing[0] = False

    monkeypatch.setattr(setup, "install", install)

    async def scenario(user: User) -> None:
        await library(user)
        user.click("models.extra.install")
        await user.until_there("question")
        user.answer("Ask")
        await user.until_seen(lambda: user.is_there("question") and "900.0 MB" in user.widget("question").text())
        assert ran == []
        user.answer("Install")
        await user.until_gone("models.extra")
        assert ran == [plan]

    at_the_window(scenario)
