"""A reconciliation: what it asks, what it finds, and what it leaves to others, in virtual time."""

import asyncio
from typing import Any

import pytest

from app.domain.attempt import AttemptState, Reference
from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.reconciliation import Report
from app.domain.refund import RefundObservation, RefundState, SeenRefund
from app.errors import Message, Unavailable
from app.providers.strategy import Recheck
from tests.conftest import ExpectedLogs
from tests.parts.provider import LOST, FakeSession
from tests.parts.till import Counter, begun
from tests.unit.reconciling import (
    reconciled,
    strange_session,
)

# --- what is found ---------------------------------------------------------------------------


def test_with_nothing_to_find_it_is_clean_and_kept(till: Counter) -> None:
    report = asyncio.run(reconciled(till))
    assert report.is_clean and report.trigger == "by hand"
    assert (report.payments, report.events, report.looked_at) == (0, 0, 0)
    assert report.requests == len(till.strategy.calls) == 3, "identify and the two lists"
    last = asyncio.run(till.reconciliation.last())
    assert last == report


def test_a_payment_that_nobody_told_of_is_found_by_asking(till: Counter) -> None:
    async def story() -> Report:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        till.provider.events.clear()
        till.provider.told_at.clear()
        report = await reconciled(till)
        assert await till.state(order) == "paid"
        return report

    report = asyncio.run(story())
    assert (report.payments, report.events) == (1, 0)
    assert till.violations() == []


def test_an_event_that_was_never_delivered_is_found_on_the_list_and_counts_once(
    till: Counter,
) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "")
        first = await reconciled(till)
        second = await reconciled(till)
        assert (first.events, first.payments) == (1, 1)
        assert (second.events, second.payments, second.is_clean) == (0, 0, True)
        assert await till.state(order) == "paid"

    asyncio.run(story())
    assert till.count("inbox") == 1
    assert till.count("journal", "name = 'order.paid'") == 1
    assert till.violations() == []


def test_money_on_a_session_that_the_books_do_not_know_needs_a_person(till: Counter) -> None:
    session_id = strange_session(till, till.store.till_id)
    asyncio.run(reconciled(till))
    assert till.count("exceptions") == 0, "an open session is no money"
    till.clock.advance(1500)
    till.provider.pay(session_id)
    till.provider.events.clear()
    till.provider.told_at.clear()
    report = asyncio.run(reconciled(till))
    assert (report.payments, report.needs_person, report.is_clean) == (1, 1, False)
    kinds = till.rows("SELECT kind FROM exceptions")
    assert kinds == [(ExceptionKind.MISMATCH.value,)]


def test_what_is_a_strangers_is_counted_and_leaves_no_trace(till: Counter) -> None:
    session_id = strange_session(till, "zzzzzz")
    till.provider.pay(session_id)
    report = asyncio.run(reconciled(till))
    assert report.strangers == 2, "its session and its event"
    assert report.is_clean
    assert (till.count("inbox"), till.count("payments"), till.count("exceptions")) == (0, 0, 0)


