"""Every end that a payment can have, played through the real window.

Each end says what the operator's screen must show on the way, and what the books of the till and
of the simulator must hold when it is over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import httpx

from app.domain.attempt import Attempt
from app.domain.order import OrderState
from ui.counter import Stage
from ui.demo.journey import TICK_DRAWN_S, Journey, now
from ui.demo.purse import Means, Page
from ui.demo.steps import StepFailed
from ui.display.model import Face
from ui.i18n import _, _n
from ui.pay.state import Phase, wording

CLOSED_DEADLINE: Final = timedelta(seconds=5)
_A_DAY_S: Final = 24 * 60 * 60
_PAST_EVERY_SESSION_S: Final = 40 * 60


class Ends(Journey):
    """One sale to one of its ends; begins as every sale does."""

    async def play(self, end: str) -> None:
        """Play the end of this name. Raises StepFailed where a step does not happen."""
        await self._until(self._window.isVisible, "the window is open")
        self.timeline.note("the window is open")
        await self._ring_up()
        url = await self._charge()
        await self._scan(url)
        await _ENDS[end](self, url)

    async def declined(self, _: str) -> None:
        """What is paid with first is refused; something else pays."""
        await self._be_declined(self._purse.declined)
        await self._pay_with(self._purse.good, "customer-paid")
        await self._is_paid()

    async def challenge(self, _: str) -> None:
        """The bank asks who pays: not proven at first, then proven."""
        await self._pay_with(_had(self._purse.challenged), "customer-challenge")
        if self._phase() is not Phase.WAITING:
            raise StepFailed(f"the till says {self._phase()} while the bank asks the customer")
        await self._both("challenge", Face.CODE)
        title = await self._customer.answer_bank(is_me=False)
        self.timeline.note(f"the customer fails the challenge and sees: {title}")
        await self._customer_picture("customer-not-proven")
        await self._says(Phase.DECLINED, decline=self._purse.not_proven)
        await self._both("not-proven", Face.CODE, is_declined=True)
        await self._pay_with(_had(self._purse.challenged), "customer-challenge-again")
        if self._purse.hides_challenges:
            await self._says(Phase.DECLINED, decline=self._purse.not_proven)
        else:
            await self._says(Phase.WAITING)
        await self._both("challenge-again", Face.CODE, is_declined=self._purse.hides_challenges)
        title = await self._customer.answer_bank(is_me=True)
        self.timeline.note(f"the customer passes the challenge and sees: {title}")
        await self._is_paid()

    async def error(self, _: str) -> None:
        """The bank cannot process the card; another one pays."""
        faulty = _had(self._purse.faulty)
        await self._pay_with(faulty, "customer-error")
        await self._says(Phase.DECLINED, decline=faulty.decline)
        await self._both("error", Face.CODE, is_declined=True)
        await self._pay_with(self._purse.good, "customer-paid")
        await self._is_paid()

    async def late(self, _: str) -> None:
        """A bank's money that comes while the next customer is served."""
        number = await self._pay_slowly_and_go_on(_had(self._purse.later))
        await self._bank_answers(succeeded=True)
        await self._told(_n("Order {number} is paid"), number)
        await self._picture("sell-paid-later")
        if self._window.counter.stage is not Stage.SELLING or self._window.counter.cart.is_empty:
            raise StepFailed("the cart at hand was disturbed by the news")
        await self._customer_sees_in_the_end("customer-later")
        await self._orders_page()
        await self._in_the_books(OrderState.PAID, is_taken=True)

    async def late_fail(self, _: str) -> None:
        """A bank's money that does not come after all, while the next customer is served."""
        number = await self._pay_slowly_and_go_on(_had(self._purse.never))
        await self._bank_answers(succeeded=False)
        await self._told(_n("Order {number} was not paid"), number)
        await self._picture("sell-failed-later")
        await self._customer_sees_in_the_end("customer-later")
        await self._in_the_books(OrderState.OPEN, is_taken=False)
        self._window.counter.void()
        await self._orders_page()
        await self._press("continue_payment")
        await self._says(Phase.FAILED)
        await self._both("failed", Face.NOT_PAID)
        await self._press("cancel_payment")
        await self._is_selling()
        await self._in_the_books(OrderState.CANCELLED, is_taken=False)

    async def expired(self, url: str) -> None:
        """The provider's session runs out; the customer comes too late."""
        await self._control("clock", {"advance_s": _PAST_EVERY_SESSION_S})
        self.timeline.note("the simulator's clock is moved on until the session has run out")
        await self._says(Phase.EXPIRED)
        await self._no_code()
        await self._both("expired", Face.NOT_PAID)
        await self._customer_pays(self._purse.good)
        await self._customer_picture("customer-expired")
        await self._in_the_books(OrderState.EXPIRED, is_taken=False)
        await self._press("back_to_cart")
        await self._is_selling()

    async def cancel(self, url: str) -> None:
        """The customer goes back without paying; so does the operator."""
        if seen := await self._customer.go_back():
            self.timeline.note(f"the customer goes back and sees: {seen}")
            await self._customer_picture("customer-cancelled")
        else:
            self.timeline.note("the customer goes away: the page has no way back")
        await self._says(Phase.WAITING)
        await self._press("cancel_payment")
        await self._is_selling()
        await self._told(_n("Payment cancelled"))
        await self._picture("sell-cancelled")
        await self._display_picture(Face.NOT_PAID, "display-cancelled")
        await self._old_code(url, "customer-old-code")
        await self._in_the_books(OrderState.CANCELLED, is_taken=False)

    async def closed(self, url: str) -> None:
        """The customer closes the page half-way: nothing happens until the till's deadline."""
        await self._customer.give_up(self._purse.good)
        self.timeline.note("the customer closes the page half-way")
        await self._says(Phase.WAITING)
        await self._both("waiting", Face.CODE)
        await self._says(Phase.EXPIRED)
        await self._no_code()
        await self._both("expired", Face.NOT_PAID)
        await self._old_code(url, "customer-expired")
        await self._in_the_books(OrderState.EXPIRED, is_taken=False)
        await self._press("back_to_cart")
        await self._is_selling()

    # --- steps ----------------------------------------------------------------------------

    async def _pay_with(self, means: Means, picture: str) -> None:
        await self._customer_pays(means)
        await self._customer_picture(picture)

    async def _old_code(self, url: str, picture: str) -> None:
        """Scan a code that is over; what leads to an app is tried, for it cannot know."""
        seen = await self._customer.open(url)
        if self._purse.page is Page.APP:
            seen = await self._customer.pay(self._purse.good)
        self.timeline.note(f"the customer scans the old code and sees: {seen}")
        await self._customer_picture(picture)

    async def _pay_slowly_and_go_on(self, means: Means) -> int:
        """Pay slowly, set the order aside, ring up the next one; gives the order's number."""
        await self._control("debits", {"delay_s": _A_DAY_S})
        await self._customer.fill(means)
        await self._customer_picture("customer-slow")
        await self._customer_pays(means)
        await self._customer_picture("customer-processing")
        await self._says(Phase.PROCESSING)
        await self._no_code()
        await self._both("processing", Face.PROCESSING)
        payment = self._window.counter.payment
        number = 0 if payment is None else payment.order_number or 0
        await self._press("set_aside")
        await self._is_selling()
        await self._told(_n("Order {number} is set aside"), number)
        await self._in_the_books(OrderState.OPEN, is_taken=False)
        await self._tap_tile(self._till.catalog.on_sale()[0])
        await self._picture("sell-next-customer")
        await self._display_picture(Face.CART, "display-next-customer")
        return number

    async def _bank_answers(self, *, succeeded: bool) -> None:
        """Let the debit that was set aside be decided, a day later for all that anyone knows."""
        session = (await self._first_attempt()).session_id
        await self._control(f"sessions/{session}/settle", {"succeeded": succeeded})
        self._asked_at = now()
        self.timeline.note("the bank answers")

    async def _first_attempt(self) -> Attempt:
        fact = next(fact for fact in self._facts if fact.name == "attempt.open")
        detail = await self._till.orders.detail(fact.order_id or "")
        if detail is None:
            raise StepFailed("the order is not in the books")
        return detail.attempts[-1]

    async def _customer_sees_in_the_end(self, picture: str) -> None:
        title = await self._customer.open((await self._first_attempt()).url or "")
        self.timeline.note(f"the customer opens the page again and sees: {title}")
        await self._customer_picture(picture)

    async def _says(self, phase: Phase, *, decline: str = "") -> None:
        """Wait until the payment stands so, and the screen says it in the till's language."""
        said = self._window.pay.statement

        def is_said() -> bool:
            payment = self._window.counter.payment
            if payment is None or (payment.phase, payment.decline) != (phase, decline):
                return False
            words = wording(payment)
            return (said.title, said.sentence) == (words.title, words.sentence)

        await self._until(is_said, f"the till says {phase} {decline}".rstrip())
        self.timeline.note(f"the till says: {said.title}. {said.sentence}")

    async def _told(self, template: str, number: int = 0) -> None:
        """Wait for a piece of news, by the text that the source has for it."""
        title = _(template).format(number=number)
        notice = self._window.notice
        await self._until(
            lambda: notice.isVisible() and notice.title == title, f"the till tells: {title}"
        )
        self.timeline.note(f"the till tells: {title}")

    async def _is_selling(self) -> None:
        await self._until(
            lambda: self._window.counter.stage is Stage.SELLING, "the next sale can begin"
        )

    async def _is_paid(self) -> None:
        await self._until(lambda: self._window.counter.stage is Stage.PAID, "the till says PAID")
        await self._no_code()
        await asyncio.sleep(TICK_DRAWN_S)
        await self._picture("paid")
        await self._display_picture(Face.PAID, "display-paid")
        await self._next_sale()
        await self._in_the_books(OrderState.PAID, is_taken=True)

    async def _both(self, name: str, face: Face, *, is_declined: bool = False) -> None:
        """Take both screens, and compare what the customer's says of the last try."""
        await self._picture(f"pay-{name}")
        await self._display_picture(face, f"display-{name}")
        model = self._window.display.model
        if model is None or (model.code is not None and model.code.was_declined) is not is_declined:
            raise StepFailed(f"the customer's display does not follow the last try: {model}")

    async def _no_code(self) -> None:
        if self._qr_url():
            raise StepFailed("the QR code is still on the screen")

    async def _orders_page(self) -> None:
        await self._press("rail_orders")
        await self._until(lambda: bool(self._window.orders.panel.order_id), "the order is shown")
        await self._picture("orders")

    async def _in_the_books(self, state: OrderState, *, is_taken: bool) -> None:
        """Compare the till's books with what must be, and the simulator's with them."""
        (row,) = await self._till.orders.page(limit=2)
        taken = row.total.minor if is_taken else 0
        detail = await self._till.orders.detail(row.id)
        booked = sum(tender.amount.minor for tender in detail.tenders) if detail else -1
        accounts = (await self._control("books", None))["accounts"].values()
        captured = sum(paid["captured_minor"] for one in accounts for paid in one["payments"])
        if (row.state, booked, captured) != (state, taken, taken) or row.needs_person:
            raise StepFailed(
                f"order {row.number} is {row.state} with {booked} booked and {captured} captured;"
                f" {state} with {taken} was to be"
            )
        self.timeline.note(
            f"the books: order {row.number} is {state}, {taken} taken, on both sides"
        )

    async def _control(self, path: str, order: Mapping[str, Any] | None) -> dict[str, Any]:
        """Ask the simulator's control API: a GET without an order."""
        address = f"{self._till.sandbox_url}/_control/{path}"
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            method = "GET" if order is None else "POST"
            reply = await client.request(method, address, json=order)
        if reply.status_code != 200:
            raise StepFailed(f"the simulator does not do {path}: {reply.text}")
        answer: dict[str, Any] = reply.json()
        return answer


def _had(means: Means | None) -> Means:
    """Give what the end is played with. Raises StepFailed where the customer has none of it."""
    if means is None:
        raise StepFailed("the customer has nothing to pay with that comes to this end")
    return means


_ENDS: Final[dict[str, Callable[[Ends, str], Awaitable[None]]]] = {
    "declined": Ends.declined,
    "challenge": Ends.challenge,
    "error": Ends.error,
    "late": Ends.late,
    "late-fail": Ends.late_fail,
    "expired": Ends.expired,
    "cancel": Ends.cancel,
    "closed": Ends.closed,
}
