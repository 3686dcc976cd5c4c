"""Reads the books for the place of saved cards, and carries out what is asked for there."""

from typing import Final

from app.domain.card_numbers import holds_card_number
from app.domain.card_setup import CardClosing, CardSetup
from ui.cards.desk import CardDesk
from ui.cards.errors import card_error
from ui.cards.screen import CardsScreen
from ui.cards.state import CardModel
from ui.pay.taking import COUNTER
from ui.reading import Page, Reader, Source
from ui.tasks import Tasks
from ui.till import Cards

_PAGE: Final = 50


class CardsReader(Reader[CardSetup, int, CardSetup]):
    """Serves the place. Nothing waits for the disk or the provider here."""

    def __init__(self, cards: Cards, tasks: Tasks, screen: CardsScreen, desk: CardDesk) -> None:
        self._cards = cards
        self._screen = screen
        self._desk = desk
        self._closing: set[int] = set()
        source = Source(_PAGE, self._page, self._whole, screen.show_rows, self._show)
        super().__init__(tasks, screen.list, source)
        screen.set_accounts(cards.accounts)
        screen.new_wanted.connect(self._on_new)
        screen.form.confirmed.connect(self._on_confirmed)
        screen.panel.code_wanted.connect(self._on_code_wanted)
        screen.panel.close_wanted.connect(self._on_close_wanted)
        screen.code.action_wanted.connect(desk.act)
        desk.changed.connect(self._on_saving)

    def choose(self, key: int) -> None:
        """Show a card, and mark it where it stands in the list."""
        self._view.choose(key)
        super().choose(key)

    async def _page(self, below: int | None, limit: int) -> Page[CardSetup]:
        rows = await self._cards.page(before=below, limit=limit)
        return Page(rows, rows[-1].id if len(rows) == limit else None)

    async def _whole(self, key: int) -> CardSetup | None:
        return await self._cards.one(key)

    def _show(self, setup: CardSetup | None) -> None:
        is_busy = setup is not None and setup.id in self._closing
        self._screen.panel.show_setup(setup, is_busy=is_busy)

    def _on_new(self) -> None:
        """Ask what a new one needs, and say at once if it would have to wait."""
        self._screen.open_form(self._cards.accounts)
        if (hindrance := self._desk.hindrance) is not None:
            self._screen.show_error(hindrance)

    def _on_confirmed(self, label: str, account: str | None) -> None:
        error = self._desk.begin(label, account)
        if error is not None:
            self._screen.show_error(error)
            if holds_card_number(label):
                self._screen.form.label.set_text("")

    def _on_code_wanted(self, setup: CardSetup) -> None:
        error = self._desk.show_again(setup)
        if error is not None:
            self._screen.show_error(error)

    def _on_close_wanted(self, setup: CardSetup) -> None:
        """Close a page once, however often it is pressed."""
        if setup.id not in self._closing:
            self._closing.add(setup.id)
            self._screen.panel.show_setup(setup, is_busy=True)
            self._tasks.start(self._close(setup))

    async def _close(self, setup: CardSetup) -> None:
        try:
            closed = await self._cards.close(setup.id, CardClosing.CANCELLED, by=COUNTER)
        except Exception as error:  # noqa: BLE001 - said in the panel, logged if it is ours
            self._closing.discard(setup.id)
            self.read_again()
            if self._chosen == setup.id:
                self._screen.panel.show_error(card_error(error))
            return
        self._closing.discard(setup.id)
        if self._chosen == closed.id:
            self._screen.panel.show_setup(closed)
        self.read_again()

    def _on_saving(self, model: CardModel | None) -> None:
        """Follow the desk; back at the list, the card that was just left is the chosen one."""
        row_id = self._desk.row_id
        if row_id is not None and row_id != self._chosen:
            self._chosen = row_id
        was_shown = self._screen.is_code_shown
        self._screen.show_saving(model)
        if model is None and was_shown:
            self.read_again()
