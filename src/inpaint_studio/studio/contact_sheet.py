"""A page that shows what became of a folder: for each scan before, mask and after. One HTML file beside small JPEGs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_studio.document.codec import Json
from inpaint_studio.pixels.tiled import TiledImage
from inpaint_studio.restore.looking import Look, Read, shrunk_whole
from inpaint_studio.storage.atomic import atomic_target
from inpaint_studio.studio.studio import Studio

_SIDE = 480
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;background:#1c1c1e;color:#ddd}"
    "figure{margin:0 0 2rem}img{max-width:32%;vertical-align:top;margin-right:1%}"
    "figcaption{margin-bottom:.4rem}.error{color:#ff8a80}.note{color:#ffd180}"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One file: its name, what went wrong if anything did, what `Mended.to_json` says, and the folder of its pictures."""

    name: str
    error: str
    mended: Json
    pictures: str


def thumbnails(folder: Path, studio: Studio, mask: TiledImage) -> None:
    """Write before.jpg, mask.jpg (the marks in red over the photo) and after.jpg to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    extent, look = studio.document.photo.extent, Look(studio.document.format)
    before = shrunk_whole(studio.document.photo.read, extent, look, _SIDE)
    after = shrunk_whole(studio.document.composite().read, extent, look, _SIDE)
    share = _share(mask.read, mask, before.shape[:2])
    # a speck covers a small share of a reduced pixel: its square root keeps it visible
    strength = np.sqrt(share)[..., None]
    marked = before * (0.6 - 0.6 * strength) + np.array([1, 0.15, 0.1], np.float32) * strength
    for name, picture in (("before", before), ("mask", marked), ("after", after)):
        eight = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
        data = cv2.imencode(".jpg", eight[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        (folder / f"{name}.jpg").write_bytes(data.tobytes())


def _share(read: Read, mask: TiledImage, shape: tuple[int, ...]) -> NDArray[np.float32]:
    small = shrunk_whole(read, mask.extent, Look(mask.format), _SIDE)[..., 0]
    if small.shape != shape:
        small = np.asarray(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(small, np.float32)


def write_sheet(target: Path, title: str, rows: list[Row], learned: Sequence[str] = ()) -> None:
    """Write the page, whole or not at all. learned: what the scans have in common, in sentences."""
    done = sum(not row.error for row in rows)
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}, restored</title>',
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1><p>{done} restored, {len(rows) - done} failed.</p>",
        *(f"<p>{escape(sentence)}</p>" for sentence in learned),
        *map(_figure, rows),
        "</html>",
    ]
    with atomic_target(target) as partial:
        partial.write_text("\n".join(parts), "utf-8")


def _figure(row: Row) -> str:
    if row.error:
        return f'<figure><figcaption>{escape(row.name)}: <span class="error">{escape(row.error)}</span></figcaption></figure>'
    notes = "".join(f'<br><span class="note">{escape(note)}</span>' for note in row.mended["notes"])
    says = f"{row.mended['parts']:,} parts mended, {row.mended['marked_percent']:.2f} % of the photo marked"
    pictures = "".join(
        f'<img src="{quote(row.pictures)}/{name}.jpg" alt="{escape(row.name)}, {name}">'
        for name in ("before", "mask", "after")
    )
    return f"<figure><figcaption>{escape(row.name)}: {says}{notes}</figcaption>{pictures}</figure>"
