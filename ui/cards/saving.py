"""One card as the window follows its saving: the page, its code, and whatever comes of it.

The books know more than this object: after every notice they are asked again. That it is over is
believed at once, because it is told after its commit.
"""

import math
from collections.abc import Awaitable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, Signal

from app.clock import Clock
from app.domain.card_setup import CARD_MOVES, UNFINISHED, CardClosing, CardSetup, CardState
from app.domain.observation import Source
from app.errors import ScantillError
from app.events import Fact
from ui.cards.errors import card_error
from ui.cards.state import SHOWS_CODE, CardModel, card_phase_of
from ui.pay.again import Again
from ui.pay.codes import Codes
from ui.pay.taking import COUNTER
from ui.tasks import Tasks
from ui.till import Till

_RESUMED: Final = "till.resumed"
_MADE_SURE: Final = "till.made_sure"
_SETTLED: Final = frozenset(CardState) - UNFINISHED | {CardState.PROCESSING}
"""States from which nothing leads back to a code."""
_STATES: Final = {f"card.{state.value}": state for state in _SETTLED}


class Saving(QObject):
    """Follows one set-up from its beginning to its end. `label` is what the customer is called.

    Nothing that arrives late can undo what is known, and once it is left every further answer is
    dropped.

    Signals:
        changed (CardModel): This is shown now.
    """

    changed = Signal(object)

    def __init__(self, till: Till, clock: Clock, tasks: Tasks, label: str) -> None:
        super().__init__()
        self._till = till
        self._clock = clock
        self._tasks = tasks
        self._label = label
        self._codes = Codes()
        self._reading = Again(tasks, self._read, self._after_reading)
        self._ends_at = math.inf
        self._error: ScantillError | None = None
        self._is_refused = False
        self._is_shown = False
        self._is_unsure = False
        self._is_cancelling = False
        self._has_cancel_failed = False
        self._is_checking = False
        self._is_preparing = False
        self._is_left = False
        self._last: CardModel | None = None
        self.setup: CardSetup | None = None
        self.was_cancelled = False

    @property
    def model(self) -> CardModel:
        """Say what is to be shown now."""
        setup = self.setup
        phase = card_phase_of(
            setup,
            is_over=self._is_past_deadline,
            is_closing=self._is_cancelling,
            is_shown=self._is_shown,
            is_unsure=self._is_unsure,
            is_refused=self._is_refused,
        )
        may_show = phase in SHOWS_CODE and setup is not None
        return CardModel(
            phase=phase,
            shop=self._till.catalog.shop.name,
            label=self._label,
            url=setup.url if setup is not None and may_show else None,
            ends_at=self._ends_at if may_show else None,
            card=setup.card if setup is not None else None,
            decline=setup.decline if setup is not None else "",
            error=self._error,
            is_busy=self._is_checking,
            was_shown=setup is not None and setup.shown_at is not None,
        )

    def start(self, account: str | None) -> None:
        """Ask for a page at an account, or at the first that keeps cards."""
        self._tasks.start(self._start(account))
        self._tell()

    def resume(self, setup: CardSetup) -> None:
        """Show the code of one that is open already."""
        self._take(setup)
        self._is_unsure = self._till.status().is_making_sure
        self.read_again()
        self._tell()

    def check_now(self) -> None:
        """Ask the provider now. A second press while it is being asked does nothing."""
        if self.setup is not None and not self._is_checking and not self.model.is_over:
            self._is_checking = True
            self._tasks.start(self._check(self.setup.id))
            self._tell()

    def cancel(self) -> None:
        """Take the code off the screen at once, then close the page at the provider."""
        if not self._is_cancelling and not self.model.is_over:
            self._is_cancelling = self.was_cancelled = True
            self._error = None
            self._tell()
            # A page that is just being opened is closed when its answer is here.
            if self.setup is not None:
                self._tasks.start(self._close(self.setup.id))

    def tick(self) -> None:
        """Look at the clock: the deadline may have passed."""
        self._tell()

    def leave(self) -> None:
        """Stop following; the till itself goes on asking."""
        self._is_left = True

    def on_fact(self, fact: Fact) -> None:
        """Take note of a fact about this card, or that the computer slept."""
        setup = self.setup
        if self._is_left or setup is None:
            return
        if fact.name in {_RESUMED, _MADE_SURE}:
            self._on_sleep(is_over=fact.name == _MADE_SURE)
        elif fact.name.startswith("card.") and fact.data.get("row") == setup.id:
            self._believe(setup, fact)
            self.read_again()
            self._tell()

    def read_again(self) -> None:
        """Read it from the books, once more if a reading is under way."""
        if self.setup is not None and not self._is_left:
            self._reading.ask()

    @property
    def _is_past_deadline(self) -> bool:
        return self._clock.elapsed() >= self._ends_at

    @property
    def _is_to_be_shown(self) -> bool:
        """Say whether its code is wanted on the screens and is not there yet."""
        is_ending = self._is_cancelling or self._is_left or self._is_past_deadline
        if self.setup is None or is_ending or self._is_unsure or self._is_shown:
            return False
        return self.setup.is_open

    async def _start(self, account: str | None) -> None:
        try:
            setup = await self._till.cards.begin(self._label, account, by=COUNTER)
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            self._is_refused, self._error = True, card_error(error)
        else:
            self._take(setup)
            if self._is_cancelling:
                await self._close(setup.id)
            # News may have come before its row was known here.
            self.read_again()
        self._tell()

    async def _show_code(self) -> None:
        """Encode the code and let the books know that it is being shown, then let it be seen."""
        if self._is_preparing:
            return
        self._is_preparing = True
        try:
            if self._is_to_be_shown and self.setup is not None:
                self._error = await self._codes.encode(self.setup.url)
            if self._is_to_be_shown and self.setup is not None and self._error is None:
                self._is_shown = await self._asked(self._till.cards.mark_shown(self.setup.id))
        finally:
            self._is_preparing = False
        self._tell()

    async def _check(self, row_id: int) -> None:
        try:
            is_answered = await self._asked(self._till.cards.look(row_id, Source.OPERATOR))
            self._is_unsure = self._is_unsure and not is_answered
        finally:
            self._is_checking = False
        self.read_again()
        self._tell()

    async def _close(self, row_id: int) -> None:
        closing = self._till.cards.close(row_id, CardClosing.CANCELLED, by=COUNTER)
        # Nobody knows whether it was begun: until the books say it, no code is shown.
        self._has_cancel_failed = not await self._asked(closing)
        self.read_again()
        self._tell()

    async def _asked(self, answer: Awaitable[CardSetup]) -> bool:
        """Take an answer over; say whether there was one."""
        try:
            setup = await answer
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            self._error = card_error(error)
            return False
        self._error = None
        self._take(setup)
        return True

    async def _read(self) -> None:
        if self.setup is not None:
            self._take(await self._till.cards.one(self.setup.id))

    async def _after_reading(self) -> None:
        if self._has_cancel_failed:
            self._is_cancelling = self._has_cancel_failed = False
            self.was_cancelled = self.setup is not None and self.setup.close_reason is not None
        if self._is_to_be_shown:
            await self._show_code()
        self._tell()

    def _take(self, setup: CardSetup) -> None:
        """Take a reading over, unless a newer one is known."""
        known = self.setup
        if known is not None and _is_older(setup, known):
            return
        self.setup = setup
        if math.isinf(self._ends_at):
            # Once: the wall clock may be set while the code is shown.
            left = setup.left_at(self._clock.now())
            self._ends_at = self._clock.elapsed() + left.total_seconds()

    def _believe(self, setup: CardSetup, fact: Fact) -> None:
        """Take the code away in the turn in which it became known that it must go."""
        state = _STATES.get(fact.name)
        if fact.name == "card.closing":
            self.setup = replace(setup, close_reason=CardClosing(fact.data["reason"]))
        elif state in CARD_MOVES[setup.state]:
            self.setup = replace(setup, state=state)

    def _on_sleep(self, *, is_over: bool) -> None:
        """Ask anew before the code is seen again; others may take longer to be asked about."""
        if (is_over and not self._is_unsure) or self.model.is_over:
            return
        self._is_unsure = True
        self.check_now()
        self._tell()

    def _tell(self) -> None:
        model = self.model
        if not self._is_left and model != self._last:
            self._last = model
            self.changed.emit(model)


def _is_older(setup: CardSetup, known: CardSetup) -> bool:
    """Compare a reading with what is known; what was told is known before it is read."""
    is_back = known.state in _SETTLED and setup.state not in _SETTLED
    is_unclosed = known.close_reason is not None and setup.close_reason is None
    return setup.version < known.version or is_back or is_unclosed
