"""Sessions and whose they are: keys of another account, sessions that vanished, health."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.attempt import AttemptState
from app.domain.exceptions import ExceptionKind
from app.domain.observation import SessionState
from app.errors import InvariantError, Message, Protocol, Rejected, Unavailable
from app.session_answers import known_attempt
from app.settle import settle
from tests.conftest import ExpectedLogs
from tests.parts.seen import seen
from tests.parts.till import Counter, begun


def test_a_decline_before_the_answer_opens_the_attempt_and_the_answer_brings_its_page(
    till: Counter,
) -> None:
    _, attempt = begun(till)
    refused = seen(attempt, SessionState.OPEN, session_id="", decline="card_declined")
    till.store.write_now(lambda tx: settle(tx, till.store.till_id, refused))
    now = till.attempt(attempt.id)
    assert now.state is AttemptState.OPEN and not now.is_payable
    assert asyncio.run(till.look(attempt)).is_payable


def test_after_a_new_key_the_account_is_asked_for_before_anything_else(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    till.strategy.credential_digest = "digest-of-a-new-key"
    till.strategy.adopt("")
    till.restart()
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "paid"
    assert till.count("exceptions") == 0


@pytest.mark.parametrize("answer", [Unavailable("no network"), Rejected("no", status=401)])
def test_while_the_account_of_a_new_key_is_not_known_nothing_is_decided(
    till: Counter, answer: Exception, expected_logs: ExpectedLogs
) -> None:
    _, attempt = asyncio.run(till.show())
    till.strategy.credential_digest = "digest-of-a-new-key"
    till.strategy.adopt("")
    till.strategy.answers["identify"] = [answer]
    with pytest.raises((Unavailable, Protocol)):
        asyncio.run(till.look(attempt))
    assert till.attempt(attempt.id) == attempt
    expected_logs.take_all("keys of fake are refused")


def test_keys_of_another_account_are_not_used_for_a_payment_begun_with_the_old_ones(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    _, lost = begun(till)
    calls = len(till.strategy.calls)
    till.strategy.adopt("acct_of_another")
    with pytest.raises(Protocol, match="belong to another account"):
        asyncio.run(till.look(attempt))
    assert asyncio.run(till.look(lost)).state is AttemptState.UNKNOWN
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "open"
    assert len(till.strategy.calls) == calls


def test_keys_changed_for_another_accounts_in_mid_payment_need_a_person_at_once(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.adopt("acct_of_another")
    with pytest.raises(Protocol, match="belong to another account"):
        asyncio.run(till.look(attempt))
    with pytest.raises(Protocol, match="belong to another account"):
        asyncio.run(till.look(attempt))
    in_doubt = till.attempt(attempt.id)
    assert (in_doubt.state, in_doubt.is_payable) == (AttemptState.UNKNOWN, False)
    (entry,) = asyncio.run(till.detail(order)).exceptions
    assert (entry.kind, entry.amount, entry.attempt_id) == (
        ExceptionKind.UNKNOWN,
        attempt.amount,
        attempt.id,
    )
    assert "The keys of fake belong to another account now" in entry.detail
    assert "Put the old keys back" in entry.detail
    assert isinstance(entry.detail, Message), "it is said in the window's language"


@pytest.mark.parametrize("became", ["open", "paid", "processing", "expired"])
def test_with_the_old_keys_back_the_provider_says_what_became_of_it_and_nobody_is_needed(
    till: Counter, became: str
) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.adopt("acct_of_another")
    with pytest.raises(Protocol):
        asyncio.run(till.look(attempt))
    ends: dict[str, Callable[[str], object]] = {
        "paid": till.provider.pay,
        "processing": till.provider.pay_slowly,
        "expired": till.provider.close,
    }
    ends.get(became, str)(attempt.session_id or "")
    till.strategy.adopt("acct_fake")
    assert asyncio.run(till.look(attempt)).state.value == became
    (entry,) = asyncio.run(till.detail(order)).exceptions
    assert entry.resolved_at is not None
    resolutions = till.rows("SELECT resolution FROM exceptions")
    assert resolutions == [(f"the session is {became}",)]
    assert asyncio.run(till.state(order)) == {"paid": "paid", "expired": "expired"}.get(
        became, "open"
    )


def test_a_payment_in_progress_stays_in_progress_while_its_account_cannot_be_asked(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay_slowly(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    till.strategy.adopt("acct_of_another")
    with pytest.raises(Protocol):
        asyncio.run(till.look(attempt))
    assert till.attempt(attempt.id).state is AttemptState.PROCESSING
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.UNKNOWN]
    till.strategy.adopt("acct_fake")
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.waiting(order)) == []


def test_what_no_customer_saw_or_no_money_can_come_by_needs_nobody_under_other_keys(
    till: Counter,
) -> None:
    unseen = asyncio.run(till.open(asyncio.run(till.place())))
    _, paid = asyncio.run(till.show())
    till.provider.pay(paid.session_id or "")
    asyncio.run(till.look(paid))
    in_progress = asyncio.run(till.open(asyncio.run(till.place())))
    till.provider.pay_slowly(in_progress.session_id or "")
    asyncio.run(till.look(in_progress))
    till.strategy.adopt("acct_of_another")
    for attempt in (unseen, paid, in_progress):
        with pytest.raises(Protocol):
            asyncio.run(till.look(attempt))
    assert till.count("exceptions") == 0
    states = [till.attempt(attempt.id).state.value for attempt in (unseen, paid, in_progress)]
    assert states == ["unknown", "paid", "processing"]


def test_old_news_of_a_session_that_was_given_up_for_gone_clears_nothing(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    del till.provider.sessions[attempt.session_id or ""]
    asyncio.run(till.look(attempt))
    old = seen(attempt, SessionState.OPEN)
    till.store.write_now(lambda tx: settle(tx, till.store.till_id, old))
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.UNKNOWN]


def test_a_session_that_the_provider_does_not_have_is_not_asked_for_for_ever(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    del till.provider.sessions[attempt.session_id or ""]
    gone = asyncio.run(till.look(attempt))
    assert (gone.state, gone.is_final) == (AttemptState.FAILED, True)
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.UNKNOWN]


def test_closing_a_session_that_the_provider_does_not_have_ends_as_was_wanted(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    del till.provider.sessions[attempt.session_id or ""]
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"


@pytest.mark.parametrize("closing", [False, True])
def test_where_a_provider_forgets_what_nobody_paid_a_session_of_old_has_run_out(
    till: Counter, closing: bool
) -> None:
    till.strategy.capabilities = replace(till.strategy.capabilities, forgets_unpaid=True)
    order, attempt = asyncio.run(till.show())
    del till.provider.sessions[attempt.session_id or ""]
    till.clock.advance(till.strategy.capabilities.session_lifetime.total_seconds())
    if closing:
        assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"
    else:
        ended = asyncio.run(till.look(attempt))
        assert (ended.state, ended.is_final) == (AttemptState.EXPIRED, True)
        assert asyncio.run(till.state(order)) == "expired"
    assert asyncio.run(till.waiting(order)) == []


def test_one_that_is_gone_before_its_time_is_told_even_there(till: Counter) -> None:
    till.strategy.capabilities = replace(till.strategy.capabilities, forgets_unpaid=True)
    order, attempt = asyncio.run(till.show())
    del till.provider.sessions[attempt.session_id or ""]
    assert asyncio.run(till.look(attempt)).state is AttemptState.FAILED
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.UNKNOWN]


def test_another_refusal_of_a_look_changes_nothing(till: Counter) -> None:
    _, attempt = asyncio.run(till.show())
    till.strategy.answers["fetch"] = [Rejected("no", status=400)]
    with pytest.raises(Rejected):
        asyncio.run(till.look(attempt))
    assert till.attempt(attempt.id) == attempt


def test_an_answer_that_belongs_to_another_payment_is_not_taken_for_news_of_this_one(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    session = till.provider.sessions[attempt.session_id or ""]
    session.reference = "web-shop-4711"
    till.provider.pay(session.id)
    with pytest.raises(Protocol, match="does not belong to this payment"):
        asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "open"


def test_an_attempt_that_vanished_is_a_bug_that_is_heard(till: Counter) -> None:
    with pytest.raises(InvariantError, match="is gone"):
        till.store.write_now(lambda tx: known_attempt(tx, 4711))
