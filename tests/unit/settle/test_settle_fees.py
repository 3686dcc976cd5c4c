"""Fees: booked once by the provider's own entry, asked for gently, never estimated."""

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.domain.refund import RefundState, SeenRefund
from app.errors import InvariantError, ProviderError, Rejected, Unavailable
from app.gateway import Gateway
from app.settle_fees import GIVE_UP_AFTER, Fees, FeesFound, settle_fees
from app.status import Health
from app.store.fees import fees_of, wanted_fees
from tests.parts.provider import FakeProvider, FakeStrategy
from tests.parts.seen import paid
from tests.parts.till import Counter
from tests.unit.settle.telling import books, sold, taken, told
from tests.unit.settle.test_settle_refunds import gave_back


def sale(till: Counter, **changes: Any) -> str:
    """Sell for 5.00 EUR and give the payment's id."""
    _, attempt = sold(till)
    told(till, paid(attempt, **changes))
    return paid(attempt).payments[0].payment_id


def fee(payment_id: str, minor: int = 44, **changes: Any) -> SeenFee:
    values: dict[str, Any] = {
        "fee_id": f"txn_{payment_id}",
        "payment_id": payment_id,
        "kind": FeeKind.PAYMENT,
        "amount": Money(minor, "EUR"),
    }
    return SeenFee(**values | changes)


def asker(till: Counter) -> Fees:
    return Fees(till.store, till.gateway, clock=till.clock)


def caught_up(fees: Fees, limit: int = 10) -> FeesFound:
    return asyncio.run(fees.catch_up(limit))


def rows(till: Counter) -> list[tuple[Any, ...]]:
    return till.rows("SELECT kind, amount_minor, currency FROM fees ORDER BY id")


def test_a_fee_is_booked_once_against_what_the_provider_owes(till: Counter) -> None:
    payment_id = sale(till)
    for booked in (1, 0, 0):
        assert (
            till.store.write_now(lambda tx: settle_fees(tx, "fakepay", (fee(payment_id),)))
            == booked
        )
    ledger = dict(books(till)["ledger"])
    assert (ledger["fees"], ledger["clearing:fake"], ledger["sales"]) == (44, 456, -500)
    assert till.count("journal", "name = 'fee.booked'") == 1
    assert till.rows("SELECT actor, action FROM audit WHERE action = 'fee.booked'") == [
        ("provider:fakepay", "fee.booked")
    ]
    known = till.store.read_now(lambda db: fees_of(db, "fakepay", payment_id))
    assert known == (fee(payment_id),)
    assert [v for v in till.violations([]) if "fees" in v] == []


def test_a_fee_in_another_currency_is_booked_in_that_one(till: Counter) -> None:
    payment_id = sale(till)
    strange = fee(payment_id, amount=Money(51, "USD"))
    till.store.write_now(lambda tx: settle_fees(tx, "fakepay", (strange,)))
    posted = till.rows(
        "SELECT account, amount_minor FROM ledger_entries WHERE currency = 'USD' ORDER BY account"
    )
    assert posted == [("clearing:fake", -51), ("fees", 51)]
    assert till.rows("SELECT sum(amount_minor) FROM ledger_entries WHERE currency = 'EUR'") == [
        (0,)
    ]


def test_a_fee_of_nothing_is_known_and_moves_nothing(till: Counter) -> None:
    payment_id = sale(till)
    till.store.write_now(lambda tx: settle_fees(tx, "fakepay", (fee(payment_id, 0),)))
    assert rows(till) == [("payment", 0, "EUR")]
    assert till.count("ledger_transactions", "kind = 'fee'") == 0
    assert till.count("journal", "name = 'fee.booked'") == 0


def test_a_fee_of_a_payment_that_is_not_in_the_books_is_a_bug_that_is_heard(till: Counter) -> None:
    with pytest.raises(InvariantError, match="not in the books"):
        till.store.write_now(lambda tx: settle_fees(tx, "fakepay", (fee("pi_nowhere"),)))


