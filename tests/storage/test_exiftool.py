"""exiftool as an independent witness of what each format keeps; it writes the table in docs/files.md itself."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inpaint_studio.pixels.format import Colour, PixelFormat
from inpaint_studio.storage.files import family_for, read_photo, write_photo
from inpaint_studio.storage.photo import Metadata, Photo
from inpaint_studio.storage.registry import FAMILIES
from tests import profiles

pytestmark = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")

DOCS = Path(__file__).parents[2] / "docs" / "files.md"
BEGIN, END = "<!-- table by tests/storage/test_exiftool.py: begin -->", "<!-- table: end -->"
#: What is looked for, and the tags that exiftool reports it by.
ITEMS = {
    "ICC profile": ("ICC_Profile:ProfileDescription", "ICC_Profile:RedMatrixColumn"),
    "camera": ("EXIF:Make", "EXIF:Model"),
    "exposure": ("EXIF:ExposureTime", "EXIF:FNumber", "EXIF:ISO", "EXIF:DateTimeOriginal"),
    "MakerNote": ("MakerNotes:CanonModelID",),
    "GPS": ("EXIF:GPSLatitude", "EXIF:GPSLongitude", "EXIF:GPSAltitude"),
    "orientation": ("EXIF:Orientation",),
    "XMP": ("XMP:Title", "XMP:Rating"),
    "IPTC": ("IPTC:Headline", "IPTC:Keywords"),
    "resolution": ("EXIF:XResolution", "JFIF:XResolution", "PNG:PixelsPerUnitX"),
}
#: Formats without a place for it.
NO_PLACE = {("png", "IPTC"), ("webp", "IPTC"), ("avif", "IPTC"), ("jpegxl", "IPTC")}
WRITTEN = [family for family in FAMILIES if family.writes]


def reported(path: Path) -> dict[str, Any]:
    command = ["exiftool", "-json", "-G0", "-n", "-u", "-struct", "-b", str(path)]
    out = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return dict(json.loads(out)[0])


def item(tags: dict[str, Any], name: str) -> dict[str, Any]:
    return {tag: tags[tag] for tag in ITEMS[name] if tag in tags}


def source(suffix: str, orientation: int, tmp_path: Path) -> Path:
    """A photo with everything in it, put there by exiftool and not by us."""
    bare = tmp_path / f"source{suffix}"
    pixels = (np.indices((24, 40)).sum(0)[..., None] * np.array([3, 2, 4])).astype(np.uint8)
    tags = Image.Exif()
    tags[271] = "Canon"
    # exiftool makes no maker notes: one number in the form of Canon's
    tags.get_ifd(0x8769)[37500] = struct.pack("<HHHIII", 1, 0x10, 4, 1, 0x80000213, 0)
    block = tags.tobytes().removeprefix(b"Exif\0\0")
    metadata = Metadata(icc=profiles.matrix("AdobeRGB"), exif=block, orientation=orientation)
    family = family_for(bare).id  # its own, so that the orientation is stored and not applied
    write_photo(Photo(pixels, PixelFormat(Colour.RGB), metadata, family=family), bare)
    wanted = {
        "EXIF:Make": "Canon",
        "EXIF:Model": "Box 1",
        "EXIF:ExposureTime": "0.004",
        "EXIF:FNumber": "5.6",
        "EXIF:ISO": "200",
        "EXIF:DateTimeOriginal": "2026:01:02 03:04:05",
        "EXIF:GPSLatitude": "52.5200",
        "EXIF:GPSLatitudeRef": "N",
        "EXIF:GPSLongitude": "13.4050",
        "EXIF:GPSLongitudeRef": "E",
        "EXIF:GPSAltitude": "34",
        "EXIF:Orientation#": str(orientation),
        "EXIF:XResolution": "300",
        "EXIF:YResolution": "300",
        "EXIF:ResolutionUnit#": "2",
        "XMP:Title": "A wren",
        "XMP:Rating": "4",
    }
    if suffix in (".jpg", ".tif"):
        wanted |= {"IPTC:Headline": "Wren", "IPTC:Keywords": "bird"}
    command = ["exiftool", "-m", "-overwrite_original", "-q", "-q", "-n"]
    command += [f"-{tag}={value}" for tag, value in wanted.items()]
    subprocess.run([*command, str(bare)], check=True, capture_output=True, timeout=60)
    return bare


def compared(before: dict[str, Any], after: dict[str, Any], family: str) -> dict[str, str]:
    result = {}
    for name in ITEMS:
        had, has = item(before, name), item(after, name)
        if name == "resolution":
            had, has = (
                {"": round(min(value * (0.0254 if "PNG" in tag else 1) for tag, value in values.items()))}
                for values in (had, has)
            )
        if (family, name) == ("jpegxl", "ICC profile"):
            result[name] = "not seen"  # in the codestream, where this exiftool does not look; see test_jpegxl.py
        elif (family, name) in NO_PLACE:
            result[name] = "no place"
        else:
            result[name] = "kept" if had and had == has else ("not in the source" if not had else "LOST")
    return result


def edited(path: Path, target: Path) -> None:
    photo = read_photo(path, max_megapixels=1)
    pixels = photo.pixels.copy()
    pixels[2:7, 3:9] = 7
    write_photo(replace(photo, pixels=pixels), target)


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, str]]:
    return {}


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("family", WRITTEN, ids=lambda family: family.id)
def test_same_family_keeps_all(family, orientation, table, tmp_path):
    suffix = family.suffixes[0]
    path = source(".jpg" if family.id == "avif" else suffix, orientation, tmp_path)
    if family.id == "avif":  # this exiftool cannot write into AVIF: ours is made of a JPEG's
        write_photo(read_photo(path, max_megapixels=1), tmp_path / "source.avif")
        path = tmp_path / "source.avif"
    edited(path, tmp_path / f"out{suffix}")
    found = compared(reported(path), reported(tmp_path / f"out{suffix}"), family.id)
    table[f"{family.title} → {family.title}"] = found
    assert "LOST" not in found.values(), found


@pytest.mark.parametrize("family", [one for one in WRITTEN if one.id != "tiff"], ids=lambda one: one.id)
def test_from_tiff_to_others(family, table, tmp_path):
    path = source(".tif", 6, tmp_path)
    target = tmp_path / f"out{family.suffixes[0]}"
    edited(path, target)
    before = reported(path) | {"EXIF:Orientation": 1}  # written upright
    after = {"EXIF:Orientation": 1} | reported(target)
    found = compared(before, after, family.id)
    table[f"TIFF → {family.title}"] = found
    assert "LOST" not in found.values(), found


def test_the_table_in_the_docs_is_this_one(table: dict[str, dict[str, str]], request: pytest.FixtureRequest) -> None:
    if len(table) < 2 * len(WRITTEN) - 1:
        pytest.skip("only a part of the tests ran")
    lines = [f"| from → to | {' | '.join(ITEMS)} |", "|---" * (len(ITEMS) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(found[one] for one in ITEMS)} |" for name, found in sorted(table.items())]
    text = DOCS.read_text("utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    wanted = head + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + tail
    if text != wanted:
        DOCS.write_text(wanted, "utf-8")
        pytest.fail("docs/files.md did not have this table; it has it now")
