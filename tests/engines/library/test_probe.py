"""What a model is, by its headers; hostile and useless files are refused with the reason."""

from __future__ import annotations

import hashlib
import json
import pickle
import time
import zipfile
from pathlib import Path

import pytest

from inpaint_studio.engines.library import kinds
from inpaint_studio.engines.library.onnx_header import read_onnx
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.errors import InputError
from tests.engines.library.makers import (
    LAMA_SHAPES,
    UNET,
    flux_shapes,
    sd_shapes,
    write_folder,
    write_json,
    write_onnx,
    write_raw,
    write_weights,
)

FILES = {
    "sd1 inpaint": sd_shapes("sd1", 9),
    "sd1 base": sd_shapes("sd1", 4),
    "sd2 inpaint": sd_shapes("sd2", 9),
    "sdxl inpaint": sd_shapes("sdxl", 9),
    "sdxl base": sd_shapes("sdxl", 4),
    "flux fill": flux_shapes(384),
    "flux base": flux_shapes(64),
    "lama inpaint": LAMA_SHAPES,
}


@pytest.mark.parametrize("kind", FILES)
def test_a_single_file_is_told_by_its_header(tmp_path: Path, kind: str) -> None:
    made = probe(write_weights(tmp_path / "model.safetensors", FILES[kind]))
    assert f"{made.family} {made.variant}" == kind
    assert made.layout == "file"
    assert made.memory_mib == 1
    assert made.missing == (("vae", "text_encoder") if made.family == "flux" else ())
    assert made.class_name == kinds.CLASSES.get((made.family, made.variant), "")


def test_a_large_header_is_told_within_a_second(tmp_path: Path) -> None:
    """As many tensors as SDXL has, in a file that is not read: CPU time, on any machine."""
    shapes = sd_shapes("sdxl") | {f"{UNET}middle.{n}.attention.weight": (1, 4) for n in range(2500)}
    path = write_weights(tmp_path / "model.safetensors", shapes)
    before = time.process_time()
    assert probe(path).family == "sdxl"
    assert time.process_time() - before < 1


def test_a_whole_flux_file_lacks_nothing(tmp_path: Path) -> None:
    shapes = {UNET + name: shape for name, shape in flux_shapes().items()}
    shapes |= {"vae.decoder.weight": (4,), "text_encoders.t5.weight": (4,)}
    assert probe(write_weights(tmp_path / "model.safetensors", shapes)).missing == ()


USELESS = {
    "is a LoRA": {"unet.down.lora_down.weight": (4, 4)},
    "only a part": {"decoder.conv_in.weight": (4, 4, 3, 3)},
    "no image decoder": {name: shape for name, shape in sd_shapes().items() if "first_stage" not in name},
    "no text encoder": {name: shape for name, shape in sd_shapes().items() if "cond_stage" not in name},
    "takes 8 channels": sd_shapes("sd1", 8),
    "takes 128 channels": flux_shapes(128),
    "not supported yet": flux_shapes() | {"distilled_guidance_layer.in_proj.weight": (4, 4)},
}


