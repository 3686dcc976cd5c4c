"""The one judge of money: every case in which a payment is accepted, held or passed over."""

from typing import Any

import pytest

from app.domain.attempt import ATTEMPT_MOVES, AttemptState, CloseReason
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing, Verdict, judge
from app.domain.money import Money
from app.domain.observation import SessionState, Source
from app.domain.order import ORDER_MOVES, OrderState
from tests.parts.values import COFFEE, ORDER_ID, TILL, attempt, order, seen, snapshot
from tests.unit.domain.judged import books, held

PAID, OPEN = SessionState.PAID, SessionState.OPEN
FAILED, EXPIRED, PROCESSING = SessionState.FAILED, SessionState.EXPIRED, SessionState.PROCESSING


def test_the_exact_amount_pays_the_order() -> None:
    verdict = judge(books(), seen())
    assert verdict.standing is Standing.SETTLED
    assert verdict.attempt_to is AttemptState.PAID
    assert verdict.order_to is OrderState.PAID
    assert held(verdict) == [None]
    assert verdict.payments[0].is_accepted


@pytest.mark.parametrize("source", Source)
def test_it_does_not_matter_by_which_way_the_news_came(source: Source) -> None:
    assert judge(books(), seen(source=source)) == judge(books(), seen())


@pytest.mark.parametrize(
    "amount, currency, kind",
    [
        (389, "EUR", ExceptionKind.UNDERPAID),
        (391, "EUR", ExceptionKind.OVERPAID),
        (1, "EUR", ExceptionKind.UNDERPAID),
        (0, "EUR", ExceptionKind.UNDERPAID),
        (-390, "EUR", ExceptionKind.UNDERPAID),
        (39000, "EUR", ExceptionKind.OVERPAID),
        (390, "USD", ExceptionKind.MISMATCH),
        (390, "JPY", ExceptionKind.MISMATCH),
    ],
)
def test_an_amount_that_is_off_or_in_another_currency_never_pays(
    amount: int, currency: str, kind: ExceptionKind
) -> None:
    verdict = judge(books(), seen(PAID, [("pi_1", amount)], currency=currency))
    assert held(verdict) == [kind]
    assert verdict.order_to is None
    assert verdict.attempt_to is AttemptState.PAID
    assert f"asked for {Money(390, 'EUR')}" in verdict.payments[0].detail


def test_a_payment_that_is_in_the_books_counts_for_nothing_again() -> None:
    known = books(
        attempt=attempt(state=AttemptState.PAID),
        order=order(state=OrderState.PAID),
        known_payments=frozenset({"pi_1"}),
        accepted_minor=390,
    )
    assert judge(known, seen()) == Verdict(Standing.NOTHING_NEW)


def test_one_payment_named_twice_in_one_answer_is_one() -> None:
    verdict = judge(books(), seen(PAID, [("pi_1", 390), ("pi_1", 390)]))
    assert len(verdict.payments) == 1
    assert verdict.order_to is OrderState.PAID


def test_a_second_session_that_was_paid_too_is_surplus() -> None:
    second = attempt(number=2, state=AttemptState.OPEN)
    paid = books(attempt=second, order=order(state=OrderState.PAID), accepted_minor=390)
    verdict = judge(
        paid, seen(PAID, [("pi_2", 390)], reference=f"{TILL}-{ORDER_ID}-2", session_id="cs_2")
    )
    assert held(verdict) == [ExceptionKind.SURPLUS]
    assert verdict.payments[0].detail == "The order was paid already."
    assert (verdict.attempt_to, verdict.order_to) == (AttemptState.PAID, None)


def test_a_second_payment_by_one_session_is_surplus() -> None:
    both = judge(books(), seen(PAID, [("pi_1", 390), ("pi_2", 390)]))
    assert held(both) == [None, ExceptionKind.SURPLUS]
    assert both.order_to is OrderState.PAID
    split = order(snapshot((COFFEE, 2)))
    later = books(
        attempt=attempt(split, amount=Money(390, "EUR"), state=AttemptState.PAID),
        order=split,
        known_payments=frozenset({"pi_1"}),
        accepted_minor=390,
    )
    verdict = judge(later, seen(PAID, [("pi_1", 390), ("pi_2", 390)]))
    assert held(verdict) == [ExceptionKind.SURPLUS]
    assert verdict.payments[0].detail == "A second payment by one session."
    assert verdict.order_to is None


