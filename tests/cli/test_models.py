"""`inpaint-studio models`, against a hub on this machine."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from inpaint_studio.engines.library import tokens
from inpaint_studio.settings import load_settings
from tests.cli.conftest import Command
from tests.engines.library.hub_server import HubServer
from tests.engines.library.makers import sd_shapes, write_onnx, write_weights

pytestmark = pytest.mark.network

REPOSITORY = "andraniksargsyan/migan"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub that has MI-GAN, and a computer that has nothing."""
    monkeypatch.setenv("INPAINT_STUDIO_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    write_onnx(tmp_path / "hub" / REPOSITORY / "migan_pipeline_v2.onnx")
    with HubServer(tmp_path / "hub") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def test_the_list_asks_nobody(command: Command, hub: HubServer) -> None:
    done = command("models", "list", "--json")
    told = json.loads(done.out)
    assert (done.code, told["installed"], told["offline"]) == (0, [], True)
    assert {row["id"] for row in told["offered"]} == {"migan", "lama", "sd15-inpaint", "sdxl-inpaint", "flux-fill"}
    assert all(row["licence"] and row["restrictions"] and row["about_mib"] for row in told["offered"])
    shown = command("models", "list")
    assert "migan  MI-GAN" in shown.out
    assert hub.asked == []


def test_get_says_size_and_licence_first_and_installs(command: Command, hub: HubServer) -> None:
    done = command("models", "get", "migan", "--yes", "--json")
    assert done.code == 0
    assert done.err.index("about 27 MiB") < done.err.index("Licence: MIT")
    model = json.loads(done.out)
    assert (model["id"], model["family"], model["origin"]) == ("migan", "migan", "app")
    assert Path(model["path"]).is_file()
    assert [row["id"] for row in json.loads(command("models", "list", "--json").out)["installed"]] == ["migan"]
    asked = len(hub.asked)
    assert command("models", "get", "migan", "--yes").code == 0
    assert len(hub.asked) == asked


def test_without_a_yes_nothing_is_fetched(command: Command, hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert command("models", "get", "migan").code == 130
    assert hub.asked == []


def test_downloads_switched_off_for_good(command: Command, hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPAINT_STUDIO_OFFLINE", "1")
    done = command("models", "get", "migan", "--yes")
    assert (done.code, hub.asked) == (1, [])
    assert "switched off" in done.err


def test_a_failed_download_is_one_sentence(command: Command, hub: HubServer) -> None:
    hub.gate[REPOSITORY] = "secret"
    done = command("models", "get", "migan", "--yes")
    assert done.code == 1
    assert "accepted its licence" in done.err
    assert "Traceback" not in done.err
    assert json.loads(command("models", "list", "--json").out)["installed"] == []


def test_verify_finds_damage(command: Command, hub: HubServer) -> None:
    command("models", "get", "migan", "--yes")
    assert command("models", "verify").code == 0
    path = Path(json.loads(command("models", "list", "--json").out)["installed"][0]["path"])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    done = command("models", "verify", "migan", "--json")
    assert done.code == 1
    assert json.loads(done.out)[0]["sound"] is False
    assert command("models", "verify", "nonsense").code == 2


def test_remove_deletes_what_was_downloaded(command: Command, hub: HubServer) -> None:
    command("models", "get", "migan", "--yes")
    assert "deleted" in command("models", "remove", "migan").out
    assert json.loads(command("models", "list", "--json").out)["installed"] == []
    assert command("models", "remove", "migan").code == 2


def test_add_uses_a_file_where_it_is(command: Command, hub: HubServer, tmp_path: Path) -> None:
    path = write_weights(tmp_path / "mine.safetensors", sd_shapes())
    (row,) = json.loads(command("models", "add", path, "--json").out)
    assert (row["id"], row["family"], row["path"]) == ("mine", "sd1", str(path))
    assert command("settings", "model_folders").out == f"model_folders = ('{path}',)\n"
    assert command("settings", "model_folders", "x").code == 2
    assert command("models", "remove", "mine").code == 0
    assert path.exists()
    assert load_settings().model_folders == ()


def test_pickles_are_refused_with_the_reason(command: Command, hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x02")
    done = command("models", "add", tmp_path / "model.ckpt")
    assert done.code == 2
    assert "can run any program" in done.err


def test_what_lies_about_unused_is_told(command: Command, hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    write_weights(tmp_path / "mine/good.safetensors", sd_shapes())
    (tmp_path / "mine/bad.safetensors").write_bytes(b"PK\x03\x04" + bytes(100))
    command("models", "add", tmp_path / "mine")
    assert "zip archive" in command("models", "list").out
    done = command("models", "verify", "--json")
    assert done.code == 1
    assert {row["id"]: row["sound"] for row in json.loads(done.out)} == {"bad.safetensors": False, "good": True}


def test_the_offline_switch_is_a_setting(command: Command) -> None:
    assert command("settings", "offline").out == "offline = True\n"
    assert command("settings", "offline", "no").code == 0
    assert load_settings().offline is False
    assert command("settings", "offline", "perhaps").code == 2


def test_a_token_needs_a_keyring(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "can_store", lambda: False)
    monkeypatch.setattr("typer.prompt", lambda *_arguments, **_options: "hf_word")
    done = command("models", "token")
    assert done.code == 1
    assert "HF_TOKEN" in done.err
    assert "hf_word" not in done.err + done.out
