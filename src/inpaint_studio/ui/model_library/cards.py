"""The list in the library: models that are here, models on offer, added folders, and what is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from inpaint_studio.ui.model_library.card import FolderRow, ModelCard, separator
from inpaint_studio.ui.model_library.listing import about_entry, about_installed, is_removable
from inpaint_studio.ui.theme import heading, hint, named

if TYPE_CHECKING:
    from collections.abc import Callable

    from inpaint_studio.engines.library.control import Transfer
    from inpaint_studio.ui.model_library.listing import Listing


class ModelList(QScrollArea):
    """A card for each model. `state` tells where the download of a model is, None when none runs; `is_open` whether it is in
    memory.
    """

    #: A model's id, and what is wanted of it: see `ModelCard`.
    wanted = Signal(str, str)
    #: The path of a folder that shall not be used any more.
    forget = Signal(str)

    def __init__(self, state: Callable[[str], Transfer | None], is_open: Callable[[str], bool]) -> None:
        super().__init__()
        named(self, "models.list", accessible=self.tr("Models"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._state, self._is_open = state, is_open
        self._cards: dict[str, ModelCard] = {}
        #: The card to bring into sight.
        self._pointed = ""
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setWidget(inside)

    def card(self, model_id: str) -> ModelCard | None:
        """The card of that model."""
        return self._cards.get(model_id)

    def point_at(self, model_id: str) -> None:
        """Bring the card of that model into sight, now or when it is there."""
        self._pointed = model_id
        self._find()

    def show_open(self) -> None:
        """Show which models are in memory now."""
        for model_id, card in self._cards.items():
            card.set_open(self._is_open(model_id))

    def show_listing(self, listing: Listing) -> None:
        """Show what is there now, in place of what was shown."""
        self._clear()
        self._section(self.tr("On this computer"), listing.installed)
        for model in listing.installed:
            removable, large = is_removable(model, listing.folders), model.id in listing.large
            self._add(ModelCard(about_installed(model), installed=True, removable=removable, large=large))
        self.show_open()
        self._section(self.tr("To download"), listing.offered)
        for entry in listing.offered:
            left = listing.left.get(entry.id, 0)
            self._add(ModelCard(about_entry(entry), installed=False, removable=False, left=left))
        # a file that was added by itself has a card with a button of its own
        files = {str(model.path) for model in listing.installed}
        folders = [path for path in listing.folders if path not in files]
        self._section(self.tr("Added folders"), folders)
        for number, path in enumerate(folders):
            row = FolderRow(path, number)
            row.forget.connect(self.forget)
            self._column.addWidget(row)
        self._section(self.tr("Found, but not used"), listing.refused)
        for number, bad in enumerate(listing.refused):
            self._column.addWidget(hint(f"models.refused.{number}", f"{bad.path}\n{bad.reason} {bad.hint}"))
        self._column.addStretch(1)
        # once the cards have their places
        QTimer.singleShot(0, self, self._find)

    def _clear(self) -> None:
        self._cards.clear()
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()

    def _section(self, text: str, members: object) -> None:
        if members:
            title: QLabel = heading(text)
            title.setContentsMargins(0, 12, 0, 2)
            self._column.addWidget(title)

    def _add(self, card: ModelCard) -> None:
        card.wanted.connect(self.wanted)
        self._cards[card.about.id] = card
        if (state := self._state(card.about.id)) is not None:
            card.show_transfer(state)
        self._column.addWidget(card)
        self._column.addWidget(separator())

    @Slot()
    def _find(self) -> None:
        if card := self._cards.get(self._pointed):
            self._pointed = ""
            self.ensureWidgetVisible(card, 0, card.height())
            card.begin()
