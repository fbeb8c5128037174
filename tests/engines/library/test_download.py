"""Downloads against a hub that misbehaves: each ends right or with a clear error, and can go on; none leaves half a model."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from inpaint_studio import network
from inpaint_studio.engines.library import download as module
from inpaint_studio.engines.library import manage, places
from inpaint_studio.engines.library.catalogue import Entry
from inpaint_studio.engines.library.control import Control, Transfer
from inpaint_studio.engines.library.download import download
from inpaint_studio.engines.library.hub import Hub
from inpaint_studio.engines.library.installed import installed, refused
from inpaint_studio.engines.library.record import read_record
from inpaint_studio.engines.library.staging import discard, staging_of, unfinished
from inpaint_studio.errors import Cancelled, InputError, StudioError
from tests.engines.library.hub_server import COMMIT, HubServer
from tests.engines.library.makers import write_folder, write_onnx, write_weights

pytestmark = pytest.mark.network

ENTRY = Entry(
    id="painter",
    title="Painter",
    purpose="Paints.",
    family="sd1",
    memory_gib=4,
    about_mib=1,
    licence="MIT",
    restrictions="None.",
    repository="org/painter",
    revision="main",
)
WORD, STRANGER, MISTYPED = "secret", "stranger", "mistyped"
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def painter(server: HubServer) -> Path:
    """A repository with a model of some 8 kB, and much that must not be taken."""
    folder = write_folder(server.root / "org/painter")
    (folder / "README.md").write_text("# Painter")
    (folder / "painter.ckpt").write_bytes(b"\x80\x02pickle")
    (folder / "unet/diffusion_pytorch_model.bin").write_bytes(b"\x80\x02pickle")
    write_weights(folder / "unet/diffusion_pytorch_model.non_ema.safetensors", {"conv_in.weight": (8, 9, 3, 3)})
    write_weights(folder / "painter.safetensors", {"a": (4,)})
    (folder / "onnx").mkdir()
    (folder / "onnx/config.json").write_text("{}")
    return folder


def get(
    entry: Entry = ENTRY,
    control: Control | None = None,
    report: Callable[[Transfer], None] = lambda _t: None,
    token: str = "",
) -> Path:
    """Download without pauses between tries."""
    with network.consented():
        return download(entry, Hub(token=token), control or Control(), report, pauses=(0.0, 0.0, 0.0))


def assert_whole(path: Path, source: Path) -> None:
    record = read_record(path)
    assert record is not None
    assert record.commit == COMMIT
    for file in record.files:
        assert (path / file.path).read_bytes() == (source / file.path).read_bytes()
    assert [model.id for model in installed()] == ["painter"]
    assert refused() == []
    assert unfinished() == []
    assert not list(places.models_folder().rglob("*.part"))


# ---- what is taken


def test_a_model_arrives_whole(painter: Path, server: HubServer) -> None:
    seen: list[Transfer] = []
    path = get(report=seen.append)
    assert_whole(path, painter)
    assert seen[-1].done == seen[-1].total == sum(file.size for file in read_record(path).files)  # type: ignore[union-attr]
    taken = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()} - {"inpaint-studio.json"}
    assert taken == {
        "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json", "text_encoder/model.safetensors",
        "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json", UNET,
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
    }  # fmt: skip
    assert not any(".bin" in asked.path or ".ckpt" in asked.path or ".md" in asked.path for asked in server.asked)
    assert "every byte" in manage.verify(installed()[0])


def test_half_precision_is_taken_where_there_is_any(server: HubServer) -> None:
    folder = write_folder(server.root / "org/painter")
    write_weights(folder / "unet/diffusion_pytorch_model.fp16.safetensors", {"conv_in.weight": (8, 9, 3, 3)})
    path = get(replace(ENTRY, variant="fp16"))
    assert [file.name for file in (path / "unet").glob("*.safetensors")] == ["diffusion_pytorch_model.fp16.safetensors"]
    assert [file.name for file in (path / "vae").glob("*.safetensors")] == ["diffusion_pytorch_model.safetensors"]


def test_a_single_file_is_taken_alone(server: HubServer) -> None:
    write_onnx(server.root / "org/painter/migan.onnx")
    write_onnx(server.root / "org/painter/other.onnx")
    path = get(replace(ENTRY, family="migan", files=("migan.onnx",)))
    assert path.name == "migan.onnx"
    assert {file.name for file in path.parent.iterdir()} == {"migan.onnx", "inpaint-studio.json"}


def test_a_long_listing_comes_in_pages(painter: Path, server: HubServer) -> None:
    server.page = 3
    assert_whole(get(), painter)
    assert sum("/tree/" in asked.path for asked in server.asked) > 3


def test_getting_it_again_replaces_it(painter: Path) -> None:
    damaged = get() / UNET
    damaged.write_bytes(b"damaged")
    assert_whole(get(), painter)
    assert damaged.read_bytes() == (painter / UNET).read_bytes()


# ---- breaks and repairs


def test_a_cut_connection_goes_on_where_it_broke(painter: Path, server: HubServer) -> None:
    server.cut[Path(UNET).name] = [100, 3000, 1]
    assert_whole(get(), painter)
    assert server.ranges(UNET) == ["", "bytes=100-", "bytes=3100-", "bytes=3101-"]


def test_a_connection_that_brings_nothing_is_given_up(painter: Path, server: HubServer) -> None:
    server.cut[Path(UNET).name] = [200] + [0] * 20
    with pytest.raises(StudioError, match="connection"):
        get()
    assert installed() == []
    (left,) = unfinished()
    assert (left.id, 0 < left.done < left.total) == ("painter", True)
    server.cut.clear()
    assert_whole(get(), painter)
    assert server.ranges(UNET)[-1] == "bytes=200-"


def test_a_server_without_ranges_starts_over(painter: Path, server: HubServer) -> None:
    server.deaf = True
    server.cut[Path(UNET).name] = [500]
    seen: list[Transfer] = []
    assert_whole(get(report=seen.append), painter)
    assert seen[-1].done == seen[-1].total


def test_damaged_bytes_are_fetched_again(painter: Path, server: HubServer) -> None:
    server.corrupt[Path(UNET).name] = 1
    assert_whole(get(), painter)
    assert server.corrupt[Path(UNET).name] == 0
    assert server.ranges(UNET) == ["", ""]


def test_bytes_that_stay_damaged_are_refused(painter: Path, server: HubServer) -> None:
    server.corrupt["model.safetensors"] = 9
    with pytest.raises(StudioError, match="arrived damaged twice"):
        get()
    assert installed() == []
    server.corrupt.clear()
    assert_whole(get(), painter)


def test_damage_in_what_a_crash_left_is_noticed(painter: Path, server: HubServer) -> None:
    server.cut[Path(UNET).name] = [3000] + [0] * 20
    with pytest.raises(StudioError):
        get()
    part = next(places.models_folder().rglob("*.part"))
    part.write_bytes(bytes(3000))
    server.cut.clear()
    server.asked.clear()
    assert_whole(get(), painter)
    # first the rest of it, and since the whole was wrong then, all of it
    assert server.ranges(UNET) == ["bytes=3000-", ""]


def test_a_part_longer_than_the_file_starts_over(painter: Path, server: HubServer) -> None:
    server.cut[Path(UNET).name] = [3000] + [0] * 20
    with pytest.raises(StudioError):
        get()
    part = staging_of("painter") / (UNET + ".part")
    assert part.stat().st_size == 3000
    part.write_bytes(bytes(100_000))
    server.cut.clear()
    server.asked.clear()
    assert_whole(get(), painter)
    assert server.ranges(UNET) == [""]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_trouble_that_passes_is_waited_for(painter: Path, server: HubServer, status: int) -> None:
    for name in ("revision", "tree", Path(UNET).name, "model_index.json"):
        server.fail[name] = [(status, {}), (status, {})]
    assert_whole(get(), painter)
    assert all(left == [] for left in server.fail.values())
    assert server.ranges(UNET) == ["", "", ""]


def test_trouble_that_stays_is_told(painter: Path, server: HubServer) -> None:
    server.fail["tree"] = [(503, {})] * 9
    with pytest.raises(StudioError, match=r"has trouble \(error 503\)"):
        get()


def test_a_pause_asked_for_is_kept(painter: Path, server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr(Control, "rest", lambda _self, seconds: rests.append(seconds))
    server.fail[Path(UNET).name] = [(429, {"Retry-After": "7"})]
    server.fail["revision"] = [(429, {})]
    assert_whole(get(), painter)
    assert rests == [0.0, 7.0]


@pytest.mark.parametrize("told", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_pause_too_long_is_told(painter: Path, server: HubServer, told: str) -> None:
    server.fail["revision"] = [(429, {"Retry-After": told})]
    with pytest.raises(StudioError, match="too many requests") as told_error:
        get()
    assert "minutes" in told_error.value.hint


def test_what_is_gone_is_told(server: HubServer, painter: Path) -> None:
    server.fail["revision"] = [(404, {})]
    with pytest.raises(StudioError, match="does not have org/painter"):
        get()
    with pytest.raises(StudioError, match=r"does not have lost\.onnx"):
        get(replace(ENTRY, files=("lost.onnx",)))
    server.fail[Path(UNET).name] = [(404, {})]
    with pytest.raises(StudioError, match="does not have org/painter"):
        get()
    assert installed() == []


def test_no_server_at_all_is_told(painter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StudioError, match="hub can't be reached"):
        get()
    monkeypatch.setenv("HF_ENDPOINT", "ftp://somewhere")
    with pytest.raises(StudioError, match="no address of a hub"):
        get()


# ---- gates, tokens, redirections


def test_a_gate_says_what_to_do(painter: Path, server: HubServer) -> None:
    server.gate["org/painter"] = WORD
    with pytest.raises(StudioError, match="accepted its licence") as told:
        get()
    assert f"{server.url}/org/painter" in told.value.hint
    with pytest.raises(StudioError, match="has no access"):
        get(token=STRANGER)
    with pytest.raises(StudioError, match="does not accept your access token"):
        get(token=MISTYPED)
    assert_whole(get(token=WORD), painter)


def test_the_token_stays_with_the_hub(painter: Path, server: HubServer, tmp_path: Path) -> None:
    server.gate["org/painter"] = WORD
    with HubServer(server.root) as store:
        server.elsewhere = store.url
        assert_whole(get(token=WORD), painter)
        assert store.asked
        assert all("Authorization" not in asked.headers for asked in store.asked)
    assert all(asked.headers.get("Authorization") == "Bearer secret" for asked in server.asked)


def test_redirections_keep_the_range(painter: Path, server: HubServer) -> None:
    with HubServer(server.root) as store:
        server.elsewhere = store.url
        store.cut[Path(UNET).name] = [1000]
        assert_whole(get(), painter)
        assert store.ranges(UNET) == ["", "bytes=1000-"]


def test_redirections_in_circles_end(painter: Path, server: HubServer) -> None:
    server.elsewhere = server.url
    with pytest.raises(StudioError, match="in circles"):
        get()


def test_a_proxy_is_used(painter: Path, server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is asked for the whole address; no name is looked up here."""
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("http_proxy", server.url)
    with pytest.raises(StudioError, match="does not have org/painter"):
        get()
    assert server.asked[0].path.startswith("http://hub.invalid/api/models/org/painter/revision/main")