@pytest.mark.parametrize("reason", USELESS)
def test_what_cannot_fill_is_refused_with_the_reason(tmp_path: Path, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        probe(write_weights(tmp_path / "model.safetensors", USELESS[reason]))


# ---- folders


@pytest.mark.parametrize(
    ("pipeline", "channels", "kind"),
    [
        ("StableDiffusionInpaintPipeline", 9, "sd1 inpaint"),
        ("StableDiffusionPipeline", 4, "sd1 base"),
        ("StableDiffusionXLInpaintPipeline", 9, "sdxl inpaint"),
        ("FluxFillPipeline", 384, "flux fill"),
    ],
)
def test_a_folder_is_told_by_its_index(tmp_path: Path, pipeline: str, channels: int, kind: str) -> None:
    made = probe(write_folder(tmp_path / "model", pipeline, channels))
    assert f"{made.family} {made.variant}" == kind
    assert (made.layout, made.class_name, made.in_channels, made.precision) == ("folder", pipeline, channels, "")
    assert made.native == (1024 if made.family == "flux" else 512)


def test_a_folder_of_the_second_generation(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "model")
    write_json(folder / "unet/config.json", {"in_channels": 9, "cross_attention_dim": 1024, "sample_size": 96})
    made = probe(folder)
    assert (made.family, made.native) == ("sd2", 768)


def test_half_precision_copies_are_noticed(tmp_path: Path) -> None:
    assert probe(write_folder(tmp_path / "half", half=True)).precision == "fp16"


def test_a_model_in_pieces(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "model")
    whole = folder / "unet/diffusion_pytorch_model.safetensors"
    whole.rename(folder / "unet/diffusion_pytorch_model-00001-of-00002.safetensors")
    write_weights(folder / "unet/diffusion_pytorch_model-00002-of-00002.safetensors", {"more.weight": (8, 8)})
    pieces = {name: f"diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n, name in [(1, "a"), (2, "b")]}
    write_json(folder / "unet/diffusion_pytorch_model.safetensors.index.json", {"weight_map": pieces})
    assert probe(folder).in_channels == 9
    (folder / "unet/diffusion_pytorch_model-00002-of-00002.safetensors").unlink()
    with pytest.raises(InputError, match="lacks unet/diffusion_pytorch_model-00002"):
        probe(folder)
    pieces["b"] = "../../elsewhere.safetensors"
    write_json(folder / "unet/diffusion_pytorch_model.safetensors.index.json", {"weight_map": pieces})
    with pytest.raises(InputError, match="no usable list"):
        probe(folder)


def _add_code(folder: Path) -> None:
    (folder / "pipeline.py").write_text("import os\n")


def _hide_code(folder: Path) -> None:
    (folder / "unet/modeling_mine.py").write_text("import os\n")


def _foreign_library(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    write_json(folder / "model_index.json", index | {"unet": ["my_module", "MyUNet"]})


def _code_as_class(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    write_json(folder / "model_index.json", index | {"_class_name": ["pipeline", "MyPipeline"]})


def _automatic_code(folder: Path) -> None:
    write_json(folder / "text_encoder/config.json", {"auto_map": {"AutoModel": "modeling_mine.Mine"}})


def _native_code(folder: Path) -> None:
    (folder / "vae/ops.so").write_bytes(b"\x7fELF")


def _part_elsewhere(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    write_json(folder / "model_index.json", index | {"../other": ["diffusers", "AutoencoderKL"]})


def _only_pickles(folder: Path) -> None:
    (folder / "unet/diffusion_pytorch_model.safetensors").rename(folder / "unet/diffusion_pytorch_model.bin")


def _lying_config(folder: Path) -> None:
    write_json(folder / "unet/config.json", {"in_channels": 4, "cross_attention_dim": 768})


def _broken_weights(folder: Path) -> None:
    write_raw(folder / "vae/diffusion_pytorch_model.safetensors", {"a": {"dtype": "F32"}}, b"")


def _no_weights(folder: Path) -> None:
    (folder / "vae/diffusion_pytorch_model.safetensors").unlink()


def _broken_index(folder: Path) -> None:
    (folder / "model_index.json").write_text("{")


SPOILED = {
    _add_code: "program of its own",
    _hide_code: "program of its own",
    _native_code: "program of its own",
    _foreign_library: "run its own program",
    _code_as_class: "code of its own",
    _automatic_code: "program from elsewhere",
    _part_elsewhere: "can't be understood",
    _only_pickles: "can run any program",
    _lying_config: "weights for 9 channels and says 4",
    _broken_weights: "not a sound safetensors file",
    _no_weights: "not at all",
    _broken_index: "cannot be understood",
}


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__.strip("_"))
def test_a_bad_folder_is_refused(tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    folder = write_folder(tmp_path / "model")
    probe(folder)
    spoil(folder)
    with pytest.raises(InputError, match=SPOILED[spoil]):
        probe(folder)


def test_pickles_beside_sound_weights_do_no_harm(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "model")
    (folder / "unet/diffusion_pytorch_model.bin").write_bytes(b"never read")
    assert probe(folder).family == "sd1"


# ---- pickles


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("sprung"),)


@pytest.mark.parametrize("ending", [".ckpt", ".bin", ".pt", ".pth", ".PT", ".pkl"])
@pytest.mark.parametrize("zipped", [False, True])
def test_pickles_are_refused_and_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, zipped: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"model{ending}"
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(_Trap()))
    else:
        path.write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(InputError, match="can run any program"):
        probe(path)
    assert not (tmp_path / "sprung").exists()


def test_torchscript_is_taken_by_its_published_sum_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big-lama.pt"
    path.write_bytes(b"as published")
    published = hashlib.md5(b"as published").hexdigest()  # noqa: S324
    monkeypatch.setitem(kinds.PUBLISHED_TORCHSCRIPT, published, "lama")
    assert (probe(path).family, probe(path).layout) == ("lama", "torchscript")
    path.write_bytes(b"as tampered with")
    with pytest.raises(InputError, match="can run any program"):
        probe(path)


# ---- ONNX


@pytest.mark.parametrize(("kind", "native"), [("migan", 512), ("lama", 512)])
def test_onnx_is_told_by_its_ports(tmp_path: Path, kind: str, native: int) -> None:
    made = probe(write_onnx(tmp_path / "model.onnx", kind))
    assert (made.family, made.native, made.layout) == (kind, native, "onnx")


def test_external_data_beside_the_model_is_fine(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "model.onnx", "lama", external="model.onnx.data")
    with pytest.raises(InputError, match="which is missing"):
        probe(path)
    (tmp_path / "model.onnx.data").write_bytes(bytes(256))
    assert read_onnx(path).external == {"model.onnx.data"}
    assert probe(path).nbytes == path.stat().st_size + 256


@pytest.mark.parametrize("place", ["../secret", "/etc/passwd", "C:\\secret", "a/../../secret", "..\\secret", "link"])
def test_external_data_elsewhere_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "secret").write_bytes(bytes(256))
    (tmp_path / "model").mkdir()
    (tmp_path / "model/link").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="outside its own folder"):
        probe(write_onnx(tmp_path / "model/model.onnx", "lama", external=place))


@pytest.mark.parametrize("content", [b"", b"\x08", b"\xff" * 64, b"\x3a\x7fshort", b"GIF89a" + bytes(100)])
def test_what_is_no_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is no ONNX model"):
        probe(path)


def test_every_cut_of_an_onnx_file_is_refused_or_read(tmp_path: Path) -> None:
    """No prefix of a model makes the reader fail in another way; one that ends with the graph is a model still."""
    whole = write_onnx(tmp_path / "whole.onnx").read_bytes()
    path = tmp_path / "cut.onnx"
    refused = 0
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            assert probe(path).family == "migan"
        except InputError:
            refused += 1
    assert refused > len(whole) - 10


def test_other_files_and_folders_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match="no model file"):
        probe(tmp_path / "notes.txt")
    with pytest.raises(InputError, match="no model folder"):
        probe(tmp_path)
