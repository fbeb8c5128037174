"""The mixer as it is shipped computes what was trained."""

from __future__ import annotations

import pytest


def test_the_mixer_laid_out_for_onnxruntime_is_the_one_that_is_trained() -> None:
    torch = pytest.importorskip("torch")
    from training.thin_net import LaidOut, Mixer

    torch.manual_seed(0)
    trained, laid_out = Mixer(), LaidOut()
    for weight in trained.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    laid_out.load_state_dict(trained.state_dict())
    features = torch.randn(9, 16, 26)
    features[..., 20:22] = (torch.rand(9, 16, 2) > 0.3).float()
    with torch.inference_mode():
        wanted, found = trained(features), laid_out(features)
    assert wanted.abs().max() > 0.05
    assert torch.allclose(found, wanted, atol=1e-5)
    assert torch.allclose(found.sum(1), torch.ones(9), atol=1e-5)