# ---- pause, cancel, crash


def _run(control: Control, seen: list[Transfer]) -> tuple[threading.Thread, list[object]]:
    outcome: list[object] = []

    def body() -> None:
        try:
            outcome.append(get(control=control, report=seen.append))
        except (StudioError, Cancelled) as error:
            outcome.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    return thread, outcome


class Watch(list[Transfer]):
    """Reports, and whether bytes of the large file have come and whether it says that it is paused."""

    def __init__(self) -> None:
        super().__init__()
        self.flowing, self.paused = threading.Event(), threading.Event()

    def append(self, transfer: Transfer) -> None:
        super().append(transfer)
        if transfer.paused:
            self.paused.set()
        elif transfer.note == UNET:
            self.flowing.set()


def test_pause_leaves_the_connection_and_goes_on(
    painter: Path, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BEAT", 0.0)
    server.stall[Path(UNET).name] = 1000
    control, seen = Control(), Watch()
    thread, outcome = _run(control, seen)
    # bytes are handed on as they come, not by the megabyte
    assert seen.flowing.wait(20)
    control.pause()
    # the server still sleeps: only leaving its connection lets the download say that it is paused
    assert seen.paused.wait(20)
    server.released.set()
    control.resume()
    thread.join(20)
    assert isinstance(outcome[0], Path)
    assert_whole(outcome[0], painter)
    assert server.ranges(UNET) == ["", "bytes=1000-"]


@pytest.mark.parametrize("keep", [True, False])
def test_cancel_ends_a_stalled_download(painter: Path, server: HubServer, keep: bool) -> None:
    server.stall[Path(UNET).name] = 1000
    control, seen = Control(), list[Transfer]()
    thread, outcome = _run(control, seen)
    assert server.stalled.wait(20)
    control.cancel(keep=keep)
    thread.join(20)
    assert not thread.is_alive()
    assert isinstance(outcome[0], Cancelled)
    assert installed() == []
    assert [left.id for left in unfinished()] == (["painter"] if keep else [])


def test_a_killed_download_goes_on_at_the_same_commit(painter: Path, server: HubServer) -> None:
    """What a killed process leaves is what `keep` leaves; the branch has moved on meanwhile."""
    with pytest.raises(Cancelled):
        _cancelled_at(UNET)
    asked = len(server.asked)
    server.commit = "f" * 40
    assert_whole(get(), painter)
    assert not any("/revision/" in later.path or "/tree/" in later.path for later in server.asked[asked:])
    names = [later.path.rpartition("/")[2] for later in server.asked]
    assert names.count("vocab.json") == 1


def _cancelled_at(path: str) -> None:
    control = Control()
    module_beat = module._BEAT
    try:
        module._BEAT = 0.0
        get(control=control, report=lambda transfer: control.cancel(keep=True) if transfer.note == path else None)
    finally:
        module._BEAT = module_beat


def test_another_pinned_commit_starts_over(painter: Path, server: HubServer) -> None:
    with pytest.raises(Cancelled):
        _cancelled_at(UNET)
    server.commit = "b" * 40
    path = get(replace(ENTRY, revision="b" * 40))
    assert read_record(path).commit == "b" * 40  # type: ignore[union-attr]


def test_two_downloads_of_a_model_do_not_mix(painter: Path, server: HubServer) -> None:
    server.stall[Path(UNET).name] = 1000
    control = Control()
    thread, outcome = _run(control, [])
    assert server.stalled.wait(20)
    with pytest.raises(StudioError, match="being downloaded already"):
        get()
    server.released.set()
    thread.join(20)
    assert_whole(outcome[0], painter)  # type: ignore[arg-type]


def test_discarding_leaves_nothing(painter: Path) -> None:
    with pytest.raises(Cancelled):
        _cancelled_at(UNET)
    assert unfinished()
    discard("painter")
    assert unfinished() == []


# ---- room and rights


def test_a_full_disk_is_told_before(painter: Path, server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(places.models_folder().parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1 << 20))
    with pytest.raises(StudioError, match="the disk has only"):
        get()
    assert not any(UNET in asked.path for asked in server.asked)


def test_a_folder_that_cannot_be_written_is_told(
    painter: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INPAINT_STUDIO_MODELS", str(tmp_path / "file/models"))
    with pytest.raises(StudioError, match="cannot be written"):
        get()


# ---- hostile hubs


@pytest.mark.parametrize(
    "name",
    ["../../evil.json", "/etc/evil.json", "a\\evil.json", "c:evil.json", "unet/../../x.json", "nul", "a/ ./b", ""],
)
def test_files_that_would_land_elsewhere_are_refused(painter: Path, server: HubServer, name: str) -> None:
    server.listing["tokenizer/vocab.json"] = {"path": name}
    with pytest.raises(StudioError, match="unsafe name"):
        get()
    assert installed() == []


@pytest.mark.parametrize("entry", [{"size": -1}, {"size": "1"}, {"oid": None}, {"path": 3}])
def test_a_listing_that_makes_no_sense_is_told(painter: Path, server: HubServer, entry: dict[str, object]) -> None:
    server.listing["tokenizer/vocab.json"] = entry
    with pytest.raises(StudioError, match="can't be understood"):
        get()


def test_weights_offered_only_as_pickles_are_refused(painter: Path, server: HubServer) -> None:
    (painter / UNET).unlink()
    (painter / "unet/diffusion_pytorch_model.non_ema.safetensors").unlink()
    with pytest.raises(StudioError, match="can run any program"):
        get()
    assert not any(asked.path.endswith(".bin") for asked in server.asked)
    with pytest.raises(StudioError, match="no kind of file that is taken"):
        get(replace(ENTRY, files=("painter.ckpt",)))


def _lying_weights(folder: Path) -> None:
    (folder / UNET).write_bytes((1 << 60).to_bytes(8, "little") + bytes(5000))


def _own_code(folder: Path) -> None:
    index = (folder / "model_index.json").read_text()
    (folder / "model_index.json").write_text(index.replace('"StableDiffusionInpaintPipeline"', '["pipeline", "Mine"]'))


def _automatic_code(folder: Path) -> None:
    (folder / "vae/config.json").write_text('{"auto_map": {"AutoModel": "mine.Mine"}}')


def _another_family(folder: Path) -> None:
    shutil.rmtree(folder)
    write_folder(folder, "StableDiffusionXLInpaintPipeline")


@pytest.mark.parametrize("spoil", [_lying_weights, _own_code, _automatic_code, _another_family])
def test_a_bad_model_with_right_digests_is_not_installed(painter: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    spoil(painter)
    with pytest.raises(StudioError, match="Painter was not installed"):
        get()
    assert installed() == []
    assert unfinished() == []
    assert not (places.models_folder() / "painter").exists()


# ---- afterwards


def test_verify_tells_how_far_it_is_and_can_be_stopped(painter: Path) -> None:
    get()
    seen: list[tuple[int, int]] = []
    manage.verify(installed()[0], lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] > 0

    def stop(_done: int, _total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        manage.verify(installed()[0], stop)


def test_verify_finds_a_flipped_bit(painter: Path) -> None:
    path = get()
    model = installed()[0]
    data = bytearray((path / UNET).read_bytes())
    data[-1] ^= 1
    (path / UNET).write_bytes(bytes(data))
    with pytest.raises(InputError, match="is damaged or missing"):
        manage.verify(model)


def test_removing_deletes_it(painter: Path) -> None:
    path = get()
    assert "deleted" in manage.remove("painter")
    assert not path.exists()
    assert installed() == []
    assert not (places.models_folder() / places.TRASH).exists()


def test_without_consent_nothing_is_asked(painter: Path, server: HubServer) -> None:
    with pytest.raises(StudioError, match="offline"):
        download(ENTRY, Hub(), Control())
    assert server.asked == []