def test_fees_are_asked_for_oldest_first_within_the_limit_and_with_pauses(till: Counter) -> None:
    payments = [sale(till) for _ in range(5)]
    till.provider.disputes.fees.update({each: (fee(each),) for each in payments})
    fees = asker(till)
    till.clock.slept.clear()
    assert caught_up(fees, 2) == FeesFound(2, 2)
    assert [c.subject for c in till.strategy.calls if c.verb == "fetch_fees"] == payments[:2]
    assert till.clock.slept == [0.2, 0.2]
    assert caught_up(fees) == FeesFound(3, 3)
    assert caught_up(fees) == FeesFound()
    assert till.strategy.count("fetch_fees") == 5
    assert caught_up(asker(till), 0) == FeesFound()


def test_a_fee_that_is_not_told_yet_is_asked_for_again_more_and_more_seldom(till: Counter) -> None:
    silent, told_late = sale(till), sale(till)
    till.provider.disputes.fees[told_late] = (fee(told_late),)
    fees = asker(till)
    # The silent one is the older and does not hold up the other.
    assert caught_up(fees, 1) == FeesFound(1)
    assert caught_up(fees, 1) == FeesFound(1, 1)
    assert caught_up(fees, 1) == FeesFound()
    asked = []
    for minute in range(0, 24 * 60, 5):
        till.clock.advance(300)
        if caught_up(fees).asked:
            asked.append(minute)
    assert asked[0] <= 5 and 5 <= len(asked) <= 20
    gaps = [later - sooner for sooner, later in itertools.pairwise(asked)]
    assert gaps == sorted(gaps) or max(gaps) <= 6 * 60
    till.provider.disputes.fees[silent] = (fee(silent),)
    till.clock.advance(6 * 3600)
    assert caught_up(fees) == FeesFound(1, 1)
    assert till.count("fees") == 2


def test_a_fee_that_is_never_told_is_given_up_and_marked_so(till: Counter) -> None:
    payment_id = sale(till)
    fees = asker(till)
    till.clock.advance(GIVE_UP_AFTER.total_seconds())
    assert caught_up(fees) == FeesFound(1, given_up=1)
    assert rows(till) == [("unreported", 0, "EUR")]
    assert till.count("audit", "action = 'fee.given_up'") == 1
    till.clock.advance(timedelta(days=1).total_seconds())
    assert caught_up(fees) == caught_up(asker(till)) == FeesFound()
    assert till.store.read_now(lambda db: fees_of(db, "fakepay", payment_id)) == ()
    # Told of after all, it counts.
    till.store.write_now(lambda tx: settle_fees(tx, "fakepay", (fee(payment_id),)))
    assert dict(books(till)["ledger"])["fees"] == 44


def test_two_rounds_at_once_ask_and_give_up_but_mark_it_once(till: Counter) -> None:
    sale(till)
    till.clock.advance(GIVE_UP_AFTER.total_seconds())

    async def at_once() -> None:
        await asyncio.gather(asker(till).catch_up(5), asker(till).catch_up(5))

    asyncio.run(at_once())
    assert till.strategy.count("fetch_fees") == 2
    assert rows(till) == [("unreported", 0, "EUR")]
    assert till.count("audit", "action = 'fee.given_up'") == 1


def test_a_provider_that_does_not_answer_gives_nothing_up(till: Counter) -> None:
    sale(till)
    till.clock.advance(GIVE_UP_AFTER.total_seconds())
    till.strategy.answers["fetch_fees"] = [Unavailable("the line is cut")]
    fees = asker(till)
    assert caught_up(fees) == FeesFound()
    assert till.count("fees") == 0
    assert caught_up(fees) == FeesFound(1, given_up=1)


def test_a_refusal_counts_as_nothing_told_and_refused_keys_end_the_round(
    till: Counter, expected_logs: Any
) -> None:
    sale(till)
    sale(till)
    fees = asker(till)
    till.strategy.answers["fetch_fees"] = [
        Rejected("no such payment", status=404),
        Rejected("the key", status=401),
    ]
    assert caught_up(fees) == FeesFound()
    assert till.strategy.count("fetch_fees") == 2
    assert till.count("fees") == 0
    expected_logs.take("keys of fake are refused")
    assert caught_up(fees).asked == 1


