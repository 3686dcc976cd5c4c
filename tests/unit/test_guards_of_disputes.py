"""Mutation proofs: with a guard of disputes or fees taken out, the named test fails.

Each case takes one guard out and runs the test that is there for it; a test that still passed
would be guarding nothing.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.dispute import Dispute, DisputeState, SeenDispute, dispute_after
from app.domain.fee import SeenFee
from app.domain.money import Money
from app.errors import InvariantError
from app.store import Transaction
from app.store.fees import insert_fee
from tests.parts.till import Counter
from tests.unit.domain import test_dispute
from tests.unit.providers import test_stripe_disputes, test_stripe_fees
from tests.unit.settle import (
    test_asking_for_disputes,
    test_settle_disputes,
    test_settle_fees,
    test_settle_odd_disputes,
)

FAILS = (AssertionError, pytest.fail.Exception, InvariantError, sqlite3.IntegrityError)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Take a guard out: what it would have said is replaced."""

    def take_out(where: str, by: Any) -> None:
        monkeypatch.setattr(where, by)

    return take_out


def fails(test: Callable[..., None], *arguments: Any, at: Path) -> None:
    """Run a test of another module with a till of its own, and expect it to fail."""
    till = Counter(at)
    try:
        with pytest.raises(FAILS):
            test(till, *arguments)
    finally:
        till.close()


def passes(test: Callable[..., None], *arguments: Any, at: Path) -> None:
    """Run the same test with its guard in place: it must not fail for another reason."""
    till = Counter(at)
    try:
        test(till, *arguments)
    finally:
        till.close()


def proven(
    without: Callable[[str, Any], None],
    guard: tuple[str, Any],
    test: Callable[..., None],
    *arguments: Any,
    at: Path,
) -> None:
    passes(test, *arguments, at=at / "with")
    without(*guard)
    fails(test, *arguments, at=at / "without")


def always_inserted(tx: Transaction, provider: str, fee: SeenFee) -> bool:
    insert_fee(tx, provider, fee)
    return True


