"""What is found on a disk: our own folder, Hugging Face's cache, and the folders of other programs, all in place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inpaint_studio.engines.library import installed as library
from inpaint_studio.engines.library import manage, places
from inpaint_studio.engines.library.catalogue import catalogue, offered
from inpaint_studio.engines.library.installed import find_installed, installed, refused
from inpaint_studio.engines.library.record import FileEntry, Record, write_record
from inpaint_studio.engines.library.tokens import token
from inpaint_studio.errors import InputError
from inpaint_studio.settings import load_settings, settings_path
from tests.engines.library.makers import LAMA_SHAPES, flux_shapes, sd_shapes, write_folder, write_onnx, write_weights


def _own(model_id: str, source: Path) -> Path:
    """A model as a download leaves it."""
    folder = places.models_folder() / model_id
    folder.parent.mkdir(parents=True, exist_ok=True)
    source.rename(folder)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    entries = [
        FileEntry(path.relative_to(folder).as_posix(), path.stat().st_size, "0" * 64, "sha256") for path in files
    ]
    write_record(folder, Record(model_id, offered(model_id).repository, "c" * 40, tuple(entries)))
    return folder


def test_a_new_computer_has_none() -> None:
    assert installed() == []
    assert refused() == []


def test_the_catalogue_is_complete() -> None:
    assert {entry.family for entry in catalogue()} == {"migan", "lama", "sd1", "sdxl", "flux"}
    for entry in catalogue():
        assert entry.purpose.endswith(".")
        assert entry.restrictions.endswith(".")
        assert entry.revision == "main" or len(entry.revision) == 40
    assert "NON-COMMERCIAL" in offered("flux-fill").restrictions
    with pytest.raises(InputError, match="no model named nonsense"):
        offered("nonsense")


def test_a_downloaded_model_is_listed_with_its_licence(tmp_path: Path) -> None:
    folder = _own("sd15-inpaint", write_folder(tmp_path / "x", half=True))
    (model,) = installed()
    assert (model.id, model.family, model.variant, model.path) == ("sd15-inpaint", "sd1", "inpaint", folder)
    assert (model.title, model.licence) == (offered("sd15-inpaint").title, "CreativeML OpenRAIL-M")
    assert (model.origin, model.commit, model.precision) == ("app", "c" * 40, "fp16")


def test_a_single_file_of_ours_is_listed_by_its_file(tmp_path: Path) -> None:
    write_onnx(tmp_path / "x/migan_pipeline_v2.onnx")
    folder = _own("migan", tmp_path / "x")
    assert [model.path for model in installed()] == [folder / "migan_pipeline_v2.onnx"]


def test_what_has_lost_a_file_is_refused_and_can_be_removed(tmp_path: Path) -> None:
    folder = _own("sd15-inpaint", write_folder(tmp_path / "x"))
    (folder / "vae/diffusion_pytorch_model.safetensors").write_bytes(b"short")
    assert installed() == []
    assert [bad.reason for bad in refused()] == ["sd15-inpaint has lost files since it was downloaded."]
    manage.remove("sd15-inpaint")
    assert not folder.exists()
    assert refused() == []


def test_a_folder_without_a_record_was_never_finished(tmp_path: Path) -> None:
    write_folder(places.models_folder() / "sd15-inpaint")
    write_folder(places.models_folder() / places.STAGING / "sdxl-inpaint")
    assert installed() == []


def _cache(tmp_path: Path, repository: str, source: Path) -> Path:
    """A repository as Hugging Face's programs keep it: blobs, and a snapshot of links to them."""
    root = tmp_path / "cache" / ("models--" + repository.replace("/", "--"))
    snapshot = root / "snapshots" / ("d" * 40)
    for number, path in enumerate(sorted(path for path in source.rglob("*") if path.is_file())):
        blob = root / "blobs" / str(number)
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(path.read_bytes())
        link = snapshot / path.relative_to(source)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    (root / "refs").mkdir()
    (root / "refs/main").write_text("d" * 40)
    return snapshot


def test_the_hub_cache_is_used_in_place(tmp_path: Path) -> None:
    snapshot = _cache(tmp_path, "somebody/painter", write_folder(tmp_path / "x"))
    older = snapshot.parent / ("e" * 40)
    write_folder(older, channels=4, pipeline="StableDiffusionPipeline")
    (model,) = installed()
    assert (model.id, model.origin, model.path, model.variant) == ("somebody-painter", "cache", snapshot, "inpaint")
    with pytest.raises(InputError, match="cache that Hugging Face's programs share"):
        manage.remove("somebody-painter")
    assert "headers are sound" in manage.verify(model)


def test_a_catalogue_model_in_the_cache_has_its_name_and_licence(tmp_path: Path) -> None:
    _cache(tmp_path, "stable-diffusion-v1-5/stable-diffusion-inpainting", write_folder(tmp_path / "x"))
    (model,) = installed()
    assert (model.id, model.licence) == ("sd15-inpaint", "CreativeML OpenRAIL-M")