def test_more_than_is_still_owed_is_surplus() -> None:
    split = order(snapshot((COFFEE, 2)))
    asked = attempt(split, number=2, amount=Money(500, "EUR"))
    verdict = judge(
        books(attempt=asked, order=split, accepted_minor=390),
        seen(PAID, [("pi_2", 500)], reference=f"{TILL}-{ORDER_ID}-2", session_id="cs_2"),
    )
    assert held(verdict) == [ExceptionKind.SURPLUS]
    assert verdict.payments[0].detail == "Less was still owed."


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.EXPIRED])
@pytest.mark.parametrize("amount", [389, 390, 391])
def test_money_after_the_end_is_late_whatever_its_amount(state: OrderState, amount: int) -> None:
    over = books(attempt=attempt(state=AttemptState(state.value)), order=order(state=state))
    verdict = judge(over, seen(PAID, [("pi_1", amount)]))
    assert held(verdict) == [ExceptionKind.PAID_LATE]
    assert (verdict.attempt_to, verdict.order_to) == (AttemptState.PAID, None)
    assert state.value in verdict.payments[0].detail


@pytest.mark.parametrize(
    "change, words",
    [
        ({"provider": "paypal"}, "Provider paypal, expected stripe."),
        ({"provider_account": "acct_2"}, "Account acct_2, expected acct_1."),
        ({"session_id": "cs_9"}, "Session cs_9, expected cs_1."),
    ],
)
def test_money_of_another_account_mode_or_session_is_quarantined(
    change: dict[str, Any], words: str
) -> None:
    verdict = judge(books(), seen(**change))
    assert verdict.standing is Standing.QUARANTINED
    assert held(verdict) == [ExceptionKind.MISMATCH]
    assert (verdict.attempt_to, verdict.order_to, verdict.detail) == (None, None, words)
    assert judge(books(), seen(OPEN, **change)).payments == ()


def test_test_money_never_pays_in_a_live_till() -> None:
    verdict = judge(books(attempt=attempt(live=True)), seen())
    assert verdict.standing is Standing.QUARANTINED
    assert verdict.detail == "Test money, expected live money."
    assert verdict.payments == ()


def test_live_money_never_enters_the_books_of_a_test_till() -> None:
    verdict = judge(books(), seen(live=True))
    assert verdict.standing is Standing.QUARANTINED
    assert verdict.detail == "Live money, expected test money."
    assert verdict.payments == ()


@pytest.mark.parametrize("session_id", [None, "cs_1"])
def test_a_session_whose_id_the_till_never_learned_is_taken_by_its_reference(
    session_id: str | None,
) -> None:
    unknown = attempt(session_id=session_id, state=AttemptState.UNKNOWN)
    assert judge(books(attempt=unknown), seen()).order_to is OrderState.PAID
    assert judge(books(attempt=unknown), seen(session_id="")).order_to is OrderState.PAID


@pytest.mark.parametrize("reference", ["", "web-shop-1000", "t22222-0rder0000001-1", "1"])
def test_a_web_shops_or_another_tills_money_is_foreign(reference: str) -> None:
    verdict = judge(books(attempt=None, order=None), seen(reference=reference))
    assert verdict == Verdict(Standing.FOREIGN)
    assert judge(books(), seen(reference=reference)) == Verdict(Standing.FOREIGN)


@pytest.mark.parametrize("missing", [{"attempt": None}, {"order": None}])
def test_our_reference_without_its_order_needs_a_person(missing: dict[str, None]) -> None:
    verdict = judge(books(**missing), seen())
    assert verdict.standing is Standing.NEEDS_PERSON
    assert held(verdict) == [ExceptionKind.MISMATCH]
    again = judge(books(**missing, known_payments=frozenset({"pi_1"})), seen())
    assert again.standing is Standing.NEEDS_PERSON
    assert again.payments == ()


def test_completed_but_unpaid_waits_until_it_is_decided() -> None:
    waiting = judge(books(), seen(PROCESSING))
    assert (waiting.attempt_to, waiting.order_to) == (AttemptState.PROCESSING, None)
    later = books(attempt=attempt(state=AttemptState.PROCESSING))
    assert judge(later, seen()).order_to is OrderState.PAID
    failed = judge(later, seen(FAILED))
    assert (failed.attempt_to, failed.order_to) == (AttemptState.FAILED, None)