def test_fees_of_refunds_are_asked_for_once_money_went_back(till: Counter) -> None:
    payment_id = sale(till)
    refunded = fee(payment_id, -14, fee_id="txn_re", kind=FeeKind.REFUND)
    till.provider.disputes.fees[payment_id] = (fee(payment_id),)
    fees = asker(till)
    assert caught_up(fees) == FeesFound(1, 1)
    gave_back(till, payment_id, RefundState.SUCCEEDED)
    assert caught_up(fees) == FeesFound(1)
    till.provider.disputes.fees[payment_id] = (fee(payment_id), refunded)
    till.clock.advance(3600)
    assert caught_up(fees) == FeesFound(1, 1)
    assert rows(till) == [("payment", 44, "EUR"), ("refund", -14, "EUR")]
    assert dict(books(till)["ledger"])["fees"] == 30
    # Another refund, of which nothing is ever told.
    again = SeenRefund("re_2", payment_id, Money(100, "EUR"), RefundState.SUCCEEDED)
    gave_back(till, payment_id, RefundState.SUCCEEDED, refund=again)
    till.clock.advance(GIVE_UP_AFTER.total_seconds())
    assert caught_up(fees) == FeesFound(1, given_up=1)
    assert caught_up(asker(till)) == FeesFound()
    assert till.rows("SELECT fee_id FROM fees WHERE kind = 'unreported'") == [("unreported:re_2",)]


def test_an_account_that_reports_no_fees_is_never_asked(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale(till)
    silent = replace(till.strategy.capabilities, reports_fees=False)
    monkeypatch.setattr(till.strategy, "capabilities", silent)
    assert caught_up(asker(till)) == FeesFound()
    assert till.strategy.count("fetch_fees") == 0


def test_payments_of_an_account_whose_keys_were_changed_are_left_alone(till: Counter) -> None:
    payment_id = sale(till)
    till.provider.disputes.fees[payment_id] = (fee(payment_id),)
    till.strategy.adopt("acct_other")
    assert caught_up(asker(till)) == FeesFound()
    till.strategy.adopt("")
    assert caught_up(asker(till)) == FeesFound(1, 1)


def test_two_accounts_of_one_owner_are_asked_once_and_one_that_is_silent_holds_up_no_other(
    till: Counter,
) -> None:
    payment_id = sale(till)
    till.provider.disputes.fees[payment_id] = None
    elsewhere = FakeStrategy(FakeProvider(till.clock, account="acct_else"), account="else")
    elsewhere.answers["identify"] = [Unavailable("the line is cut")]
    twin = FakeStrategy(till.provider, account="twin")
    strategies = {"else": elsewhere, "fake": till.strategy, "twin": twin}
    gateway = Gateway(till.store, strategies, clock=till.clock, health=Health(tuple(strategies)))
    fees = Fees(till.store, gateway, clock=till.clock)
    assert caught_up(fees) == FeesFound(1)
    assert (till.strategy.count("fetch_fees"), twin.count("fetch_fees")) == (1, 0)


def test_what_is_wanted_is_known_by_provider_and_account(till: Counter) -> None:
    payment_id = sale(till)
    found = till.store.read_now(lambda db: wanted_fees(db, "fakepay", "acct_fake", limit=5))
    assert [wanted.payment_id for wanted in found] == [payment_id]
    for provider, account in (("stripe", "acct_fake"), ("fakepay", "acct_other")):
        assert (
            till.store.read_now(
                lambda db, p=provider, a=account: wanted_fees(db, p, a, limit=5)  # type: ignore[misc]
            )
            == []
        )


def test_a_payment_with_its_fees_is_what_the_provider_took(till: Counter) -> None:
    _, attempt = sold(till)
    told(till, paid(attempt))
    payment_id = paid(attempt).payments[0].payment_id
    till.provider.disputes.fees[payment_id] = (fee(payment_id),)
    caught_up(asker(till))
    assert till.violations(taken(paid(attempt))) == []


def test_no_error_of_a_provider_comes_out(till: Counter) -> None:
    sale(till)
    for error in (Unavailable("x"), ProviderError("x")):
        till.strategy.answers["fetch_fees"] = [error]
        assert caught_up(asker(till)) == FeesFound()
