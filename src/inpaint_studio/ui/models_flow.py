"""The model library in the window: the dialog when it is wanted, the downloads for as long as the window lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from inpaint_studio.ui.errand import in_thread
from inpaint_studio.ui.lent_runner import LentRunner
from inpaint_studio.ui.model_library import Downloads, ModelLibrary

if TYPE_CHECKING:
    from inpaint_studio.engines.contract import EngineSpec
    from inpaint_studio.ui.window import MainWindow


class ModelsFlow(QObject):
    """Owns the downloads; lists the engines anew when models come or go."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.downloads = Downloads(self)
        self.downloads.ended.connect(self._ended)
        self._dialog: ModelLibrary | None = None
        #: The model that was asked for in the fill panel: its engine is chosen when it is here.
        self._wanted = ""

    @Slot(str)
    def get(self, model_id: str) -> None:
        """Show what that model is, and offer to download it."""
        self._wanted = model_id
        self.show()
        if self._dialog is not None:
            self._dialog.point_at(model_id)

    @Slot()
    def show(self) -> None:
        """Open the library, or bring it to the front."""
        if self._dialog is None:
            self._dialog = ModelLibrary(
                self.downloads, LentRunner(self._window.engine), self._window.spawn, self._window
            )
            self._dialog.changed.connect(self.list_engines)
        self._dialog.refresh()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    @Slot()
    def list_engines(self) -> None:
        """Offer the engines that there are now, and call them by their names."""
        self._window.spawn(self._list_engines())

    async def _list_engines(self) -> None:
        # a model may lie on a disk that sleeps
        specs, offers = await in_thread(_engines_and_offers)
        form = self._window.fill_panel.form
        form.set_engines(specs)
        form.set_offers(offers)
        for dock in (self._window.layers, self._window.candidates):
            dock.set_engines(specs)
        self._window.fill_panel.changed.emit()
        if self._wanted and self._wanted not in offers:
            ready = [spec.id for spec in specs.values() if spec.availability.available]
            form.choose(next((found for found in ready if found.endswith(f"/{self._wanted}")), ""))
            self._wanted = ""

    def stop(self) -> None:
        """End the downloads, keeping what has arrived, and an installation. Returns at once."""
        self.downloads.stop()
        if self._dialog is not None:
            self._dialog.stop()
            self._dialog.close()

    def wait(self) -> None:
        """Wait for the downloads' threads; outside the event loop."""
        self.downloads.wait()

    @Slot(str, object)
    def _ended(self, model_id: str, error: BaseException | None) -> None:
        # with the library open, it says so itself
        if self._dialog is not None and self._dialog.isVisible():
            return
        if error is None:
            self._window.messages.info(self.tr("The model {0} is ready.").format(model_id))
            self.list_engines()
        else:
            self._window.messages.show(error)


def _engines_and_offers() -> tuple[dict[str, EngineSpec], dict[str, str]]:
    """Every engine by its id, and the titles of the models that are not here, by theirs."""
    from inpaint_studio.engines import planner
    from inpaint_studio.engines.library.catalogue import catalogue
    from inpaint_studio.engines.library.installed import installed

    here = {model.id for model in installed()}
    return planner.all_specs(), {entry.id: entry.title for entry in catalogue() if entry.id not in here}
