"""What nobody answers for: after a day a person is told, once, until it is known after all."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.exceptions import ExceptionKind
from app.domain.observation import Source
from app.errors import CheckoutRefused, InvariantError, Message, Protocol, Rejected, Unavailable
from app.session_answers import known_attempt
from app.settle import settle, want_closed
from app.silence import mind_silence
from app.store import Store
from app.store.payments import clear_unknown
from tests.conftest import ExpectedLogs
from tests.parts.provider import LOST
from tests.parts.seen import paid
from tests.parts.till import Counter, begun
from tests.unit.test_sessions import cut_off

A_DAY_S = timedelta(hours=24).total_seconds()


def told(till: Counter) -> list[str]:
    rows = till.rows("SELECT kind FROM exceptions WHERE resolved_at IS NULL")
    return [row[0] for row in rows]


def unanswered(till: Counter) -> list[str]:
    return [row[0] for row in till.rows("SELECT operation FROM intents WHERE outcome IS NULL")]


def never_answered(till: Counter) -> Attempt:
    """Begin a session that no customer sees, with a provider that is not there."""
    silent(till)
    return asyncio.run(till.open(asyncio.run(till.place())))


def silent(till: Counter) -> None:
    for verb in ("open_session", "fetch", "list_since", "close_session"):
        till.strategy.answers[verb] = [Unavailable("no network")] * 1000


def keys_live_long(till: Counter) -> None:
    takes = till.strategy.capabilities
    till.strategy.capabilities = replace(takes, key_lifetime=timedelta(days=30))


def answering(till: Counter) -> None:
    till.strategy.answers.clear()


# --- after a day -------------------------------------------------------------------------------


def test_of_what_nobody_answers_for_in_a_day_a_person_is_told_in_words(till: Counter) -> None:
    attempt = never_answered(till)
    till.clock.advance(A_DAY_S - 60)
    asyncio.run(till.look(attempt))
    assert told(till) == []
    till.clock.advance(60)
    assert asyncio.run(till.look(attempt)).state is AttemptState.UNKNOWN
    assert told(till) == ["unknown"]
    detail = asyncio.run(till.orders.detail(attempt.order_id))
    assert detail is not None
    (entry,) = detail.exceptions
    assert (entry.amount, entry.attempt_id) == (attempt.amount, attempt.id)
    assert str(attempt.reference) in entry.detail and "keys of fake" in entry.detail
    assert isinstance(entry.detail, Message)


def test_it_is_told_once_however_often_it_is_asked_about(till: Counter) -> None:
    attempt = never_answered(till)
    till.clock.advance(A_DAY_S)
    for _ in range(3):
        asyncio.run(till.look(attempt))
        till.restart()
    assert till.count("exceptions") == 1
    # A person who has taken it off the list is not told of the same doubt again.
    till.store.write_now(lambda tx: clear_unknown(tx, attempt.id, "looked at"))
    till.clock.advance(A_DAY_S)
    asyncio.run(till.look(attempt))
    assert told(till) == []


@pytest.mark.parametrize("status", [401, 403])
def test_keys_that_are_refused_for_a_day_are_told_of_though_no_customer_saw_the_code(
    till: Counter, status: int, expected_logs: ExpectedLogs
) -> None:
    _, attempt = begun(till)
    till.strategy.credential_digest = "digest-of-a-new-key"
    till.strategy.adopt("")
    till.strategy.answers["identify"] = [Rejected("no", status=status)] * 10
    till.clock.advance(A_DAY_S)
    assert asyncio.run(till.look(attempt)).state is AttemptState.UNKNOWN
    assert told(till) == ["unknown"]
    expected_logs.take_all("keys of fake are refused")


def test_keys_of_another_account_are_told_of_after_a_day_though_no_customer_saw_the_code(
    till: Counter,
) -> None:
    attempt = asyncio.run(till.open(asyncio.run(till.place())))
    till.strategy.adopt("acct_of_another")
    for after_s, expected in ((0, []), (A_DAY_S, ["unknown"])):
        till.clock.advance(after_s)
        with pytest.raises(Protocol):
            asyncio.run(till.look(attempt))
        assert told(till) == expected


def test_an_account_that_was_taken_out_of_the_settings_is_told_of_after_a_day(
    till: Counter,
) -> None:
    attempt = asyncio.run(till.open(asyncio.run(till.place())))
    till.strategy.account = "renamed"
    till.restart()
    for after_s, expected in ((0, []), (A_DAY_S, ["unknown"])):
        till.clock.advance(after_s)
        with pytest.raises(CheckoutRefused, match="account fake is not set up"):
            asyncio.run(till.look(attempt))
        assert told(till) == expected
    assert till.attempt(attempt.id).state is AttemptState.UNKNOWN


def test_where_a_customer_saw_the_code_an_account_that_is_gone_needs_a_person_at_once(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.account = "renamed"
    till.restart()
    with pytest.raises(CheckoutRefused):
        asyncio.run(till.look(attempt))
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.UNKNOWN]
    assert not till.attempt(attempt.id).is_payable


@pytest.mark.parametrize("state", ["unknown", "creating"])
def test_a_call_that_cannot_be_made_again_is_told_of_after_a_day(till: Counter, state: str) -> None:
    """Its parameters are not as they were written, so that it would be another request."""
    _, attempt = begun(till) if state == "unknown" else cut_off(till, "open_session")
    assert attempt.state.value == state
    ((written,),) = till.rows("SELECT parameters FROM intents")

    def parameters(text: str) -> None:
        till.store.write_now(lambda tx: tx.execute("UPDATE intents SET parameters = ?", (text,)))

    parameters("{}")
    for after_s, expected in ((0, []), (A_DAY_S, ["unknown"])):
        till.clock.advance(after_s)
        with pytest.raises(InvariantError, match="is not as it was written"):
            asyncio.run(till.look(attempt))
        assert told(till) == expected
    parameters(written)


def test_while_it_is_being_closed_it_is_told_of_too(till: Counter) -> None:
    attempt = never_answered(till)
    till.clock.advance(A_DAY_S)
    asyncio.run(till.checkout.cancel(attempt.order_id))
    assert told(till) == ["unknown"]


# --- known after all ---------------------------------------------------------------------------


def test_the_answer_under_its_key_takes_it_off_the_list(till: Counter) -> None:
    keys_live_long(till)
    attempt = never_answered(till)
    till.clock.advance(A_DAY_S)
    asyncio.run(till.look(attempt))
    assert told(till) == ["unknown"]
    answering(till)
    assert asyncio.run(till.look(attempt)).state is AttemptState.OPEN
    assert told(till) == []


@pytest.mark.parametrize("was_made", [True, False])
def test_finding_out_by_our_reference_takes_it_off_the_list(till: Counter, was_made: bool) -> None:
    _, attempt = begun(till)
    if not was_made:
        till.provider.sessions.clear()
    silent(till)
    till.clock.advance(A_DAY_S)
    asyncio.run(till.look(attempt))
    assert told(till) == ["unknown"]
    answering(till)
    asyncio.run(till.look(attempt))
    assert told(till) == []


def test_a_refusal_takes_it_off_the_list_since_nothing_was_made(till: Counter) -> None:
    keys_live_long(till)
    attempt = never_answered(till)
    till.clock.advance(A_DAY_S)
    asyncio.run(till.look(attempt))
    answering(till)
    till.strategy.answers["open_session"] = [Rejected("no")]
    with pytest.raises(Rejected):
        asyncio.run(till.look(attempt))
    assert told(till) == [] and till.attempt(attempt.id).state is AttemptState.FAILED


# --- calls that were overtaken -----------------------------------------------------------------


def overtaken(till: Counter) -> Attempt:
    """Have a webhook tell of the payment while the answer to the creation never comes."""
    _, attempt = begun(till)
    (session,) = till.provider.sessions.values()
    till.provider.pay(session.id)
    event = paid(attempt, session_id=session.id, payments=tuple(session.payments))
    till.store.write_now(lambda tx: settle(tx, till.store.till_id, event))
    assert unanswered(till) == ["create"]
    return attempt


def test_at_the_start_nobody_waits_for_answers_that_were_overtaken(till: Counter) -> None:
    attempt = overtaken(till)
    till.restart()
    assert asyncio.run(till.sessions.sweep()) == 1
    assert unanswered(till) == []
    assert till.rows("SELECT outcome FROM intents") == [("superseded",)]
    assert asyncio.run(till.sessions.sweep()) == 0
    assert till.attempt(attempt.id).state is AttemptState.PAID


def test_a_call_that_may_still_be_answered_is_not_given_up(till: Counter) -> None:
    begun(till)
    assert asyncio.run(till.sessions.sweep()) == 0
    assert unanswered(till) == ["create"]


def test_a_closing_without_an_answer_is_over_once_the_session_is(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.answers["close_session"] = [LOST]
    asyncio.run(till.checkout.cancel(order.id))
    assert unanswered(till) == ["close"]
    asyncio.run(till.look(attempt))
    assert till.attempt(attempt.id).is_final
    assert unanswered(till) == []


def test_a_creation_that_is_overtaken_while_it_is_asked_for_is_over_without_its_answer(
    till: Counter,
) -> None:
    attempt = overtaken(till)
    silent(till)
    asyncio.run(till.sessions.create(attempt.id))
    assert till.attempt(attempt.id).state is AttemptState.PAID
    assert unanswered(till) == []


def test_the_watch_sweeps_before_its_first_round(till: Counter) -> None:
    overtaken(till)
    till.restart()

    async def begin() -> None:
        till.watch.start()
        for _ in range(20):
            await asyncio.sleep(0)
        await till.watch.stop()

    asyncio.run(begin())
    assert unanswered(till) == []


# --- withdrawn for another way of payment ------------------------------------------------------


def test_a_code_that_is_withdrawn_is_closed_at_the_provider_and_its_order_stays_open(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    assert asyncio.run(till.checkout.withdraw(order.id)).state.value == "open"
    assert till.attempt(attempt.id).state is AttemptState.CANCELLED
    assert till.attempt(attempt.id).is_final
    assert not till.provider.pay(attempt.session_id or "")
    again = asyncio.run(till.open(order))
    assert (again.number, again.is_payable) == (2, True)


def test_a_customer_who_was_quicker_than_the_withdrawing_has_paid(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    assert asyncio.run(till.checkout.withdraw(order.id)).state.value == "paid"
    with pytest.raises(CheckoutRefused, match="is paid"):
        asyncio.run(till.open(order))


def test_until_it_is_known_what_became_of_a_withdrawn_code_no_other_is_shown(
    till: Counter,
) -> None:
    order, attempt = asyncio.run(till.show())
    till.strategy.answers["close_session"] = [Unavailable("no answer")]
    assert asyncio.run(till.checkout.withdraw(order.id)).state.value == "open"
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.UNKNOWN]
    with pytest.raises(CheckoutRefused, match="is being paid for already"):
        asyncio.run(till.open(order))
    asyncio.run(till.sessions.close(attempt.id))
    assert asyncio.run(till.waiting(order)) == []
    assert asyncio.run(till.open(order)).is_payable


def test_a_payment_in_progress_is_not_withdrawn(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.provider.pay_slowly(attempt.session_id or "")
    assert asyncio.run(till.checkout.withdraw(order.id)).state.value == "open"
    with pytest.raises(CheckoutRefused, match="is being paid for already"):
        asyncio.run(till.open(order))
    till.provider.decide(attempt.session_id or "", succeeded=True)
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "paid"


def test_money_that_comes_by_a_withdrawn_code_after_all_counts_where_it_is_still_owed(
    till: Counter,
) -> None:
    """A provider that takes money on a session that it called closed."""
    order, attempt = asyncio.run(till.show())
    asyncio.run(till.checkout.withdraw(order.id))
    event = paid(attempt, session_id=attempt.session_id or "")
    till.store.write_now(lambda tx: settle(tx, till.store.till_id, event))
    assert asyncio.run(till.state(order)) == "paid"
    session = till.provider.sessions[attempt.session_id or ""]
    session.payments = list(event.payments)


def test_withdrawing_and_then_cancelling_ends_the_order(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    till.store.write_now(
        lambda tx: want_closed(tx, known_attempt(tx, attempt.id), CloseReason.SUPERSEDED)
    )
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "cancelled"


def test_an_order_that_is_not_in_the_books_cannot_be_withdrawn(till: Counter) -> None:
    with pytest.raises(CheckoutRefused, match="not in the books"):
        asyncio.run(till.checkout.withdraw("nothing"))


def test_asking_about_a_session_of_nobody_is_refused(till: Counter) -> None:
    with pytest.raises(CheckoutRefused):
        asyncio.run(till.sessions.look(4711, Source.POLL))


def test_an_answer_that_comes_between_the_look_and_the_telling_is_not_called_silence(
    till: Counter,
) -> None:
    _, attempt = asyncio.run(till.show())

    class Late:
        """What it read was true a moment ago."""

        write = till.store.write

        async def read(self, look: object) -> bool:
            return True

    asyncio.run(mind_silence(cast("Store", Late()), till.clock, attempt.id))
    assert told(till) == []
