"""Tiny random diffusion models: real classes of diffusers and transformers, real layouts, weights of a megabyte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: What can be built: name → (class in the folder's index, channels of the denoiser).
KINDS = {
    "sd-inpaint": ("StableDiffusionInpaintPipeline", 9),
    "sd-base": ("StableDiffusionPipeline", 4),
    "sd2-inpaint": ("StableDiffusionInpaintPipeline", 9),
    "sdxl-inpaint": ("StableDiffusionXLInpaintPipeline", 9),
    "sdxl-base": ("StableDiffusionXLPipeline", 4),
    "flux-fill": ("FluxFillPipeline", 384),
}
_LATENT_SIDE = 8
_SD_SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def build(kind: str, folder: Path) -> Path:
    """Write the model `kind` into the new folder `folder` as diffusers does."""
    import torch

    torch.manual_seed(0)
    pipe = _flux(folder) if kind.startswith("flux") else _stable_diffusion(kind, folder)
    pipe.save_pretrained(folder, safe_serialization=True)
    for path in (folder / "words").iterdir():
        path.unlink()
    (folder / "words").rmdir()
    return folder


def build_slow(folder: Path, side: int) -> Path:
    """Write a Stable Diffusion inpainting model with a UNet of some 20 million parameters, which draws at `side` pixels: its
    pictures mean nothing, its time is that of a real step.
    """
    import diffusers
    import torch

    build("sd-inpaint", folder)
    torch.manual_seed(0)
    unet: Any = diffusers.UNet2DConditionModel
    unet(
        block_out_channels=(64, 160, 320), layers_per_block=1, sample_size=side // 8, in_channels=9, out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32, norm_num_groups=32, attention_head_dim=8,
    ).save_pretrained(folder / "unet", safe_serialization=True)  # fmt: skip
    return folder


def _stable_diffusion(kind: str, folder: Path) -> Any:
    import diffusers

    class_name, channels = KINDS[kind]
    tokenizer, words = _tokenizer(folder / "words")
    xl = kind.startswith("sdxl")
    parts: dict[str, Any] = {
        "vae": _vae(4, 0.13025 if xl else 0.18215),
        "text_encoder": _text_encoder(words, hidden=1024 if kind.startswith("sd2") else 32),
        "tokenizer": tokenizer,
        "unet": _unet(channels, xl=xl, cross=1024 if kind.startswith("sd2") else 32 + 48 if xl else 32),
        "scheduler": diffusers.DDIMScheduler(
            **_SD_SCHEDULE, clip_sample=False, set_alpha_to_one=False, prediction_type="epsilon"
        ),
    }
    if xl:
        # single files are told apart by the sizes of the two
        parts |= {"text_encoder_2": _text_encoder(words, hidden=48, projected=True), "tokenizer_2": tokenizer}
        parts |= {"add_watermarker": False} if "inpaint" in kind else {}
    else:
        parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return getattr(diffusers, class_name)(**parts)


def _flux(folder: Path) -> Any:
    """16 latent channels and the published 384 at the entrance; everything behind it is small."""
    import diffusers
    import tokenizers
    import transformers

    tokenizer, words = _tokenizer(folder / "words")
    letters = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        ("▁", -2.0),
        *((chr(code), -3.0) for code in range(33, 127)),
    ]
    plain = tokenizers.Tokenizer(tokenizers.models.Unigram(letters, unk_id=2))
    plain.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    plain.post_processor = tokenizers.processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    marks = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    second = transformers.PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=512, **marks)
    t5 = transformers.T5Config(
        vocab_size=len(second), d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4, feed_forward_proj="gated-gelu",
        is_encoder_decoder=False, use_cache=False,
    )  # fmt: skip
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=384, out_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8),
        guidance_embeds=True,
    )  # fmt: skip
    return diffusers.FluxFillPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=_vae(16, 0.3611, 0.1159),
        text_encoder=_text_encoder(words),
        tokenizer=tokenizer,
        text_encoder_2=transformers.T5EncoderModel(t5).eval(),
        tokenizer_2=second,
        transformer=transformer.eval(),
    )


def _vae(channels: int, scaling: float, shift: float | None = None) -> Any:
    import diffusers

    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, layers_per_block=1, latent_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, sample_size=64,
        scaling_factor=scaling, shift_factor=shift, use_quant_conv=shift is None, use_post_quant_conv=shift is None,
    ).eval()  # fmt: skip
    _make_faithful(vae, _SPREAD / scaling)
    return vae


#: By how much latents spread out for pixels in -1..1: the noise they are mixed with has a spread of 1.
_SPREAD = 4.0
#: Far above any sample: beside it the normalisation sees no picture.
_OFFSET = 1000.0


def _make_faithful(vae: Any, gain: float) -> None:
    """Weights by which the autoencoder averages 8×8 pixels and repeats them, so that a test sees what the model did.

    Red, green and blue travel as pairs (x + offset, -x - offset): the mean of a pair is 0 and its spread the offset, so
    that normalising scales by a constant, and the difference of a pair passes the activation unbent. gain: of the latents.
    """
    import torch

    with torch.no_grad():
        for half, before, after in ((vae.encoder, 1.0, gain), (vae.decoder, 1 / gain, 1.0)):
            _into_pairs(_cleared(half.conv_in), before)
            for name, module in half.named_modules():
                if name.endswith(("conv2", "to_out.0")):
                    _cleared(module)  # what is added to the way through
                elif name.endswith(("downsamplers.0.conv", "upsamplers.0.conv")):
                    _through(_cleared(module), halved="down" in name)
            _out_of_pairs(_cleared(half.conv_out), half.conv_norm_out, after)
        for conv in (vae.quant_conv, vae.post_quant_conv):
            if conv is not None:
                _cleared(conv).weight.copy_(torch.eye(conv.weight.shape[0])[..., None, None])


def _cleared(conv: Any) -> Any:
    conv.weight.zero_()
    conv.bias.zero_()
    return conv


def _into_pairs(conv: Any, gain: float) -> None:
    for colour in range(3):
        for side, sign in enumerate((1.0, -1.0)):
            conv.weight[2 * colour + side, colour, 1, 1] = sign * gain
            conv.bias[2 * colour + side] = sign * _OFFSET


def _through(conv: Any, *, halved: bool) -> None:
    for channel in range(8):
        if halved:
            conv.weight[channel, channel, :2, :2] = 0.25
        else:
            conv.weight[channel, channel, 1, 1] = 1.0


def _out_of_pairs(conv: Any, norm: Any, gain: float) -> None:
    norm.weight.fill_(_OFFSET)
    norm.bias.zero_()
    for colour in range(3):
        conv.weight[colour, 2 * colour, 1, 1], conv.weight[colour, 2 * colour + 1, 1, 1] = gain, -gain
        conv.bias[colour] = -_OFFSET * gain


def _unet(channels: int, *, xl: bool, cross: int) -> Any:
    import diffusers

    extra: dict[str, Any] = {"attention_head_dim": 2}
    if xl:
        extra = {
            "attention_head_dim": (2, 4), "use_linear_projection": True, "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8, "transformer_layers_per_block": (1, 2),
            "projection_class_embeddings_input_dim": 6 * 8 + 32,
        }  # fmt: skip
    return diffusers.UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, sample_size=_LATENT_SIDE, in_channels=channels, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=cross, norm_num_groups=8, **extra,
    ).eval()  # fmt: skip


def _text_encoder(words: int, hidden: int = 32, *, projected: bool = False) -> Any:
    import transformers

    config = transformers.CLIPTextConfig(
        vocab_size=words, hidden_size=hidden, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=77, projection_dim=32, bos_token_id=words - 2, eos_token_id=words - 1,
        pad_token_id=words - 1,
    )  # fmt: skip
    kind = transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel
    return kind(config).eval()


def _tokenizer(folder: Path) -> tuple[Any, int]:
    """CLIP's byte-pair tokenizer with a handful of merges, and how many words it knows."""
    import transformers

    folder.mkdir(parents=True)
    letters = _byte_letters()
    merges = ["t h", "th e</w>", "s k", "sk y</w>"]
    made = [merge.replace(" ", "") for merge in merges]
    words = [*letters, *(letter + "</w>" for letter in letters), *made, "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: at for at, word in enumerate(words)}), "utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", "utf-8")
    settings = {
        "tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return transformers.CLIPTokenizer.from_pretrained(str(folder), local_files_only=True), len(words)


def _byte_letters() -> list[str]:
    """One visible letter for each byte, as byte-level tokenizers have it."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    letter = {byte: chr(byte) for byte in visible} | {byte: chr(256 + at) for at, byte in enumerate(hidden)}
    return [letter[byte] for byte in (*visible, *hidden)]