def test_onnx_with_external_data_in_the_cache(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    write_onnx(tmp_path / "x/model.onnx", "lama", external="model.onnx.data")
    (tmp_path / "x/model.onnx.data").write_bytes(bytes(256))
    _cache(tmp_path, "somebody/lama", tmp_path / "x")
    assert [model.family for model in installed()] == ["lama"]
    assert "headers are sound" in manage.verify(installed()[0])


def test_an_unfinished_cache_is_not_listed(tmp_path: Path) -> None:
    snapshot = _cache(tmp_path, "somebody/painter", write_folder(tmp_path / "x"))
    (snapshot / "unet/diffusion_pytorch_model.safetensors").unlink()
    assert installed() == []
    assert "not at all" in refused()[0].reason


# ---- folders of other programs


def _comfy(root: Path) -> set[str]:
    for name in ("checkpoints/real", "diffusion_models", "loras", "vae"):
        (root / "models" / name).mkdir(parents=True)
    write_weights(root / "models/checkpoints/real/Painter XL.safetensors", sd_shapes("sdxl"))
    write_weights(root / "models/diffusion_models/flux1-fill-dev.safetensors", flux_shapes())
    write_weights(root / "models/loras/style.safetensors", {"a.lora_up.weight": (4, 4)})
    write_weights(root / "models/vae/ae.safetensors", {"decoder.conv_in.weight": (4, 4)})
    write_folder(root / "models/diffusers/painter")
    return {"painter-xl", "flux1-fill-dev", "painter"}


def _a1111(root: Path) -> set[str]:
    for name in ("Stable-diffusion", "Lora", "VAE"):
        (root / "models" / name).mkdir(parents=True)
    write_weights(root / "models/Stable-diffusion/sd-v1-5-inpainting.safetensors", sd_shapes())
    (root / "models/Stable-diffusion/old.ckpt").write_bytes(b"\x80\x02")
    write_weights(root / "models/Lora/style.safetensors", {"a.lora_up.weight": (4, 4)})
    return {"sd-v1-5-inpainting"}


def _invoke(root: Path) -> set[str]:
    write_folder(root / "models/sd-1/main/dream", "StableDiffusionPipeline", 4)
    (root / "models/any/lama").mkdir(parents=True)
    write_weights(root / "models/any/lama/lama.safetensors", LAMA_SHAPES)
    (root / "models/0f9c").mkdir()
    write_weights(root / "models/0f9c/juggernaut.safetensors", sd_shapes("sdxl"))
    return {"dream", "lama", "juggernaut"}


@pytest.mark.parametrize("layout", [_comfy, _a1111, _invoke], ids=["ComfyUI", "A1111", "InvokeAI"])
def test_other_programs_folders_are_used_where_they_are(tmp_path: Path, layout) -> None:  # type: ignore[no-untyped-def]
    wanted = layout(tmp_path / "other")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "other").rglob("*")}
    assert {model.id for model in manage.add(tmp_path / "other")} == wanted
    assert {model.id for model in installed()} == wanted
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "other").rglob("*")} == before
    assert load_settings().model_folders == (str(tmp_path / "other"),)
    manage.remove(str(tmp_path / "other"))
    assert installed() == []
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "other").rglob("*")} == before


def test_a_single_file_is_added_and_removed(tmp_path: Path) -> None:
    path = write_weights(tmp_path / "Mine.safetensors", sd_shapes())
    assert [model.id for model in manage.add(path)] == ["mine"]
    assert [model.id for model in manage.add(path)] == ["mine"]
    assert load_settings().model_folders == (str(path),)
    assert "not used any more" in manage.remove("mine")
    assert path.exists()
    assert installed() == []


def test_one_model_of_a_folder_is_not_removed_alone(tmp_path: Path) -> None:
    _comfy(tmp_path / "other")
    manage.add(tmp_path / "other")
    with pytest.raises(InputError, match="part of the added folder"):
        manage.remove("painter")


def test_same_names_get_ids_of_their_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        manage.add(write_weights(tmp_path / name / "model.safetensors", sd_shapes()))
    ids = [model.id for model in installed()]
    assert len(set(ids)) == 2
    assert ids[0] == "model"
    assert ids == [model.id for model in installed()]


def test_what_holds_no_model_is_not_added(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        manage.add(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no model"):
        manage.add(tmp_path)
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x02")
    with pytest.raises(InputError, match="can run any program"):
        manage.add(tmp_path / "model.ckpt")
    (tmp_path / "loras2").mkdir()
    write_weights(tmp_path / "loras2/style.safetensors", {"a.lora_up.weight": (4, 4)})
    with pytest.raises(InputError, match="is a LoRA"):
        manage.add(tmp_path / "loras2")
    assert load_settings().model_folders == ()


def test_links_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/again").symlink_to(tmp_path)
    write_weights(tmp_path / "a/model.safetensors", sd_shapes())
    assert [model.id for model in manage.add(tmp_path)] == ["model"]


def test_headers_are_read_once_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_weights(tmp_path / "model.safetensors", sd_shapes())
    manage.add(path)
    read: list[Path] = []
    monkeypatch.setattr(library, "probe", lambda path, **_: read.append(path) or InputError("No.", ""))
    installed()
    assert read == []
    write_weights(path, sd_shapes("sdxl", 4))
    os.utime(path, ns=(1, 1))
    installed()
    assert read == [path]


def test_a_broken_record_is_like_none(tmp_path: Path) -> None:
    folder = _own("sd15-inpaint", write_folder(tmp_path / "x"))
    for text in ("", "[]", '{"version": 99}', '{"version": 1, "files": [{}]}'):
        (folder / "inpaint-studio.json").write_text(text)
        assert installed() == []


def test_broken_settings_hide_no_model(tmp_path: Path) -> None:
    _own("sd15-inpaint", write_folder(tmp_path / "x"))
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text("{")
    assert [model.id for model in installed()] == ["sd15-inpaint"]


def test_unknown_models_are_told() -> None:
    with pytest.raises(InputError, match="no model named"):
        manage.remove("nonsense")
    with pytest.raises(InputError, match="no model named"):
        manage.remove("../models")
    assert find_installed("nonsense") is None


def test_the_token_of_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", " secret ")
    assert token() == "secret"