def test_paid_without_a_payment_is_not_paid() -> None:
    verdict = judge(books(), seen(PAID, []))
    assert (verdict.attempt_to, verdict.order_to) == (AttemptState.PROCESSING, None)
    named = judge(books(attempt=attempt(state=AttemptState.PROCESSING)), seen())
    assert held(named) == [None]
    assert named.order_to is OrderState.PAID


@pytest.mark.parametrize(
    "reason, seen_state, attempt_to, order_to",
    [
        (None, EXPIRED, AttemptState.EXPIRED, OrderState.EXPIRED),
        (CloseReason.EXPIRED, EXPIRED, AttemptState.EXPIRED, OrderState.EXPIRED),
        (CloseReason.CANCELLED, EXPIRED, AttemptState.CANCELLED, OrderState.CANCELLED),
        (CloseReason.SUPERSEDED, EXPIRED, AttemptState.CANCELLED, None),
        (None, FAILED, AttemptState.FAILED, None),
        (CloseReason.CANCELLED, FAILED, AttemptState.FAILED, OrderState.CANCELLED),
        (CloseReason.CANCELLED, OPEN, None, None),
        (CloseReason.CANCELLED, PROCESSING, AttemptState.PROCESSING, None),
        (CloseReason.CANCELLED, PAID, AttemptState.PAID, OrderState.PAID),
        (CloseReason.EXPIRED, PAID, AttemptState.PAID, OrderState.PAID),
    ],
)
def test_a_session_ends_by_the_reason_for_which_it_was_closed(
    reason: CloseReason | None,
    seen_state: SessionState,
    attempt_to: AttemptState | None,
    order_to: OrderState | None,
) -> None:
    verdict = judge(books(attempt=attempt(close_reason=reason)), seen(seen_state))
    assert (verdict.attempt_to, verdict.order_to) == (attempt_to, order_to)


def test_an_order_does_not_end_while_another_session_can_pay_it() -> None:
    closing = attempt(close_reason=CloseReason.CANCELLED)
    verdict = judge(books(attempt=closing, has_other_live=True), seen(EXPIRED))
    assert (verdict.attempt_to, verdict.order_to) == (AttemptState.CANCELLED, None)


def test_an_order_that_is_partly_paid_does_not_expire() -> None:
    split = order(snapshot((COFFEE, 2)))
    verdict = judge(books(order=split, attempt=attempt(split), accepted_minor=390), seen(EXPIRED))
    assert (verdict.attempt_to, verdict.order_to) == (AttemptState.EXPIRED, None)


@pytest.mark.parametrize("reason", [CloseReason.CANCELLED, CloseReason.EXPIRED])
def test_an_order_that_is_partly_paid_ends_only_where_somebody_cancels_it(
    reason: CloseReason,
) -> None:
    split = order(snapshot((COFFEE, 2)))
    closing = attempt(split, close_reason=reason)
    verdict = judge(books(order=split, attempt=closing, accepted_minor=390), seen(EXPIRED))
    is_cancelled = reason is CloseReason.CANCELLED
    assert verdict.order_to is (OrderState.CANCELLED if is_cancelled else None)


def test_the_last_part_of_a_split_tender_pays_the_order() -> None:
    split = order(snapshot((COFFEE, 2)))
    first = attempt(split, amount=Money(390, "EUR"))
    part = judge(books(attempt=first, order=split, has_other_live=False), seen())
    assert (part.attempt_to, part.order_to) == (AttemptState.PAID, None)
    assert held(part) == [None]
    second = attempt(split, number=2, amount=Money(390, "EUR"))
    last = judge(
        books(attempt=second, order=split, accepted_minor=390),
        seen(PAID, [("pi_2", 390)], reference=f"{TILL}-{ORDER_ID}-2", session_id="cs_2"),
    )
    assert last.order_to is OrderState.PAID


@pytest.mark.parametrize("state", AttemptState)
@pytest.mark.parametrize("news", SessionState)
def test_a_verdict_only_ever_asks_for_moves_that_exist(
    state: AttemptState, news: SessionState
) -> None:
    for order_state in OrderState:
        verdict = judge(
            books(attempt=attempt(state=state), order=order(state=order_state)), seen(news)
        )
        assert verdict.attempt_to is None or verdict.attempt_to in ATTEMPT_MOVES[state]
        assert verdict.order_to is None or verdict.order_to in ORDER_MOVES[order_state]
        if order_state is not OrderState.OPEN:
            assert verdict.order_to is None
