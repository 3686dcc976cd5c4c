"""The one card at a time whose code is before a customer, beside the sales of the counter."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.card_refusals import check_words
from app.clock import Clock
from app.domain.card_setup import CardSetup
from app.errors import CheckoutRefused, ScantillError
from app.events import Fact
from ui.cards.errors import another_comes_first, card_comes_first, sale_comes_first
from ui.cards.saving import Saving
from ui.cards.state import CardAction, CardModel, CardPhase
from ui.i18n import _
from ui.pay.taking import COUNTER
from ui.tasks import Tasks
from ui.theme import Tone
from ui.till import Till

_TICK_MS: Final = 1000
_GIVEN_UP: Final = frozenset({CardPhase.CANCELLED, CardPhase.REFUSED})


class CardDesk(QObject):
    """Begins the saving of cards and follows it. A payment and a card are never shown at once.

    Signals:
        changed (CardModel | None): What is shown of it; None where nothing is.
        page_wanted (str): The customer's page is to be opened on this computer (training only).
        told (str, str, Tone): News, for who looks elsewhere: title, detail, tone.
    """

    changed = Signal(object)
    page_wanted = Signal(str)
    told = Signal(str, str, object)

    def __init__(
        self, till: Till, clock: Clock, tasks: Tasks, is_paying: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._till = till
        self._clock = clock
        self._tasks = tasks
        self._is_paying = is_paying
        self._saving: Saving | None = None
        self._wanted: tuple[str, str | None] = ("", None)
        self._is_told = False
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)

    @property
    def model(self) -> CardModel | None:
        """Give what is shown, if anything is."""
        return self._saving.model if self._saving is not None else None

    @property
    def row_id(self) -> int | None:
        """Give the row of the card that is followed, once it has one."""
        setup = self._saving.setup if self._saving is not None else None
        return setup.id if setup is not None else None

    @property
    def hindrance(self) -> ScantillError | None:
        """Say what keeps a code from being shown now, if anything does."""
        if self._saving is not None and not self._saving.model.is_over:
            return another_comes_first()
        return sale_comes_first() if self._is_paying() else None

    def begin(self, label: str, account: str | None) -> ScantillError | None:
        """Begin to save a card; give what keeps it from being begun, if anything does."""
        error = self.hindrance or _objection_to(label)
        if error is not None:
            return error
        self._wanted = (label, account)
        self._follow(label).start(account)
        return None

    def show_again(self, setup: CardSetup) -> ScantillError | None:
        """Show the code of an open one; give what keeps it from being shown, if anything does."""
        if setup.id == self.row_id:
            return None
        if (error := self.hindrance) is not None:
            return error
        self._wanted = (setup.label, setup.account)
        self._follow(setup.label).resume(setup)
        return None

    def act(self, action: CardAction) -> None:
        """Do what a button beside the code asks for; nothing where there is no code."""
        saving = self._saving
        if saving is None:
            return
        match action:
            case CardAction.CHECK_NOW:
                saving.check_now()
            case CardAction.CANCEL:
                saving.cancel()
            case CardAction.SAVE_AS_CUSTOMER:
                if saving.model.url is not None:
                    self.page_wanted.emit(saving.model.url)
            case CardAction.NEW_CODE:
                if saving.model.is_over and (error := self.begin(*self._wanted)) is not None:
                    self.told.emit(error.title, error.action, Tone.WARNING)
            case CardAction.LEAVE:
                if not saving.model.has_screens:
                    self.leave()

    def make_way(self) -> ScantillError | None:
        """Leave the screens to a payment; give what keeps them from it, if a code does."""
        if self._saving is not None and self._saving.model.has_screens:
            return card_comes_first()
        self.leave()
        return None

    def leave(self) -> None:
        """Follow it no more; the till goes on asking about it."""
        if self._saving is not None:
            self._saving.leave()
            self._saving = None
            self._timer.stop()
            self.changed.emit(None)

    def on_fact(self, fact: Fact) -> None:
        """Follow the books."""
        if self._saving is not None:
            self._saving.on_fact(fact)

    def stop(self) -> None:
        """Look at the clock no more."""
        self._timer.stop()

    def _follow(self, label: str) -> Saving:
        if self._saving is not None:
            self._saving.leave()
        saving = self._saving = Saving(self._till, self._clock, self._tasks, label)
        self._is_told = False
        saving.changed.connect(self._on_changed)
        self._timer.start()
        return saving

    def _on_changed(self, model: CardModel) -> None:
        if model.is_over:
            self._timer.stop()
        self.changed.emit(model)
        was_cancelled = self._saving is not None and self._saving.was_cancelled
        if was_cancelled and model.phase in _GIVEN_UP:
            # Whoever cancelled it knows, and goes on.
            self.leave()
        if model.is_over and not self._is_told:
            self._is_told = True
            self._tell(model)

    def _tell(self, model: CardModel) -> None:
        if model.phase is CardPhase.SAVED:
            self.told.emit(_("The card is saved"), _("No money was taken."), Tone.GOOD)
        elif model.phase is CardPhase.CANCELLED:
            self.told.emit(
                _("No card was saved"), _("The code cannot be used any more."), Tone.NEUTRAL
            )
        elif model.phase is not CardPhase.REFUSED:
            self.told.emit(_("No card was saved"), _("You find it under Cards."), Tone.NEUTRAL)

    def _on_tick(self) -> None:
        if self._saving is not None:
            self._saving.tick()


def _objection_to(label: str) -> ScantillError | None:
    """Say what is wrong with what a customer is called; a card's number is written nowhere."""
    try:
        check_words(label, COUNTER)
    except CheckoutRefused as error:
        return error
    return None
