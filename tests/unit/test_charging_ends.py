"""Charging where there are several accounts: what is said at the end, and what ends it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.breaker import Standing
from app.charging import NotBegun
from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.capabilities import Shows
from app.domain.decision import Said
from app.domain.observation import Source
from app.domain.order import Order
from app.errors import CheckoutRefused, MoneyMoved, Protocol, Rejected, Unavailable
from tests.parts.provider import Call
from tests.parts.several import (
    FIRST,
    REFUSED,
    SECOND,
    SILENT,
    THIRD,
    answers,
    charged,
    decided,
    payable_codes,
)
from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, others=(SECOND, THIRD))
    yield till
    faults = till.violations()
    payable = payable_codes(till)
    till.close()
    assert faults == []
    assert payable <= 1, "two codes could be paid"


def test_when_the_last_one_does_not_answer_its_attempt_is_the_one_that_is_waited_for(
    till: Counter,
) -> None:
    answers(till, FIRST, REFUSED)
    for account in (SECOND, THIRD):
        answers(till, account, *SILENT)
    order, attempt = charged(till)
    assert (attempt.account, attempt.state) == (THIRD, AttemptState.UNKNOWN)
    assert [each.account for each in decided(till, order)[2].tried] == [FIRST, SECOND]


def test_when_the_last_one_refuses_it_is_said_of_each_what_came_of_it(till: Counter) -> None:
    answers(till, FIRST, *SILENT)
    answers(till, SECOND, *SILENT)
    answers(till, THIRD, REFUSED)
    with pytest.raises(CheckoutRefused, match="No account took this payment") as error:
        charged(till)
    assert error.value.detail == (
        "fake: It did not answer. other: It did not answer. "
        "third: The fake refuses. It does not like it."
    )
    assert error.value.money is MoneyMoved.NO, "nobody has seen a code"


def test_a_refusal_is_not_lost_where_the_next_one_cannot_even_be_asked(till: Counter) -> None:
    answers(till, FIRST, REFUSED)
    for account in (SECOND, THIRD):
        answers(till, account, Unavailable("No network"), verb="prepare_session")
    with pytest.raises(CheckoutRefused, match="No account took this payment") as error:
        charged(till)
    assert error.value.detail == (
        "fake: The fake refuses. It does not like it. other: No network. third: No network."
    )
    assert till.rows("SELECT account, state FROM attempts") == [(FIRST, "failed")]


def test_what_did_not_fit_is_not_lost_where_the_next_one_cannot_even_be_asked(
    till: Counter,
) -> None:
    till.strategy.amount_off = 1
    answers(till, SECOND, REFUSED)
    answers(till, THIRD, Unavailable("No network"), verb="identify")
    with pytest.raises(CheckoutRefused, match="No account took this payment") as error:
        charged(till)
    assert error.value.detail == (
        "fake: Its session did not fit the order. "
        "other: The fake refuses. It does not like it. third: No network."
    )


def test_the_only_account_that_refuses_says_so_itself(tmp_path: Path) -> None:
    till = Counter(tmp_path)
    answers(till, FIRST, REFUSED)
    with pytest.raises(Rejected, match="The fake refuses"):
        charged(till)
    till.close()


def test_one_that_cannot_be_asked_takes_nothing_from_the_one_that_is_waited_for(
    till: Counter,
) -> None:
    answers(till, FIRST, *SILENT)
    for account in (SECOND, THIRD):
        answers(till, account, Unavailable("No network"), verb="prepare_session")
    _, attempt = charged(till)
    assert (attempt.account, attempt.state) == (FIRST, AttemptState.UNKNOWN)
    assert attempt.close_reason is None, "it may still be shown"


def test_when_none_can_be_asked_that_is_said_plainly_of_each(till: Counter) -> None:
    for account in (FIRST, SECOND, THIRD):
        answers(till, account, Unavailable("No network"), verb="identify")
    with pytest.raises(CheckoutRefused, match="No provider that could take this answers") as error:
        charged(till)
    assert error.value.detail == "fake: No network. other: No network. third: No network."
    assert error.value.action == "Try again in a minute, or change the cart."
    assert till.count("attempts") == 0


def test_the_only_account_that_cannot_be_asked_says_why_itself(tmp_path: Path) -> None:
    till = Counter(tmp_path)
    answers(till, FIRST, Unavailable("No network"), verb="identify")
    with pytest.raises(NotBegun, match="No network"):
        charged(till)
    till.close()


def test_all_that_are_down_are_not_asked_and_cash_is_named(till: Counter) -> None:
    by_hand = till.others[THIRD]
    by_hand.capabilities = replace(by_hand.capabilities, shows=Shows.NOTHING)
    for account in (FIRST, SECOND):
        answers(till, account, *SILENT)
    _, attempt = charged(till)
    assert attempt.state is AttemptState.UNKNOWN, "cash is never taken by itself"
    asyncio.run(till.checkout.cancel(attempt.order_id))
    calls = len(till.strategy.calls) + len(till.others[SECOND].calls)
    with pytest.raises(CheckoutRefused, match="No provider that could take this answers") as error:
        charged(till)
    assert error.value.action == "Take it another way: third."
    assert error.value.detail == (
        "fake: The provider does not answer. other: The provider does not answer."
    )
    assert len(till.strategy.calls) + len(till.others[SECOND].calls) == calls


def test_one_customer_is_sent_to_see_whether_it_is_back_and_the_next_is_not(till: Counter) -> None:
    answers(till, FIRST, *SILENT)
    charged(till)
    assert till.gateway.standing(FIRST) is Standing.DOWN
    till.clock.advance(31)
    assert till.gateway.standing(FIRST) is Standing.TRIAL
    asked = []
    till.strategy.before = lambda call: asked.append(till.gateway.standing(FIRST))
    order, attempt = charged(till)
    assert attempt.account == SECOND
    assert asked[0] is Standing.DOWN, "nobody else is sent there meanwhile"
    tried = decided(till, order)[-1].tried
    assert tried == (Said(FIRST, "It did not answer."),)


def test_nothing_follows_once_it_is_not_wanted_any_more(till: Counter) -> None:
    answers(till, FIRST, REFUSED)
    order = asyncio.run(till.place())
    with pytest.raises(Rejected):
        asyncio.run(till.checkout.charge(order.id, goes_on=lambda: False))
    assert till.count("attempts") == 1


def test_an_order_that_is_cancelled_meanwhile_is_not_opened_elsewhere(till: Counter) -> None:
    answers(till, FIRST, *SILENT)
    order = asyncio.run(till.place())

    def cancel() -> bool:
        till.store.write_now(
            lambda tx: tx.execute("UPDATE attempts SET close_reason = 'cancelled' WHERE id = 1")
        )
        return True

    attempt = asyncio.run(till.checkout.charge(order.id, goes_on=cancel))
    assert (attempt.id, attempt.close_reason) == (1, CloseReason.CANCELLED)
    assert till.count("attempts") == 1
    answers(till, FIRST)


def test_an_order_that_was_cancelled_before_the_next_was_asked_stays_with_the_first(
    till: Counter,
) -> None:
    answers(till, FIRST, *SILENT)
    order = asyncio.run(till.place())

    async def charge() -> Attempt:
        async def cancel(call: Call) -> None:
            # Between two calls to the first: what is read next says so.
            if len(till.strategy.keys_of("open_session")) == 3:
                till.store.write_now(
                    lambda tx: tx.execute("UPDATE attempts SET close_reason = 'cancelled'")
                )

        till.strategy.pause = cancel
        return await till.checkout.charge(order.id)

    attempt = asyncio.run(charge())
    assert (attempt.id, till.count("attempts")) == (1, 1)
    answers(till, FIRST)


def test_the_first_that_answers_late_is_the_one_that_is_shown(till: Counter) -> None:
    """The watch may hear from it before the next account was asked, or while it is prepared."""
    for verb in ("", "prepare_session"):
        answers(till, FIRST, *SILENT)
        order = asyncio.run(till.place())

        async def late(call: Call | None = None, verb: str = verb) -> None:
            if call is None or call.verb == verb:
                answers(till, FIRST)
                await till.sessions.look(till.count("attempts"), Source.POLL)

        async def charge(order: Order = order, verb: str = verb) -> Attempt:
            if verb:
                till.others[SECOND].pause = late
                return await till.checkout.charge(order.id)
            heard = asyncio.create_task(asyncio.sleep(0))
            known = till.sessions.known

            async def reread(attempt_id: int) -> Attempt:
                await late()
                return await known(attempt_id)

            till.sessions.known = reread  # type: ignore[method-assign]
            try:
                return await till.checkout.charge(order.id)
            finally:
                till.sessions.known = known  # type: ignore[method-assign]
                await heard

        attempt = asyncio.run(charge())
        till.others[SECOND].pause = None
        assert (attempt.account, attempt.is_payable) == (FIRST, True)
        assert payable_codes(till) == 1
        asyncio.run(till.checkout.cancel(order.id))
        till.clock.advance(120)


def test_beside_a_code_that_a_customer_sees_nothing_is_opened(till: Counter) -> None:
    order, attempt = charged(till)
    asyncio.run(till.checkout.mark_shown(attempt.id))
    with pytest.raises(CheckoutRefused, match="being paid for already"):
        asyncio.run(till.checkout.charge(order.id))
    assert till.count("attempts") == 1


def test_an_answer_that_cannot_be_understood_stays_watched_while_the_next_opens(
    till: Counter,
) -> None:
    answers(till, FIRST, Protocol("Gibberish"))
    _, attempt = charged(till)
    assert (attempt.account, till.attempt(1).state) == (SECOND, AttemptState.UNKNOWN)
