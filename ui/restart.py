"""Starting the till again from its own window, so that changed keys and settings count."""

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QObject

from app.settings import Settings
from ui.cards.errors import card_comes_first
from ui.counter import Stage
from ui.i18n import _
from ui.theme import Tone
from ui.till import AccountDesk
from ui.window import Window


class Restart(QObject):
    """Ends a window's turn when its operator wants to start again and the next start will do.

    `load` reads the settings anew. `wanted` is set once they can be used; then they are in
    `settings`. Until then the till goes on as it is, and what is wrong is said in its window.
    """

    def __init__(self, window: Window, desk: AccountDesk, load: Callable[[], Settings]) -> None:
        super().__init__()
        self._window = window
        self._desk = desk
        self._load = load
        self.settings: Settings | None = None
        self.wanted = asyncio.Event()
        window.places.settings.accounts.panel.restart_wanted.connect(self._on_wanted)

    def _on_wanted(self) -> None:
        if not self._is_hindered():
            self._window.counter.tasks.start(self._prepare())

    def _is_hindered(self) -> bool:
        """Say in the window what is to be finished first, if anything is."""
        counter = self._window.counter
        card = counter.cards.model
        if counter.stage is Stage.PAYING or not counter.cart.is_empty:
            title = _("A sale is being rung up")
            action = _("Finish it first, or void the cart. Then start the till again.")
        elif card is not None and card.has_screens:
            first = card_comes_first()
            title, action = first.title, first.action
        else:
            return False
        self._window.notice.tell(title, action, Tone.WARNING)
        return True

    async def _prepare(self) -> None:
        """Read what the next start would read; its faults are told as any other's."""
        settings = await asyncio.to_thread(self._load)
        await self._desk.check(settings)
        if self._is_hindered():
            # Begun meanwhile.
            return
        # Its doors take a while to close: nothing is rung up that would be gone after that.
        self._window.setEnabled(False)
        self.settings = settings
        self.wanted.set()
