"""The one judge of money over whole histories: the order in which news comes changes nothing."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.attempt import Attempt, AttemptState, CloseReason, Reference
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Books, Verdict, judge
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.order import Order, OrderState
from tests.parts.values import ORDER_ID, TILL, attempt, order, seen
from tests.unit.domain.judged import books

PAID, OPEN = SessionState.PAID, SessionState.OPEN
FAILED, EXPIRED, PROCESSING = SessionState.FAILED, SessionState.EXPIRED, SessionState.PROCESSING


class MemoryBooks:
    """Books in memory: they write what the judge says, as the store does."""

    def __init__(self, of: Order | None = None, by: Attempt | None = None) -> None:
        self.order = of or order()
        self.attempt = by or attempt(self.order, state=AttemptState.CREATING, session_id=None)
        self.payments: dict[str, ExceptionKind | None] = {}
        self.accepted_minor = 0
        self.order_moves: list[OrderState] = []
        self.attempt_moves: list[AttemptState] = []

    def settle(self, news: Observation) -> Verdict:
        verdict = judge(
            Books(
                TILL,
                self.attempt,
                self.order,
                frozenset(self.payments),
                self.accepted_minor,
            ),
            news,
        )
        for judged in verdict.payments:
            assert judged.payment.payment_id not in self.payments, "a payment is written once"
            self.payments[judged.payment.payment_id] = judged.held_as
            if judged.is_accepted:
                self.accepted_minor += judged.payment.amount.minor
        if verdict.attempt_to is not None:
            self.attempt_moves.append(verdict.attempt_to)
            self.attempt = replace(self.attempt, state=verdict.attempt_to)
        if verdict.order_to is not None:
            self.order_moves.append(verdict.order_to)
            self.order = replace(self.order, state=verdict.order_to)
        return verdict

    def after(self, *news: Observation) -> tuple[Any, ...]:
        for one in news:
            self.settle(one)
        return (
            self.order.state,
            self.attempt.state,
            self.payments,
            self.accepted_minor,
            self.order_moves,
        )


ONE_PAYMENT = (
    seen(OPEN),
    seen(OPEN, decline="insufficient_funds"),
    seen(PROCESSING),
    seen(FAILED),
    seen(source=Source.WEBHOOK, event_id="evt_1", is_final=True),
    seen(source=Source.POLL),
)


def test_every_order_of_six_events_of_one_payment_ends_the_same() -> None:
    ends = [MemoryBooks().after(*order_of) for order_of in itertools.permutations(ONE_PAYMENT)]
    wanted = (OrderState.PAID, AttemptState.PAID, {"pi_1": None}, 390, [OrderState.PAID])
    assert all(end == wanted for end in ends)


def test_every_order_of_fewer_events_ends_the_same_as_long_as_one_says_paid() -> None:
    for count in range(1, 6):
        for news in itertools.permutations(ONE_PAYMENT, count):
            if any(one.payments for one in news):
                assert MemoryBooks().after(*news)[:2] == (OrderState.PAID, AttemptState.PAID)


@pytest.mark.parametrize("amount", [389, 390, 391])
@pytest.mark.parametrize("state", OrderState)
@settings(max_examples=60)
@given(data=st.data())
def test_any_order_with_repeats_ends_in_the_same_books(
    amount: int, state: OrderState, data: st.DataObject
) -> None:
    paid = [seen(PAID, [("pi_1", amount)], source=source) for source in Source]
    others = [seen(OPEN), seen(PROCESSING), seen(FAILED), seen(OPEN, decline="declined")]
    news = data.draw(st.lists(st.sampled_from(paid + others), max_size=5))
    place = data.draw(st.integers(0, len(news)))
    news.insert(place, data.draw(st.sampled_from(paid)))
    shuffled = data.draw(st.permutations(news + data.draw(st.permutations(news))))

    def fresh() -> MemoryBooks:
        return MemoryBooks(order(state=state))

    once = fresh().after(paid[0])
    assert fresh().after(*news) == once
    assert fresh().after(*shuffled) == once
    assert len(once[2]) == 1


@given(
    st.lists(
        st.sampled_from([*ONE_PAYMENT, seen(EXPIRED), seen(PAID, [("pi_1", 390), ("pi_2", 5)])]),
        max_size=8,
    ),
    st.sampled_from([None, *CloseReason]),
)
def test_no_money_is_ever_lost_or_counted_twice(
    news: list[Observation], reason: CloseReason | None
) -> None:
    """Even news that contradict each other: every payment seen is in the books, once."""
    till = MemoryBooks(by=attempt(state=AttemptState.CREATING, close_reason=reason))
    till.after(*news)
    assert set(till.payments) == {p.payment_id for one in news for p in one.payments}
    accepted = [id for id, held_as in till.payments.items() if held_as is None]
    assert (till.order.state is OrderState.PAID) is (accepted == ["pi_1"])
    assert till.accepted_minor == 390 * len(accepted)
    assert len(till.order_moves) <= 1
    assert len(till.attempt_moves) == len(set(till.attempt_moves))


@given(
    st.integers(-(10**6), 10**6),
    st.sampled_from(["EUR", "USD"]),
    st.sampled_from(["acct_1", "acct_2"]),
    st.booleans(),
    st.sampled_from(["stripe", "square"]),
    st.sampled_from([f"{TILL}-{ORDER_ID}-1", "t22222-0rder0000001-1", ""]),
    st.sampled_from(["cs_1", "cs_2"]),
    st.sampled_from(SessionState),
)
def test_only_what_agrees_in_everything_pays(
    amount: int,
    currency: str,
    account: str,
    live: bool,
    provider: str,
    reference: str,
    session_id: str,
    state: SessionState,
) -> None:
    news = Observation(
        source=Source.WEBHOOK,
        provider=provider,
        provider_account=account,
        live=live,
        reference=reference,
        session_id=session_id,
        state=state,
        observed_at=order().created_at,
        payments=(SeenPayment("pi_1", Money(amount, currency)),),
    )
    exact = (amount, currency, account, live, provider, reference, session_id) == (
        390,
        "EUR",
        "acct_1",
        False,
        "stripe",
        str(Reference(TILL, ORDER_ID, 1)),
        "cs_1",
    )
    assert (judge(books(), news).order_to is OrderState.PAID) is exact
