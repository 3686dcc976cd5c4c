"""Sessions at a provider: one key until there is an answer, one call at a time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.observation import Source
from app.domain.order import Order
from app.errors import CheckoutRefused, Protocol, Rejected, Unavailable
from app.session_answers import known_attempt
from app.settle import settle, want_closed
from app.store.attempts import attempts_of
from tests.conftest import ExpectedLogs
from tests.parts.provider import LOST, Call
from tests.parts.seen import paid
from tests.parts.till import Counter, begun


def attempts_in(till: Counter, order: Order) -> tuple[Attempt, ...]:
    return till.store.read_now(lambda db: attempts_of(db, order.id))


def cut_off(till: Counter, verb: str) -> tuple[Order, Attempt]:
    """Kill the till in a call of the provider, and start it again."""

    class Killed(BaseException):
        pass

    def kill(call: Call) -> None:
        if call.verb == verb:
            raise Killed

    order = asyncio.run(till.place())
    till.strategy.before = kill
    with pytest.raises(Killed):
        asyncio.run(till.open(order))
    till.strategy.before = lambda call: None
    till.restart()
    (attempt,) = asyncio.run(till.detail(order)).attempts
    return order, attempt


def test_after_a_crash_in_the_call_the_same_key_and_parameters_are_sent_again(
    till: Counter,
) -> None:
    order, attempt = cut_off(till, "open_session")
    assert attempt.state is AttemptState.CREATING
    again = asyncio.run(till.look(attempt))
    assert again.is_payable
    assert till.strategy.keys_of("open_session") == [attempt.reference.key("create")] * 2
    assert asyncio.run(till.state(order)) == "open"


def test_creating_again_what_is_answered_asks_nobody(till: Counter) -> None:
    _, attempt = asyncio.run(till.show())
    assert asyncio.run(till.sessions.create(attempt.id)) == attempt
    assert till.strategy.count("open_session") == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_after_a_lost_answer_says_nothing_of_the_lost_call(
    till: Counter, status: int, expected_logs: ExpectedLogs
) -> None:
    refused = Rejected("not with this key", status=status)
    till.strategy.answers["open_session"] = [LOST, refused]
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    assert attempt.state is AttemptState.UNKNOWN
    till.strategy.answers["open_session"] = [refused]
    assert asyncio.run(till.look(attempt)).state is AttemptState.UNKNOWN
    assert asyncio.run(till.look(attempt)).is_payable
    expected_logs.take("the keys of fake are refused")


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_after_a_crash_in_the_call_says_nothing_of_that_call(
    till: Counter, status: int, expected_logs: ExpectedLogs
) -> None:
    """Nobody knows whether the call that the crash cut off had made a session."""
    order, attempt = cut_off(till, "open_session")
    till.strategy.answers["open_session"] = [Rejected("not with this key", status=status)]
    in_doubt = asyncio.run(till.look(attempt))
    assert (in_doubt.state, in_doubt.is_final) == (AttemptState.UNKNOWN, False)
    assert asyncio.run(till.look(attempt)).is_payable
    assert till.strategy.keys_of("open_session") == [attempt.reference.key("create")] * 3
    assert asyncio.run(till.state(order)) == "open"
    expected_logs.take("the keys of fake are refused")


def test_closing_what_a_crash_cut_off_is_in_doubt_while_the_key_is_refused(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    order, attempt = cut_off(till, "open_session")
    till.strategy.answers["open_session"] = [Rejected("not with this key", status=401)]
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "open"
    assert till.attempt(attempt.id).state is AttemptState.UNKNOWN
    asyncio.run(till.sessions.close(attempt.id))
    assert asyncio.run(till.state(order)) == "cancelled"
    expected_logs.take("the keys of fake are refused")


def test_keys_that_are_refused_are_told_of_once_for_each_time_that_they_become_so(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    _, attempt = asyncio.run(till.show())
    refused = Rejected("not with this key", status=401)
    for _ in range(2):
        till.strategy.answers["fetch"] = [refused] * 5
        for _ in range(5):
            with pytest.raises(Rejected):
                asyncio.run(till.look(attempt))
            assert till.health.accounts[0].is_refused
        assert len(expected_logs.take_all("the keys of fake are refused")) == 1
        asyncio.run(till.look(attempt))
        assert not till.health.accounts[0].is_refused


def test_a_key_that_is_refused_at_once_fails_the_attempt_and_is_loud(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    till.strategy.answers["open_session"] = [Rejected("not with this key", status=401)]
    order = asyncio.run(till.place())
    with pytest.raises(Rejected):
        asyncio.run(till.open(order))
    (attempt,) = asyncio.run(till.detail(order)).attempts
    assert attempt.state is AttemptState.FAILED
    assert till.health.accounts[0].is_reachable is False
    expected_logs.take("the keys of fake are refused")


def test_another_refusal_after_a_lost_answer_is_believed(till: Counter) -> None:
    """A refusal is never stored under a key: had the first call had its effect, it would show."""
    till.strategy.answers["open_session"] = [
        Unavailable("no answer"),
        Rejected("no such currency", status=400),
    ]
    order = asyncio.run(till.place())
    with pytest.raises(Rejected):
        asyncio.run(till.open(order))
    (attempt,) = asyncio.run(till.detail(order)).attempts
    assert attempt.state is AttemptState.FAILED


def test_past_the_keys_lifetime_a_session_is_found_by_reference_and_closed(till: Counter) -> None:
    order, attempt = begun(till)
    asyncio.run(till.place())
    till.provider.create(
        {"reference": "web-shop-1", "amount_minor": 500, "currency": "EUR"}, "their key"
    )
    till.clock.advance(timedelta(hours=24).total_seconds())
    calls = till.strategy.count("open_session")
    found = asyncio.run(till.look(attempt))
    assert till.strategy.count("open_session") == calls
    assert found.session_id == "fs_1" and found.close_reason is CloseReason.EXPIRED
    assert not found.is_payable
    asyncio.run(till.sessions.close(attempt.id))
    assert asyncio.run(till.state(order)) == "expired"
    assert till.rows("SELECT outcome FROM intents WHERE operation = 'create'") == [("superseded",)]


def test_a_lost_session_that_a_newer_one_replaces_leaves_its_order_open_when_it_is_found(
    till: Counter,
) -> None:
    order, attempt = begun(till)
    till.store.write_now(
        lambda tx: want_closed(tx, known_attempt(tx, attempt.id), CloseReason.SUPERSEDED)
    )
    till.clock.advance(timedelta(hours=24).total_seconds())
    found = asyncio.run(till.look(attempt))
    assert found.close_reason is CloseReason.SUPERSEDED
    asyncio.run(till.sessions.close(attempt.id))
    assert asyncio.run(till.state(order)) == "open"


def test_past_the_keys_lifetime_a_session_that_was_paid_counts(till: Counter) -> None:
    order, attempt = begun(till)
    till.provider.pay("fs_1")
    till.clock.advance(timedelta(hours=24).total_seconds())
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "paid"


def test_past_the_keys_lifetime_a_session_that_is_not_there_has_failed(till: Counter) -> None:
    till.strategy.answers["open_session"] = [Unavailable("no network")] * 100
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.open(order))
    till.clock.advance(timedelta(hours=24).total_seconds())
    failed = asyncio.run(till.look(attempt))
    assert (failed.state, failed.is_final) == (AttemptState.FAILED, True)
    assert asyncio.run(till.state(order)) == "open"
    till.strategy.answers["open_session"] = []
    assert asyncio.run(till.open(order)).number == 2


@pytest.mark.parametrize("wrong_first", [False, True])
def test_after_the_clock_was_set_back_a_session_is_found_by_reference_and_never_made_twice(
    till: Counter, wrong_first: bool
) -> None:
    """Nobody can tell then how old its key is; the clock may have been wrong before or after."""
    days_s = timedelta(days=2).total_seconds()
    if wrong_first:
        till.provider.behind_s = days_s
    _, attempt = begun(till)
    till.clock.set_wrong_by(-days_s)
    till.provider.behind_s -= days_s
    # The provider has forgotten the key.
    till.provider.keys.clear()
    calls = till.strategy.count("open_session")
    found = asyncio.run(till.look(attempt))
    assert till.strategy.count("open_session") == calls
    assert found.session_id == "fs_1" and found.close_reason is CloseReason.EXPIRED


def test_a_clock_that_was_set_right_by_minutes_lets_the_key_be_used(till: Counter) -> None:
    _, attempt = begun(till)
    till.clock.set_wrong_by(-240)
    calls = till.strategy.count("open_session")
    assert asyncio.run(till.look(attempt)).state is AttemptState.OPEN
    assert till.strategy.count("open_session") == calls + 1


def test_past_the_keys_lifetime_without_an_answer_nothing_is_decided(till: Counter) -> None:
    order, attempt = begun(till)
    till.clock.advance(timedelta(hours=24).total_seconds())
    till.strategy.answers["list_since"] = [Unavailable("no network"), Unavailable("no network")]
    assert asyncio.run(till.look(attempt)).state is AttemptState.UNKNOWN
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "open"
    asyncio.run(till.sessions.close(attempt.id))
    assert asyncio.run(till.state(order)) == "cancelled"


def overtaken_by_payment(till: Counter, order: Order) -> None:
    """Have the webhook of the payment settled while the answer of the creation is on its way."""

    def overtake(call: Call) -> None:
        if call.verb == "open_session":
            (attempt,) = attempts_in(till, order)
            event = paid(attempt, session_id="fs_1")
            till.store.write_now(lambda tx: settle(tx, till.store.till_id, event))

    till.strategy.before = overtake


def test_news_that_overtook_the_answer_is_not_undone_by_it(till: Counter) -> None:
    order = asyncio.run(till.place())
    overtaken_by_payment(till, order)
    attempt = asyncio.run(till.open(order))
    assert attempt.state is AttemptState.PAID
    assert attempt.session_id == "fs_1"
    assert asyncio.run(till.state(order)) == "paid"
    till.provider.sessions["fs_1"].payments = list(paid(attempt).payments)


def test_a_refusal_that_was_overtaken_by_money_does_not_undo_it(till: Counter) -> None:
    order = asyncio.run(till.place())
    overtaken_by_payment(till, order)
    till.strategy.answers["open_session"] = [Rejected("no")]
    with pytest.raises(Rejected):
        asyncio.run(till.open(order))
    assert asyncio.run(till.state(order)) == "paid"
    (attempt,) = attempts_in(till, order)
    till.provider.create(
        {"reference": str(attempt.reference), "amount_minor": 500, "currency": "EUR"}, "k"
    ).payments.extend(paid(attempt).payments)


def test_a_missing_answer_does_not_put_a_paid_attempt_in_doubt(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())

    def overtake(call: Call) -> None:
        if call.verb == "close_session":
            till.provider.pay(attempt.session_id or "")
            event = paid(attempt, payments=tuple(till.provider.sessions["fs_1"].payments))
            till.store.write_now(lambda tx: settle(tx, till.store.till_id, event))

    till.strategy.before = overtake
    till.strategy.answers["close_session"] = [Unavailable("no answer")]
    assert asyncio.run(till.checkout.cancel(order.id)).state.value == "paid"
    assert till.attempt(attempt.id).state is AttemptState.PAID
    assert asyncio.run(till.waiting(order)) == []


def test_closing_what_is_over_asks_nobody(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    asyncio.run(till.checkout.cancel(order.id))
    calls = len(till.strategy.calls)
    asyncio.run(till.sessions.close(attempt.id))
    assert len(till.strategy.calls) == calls


def test_one_call_at_a_time_is_made_for_an_attempt(till: Counter) -> None:
    """However many ask at once, and also while one of them lets go."""
    _, attempt = asyncio.run(till.show())
    under_way, most = 0, 0

    async def counted(call: Call) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1

    async def often() -> None:
        till.strategy.pause = counted

        async def one(start: int) -> None:
            await asyncio.sleep(0.0007 * start)
            await till.sessions.look(attempt.id, Source.POLL)

        await asyncio.gather(*(one(start) for start in range(30)))

    asyncio.run(often())
    assert most == 1


def test_attempts_do_not_wait_for_each_other(till: Counter) -> None:
    _, first = asyncio.run(till.show())
    _, second = asyncio.run(till.show())
    meeting = asyncio.Barrier(2)

    async def meet(call: Call) -> None:
        async with asyncio.timeout(2):
            await meeting.wait()

    async def both() -> None:
        till.strategy.pause = meet
        await asyncio.gather(
            *(till.sessions.look(attempt.id, Source.POLL) for attempt in (first, second))
        )

    asyncio.run(both())


def test_health_tells_whether_the_provider_answered_whatever_it_said(till: Counter) -> None:
    _, attempt = asyncio.run(till.show())
    answers: list[tuple[Exception, bool]] = [
        (Unavailable("no answer"), False),
        (Rejected("no"), True),
        (Protocol("gibberish"), False),
    ]
    for answer, is_reachable in answers:
        till.strategy.answers["fetch"] = [answer]
        with pytest.raises((Unavailable, Rejected, Protocol)):
            asyncio.run(till.look(attempt))
        assert till.health.accounts[0].is_reachable is is_reachable
    asyncio.run(till.look(attempt))
    assert till.health.accounts[0].is_reachable is True


def test_an_attempt_of_an_account_whose_keys_are_gone_is_refused_in_words(till: Counter) -> None:
    _, attempt = asyncio.run(till.show())
    till.strategy.account = "renamed"
    till.restart()
    with pytest.raises(CheckoutRefused, match="account fake is not set up"):
        asyncio.run(till.look(attempt))
    with pytest.raises(CheckoutRefused, match="not in the books"):
        asyncio.run(till.look(replace(attempt, id=4711)))