def test_an_event_that_names_the_providers_session_alone_is_taken_in(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the books know whose session it is."""

    async def story() -> Report:
        _, attempt = await till.show()
        till.provider.challenge(attempt.session_id or "")

        def seen(delivery: Delivery, *, at: Any) -> Recheck:
            return Recheck("", session_id=attempt.session_id or "")

        monkeypatch.setattr(till.strategy, "observe", seen)
        return await reconciled(till)

    report = asyncio.run(story())
    assert (report.events, report.strangers) == (1, 0)


def test_an_event_that_says_nothing_or_nothing_readable(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    for number, (kind, body) in enumerate([("nothing", b"{}"), ("gibberish", b"[]")]):
        till.provider.events.append(
            Delivery("fake", "fakepay", till.provider.account, False, f"fe_{number}", kind, body)
        )
        till.provider.told_at.append(till.provider.now())
    report = asyncio.run(reconciled(till))
    assert report.events == 1, "what cannot be read is kept, as a delivery would be"
    assert till.rows("SELECT event_type, standing FROM inbox") == [("gibberish", "failed")]
    expected_logs.take("cannot be understood")


def test_a_refund_carries_no_reference_and_goes_the_inboxs_way(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = SeenRefund("re_1", "pay_elsewhere", Money(5, "EUR"), RefundState.SUCCEEDED)

    def observe(delivery: Delivery, *, at: Any) -> RefundObservation:
        return RefundObservation(
            source=till.strategy._seen(FakeSession("x", "y", refund.amount, at), None).source,  # type: ignore[arg-type]
            provider="fakepay",
            provider_account=delivery.provider_account,
            live=False,
            refund=refund,
            observed_at=at,
            event_id=delivery.event_id,
        )

    monkeypatch.setattr(till.strategy, "observe", observe)
    strange = strange_session(till, "zzzzzz")
    till.provider.pay(strange)
    report = asyncio.run(reconciled(till))
    assert report.events == 1
    assert till.rows("SELECT standing FROM inbox") == [("waiting",)]


def test_sessions_are_read_in_batches_that_are_each_committed(till: Counter) -> None:
    async def story() -> Report:
        for _ in range(230):
            strange = strange_session(till, till.store.till_id)
            session = till.provider.sessions.pop(strange)
            number = len(till.provider.sessions)
            session.id = f"fs_n_{number}"
            session.reference = str(Reference(till.store.till_id, f"0rder{number:07}", 1))
            till.provider.sessions[session.id] = session
            till.provider.pay(session.id)
        till.provider.events.clear()
        till.provider.told_at.clear()
        return await reconciled(till)

    report = asyncio.run(story())
    assert (report.sessions, report.payments, report.needs_person) == (230, 230, 230)


# --- sessions that are strange ---------------------------------------------------------------


def test_a_listed_session_that_does_not_fit_is_a_problem_in_words(till: Counter) -> None:
    async def story() -> Report:
        _, attempt = await till.show()
        twin = strange_session(till, till.store.till_id)
        till.provider.sessions[twin].reference = str(attempt.reference)
        till.provider.pay(twin)
        till.provider.events.clear()
        till.provider.told_at.clear()
        return await reconciled(till)

    report = asyncio.run(story())
    assert any("does not fit this payment" in problem for problem in report.problems)
    assert report.needs_person >= 1


def test_a_session_that_is_not_understood_is_a_problem_only_where_nobody_else_looks(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> Report:
        _, attempt = await till.show()

        async def listed(*_: Any, **__: Any) -> Any:
            yield Recheck(str(attempt.reference))
            yield Recheck(str(Reference(till.store.till_id, "0rder0000009", 1)))

        monkeypatch.setattr(till.strategy, "list_since", listed)
        return await reconciled(till)

    (problem,) = asyncio.run(story()).problems
    assert "0rder0000009" in problem and "is not understood" in problem


def test_one_that_a_list_only_names_is_looked_at_even_when_it_was_over(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    rechecked: list[int] = []

    async def story() -> int:
        _, attempt = await till.show()

        async def listed(*_: Any, **__: Any) -> Any:
            yield Recheck(str(attempt.reference))

        monkeypatch.setattr(till.strategy, "list_since", listed)
        monkeypatch.setattr(till.reconciliation, "_recheck", rechecked.append)
        await reconciled(till)
        return attempt.id

    assert rechecked == [asyncio.run(story())]


def test_an_open_session_on_the_list_changes_nothing_about_one_being_created(
    till: Counter,
) -> None:
    """Its answer is lost: asked for under its key it still gives the code's address."""
    order, attempt = begun(till)

    async def story() -> None:
        till.strategy.answers["open_session"] = [LOST] * 50
        report = await reconciled(till)
        assert report.still_unknown == 1 and not report.is_clean
        assert till.attempt(attempt.id).state is AttemptState.UNKNOWN
        till.strategy.answers["open_session"] = []
        report = await reconciled(till)
        assert report.is_clean and report.looked_at == 1
        assert till.attempt(attempt.id).is_payable
        assert await till.state(order) == "open"

    asyncio.run(story())
    assert len(till.provider.sessions) == 1


# --- attempts and intents --------------------------------------------------------------------


def test_what_was_asked_about_just_now_is_not_asked_about_again(till: Counter) -> None:
    async def story() -> None:
        await till.show()
        assert (await reconciled(till)).looked_at == 1
        till.clock.advance(1)
        fetches = till.strategy.count("fetch")
        assert (await reconciled(till, not_since_s=300)).looked_at == 0
        assert till.strategy.count("fetch") == fetches
        assert (await reconciled(till)).looked_at == 1

    asyncio.run(story())


def test_a_payment_that_cannot_be_asked_about_is_said_and_asked_about_next_time(
    till: Counter,
) -> None:
    async def story() -> None:
        await till.show()
        till.strategy.answers["fetch"] = [Unavailable("no network")]
        report = await reconciled(till)
        assert report.still_unknown == 1 and not report.is_clean
        assert report.problems == ["1 payments could not be asked about."]
        assert isinstance(report.problems[0], Message)
        assert (await reconciled(till)).is_clean

    asyncio.run(story())


def test_a_call_without_an_answer_needs_none_once_its_session_is_over(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.strategy.answers["close_session"] = [LOST]
        await till.checkout.cancel(order.id)
        assert till.count("intents", "outcome IS NULL") == 1
        report = await reconciled(till)
        assert till.attempt(attempt.id).is_final
        assert (report.intents, till.count("intents", "outcome IS NULL")) == (1, 0)
        assert await till.state(order) == "cancelled"
        assert (await reconciled(till)).intents == 0

    asyncio.run(story())


@pytest.mark.parametrize("way", ["by its lists", "by looking"])
def test_offline_for_72_hours_everything_is_found_either_way(till: Counter, way: str) -> None:
    async def three_days_ago() -> list[Any]:
        sold = [await till.show(500 + number) for number in range(4)]
        for _, attempt in sold[:2]:
            till.provider.pay(attempt.session_id or "")
        till.provider.pay_slowly(sold[2][1].session_id or "")
        return sold

    sold = asyncio.run(three_days_ago())
    till.clock.advance(36 * 3600)
    till.provider.decide(sold[2][1].session_id or "", succeeded=True)
    till.provider.close(sold[3][1].session_id or "")
    till.clock.advance(36 * 3600)
    till.restart()
    if way == "by looking":
        for verb in ("events_since", "list_since"):
            till.strategy.answers[verb] = [Unavailable("its lists are down")] * 8
    else:
        till.strategy.answers["fetch"] = [Unavailable("its sessions are down")] * 8

    async def today() -> list[str]:
        report = await reconciled(till)
        assert report.payments == 3
        return [await till.state(order) for order, _ in sold]

    assert asyncio.run(today()) == ["paid", "paid", "paid", "expired"]