def test_without_the_providers_own_entry_the_same_money_would_be_withdrawn_again(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    proven(
        without,
        ("app.settle_fees.insert_fee", always_inserted),
        test_settle_disputes.test_the_same_news_a_hundred_times_counts_once,
        at=tmp_path,
    )


def test_without_the_providers_own_entry_the_same_fee_would_be_booked_again(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    proven(
        without,
        ("app.settle_fees.insert_fee", always_inserted),
        test_settle_fees.test_a_fee_is_booked_once_against_what_the_provider_owes,
        at=tmp_path,
    )


def test_without_the_order_of_states_old_news_would_lead_back(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    proven(
        without,
        ("app.domain.dispute.state_after", lambda before, told_at, seen, seen_at: seen),
        test_settle_disputes.test_every_order_of_a_won_disputes_events_ends_in_the_same_books,
        at=tmp_path,
    )


def test_without_the_providers_clock_an_appeal_would_end_by_the_order_of_its_news(
    without: Callable[[str, Any], None],
) -> None:
    s = DisputeState
    history = [s.NEEDS_RESPONSE, s.UNDER_REVIEW, s.LOST, s.APPEALED, s.LOST]
    named = test_dispute.test_all_orders_of_the_longest_ways_end_alike
    named(history)
    from app.domain.dispute import DISPUTE_MOVES, MOVES_IF_NEWER

    def whatever_comes(
        before: DisputeState, told_at: datetime, seen: DisputeState, seen_at: datetime
    ) -> DisputeState:
        may = DISPUTE_MOVES[before] | MOVES_IF_NEWER.get(before, frozenset())
        return seen if seen in may else before

    without("app.domain.dispute.state_after", whatever_comes)
    with pytest.raises(FAILS):
        named(history)


def test_without_the_look_at_unknown_states_one_would_undo_what_is_known(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    def believing(before: Dispute | None, seen: SeenDispute, seen_at: datetime) -> Dispute:
        after = dispute_after(before, seen, seen_at)
        if before is None or seen.state is not DisputeState.UNKNOWN:
            return after
        return dispute_after(None, seen, seen_at)

    proven(
        without,
        ("app.settle_disputes.dispute_after", believing),
        test_settle_odd_disputes.test_a_word_that_is_not_known_moves_nothing_and_a_person_is_told_once,
        at=tmp_path,
    )


@pytest.mark.parametrize(
    "changes, why",
    [({"provider_account": "acct_other"}, "account acct_other"), ({"live": True}, "other mode")],
)
def test_without_the_comparison_of_accounts_a_strangers_dispute_would_take_our_money(
    without: Callable[[str, Any], None], tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    named = test_settle_odd_disputes
    proven(
        without,
        ("app.settle_disputes._strangeness", lambda *_: None),
        named.test_a_dispute_that_another_account_or_mode_tells_of_is_quarantined_and_told_once,
        changes,
        why,
        at=tmp_path,
    )


def test_without_the_comparison_with_before_a_dispute_could_change_its_payment(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    proven(
        without,
        ("app.settle_disputes._strangeness", lambda *_: None),
        test_settle_odd_disputes.test_a_dispute_that_changes_its_payment_or_currency_is_quarantined,
        at=tmp_path,
    )


def test_without_waiting_a_dispute_before_its_payment_would_break_the_books(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    proven(
        without,
        ("app.settle_disputes.is_foreign_payment", lambda *_: True),
        test_settle_odd_disputes.test_a_dispute_of_a_payment_that_is_not_in_the_books_waits_for_it,
        at=tmp_path,
    )


def test_without_the_list_nobody_would_be_told_of_a_dispute(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    proven(
        without,
        ("app.settle_disputes.tell_of_dispute", lambda *_, **__: None),
        test_settle_disputes.test_a_dispute_is_told_with_amount_reason_due_date_and_what_to_do,
        at=tmp_path,
    )


def test_a_won_dispute_whose_money_is_still_gone_would_be_forgotten(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    over = {DisputeState.WON, DisputeState.CLOSED}
    proven(
        without,
        ("app.settle_disputes.needs_person", lambda dispute: dispute.state not in over),
        test_settle_disputes.test_a_lost_dispute_stays_on_the_list_until_a_person_takes_note,
        at=tmp_path,
    )


def test_a_lost_dispute_that_cleared_itself_would_be_found_out(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    over = {DisputeState.WON, DisputeState.CLOSED, DisputeState.LOST}
    proven(
        without,
        ("app.settle_disputes.needs_person", lambda dispute: dispute.state not in over),
        test_settle_disputes.test_a_lost_dispute_stays_on_the_list_until_a_person_takes_note,
        at=tmp_path,
    )


def test_without_the_compare_and_set_a_stale_dispute_would_be_written(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    class Unguarded:
        """A transaction whose updates hit whatever state there is."""

        def __init__(self, tx: Transaction) -> None:
            self._tx = tx

        def __getattr__(self, name: str) -> Any:
            return getattr(self._tx, name)

        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            guard = " AND state = ? AND version = ? AND withdrawn_minor = ?"
            if guard in sql:
                return self._tx.execute(sql.replace(guard, ""), parameters[:-3])
            return self._tx.execute(sql, parameters)

    from app.store.disputes import write_dispute

    def unguarded(tx: Transaction, *arguments: Any, **more: Any) -> None:
        write_dispute(Unguarded(tx), *arguments, **more)  # type: ignore[arg-type]

    module = test_settle_odd_disputes
    named = module.test_a_dispute_that_someone_changed_meanwhile_is_a_bug_that_is_heard
    passes(named, at=tmp_path / "with")
    without("tests.unit.settle.test_settle_odd_disputes.write_dispute", unguarded)
    till = Counter(tmp_path / "without")
    try:
        with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
            named(till)
    finally:
        till.close()


def test_without_looking_again_the_end_of_a_dispute_would_be_missed(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    named = test_asking_for_disputes
    proven(
        without,
        ("app.settle_disputes.unfinished_disputes", lambda *_: []),
        named.test_open_disputes_are_looked_at_again_and_no_event_is_needed_to_know_the_end,
        at=tmp_path,
    )


def test_without_the_waits_a_silent_payment_would_be_asked_about_at_every_round(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    for constant in ("_AGAIN_AT_LEAST_S", "_AGAIN_AT_MOST_S"):
        without(f"app.settle_fees.{constant}", 0.0)
    fails(
        test_settle_fees.test_a_fee_that_is_not_told_yet_is_asked_for_again_more_and_more_seldom,
        at=tmp_path,
    )


def test_giving_up_at_once_would_be_found_out(
    without: Callable[[str, Any], None], tmp_path: Path
) -> None:
    from datetime import timedelta

    without("app.settle_fees.GIVE_UP_AFTER", timedelta(0))
    fails(
        test_settle_fees.test_a_fee_that_is_not_told_yet_is_asked_for_again_more_and_more_seldom,
        at=tmp_path,
    )


def test_a_fee_of_nothing_for_what_is_not_told_would_be_an_estimate(
    without: Callable[[str, Any], None],
) -> None:
    async def guessed(*_: Any) -> tuple[SeenFee, ...]:
        return ()

    named = test_stripe_fees.test_what_is_not_there_yet_is_not_told
    named(test_stripe_fees.charged(None))
    without("app.providers.stripe.account.fees_of", guessed)
    with pytest.raises(FAILS):
        named(test_stripe_fees.charged(None))


def test_reading_another_currencys_amounts_as_the_disputes_own_would_be_found_out(
    without: Callable[[str, Any], None],
) -> None:
    named = test_stripe_disputes
    test = named.test_money_settled_in_another_currency_is_what_is_disputed_and_the_fee_is_as_it_is
    test()
    from app.domain.dispute import DisputeEntry

    def as_it_stands(entry: Any, disputed: Money) -> DisputeEntry:
        fee = Money(entry["fee"], entry["currency"].upper())
        return DisputeEntry(entry["id"], -entry["amount"], fee)

    without("app.providers.stripe.disputes._entry", as_it_stands)
    with pytest.raises(FAILS):
        test()
