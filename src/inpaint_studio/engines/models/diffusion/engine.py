"""An installed diffusion model as an engine: opened at the first fill, kept as long as it is used in the same way."""

from __future__ import annotations

import threading
from contextlib import suppress

import numpy as np

from inpaint_studio.engines.contract import FillRequest, FillResult, Progress, check
from inpaint_studio.engines.library.installed import InstalledModel
from inpaint_studio.engines.library.probe import probe
from inpaint_studio.engines.models.diffusion.options import DiffusionOptions
from inpaint_studio.engines.models.diffusion.painting import Painting, Told
from inpaint_studio.engines.runtime import memory
from inpaint_studio.engines.runtime.devices import choose_device
from inpaint_studio.engines.runtime.diffusion import Family, Previewer, Sampler, Source, open_pipeline
from inpaint_studio.errors import InputError
from inpaint_studio.settings import load_settings

#: The native size when memory is very short, as a share of the model's own.
_SMALL = 0.75


class Diffusion:
    """One installed model. It is opened at the first fill, and again when device or way of using memory change."""

    def __init__(
        self, model: InstalledModel, family: Family, like: InstalledModel | None, previewers: tuple[Previewer, ...] = ()
    ) -> None:
        """like: a folder that describes a single file. previewers: tiny decoders that are there."""
        self._model = model
        self._family = family
        self._like = like
        self._previewers = previewers
        self._lock = threading.Lock()
        self._opened: tuple[tuple[str, str, bool], Sampler] | None = None

    def fill(self, request: FillRequest, progress: Progress) -> FillResult:
        hole = request.mask > 0
        if not hole.any():
            progress.step(1.0, "Nothing to do")
            return FillResult(request.image)
        options: DiffusionOptions = request.options or DiffusionOptions()
        with self._lock:
            sampler = self._sampler(options, progress)
            painting = Painting(request, options, self._family, sampler, Told(progress, request))
            image = painting.paint(self._native(options))
        made = np.where(hole[..., None], np.clip(image, 0, 1), request.image)
        return FillResult(np.ascontiguousarray(made, np.float32), " ".join(painting.notes))

    def prepare(self, options: DiffusionOptions | None, progress: Progress) -> None:
        """Open the model as a fill with `options` does."""
        with self._lock:
            self._sampler(options or DiffusionOptions(), progress)

    def _native(self, options: DiffusionOptions) -> int:
        native = self._model.native or self._family.native
        share = _SMALL if options.memory == "small" else 1.0
        return max(self._family.multiple, round(native * share / self._family.multiple) * self._family.multiple)

    def _sampler(self, options: DiffusionOptions, progress: Progress) -> Sampler:
        key = options.device, options.memory, load_settings().safety_checker
        if self._opened is None or self._opened[0] != key:
            self._opened = None
            # said before torch is imported, which takes seconds
            progress.step(None, f"Getting {self._model.title} ready")
            memory.give_back()
            device = choose_device(options.device)
            progress.step(None, f"Loading for {device}")
            way = memory.fitting(options.memory, device, self._model.memory_mib)
            # a file may have been replaced since it was found
            probe(self._model.path)
            pipe = open_pipeline(self._family, self._source(), device, safety=key[2])
            check(progress)
            with memory.memory_errors():
                memory.arrange(pipe, way, device)
                self._opened = key, Sampler(pipe, self._family, self._sound_previewers())
        return self._opened[1]

    def _sound_previewers(self) -> list[Previewer]:
        """Those whose headers still pass; without any, previews are coarser, and nothing else changes."""
        sound = []
        for previewer in self._previewers:
            with suppress(InputError):
                probe(previewer.path)
                sound.append(previewer)
        return sound

    def _source(self) -> Source:
        return Source(
            path=self._model.path,
            layout=self._model.layout,
            in_channels=self._model.in_channels,
            precision=self._model.precision,
            like=None if self._like is None else self._like.path,
        )
