"""PSD and OpenRaster: read as one picture, written with layers. Witnesses: psd-tools, Pillow, and GIMP where it is there."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint_studio.document.edits import AddLayer
from inpaint_studio.document.layers import CloneLayer, FillLayer, new_fill_planes
from inpaint_studio.document.recipe import Recipe
from inpaint_studio.errors import InputError
from inpaint_studio.pixels.format import COVERAGE, Colour, PixelFormat
from inpaint_studio.pixels.rect import Rect
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.settings import Settings
from inpaint_studio.storage.files import probe, read_photo
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.studio.export_layers import layers_export
from inpaint_studio.studio.studio import Studio
from tests import profiles

RNG = np.random.default_rng(12)
FORMATS = [
    PixelFormat(colour, dtype, alpha) for colour, dtype, alpha in product(Colour, ("uint8", "uint16"), (False, True))
]
PROFILES = {Colour.GRAY: profiles.gray(), Colour.RGB: profiles.matrix("AdobeRGB"), Colour.CMYK: profiles.press()}
FILLED = Rect(10, 6, 30, 21)


def document(pixel_format: PixelFormat, *, opaque: bool = False, visible: bool = True) -> Studio:
    """A photo with a fill that is partly hidden by its mask, and a mask of the user's."""
    shape = (40, 50, pixel_format.channels)
    pixels = RNG.integers(0, pixel_format.white, shape, pixel_format.numpy, endpoint=True)
    metadata = Metadata(icc=PROFILES[pixel_format.colour], xmp=b"<x:xmpmeta/>", resolution=(240.0, 240.0))
    studio = Studio.of(Photo(pixels, pixel_format, metadata), Settings())
    planes, alpha = new_fill_planes(pixel_format, studio.document.canvas)
    size = (FILLED.height, FILLED.width)
    colours = RNG.integers(0, pixel_format.white, (*size, pixel_format.colour.channels), pixel_format.numpy)
    planes.write(FILLED, colours)
    alpha.write(FILLED, np.full((*size, 1), 65535 if opaque else 65535 // 255 * 100, np.uint16))
    made = FillLayer.made(
        studio.document.new_id(), "Fíll 1", planes, alpha, TiledImage(COVERAGE, studio.document.canvas), Recipe()
    )
    made.hidden.write(Rect(10, 6, 14, 21), np.full((15, 4, 1), 255, np.uint8))
    made.visible = visible
    studio.history.apply(AddLayer(made.state(), 0))
    studio.add_mask(np.full((40, 50), 128, np.uint8), "My mask")
    return studio


def shown(studio: Studio) -> np.ndarray:
    return studio.document.composite().read(studio.document.canvas)


@pytest.mark.parametrize("pixel_format", FORMATS, ids=str)
def test_psd_comes_back_as_the_picture_it_shows(pixel_format: PixelFormat, tmp_path: Path) -> None:
    studio = document(pixel_format)
    target = layers_export(studio, tmp_path / "a.psd")()
    assert probe(target).format == pixel_format
    photo = read_photo(target, max_megapixels=1)
    assert photo.format == pixel_format
    assert np.array_equal(photo.pixels, shown(studio))
    assert photo.metadata == studio.photo.metadata
    assert any("one picture" in note for note in photo.notes)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_psd_tools_finds_the_layers(dtype: str, tmp_path: Path) -> None:
    psd_tools = pytest.importorskip("psd_tools")
    studio = document(PixelFormat(Colour.RGB, dtype))
    psd = psd_tools.PSDImage.open(layers_export(studio, tmp_path / "a.psd", "Photo")())
    assert [layer.name for layer in psd] == ["Photo", "Fíll 1", "My mask"]
    assert [layer.visible for layer in psd] == [True, True, False]
    photo, fill, mask = psd
    white = np.iinfo(dtype).max
    assert np.array_equal(np.rint(photo.numpy("color") * white).astype(dtype), studio.photo.pixels)
    assert fill.bbox == (FILLED.left, FILLED.top, FILLED.right, FILLED.bottom)
    layer = studio.document.layers[0]
    assert isinstance(layer, FillLayer)
    assert np.array_equal(np.rint(fill.numpy("color") * white).astype(dtype), layer.pixels.read(FILLED))
    assert np.abs(fill.numpy("shape")[..., 0] - 100 / 255).max() < 1e-3
    assert fill.mask.bbox == fill.bbox
    assert np.allclose(fill.numpy("mask")[:, :4], 0)
    assert np.allclose(fill.numpy("mask")[:, 4:], 1)
    assert mask.bbox == (0, 0, 50, 40)


@pytest.mark.parametrize("pixel_format", FORMATS, ids=str)
def test_openraster_holds_every_layer_in_srgb(pixel_format: PixelFormat, tmp_path: Path) -> None:
    studio = document(pixel_format, opaque=True)
    target = layers_export(studio, tmp_path / "a.ora")()
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist()[0] == "mimetype"
        assert archive.read("mimetype") == b"image/openraster"
        stack = archive.read("stack.xml").decode()
        assert stack.index("My mask") < stack.index("Fíll 1") < stack.index("Photo")
        assert "x='10' y='6'" in stack
        layer = np.asarray(Image.open(io.BytesIO(archive.read("data/layer001.png"))))
        assert layer.shape == (15, 20, 4)
        assert not layer[:, :4, 3].any()
        assert (layer[:, 4:, 3] == 255).all()
        merged = np.asarray(Image.open(io.BytesIO(archive.read("mergedimage.png"))))
        assert np.array_equal(merged[6:21, 14:30, :3], layer[:, 4:, :3])
    photo = read_photo(target, max_megapixels=1)
    assert np.array_equal(photo.pixels, merged)
    assert probe(target).family == photo.family == "openraster"


def test_retouching_is_among_the_layers(tmp_path: Path) -> None:
    psd_tools = pytest.importorskip("psd_tools")
    studio = document(PixelFormat(Colour.RGB))
    canvas = studio.document.canvas
    clone = CloneLayer.empty(studio.document.new_id(), "Retouching", studio.document.format, canvas)
    clone.pixels.write(FILLED, np.full((FILLED.height, FILLED.width, 3), 7, np.uint8))
    clone.alpha.write(FILLED, np.full((FILLED.height, FILLED.width, 1), 65535, np.uint16))
    studio.history.apply(AddLayer(clone.state(), 1))
    opened = psd_tools.PSDImage.open(layers_export(studio, tmp_path / "a.psd", "Photo")())
    (layer,) = (layer for layer in opened if layer.name == "Retouching")
    assert layer.bbox == (FILLED.left, FILLED.top, FILLED.right, FILLED.bottom)
    assert np.array_equal(np.rint(layer.numpy("color") * 255), np.full((FILLED.height, FILLED.width, 3), 7))


def test_packed_rows_are_read_as_pillow_reads_them(tmp_path: Path) -> None:
    """Pillow writes no PSD: ours with its rows packed by another library."""
    import imagecodecs

    pixels = np.repeat(RNG.integers(0, 256, (12, 5, 3), dtype=np.uint8), 4, 1)
    studio = Studio.of(Photo(pixels, PixelFormat(Colour.RGB)), Settings())
    data = layers_export(studio, tmp_path / "a.psd")().read_bytes()
    rows = [imagecodecs.packbits_encode(pixels[y, :, c].tobytes()) for c in range(3) for y in range(12)]
    lengths = np.array([len(row) for row in rows], ">u2").tobytes()
    packed = data[: len(data) - pixels.size - 2] + b"\0\1" + lengths + b"".join(map(bytes, rows))
    (tmp_path / "b.psd").write_bytes(packed)
    assert np.array_equal(read_photo(tmp_path / "b.psd", max_megapixels=1).pixels, pixels)
    with Image.open(tmp_path / "b.psd") as picture:
        assert np.array_equal(np.asarray(picture.convert("RGB")), pixels)


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("mimetype", b"image/openraster")
        for name, data in members.items():
            made.writestr(name.replace("__", "/"), data, zipfile.ZIP_DEFLATED)
    return path


def test_openraster_traps_are_refused(tmp_path: Path) -> None:
    none = archive(tmp_path / "a.ora", **{"..__..__evil.png": b"x", "stack.xml": b"<!DOCTYPE x>"})
    with pytest.raises(InputError, match="holds no picture"):
        read_photo(none, max_megapixels=1)
    for data in (b"", b"no png", bytes(10 << 20)):
        with pytest.raises(InputError):
            read_photo(archive(tmp_path / "b.ora", **{"mergedimage.png": data}), max_megapixels=1)
    lying = bytearray(archive(tmp_path / "c.ora", **{"mergedimage.png": bytes(1000)}).read_bytes())
    at = lying.rindex(b"PK\1\2")
    lying[at + 24 : at + 28] = (1 << 31).to_bytes(4, "little")
    (tmp_path / "c.ora").write_bytes(lying)
    with pytest.raises(InputError, match="damaged"):
        read_photo(tmp_path / "c.ora", max_megapixels=1)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.ora", "b.ora", "c.ora"]


@pytest.mark.parametrize("suffix", [".psd", ".ora"])
def test_every_cut_is_refused(suffix: str, tmp_path: Path) -> None:
    data = layers_export(document(PixelFormat(Colour.RGB)), tmp_path / f"a{suffix}")().read_bytes()
    for length in range(1, len(data) - 1, 211):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(InputError):
            read_photo(tmp_path / "cut", max_megapixels=1)


def test_what_has_no_layers_or_no_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no format with layers"):
        layers_export(document(PixelFormat(Colour.RGB)), tmp_path / "a.png")
    deep = Studio.of(Photo(np.zeros((4, 4, 3), np.float32), PixelFormat(Colour.RGB, "float32")), Settings())
    with pytest.raises(InputError, match="not 32-bit float"):
        layers_export(deep, tmp_path / "a.psd")()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("gimp") is None or shutil.which("xvfb-run") is None, reason="GIMP is not installed")
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gimp_shows_exactly_what_we_show(dtype: str, tmp_path: Path) -> None:
    studio = document(PixelFormat(Colour.RGB, dtype), opaque=True)
    layers_export(studio, tmp_path / "a.psd")()
    script = (
        f'(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{tmp_path}/a.psd" "a")))'
        "(drawable (car (gimp-image-merge-visible-layers image CLIP-TO-IMAGE))))"
        f'(file-tiff-save RUN-NONINTERACTIVE image drawable "{tmp_path}/out.tif" "out" 0))'
    )
    command = ["xvfb-run", "-a", "gimp", "-i", "-d", "-f", "-n", "--batch-interpreter=plug-in-script-fu-eval"]
    home = {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    (tmp_path / "home").mkdir()
    subprocess.run(
        [*command, "-b", script, "-b", "(gimp-quit 0)"],
        env=os.environ | home,
        check=True,
        capture_output=True,
        timeout=120,
    )
    back = read_photo(tmp_path / "out.tif", max_megapixels=1)
    assert np.array_equal(back.pixels[..., :3], shown(studio))


@pytest.fixture(scope="module")
def krita_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of Krita's own: what it makes at its first start, which takes long, serves all tests."""
    home = tmp_path_factory.mktemp("krita")
    (home / "run").mkdir(mode=0o700)
    return home


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("krita") is None or shutil.which("xvfb-run") is None, reason="Krita is not installed")
@pytest.mark.parametrize(
    ("suffix", "dtype", "opaque"), [(".psd", "uint8", False), (".psd", "uint16", False), (".ora", "uint8", True)]
)
def test_krita_shows_exactly_what_we_show(
    suffix: str, dtype: str, opaque: bool, tmp_path: Path, krita_home: Path
) -> None:
    """Half transparent layers of an .ora are blended in sRGB there and in the photo's own colours here: they differ."""
    studio = document(PixelFormat(Colour.RGB, dtype), opaque=opaque)
    source, out = tmp_path / f"a{suffix}", tmp_path / "out.tif"
    layers_export(studio, source)()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "QT_"))}
    environment |= {"HOME": str(krita_home), "XDG_RUNTIME_DIR": str(krita_home / "run"), "LC_ALL": "C.UTF-8"}
    command = ["xvfb-run", "-a", "krita", "--nosplash", "--export", "--export-filename", str(out), str(source)]
    done = subprocess.run(
        ["timeout", "-k", "5", "200", *command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seen = read_photo(out, max_megapixels=1)
    wanted = shown(studio) if suffix == ".psd" else read_photo(source, max_megapixels=1).pixels[..., :3]
    assert (seen.format.dtype, seen.pixels.shape) == (dtype, wanted.shape)
    assert np.array_equal(seen.pixels, wanted)
