"""One payment as the window follows it: order, session, code, and whatever comes of it.

The store knows more than this object: after every notice it is asked again. The one exception is
`order.paid`, which is believed at once, because it is told after its commit.
"""

from collections.abc import Awaitable, Coroutine
from datetime import timedelta
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.clock import Clock
from app.domain.attempt import Attempt
from app.domain.capabilities import Method
from app.domain.cart import CartContent
from app.domain.money import Money
from app.domain.order import OrderState
from app.errors import ScantillError
from app.events import Fact
from app.orders import OrderDetail
from ui.pay.again import Again
from ui.pay.choosing import Choosing, must_be_closed
from ui.pay.known import Known
from ui.pay.news import paid_model, seller_of
from ui.pay.ready import Ready
from ui.pay.sleep import SLEEP, Sleep
from ui.pay.state import SHOWS_CODE, PaidModel, PayModel, Phase, phase_of
from ui.pay.word import OperatorsWord
from ui.tasks import Tasks, as_ours
from ui.till import Till


class Payment(QObject):
    """Follows one order from Charge to its end.

    Nothing that arrives late can undo what is known: attempts and orders carry versions, and once
    the payment is over every further answer is dropped.

    Signals:
        changed (PayModel): The Pay screen shows this now.
        paid (PaidModel): The order is paid. Emitted once, in the turn in which it became known.
        withdrawn (Order): The operator's cancellation went through; the order is not paid.
        refused (ScantillError): No order was made; nothing happened.
    """

    changed = Signal(object)
    paid = Signal(object)
    withdrawn = Signal(object)
    refused = Signal(object)

    def __init__(self, till: Till, clock: Clock, tasks: Tasks, amount: Money) -> None:
        super().__init__()
        self._till = till
        self._clock = clock
        self._tasks = tasks
        self._amount = amount
        self.known = Known(clock)
        self._error: ScantillError | None = None
        self._word = OperatorsWord(till.checkout)
        self._ready = Ready(self._word)
        self._ways = Choosing(till)
        self._reading = Again(tasks, self._read, self._after_reading)
        self._patient_since: float | None = None
        self._is_opening = self._is_cancelling = False
        self._was_cancelled = False
        self._has_cancel_failed = False
        self._is_checking = False
        self._is_preparing = False
        self._sleep = Sleep()
        self._is_over = False
        self._last_model: PayModel | None = None

    @property
    def order_id(self) -> str:
        """Give the order's id, or an empty text before it exists."""
        return self.known.order.id if self.known.order is not None else ""

    @property
    def model(self) -> PayModel:
        """Say what is to be shown now."""
        is_opening = self._is_opening or self._is_way_free
        attempt = None if is_opening else self.known.attempt
        now = self._clock.elapsed()
        since = now if self._patient_since is None else self._patient_since
        phase = phase_of(
            self.known.order,
            attempt,
            is_over=self.known.ends_at <= now,
            is_closing=self._is_cancelling,
            is_shown=self._ready.has(attempt),
            waited=timedelta(seconds=now - since),
            error=self._error,
        )
        if self._sleep.is_unsure and phase in SHOWS_CODE:
            phase = Phase.MAKING_SURE
        may_show = phase in SHOWS_CODE and attempt is not None and attempt.is_payable
        return PayModel(
            phase=phase,
            amount=attempt.amount if attempt is not None else self._amount,
            recurring=self.known.recurring,
            shop=seller_of(self.known.order, self._till.catalog.shop.name),
            order_number=self.known.order.number if self.known.order is not None else None,
            url=attempt.url if attempt is not None and may_show else None,
            ends_at=self.known.ends_at if may_show else None,
            decline=attempt.decline if attempt is not None else "",
            error=self._error,
            is_busy=self._is_checking,
            was_shown=attempt is None or attempt.shown_at is not None,
            phones=self._till.phones.state if self._till.phones is not None else None,
            ways=self._ways.model(self.known.attempt, is_opening=is_opening),
            taking=self._word.taking if phase is Phase.TAKING else None,
        )

    def start(self, content: CartContent) -> None:
        """Make an order of a cart and open a session for it, where the router says."""
        self._is_opening = True
        self._ways.look(content, self._amount)
        self._tasks.start(self._start(content))
        self._tell()

    def resume(self, detail: OrderDetail) -> None:
        """Go on with an order that is open already."""
        self._take_detail(detail)
        self.look_at_ways()
        self._sleep.is_unsure = self._till.status().is_making_sure
        self._tasks.start(self._show_code())
        self._tell()

    def check_now(self) -> None:
        """Ask the provider now. A second press while it is being asked does nothing."""
        if not self._is_checking and not self._is_over:
            self._ask(self._check_now())

    def confirm(self, received: Money | None, reference: str) -> None:
        """Have it written down that the operator took the money. A second press does nothing."""
        attempt = self.known.attempt
        if attempt is not None and self.model.phase is Phase.TAKING and not self._is_checking:
            self._ask(self._confirm(attempt.id, received, reference))

    def _ask(self, question: Coroutine[Any, Any, None]) -> None:
        self._is_checking = True
        self._tasks.start(self._answered(question))
        self._tell()

    def cancel(self) -> None:
        """Take the code off the screen at once, then close what is open at the provider."""
        if not self._is_cancelling and not self._is_over:
            self._is_cancelling = self._was_cancelled = True
            self._error = self._ways.wanted = None
            self._tell()
            # A session that is just being opened is closed when its answer is here.
            if not self._is_opening:
                self._tasks.start(self._cancel())

    def new_code(self) -> None:
        """Open another session for the same order, where the last one has ended."""
        if self.known.order is not None and self.model.phase in {Phase.REFUSED, Phase.FAILED}:
            self.look_at_ways()
            self._open()

    def look_at_ways(self) -> None:
        """Ask the router anew: an account may have answered since, or may not."""
        if self.known.order is not None:
            amount = self.known.attempt.amount if self.known.attempt is not None else self._amount
            self._ways.look_again(self.known.order, amount)
            self._tell()

    def wish(self, method: Method | None) -> None:
        """Narrow the ways to how the customer wishes to pay; None is any way."""
        self._ways.method = method
        self.look_at_ways()

    def take_way(self, account: str) -> None:
        """Take the way that the operator chose, once nobody can pay by the one before."""
        if self.known.order is None or not self.model.may_change_way or self._is_over:
            return
        self._ways.wanted = account
        if must_be_closed(self.known.attempt):
            self._is_opening, self._error = True, None
            self._tasks.start(self._withdraw(self.known.order.id))
            self._tell()
        else:
            self._open()

    def _open(self) -> None:
        """Begin to open a session where it is wanted, or where the router says."""
        self._is_opening, self._error = True, None
        self._tasks.start(self._open_session(self.order_id))
        self._tell()

    def keep_waiting(self) -> None:
        """Start the time anew after which the operator is asked."""
        self._patient_since = self._clock.elapsed()
        self._tell()

    def tick(self) -> None:
        """Look at the clock: a deadline may have passed."""
        self._tell()

    def leave(self) -> None:
        """Stop following; the till itself goes on asking."""
        self._is_over = True

    def is_about(self, fact: Fact) -> bool:
        """Say whether a fact is about this payment."""
        return fact.name in SLEEP or bool(fact.order_id and fact.order_id == self.order_id)

    def on_fact(self, fact: Fact) -> None:
        """Take note of a fact about this order, or that the computer slept."""
        if not self._is_over and self._sleep.hear(fact, self.order_id):
            self.read_again()
            self._tell()
        if self._is_over or self.known.order is None or fact.order_id != self.known.order.id:
            return
        self._word.hear(fact)
        if fact.name == "order.paid":
            self._finish(paid_model(fact))
        else:
            self.read_again()

    def read_again(self) -> None:
        """Read the order from the books, once more if a reading is under way."""
        if self.known.order is not None and not self._is_over:
            self._reading.ask()

    async def _start(self, content: CartContent) -> None:
        try:
            order = await self._till.checkout.place_order(content)
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            self._is_over = True
            self.refused.emit(as_ours(error))
            return
        self.known.take_order(order)
        if order.state is OrderState.PAID:
            # A total of nothing needs no provider.
            self._is_opening = False
            self._tell()
            return
        await self._open_session(order.id)

    async def _withdraw(self, order_id: str) -> None:
        """Close the code that was seen; what is wanted is opened once the books say it is."""
        try:
            self.known.take_order(await self._till.checkout.withdraw(order_id))
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            self._error = as_ours(error)
        finally:
            self._is_opening = False
        if self._is_cancelling:
            await self._cancel()
        else:
            self.read_again()
            self._tell()

    async def _open_session(self, order_id: str) -> None:
        try:
            if not self._is_cancelling:
                charged = self._ways.charge(order_id, lambda: not self._is_cancelling)
                self.known.take_attempt(await charged)
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            self._error = as_ours(error)
        finally:
            self._is_opening = False
        if self._is_cancelling:
            await self._cancel()
        elif self._is_over:
            return
        elif self._error is not None:
            self.read_again()
            self._tell()
        else:
            await self._show_code()

    async def _show_code(self) -> None:
        """Have the code encoded and the books know that it is being shown, then let it be seen."""
        # One that is under way takes care of whatever code comes meanwhile.
        if not self._is_preparing:
            self._is_preparing = True
            try:
                while (attempt := self._to_be_shown) is not None and await self._prepare(attempt):
                    pass
            finally:
                self._is_preparing = False
            self._tell()

    @property
    def _to_be_shown(self) -> Attempt | None:
        """Give the attempt whose code is wanted on the screens and cannot be shown yet."""
        attempt = self.known.attempt
        if attempt is None or self._is_opening or self._is_cancelling or self._is_over:
            return None
        is_payable = attempt.is_payable and self._clock.elapsed() < self.known.ends_at
        is_wanted = is_payable or attempt.is_confirmable
        return attempt if is_wanted and not self._ready.has(attempt) else None

    async def _prepare(self, attempt: Attempt) -> bool:
        """Go one step on the way to be shown; say whether that went well."""
        if self._ready.lacks_step(attempt):
            error = await self._ready.step(attempt)
            self._error = error or self._error
            return error is None
        await self._asked(self._till.checkout.mark_shown(attempt.id))
        if self._error is not None:
            return False
        self._ready.show(attempt)
        self._patient_since = self._clock.elapsed()
        return True

    async def _answered(self, question: Coroutine[Any, Any, None]) -> None:
        try:
            await question
        finally:
            self._is_checking = False
        self.read_again()
        self._tell()

    async def _check_now(self) -> None:
        if self.known.attempt is not None:
            await self._asked(self._till.checkout.check_now(self.known.attempt.id))

    async def _confirm(self, attempt_id: int, received: Money | None, reference: str) -> None:
        self._error = await self._word.confirm(attempt_id, received, reference)

    async def _cancel(self) -> None:
        if self.known.order is None:
            return
        try:
            order = await self._till.checkout.cancel(self.known.order.id)
            # What had been paid on it is on the list by now.
            detail = await self._till.orders.detail(order.id)
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            # Nobody knows whether the closing was begun: until the books say it, no code is shown.
            self._has_cancel_failed = True
            self._error = as_ours(error)
            self.read_again()
        else:
            self.known.take_order(order)
            if detail is not None:
                self._take_detail(detail)
            self.read_again()
        self._tell()

    async def _asked(self, answer: Awaitable[Attempt]) -> None:
        try:
            attempt = await answer
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            self._error = as_ours(error)
        else:
            self._error = None
            self._error = await self._ready.follow_move(attempt)
            self.known.take_attempt(attempt)

    async def _read(self) -> None:
        detail = await self._till.orders.detail(self.order_id)
        if detail is not None:
            if detail.attempts:
                self._error = await self._ready.follow_move(detail.attempts[-1]) or self._error
            self._take_detail(detail)

    async def _after_reading(self) -> None:
        self._sleep.read()
        if self._has_cancel_failed:
            self._is_cancelling = self._has_cancel_failed = False
        self._tell()
        if self._to_be_shown is not None:
            await self._show_code()
        elif self._is_way_free and not self._is_opening:
            self._open()

    @property
    def _is_way_free(self) -> bool:
        """Say whether what the operator wants can be opened: nobody can pay by another code."""
        is_ended = self._is_cancelling or self._is_over
        return not is_ended and self._ways.is_free(self.known.order, self.known.attempt)

    def _take_detail(self, detail: OrderDetail) -> None:
        self.known.take_detail(detail)
        self._word.read(detail)
        self._ways.learn(detail)

    def _tell(self) -> None:
        """Say what is known now, and end where it is an end."""
        if self._is_over:
            return
        order = self.known.order
        if order is not None and order.state is OrderState.PAID:
            self._finish(PaidModel(order.total, order.number, order.receipt_number))
        elif order is not None and order.state is OrderState.CANCELLED and self._was_cancelled:
            self._is_over = True
            self.withdrawn.emit(order)
        else:
            model = self.model
            if model != self._last_model:
                self._last_model = model
                self.changed.emit(model)

    def _finish(self, paid: PaidModel) -> None:
        self._is_over = True
        self.paid.emit(self._word.with_change(paid))
