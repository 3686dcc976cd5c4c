"""Disputes that are not the till's, and what it does not know of them."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing
from app.domain.money import Money
from app.errors import InvariantError
from app.store import Transaction
from app.store.disputes import disputes_of_order, write_dispute
from app.store.inbox import handled, receive
from tests.parts.clock import START
from tests.parts.seen import paid
from tests.parts.till import Counter
from tests.unit.settle.disputes import (
    BACK,
    TAKEN,
    S,
    disputed,
    news,
    only_words,
    paid_for,
    state,
    taken_for,
    words,
)
from tests.unit.settle.telling import kinds, sold, told


def test_a_dispute_of_a_payment_that_is_not_in_the_books_waits_for_it(till: Counter) -> None:
    _, attempt = sold(till)
    payment_id = paid(attempt).payments[0].payment_id
    look = disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN)
    assert news(till, look) == [Standing.WAITING]
    assert till.count("disputes") == till.count("fees") == 0
    told(till, paid(attempt))
    assert news(till, look) == [Standing.SETTLED]


def test_a_dispute_of_a_strangers_payment_is_foreign(till: Counter) -> None:
    early = Delivery("fake", "fakepay", "acct_fake", False, "evt_p", "paid", b"{}")

    def seen_before(tx: Transaction) -> None:
        receive(tx, early)
        handled(tx, 1, Standing.FOREIGN.value, "pay_web")

    till.store.write_now(seen_before)
    assert news(till, disputed("pay_web", S.LOST, 0, TAKEN)) == [Standing.FOREIGN]
    assert till.count("exceptions") == 0


@pytest.mark.parametrize(
    "changes, why",
    [({"provider_account": "acct_other"}, "account acct_other"), ({"live": True}, "other mode")],
)
def test_a_dispute_that_another_account_or_mode_tells_of_is_quarantined_and_told_once(
    till: Counter, changes: dict[str, Any], why: str
) -> None:
    _, _, payment_id = paid_for(till)
    look = disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN, **changes)
    assert news(till, look, look) == [Standing.QUARANTINED] * 2
    assert till.count("disputes") == till.count("fees") == 0
    assert kinds(till) == [ExceptionKind.MISMATCH]
    assert why in words(till)[0]


def test_a_dispute_that_changes_its_payment_or_currency_is_quarantined(till: Counter) -> None:
    _, _, payment_id = paid_for(till)
    _, _, other_id = paid_for(till)
    news(till, disputed(payment_id, S.NEEDS_RESPONSE, 0, TAKEN))
    for odd in (
        disputed(other_id, S.LOST, 1, TAKEN),
        disputed(payment_id, S.LOST, 1, amount=Money(500, "USD")),
    ):
        assert news(till, odd) == [Standing.QUARANTINED]
    assert state(till) == [("dp_1", "needs_response", 500)]


def test_a_state_and_reason_that_are_not_known_are_kept_and_told(till: Counter) -> None:
    order, _, payment_id = paid_for(till)
    strange = disputed(payment_id, S.UNKNOWN, 0, word="arbitration", reason="sorcery")
    assert news(till, strange, strange) == [Standing.SETTLED, Standing.NOTHING_NEW]
    assert state(till) == [("dp_1", "unknown", 0)]
    said = only_words(till)
    assert "arbitration" in said and "sorcery" in said
    assert till.violations(taken_for(payment_id, order, till)) == []
    news(till, disputed(payment_id, S.WON, 1))
    assert words(till) == []


def test_a_word_that_is_not_known_moves_nothing_and_a_person_is_told_once(till: Counter) -> None:
    order, _, payment_id = paid_for(till)
    strange = disputed(payment_id, S.UNKNOWN, 5, TAKEN, word="arbitration")
    news(till, disputed(payment_id, S.NEEDS_RESPONSE, 0), strange, strange)
    assert state(till) == [("dp_1", "needs_response", 500)]
    first, second = words(till)
    assert "has taken 5.00 EUR back" in first
    assert "the provider calls it arbitration now" in second
    news(till, disputed(payment_id, S.UNDER_REVIEW, 6, TAKEN))
    assert "the bank decides" in words(till)[0]
    assert words(till)[1] == second
    assert till.violations(taken_for(payment_id, order, till)) == []
    news(till, disputed(payment_id, S.WON, 7, TAKEN, BACK))
    assert words(till) == []
    news(till, replace(strange, told_at=START))
    assert words(till) == []


def test_a_dispute_that_someone_changed_meanwhile_is_a_bug_that_is_heard(till: Counter) -> None:
    order, _, payment_id = paid_for(till)
    news(till, disputed(payment_id, S.NEEDS_RESPONSE))
    (dispute,) = till.store.read_now(lambda db: disputes_of_order(db, order.id))
    stale = replace(dispute, version=7)
    with pytest.raises(InvariantError, match="meanwhile"):
        till.store.write_now(
            lambda tx: write_dispute(tx, "fakepay", stale, dispute, order_id=order.id)
        )
