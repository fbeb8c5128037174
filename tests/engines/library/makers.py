"""Small files in the layouts of real models, written by hand: the library must tell them apart without any framework."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

Shapes = Mapping[str, tuple[int, ...]]

UNET = "model.diffusion_model."


def write_weights(path: Path, shapes: Shapes, seed: int = 0) -> Path:
    """A sound safetensors file of half precision numbers with the tensors `shapes`."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        nbytes = 2 * int(np.prod(shape, dtype=np.int64))
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [end, end + nbytes]}
        end += nbytes
    write_raw(path, header, np.random.default_rng(seed).bytes(end))
    return path


def write_raw(path: Path, header: object, data: bytes) -> None:
    """A safetensors file with whatever `header` claims."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def sd_shapes(family: str = "sd1", channels: int = 9) -> dict[str, tuple[int, ...]]:
    """The tensors by which a single file of Stable Diffusion is known."""
    encoder = {
        "sd1": "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
        "sd2": "cond_stage_model.model.token_embedding.weight",
        "sdxl": "conditioner.embedders.1.model.token_embedding.weight",
    }[family]
    return {
        UNET + "input_blocks.0.0.weight": (8, channels, 3, 3),
        "first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3),
        encoder: (16, 8),
    }


def flux_shapes(channels: int = 384) -> dict[str, tuple[int, ...]]:
    """The tensors by which FLUX.1's transformer is known."""
    return {"img_in.weight": (8, channels), "double_blocks.0.img_attn.qkv.weight": (24, 8)}


LAMA_SHAPES = {"model.1.ffc.convl2l.weight": (8, 4, 7, 7), "model.34.weight": (3, 8, 7, 7)}


def write_folder(
    folder: Path,
    pipeline: str = "StableDiffusionInpaintPipeline",
    channels: int = 9,
    *,
    half: bool = False,
    seed: int = 0,
) -> Path:
    """A model folder as diffusers writes it, its weights a few random numbers."""
    core = "transformer" if pipeline.startswith("Flux") else "unet"
    parts = {
        "vae": ("diffusers", "AutoencoderKL"),
        "text_encoder": ("transformers", "CLIPTextModel"),
        "tokenizer": ("transformers", "CLIPTokenizer"),
        "scheduler": ("diffusers", "DDIMScheduler"),
        core: ("diffusers", "UNet2DConditionModel" if core == "unet" else "FluxTransformer2DModel"),
    }
    write_json(folder / "model_index.json", {"_class_name": pipeline, "safety_checker": [None, None], **parts})
    write_json(folder / "tokenizer/vocab.json", {"a": 0})
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n")
    write_json(folder / "scheduler/scheduler_config.json", {"_class_name": "DDIMScheduler"})
    config = {"_class_name": parts[core][1], "in_channels": channels, "sample_size": 64, "cross_attention_dim": 768}
    write_json(folder / core / "config.json", config)
    for part in ("vae", "text_encoder"):
        write_json(folder / part / "config.json", {"_class_name": parts[part][1]})
    ending = ".fp16.safetensors" if half else ".safetensors"
    first = {"conv_in.weight": (8, channels, 3, 3)} if core == "unet" else {"x_embedder.weight": (8, channels)}
    write_weights(folder / core / f"diffusion_pytorch_model{ending}", {**first, "deep.weight": (64, 64)}, seed)
    write_weights(folder / "vae" / f"diffusion_pytorch_model{ending}", {"decoder.conv_in.weight": (8, 4, 3, 3)}, seed)
    write_weights(folder / "text_encoder" / f"model{ending}", {"embeddings.weight": (16, 8)}, seed)
    return folder


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_onnx(path: Path, kind: str = "migan", external: str = "") -> Path:
    """A model with the inputs and outputs of MI-GAN's pipeline or of LaMa; external: where it says its weights lie."""
    number = {"migan": TensorProto.UINT8, "lama": TensorProto.FLOAT}[kind]
    side: Any = "side" if kind == "migan" else 512
    image = helper.make_tensor_value_info("image", number, [1, 3, side, side])
    mask = helper.make_tensor_value_info("mask", number, [1, 1, side, side])
    result = helper.make_tensor_value_info("result" if kind == "migan" else "output", number, [1, 3, side, side])
    weight = helper.make_tensor("w", TensorProto.FLOAT, [64], np.zeros(64, np.float32).tobytes(), raw=True)
    if external:
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=external)
        weight.external_data.add(key="length", value="256")
    nodes = [helper.make_node("Identity", ["image"], [result.name])]
    graph = helper.make_graph(nodes, "g", [image, mask], [result], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    assert onnx.load(str(path), load_external_data=False).graph.input[0].name == "image"
    return path
