"""Each exception of the till's is made here over HTTP, and the till's own judge names it.

What a control call makes is looked at twice, by polling and by the notice: both must say the same.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from app.clock import SystemClock
from app.domain.attempt import AttemptState
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Verdict, judge
from app.domain.observation import Observation, Source
from app.domain.order import OrderState
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.strategy import WebhookRequest
from tests.integration.sandbox.shop import GOOD_CARD, Receiver, Shop, line
from tests.parts.values import ORDER_ID, TILL, attempt, order
from tests.unit.domain.judged import books, held

REFERENCE = f"{TILL}-{ORDER_ID}-1"
COMPLETED = "checkout.session.completed"


class Till:
    """The till's own eyes: its strategy, and the books that its judge compares with."""

    def __init__(self, shop: Shop, receiver: Receiver) -> None:
        self.shop = shop
        self.receiver = receiver
        shop.listen(receiver, COMPLETED)
        self.account = shop.client.v1.accounts.retrieve_current().id
        self.session = shop.sell(client_reference_id=REFERENCE, line_items=[line("Coffee", 390)]).id

    def pay(self, **changes: Any) -> None:
        body = {"card": GOOD_CARD, **changes}
        paid = self.shop.control("POST", f"sessions/{self.session}/pay", body)
        assert paid["outcome"] == "paid"

    def polled(self) -> Observation:
        return asyncio.run(self._polled())

    def told(self, place: int = 0) -> Observation:
        self.receiver.wait(place + 1)
        return asyncio.run(self._told(place))

    def judged(self, seen: Observation, **changes: Any) -> Verdict:
        names = {"session_id": self.session, "provider_account": self.account}
        state = changes.pop("state", OrderState.OPEN)
        attempted = attempt(**{**names, **changes.pop("attempt", {})})
        return judge(books(attempt=attempted, order=order(state=state), **changes), seen)

    def _strategy(self) -> StripeCheckout:
        strategy = StripeCheckout(
            "main",
            self.shop.key,
            clock=SystemClock(),
            webhook_secrets=(self.receiver.secret,),
            api_base=self.shop.origin,
        )
        strategy.adopt(self.account)
        return strategy

    async def _polled(self) -> Observation:
        strategy = self._strategy()
        try:
            return await strategy.fetch(self.session, source=Source.POLL)
        finally:
            await strategy.aclose()

    async def _told(self, place: int) -> Observation:
        strategy = self._strategy()
        try:
            headers, body = self.receiver.received[place]
            lowered = {name.lower(): value for name, value in headers.items()}
            now = datetime.now(UTC)
            delivery = strategy.read_webhook(WebhookRequest(lowered, body, now))
            seen = strategy.observe(delivery, at=now)
            assert isinstance(seen, Observation)
            return seen
        finally:
            await strategy.aclose()


@pytest.fixture
def till(shop: Shop, receiver: Receiver) -> Till:
    return Till(shop, receiver)


@pytest.mark.parametrize(
    "oddity, kind",
    [
        ({}, None),
        ({"amount_minor": 389}, ExceptionKind.UNDERPAID),
        ({"amount_minor": 391}, ExceptionKind.OVERPAID),
        ({"currency": "usd"}, ExceptionKind.MISMATCH),
    ],
)
def test_wrong_money_is_wrong_by_either_way(
    till: Till, oddity: dict[str, Any], kind: ExceptionKind | None
) -> None:
    till.pay(**oddity)
    for seen in (till.polled(), till.told()):
        verdict = till.judged(seen)
        assert held(verdict) == [kind]
        assert verdict.order_to == (OrderState.PAID if kind is None else None)


def test_money_of_the_other_mode_is_quarantined_by_either_way(till: Till) -> None:
    till.pay(livemode=True)
    for seen in (till.polled(), till.told()):
        assert seen.live
        assert till.judged(seen).detail == "Live money, expected test money."
        live = till.judged(seen, attempt={"live": True})
        assert held(live) == [None]


def test_a_genuine_notice_of_another_account_is_a_mismatch(till: Till) -> None:
    till.pay()
    till.receiver.wait(1)
    (event,) = till.receiver.events()
    changes = {"id": "evt_other", "account": "acct_other"}
    till.shop.control("POST", f"events/{event.id}/deliver", {"changes": changes})
    seen = till.told(1)
    assert (seen.provider_account, seen.event_id) == ("acct_other", "evt_other")
    assert held(till.judged(seen)) == [ExceptionKind.MISMATCH]


def test_a_session_that_had_expired_is_paid_late(till: Till) -> None:
    till.shop.control("POST", f"sessions/{till.session}/expire")
    till.pay(force=True)
    ended = {"state": OrderState.EXPIRED, "attempt": {"state": AttemptState.EXPIRED}}
    for seen in (till.polled(), till.told()):
        assert held(till.judged(seen, **ended)) == [ExceptionKind.PAID_LATE]


def test_a_second_payment_by_one_session_is_surplus(till: Till) -> None:
    till.pay()
    first = till.polled().payments[0].payment_id
    till.pay(force=True)
    known = {
        "state": OrderState.PAID,
        "attempt": {"state": AttemptState.PAID},
        "known_payments": frozenset({first}),
        "accepted_minor": 390,
    }
    for seen in (till.polled(), till.told(1)):
        assert held(till.judged(seen, **known)) == [ExceptionKind.SURPLUS]
