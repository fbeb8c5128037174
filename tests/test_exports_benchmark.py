"""The benchmark of exports in small: what its thousand must show, some dozens do in every run of the tests."""

from __future__ import annotations

from dataclasses import replace

from benchmarks import exports


def test_nothing_changes_outside_and_no_untouched_coefficient() -> None:
    figures = exports.run(40, 15)
    assert figures["tried"] == figures["exported"] + figures["refused"] < 60
    assert figures["exported"] == 40
    assert figures["pixels_outside"] > 10_000
    assert figures["changed_outside"] == 0
    assert figures["seen_by_another_library"] > 5
    assert figures["jpeg_exported"] == 15
    assert figures["jpeg_coefficients"] > 10_000
    assert figures["jpeg_changed_coefficients"] == 0


def test_a_change_outside_would_be_counted(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    honest = exports.read_photo

    def spoiling(*arguments, **how):  # type: ignore[no-untyped-def]
        photo = honest(*arguments, **how)
        return replace(photo, pixels=photo.pixels ^ 1 if photo.pixels.dtype.kind == "u" else photo.pixels)

    monkeypatch.setattr(exports, "_photo", lambda rng, folder: _png(folder))
    monkeypatch.setattr(exports, "read_photo", spoiling)
    figures = exports.run(3, 0)
    assert figures["changed_outside"] > 0


def _png(folder):  # type: ignore[no-untyped-def]
    import numpy as np
    from PIL import Image

    Image.fromarray(np.arange(3600, dtype=np.uint8).reshape(60, 60)).save(folder / "in.png")
    return folder / "in.png"
