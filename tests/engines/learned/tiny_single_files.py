"""Single .safetensors files in the layouts that the families were published in, made of tiny model folders."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def build_single_file(folder: Path, path: Path) -> Path:
    """The Stable Diffusion 1, 2 or XL model in `folder` as one .safetensors at `path`."""
    from safetensors.torch import save_file

    unet = weights(folder, "unet")
    layers = json.loads((folder / "unet" / "config.json").read_text("utf-8"))["layers_per_block"]
    tensors = {f"model.diffusion_model.{_unet_key(key, layers, unet)}": value for key, value in unet.items()}
    for key, value in weights(folder, "vae").items():
        name = _vae_key(key)
        is_projection = ".attn_1." in name and value.ndim == 2
        tensors[f"first_stage_model.{name}"] = value[..., None, None] if is_projection else value
    words = weights(folder, "text_encoder")
    if (folder / "text_encoder_2").is_dir():
        tensors |= _clip(words, "conditioner.embedders.0.transformer.")
        tensors |= _open_clip(weights(folder, "text_encoder_2"), "conditioner.embedders.1.model.")
    elif next(value for key, value in words.items() if "position_embedding" in key).shape[1] == 1024:
        tensors |= _open_clip(words, "cond_stage_model.model.")
    else:
        tensors |= _clip(words, "cond_stage_model.transformer.")
    save_file({key: value.contiguous().clone() for key, value in tensors.items()}, path)
    return path


def weights(folder: Path, part: str) -> dict[str, Any]:
    """The tensors of one part of a model folder."""
    from safetensors.torch import load_file

    (file,) = (folder / part).glob("*.safetensors")
    return load_file(file)


# ---- text encoders


def _clip(tensors: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {f"{prefix}text_model.{key.removeprefix('text_model.')}": value for key, value in tensors.items()}


def _open_clip(tensors: dict[str, Any], prefix: str) -> dict[str, Any]:
    """OpenCLIP keeps query, key and value of a layer in one, and its projection the other way round."""
    import torch

    plain = {key.removeprefix("text_model."): value for key, value in tensors.items()}
    made: dict[str, Any] = {}
    for key, value in plain.items():
        if match := re.fullmatch(r"encoder\.layers\.(\d+)\.self_attn\.q_proj\.(weight|bias)", key):
            parts = [plain[key.replace("q_proj", f"{part}_proj")] for part in "qkv"]
            made[f"transformer.resblocks.{match[1]}.attn.in_proj_{match[2]}"] = torch.cat(parts)
        elif not re.search(r"\.[kv]_proj\.", key):
            made[_open_clip_key(key)] = value.T if key.startswith("text_projection") else value
    made.setdefault("text_projection", torch.eye(made["positional_embedding"].shape[1]))
    return {prefix + key: value for key, value in made.items()}


def _open_clip_key(key: str) -> str:
    for ours, theirs in {
        "embeddings.position_embedding.weight": "positional_embedding", "embeddings.token_embedding": "token_embedding",
        "final_layer_norm": "ln_final", "encoder.layers": "transformer.resblocks", "self_attn": "attn", "layer_norm": "ln_",
        "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj", "text_projection.weight": "text_projection",
    }.items():  # fmt: skip
        key = key.replace(ours, theirs)
    return key


# ---- denoiser and autoencoder of Stable Diffusion


_TOP = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip
_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip


def _unet_key(key: str, layers: int, everything: dict[str, Any]) -> str:
    for ours, theirs in _TOP.items():
        if key.startswith(ours + "."):
            return theirs + key[len(ours) :]
    side, block, kind, at, rest = re.fullmatch(
        r"(down|up|mid)_blocks?\.(?:(\d+)\.)?(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.*)", key
    ).groups()  # type: ignore[union-attr]
    place, number = int(block or 0), int(at)
    if kind == "resnets":
        name, _, tail = rest.partition(".")
        rest = f"{_RESNET[name]}.{tail}"
    if side == "mid":
        return f"middle_block.{1 if kind == 'attentions' else 2 * number}.{rest}"
    if side == "down":
        if kind == "downsamplers":
            return f"input_blocks.{(layers + 1) * (place + 1)}.0.op.{rest.removeprefix('conv.')}"
        return f"input_blocks.{(layers + 1) * place + number + 1}.{int(kind == 'attentions')}.{rest}"
    if kind == "upsamplers":
        attended = any(other.startswith(f"up_blocks.{place}.attentions.") for other in everything)
        return f"output_blocks.{(layers + 1) * place + layers}.{1 + attended}.{rest}"
    return f"output_blocks.{(layers + 1) * place + number}.{int(kind == 'attentions')}.{rest}"


def _vae_key(key: str) -> str:
    def up(match: re.Match[str]) -> str:
        return f"decoder.up.{3 - int(match[1])}."

    key = re.sub(r"encoder\.down_blocks\.(\d+)\.", r"encoder.down.\1.", key)
    key = re.sub(r"decoder\.up_blocks\.(\d+)\.", up, key)
    key = re.sub(r"mid_block\.resnets\.(\d)\.", lambda match: f"mid.block_{int(match[1]) + 1}.", key)
    for ours, theirs in {
        "mid_block.attentions.0.": "mid.attn_1.", ".resnets.": ".block.", "downsamplers.0.": "downsample.",
        "upsamplers.0.": "upsample.", "conv_norm_out": "norm_out", "conv_shortcut": "nin_shortcut",
        "group_norm.": "norm.", "to_q.": "q.", "to_k.": "k.", "to_v.": "v.", "to_out.0.": "proj_out.",
    }.items():  # fmt: skip
        key = key.replace(ours, theirs)
    return key


# ---- FLUX.1's transformer

#: What diffusers demands of a single file: the published width. One block of each kind is a gigabyte in bfloat16.
WIDE = {"attention_head_dim": 128, "num_attention_heads": 24, "axes_dims_rope": (16, 56, 56)}


def write_flux(transformer: Any, path: Path) -> Path:
    """`transformer`, a FluxTransformer2DModel of `WIDE` with one block of each kind, as one .safetensors at `path`."""
    import torch
    from safetensors.torch import save_file

    plain = transformer.state_dict()
    made: dict[str, Any] = {}
    for key, value in plain.items():
        if re.search(r"\.(to_k|to_v|add_k_proj|add_v_proj)\.", key) or ".proj_mlp." in key:
            continue  # they go with the query
        if re.search(r"\.(to_q|add_q_proj)\.", key):
            parts = [plain[key.replace("q", other)] for other in "qkv"] if "add_" not in key else [
                plain[key.replace("add_q", f"add_{other}")] for other in "qkv"]  # fmt: skip
            if key.startswith("single"):
                parts.append(plain[key.replace("attn.to_q", "proj_mlp")])
            value = torch.cat(parts)
        elif key.startswith("norm_out"):
            value = torch.cat(list(value.chunk(2))[::-1])
        made[_flux_key(key)] = value.contiguous().clone()
    save_file(made, path)
    return path


_FLUX = {
    "time_text_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_text_embed.text_embedder.linear_1": "vector_in.in_layer",
    "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
    "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "context_embedder": "txt_in", "x_embedder": "img_in",
    "norm_out.linear": "final_layer.adaLN_modulation.1", "proj_out": "final_layer.linear",
}  # fmt: skip
_DOUBLE = {
    "norm1.linear": "img_mod.lin", "norm1_context.linear": "txt_mod.lin",
    "attn.to_q": "img_attn.qkv", "attn.add_q_proj": "txt_attn.qkv",
    "attn.norm_q.weight": "img_attn.norm.query_norm.scale", "attn.norm_k.weight": "img_attn.norm.key_norm.scale",
    "attn.norm_added_q.weight": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k.weight": "txt_attn.norm.key_norm.scale",
    "ff.net.0.proj": "img_mlp.0", "ff.net.2": "img_mlp.2",
    "ff_context.net.0.proj": "txt_mlp.0", "ff_context.net.2": "txt_mlp.2",
    "attn.to_out.0": "img_attn.proj", "attn.to_add_out": "txt_attn.proj",
}  # fmt: skip
_SINGLE = {
    "norm.linear": "modulation.lin", "attn.to_q": "linear1", "proj_out": "linear2",
    "attn.norm_q.weight": "norm.query_norm.scale", "attn.norm_k.weight": "norm.key_norm.scale",
}  # fmt: skip


def _flux_key(key: str) -> str:
    for start, block, names in (
        ("transformer_blocks.0.", "double_blocks.0.", _DOUBLE),
        ("single_transformer_blocks.0.", "single_blocks.0.", _SINGLE),
        ("", "", _FLUX),
    ):
        if key.startswith(start):
            rest = key.removeprefix(start)
            ours = next(name for name in names if rest == name or rest.startswith(name + "."))
            return block + names[ours] + rest.removeprefix(ours)
    raise KeyError(key)
