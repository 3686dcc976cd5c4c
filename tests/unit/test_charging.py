"""Charging where there are several accounts: who is asked, who follows, what can be paid."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.breaker import WINDOW_S, Standing
from app.charging import Unfit
from app.domain.attempt import AttemptState, CloseReason
from app.domain.capabilities import Shows
from app.domain.decision import Decision, Said
from app.domain.observation import Source
from app.domain.order import Order, OrderState
from app.errors import (
    CheckoutRefused,
    ConfigError,
    Message,
    MoneyMoved,
    Rejected,
    Unavailable,
)
from app.routing import Rule
from app.ways import Terms
from tests.parts.provider import LOST, Call
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


# --- where it goes -------------------------------------------------------------------------------


def test_the_first_account_is_taken_and_why_stays_with_the_attempt(till: Counter) -> None:
    order, attempt = charged(till)
    assert (attempt.account, attempt.is_payable) == (FIRST, True)
    in_order = "It comes in the order of the settings."
    assert decided(till, order) == [
        Decision(FIRST, in_order, others=(Said(SECOND, in_order), Said(THIRD, in_order)))
    ]
    reason = decided(till, order)[0].reason
    assert isinstance(reason, Message), "the window says it in its own language"


def test_what_the_settings_say_decides_and_what_is_left_out_is_kept_with_its_reason(
    tmp_path: Path,
) -> None:
    till = Counter(
        tmp_path,
        others=(SECOND, THIRD),
        settings={
            "terms": {FIRST: Terms(is_enabled=False), SECOND: Terms(True, "2.9", "0.30")},
            "rules": (Rule(use=(THIRD,), currency="EUR"),),
            "unready": {"paper": Message("It lacks a key: {key}.", key="Secret key")},
        },
    )
    order, attempt = charged(till)
    assert attempt.account == THIRD
    (decision,) = decided(till, order)
    assert decision.reason == "The shop's rules name it for this."
    assert decision.left_out == (
        Said(FIRST, "It is switched off in the settings."),
        Said("paper", "It lacks a key: Secret key."),
    )
    till.close()


def test_where_the_settings_alone_leave_no_account_it_is_not_time_that_helps(
    tmp_path: Path,
) -> None:
    till = Counter(tmp_path, settings={"terms": {FIRST: Terms(is_enabled=False)}})
    with pytest.raises(CheckoutRefused, match="No account can be used as it is set up") as error:
        charged(till)
    assert error.value.detail == "fake: It is switched off in the settings."
    assert "Settings (F4) or switch one on" in error.value.action
    till.close()


def test_with_every_account_off_nothing_is_written_of_a_sale(tmp_path: Path) -> None:
    off = Terms(is_enabled=False)
    unready = {"paper": Message("It lacks a key: {key}.", key="Secret key")}
    settings = {"terms": {FIRST: off, SECOND: off}, "unready": unready}
    till = Counter(tmp_path, others=(SECOND,), settings=settings)
    written = till.count("journal")
    with pytest.raises(CheckoutRefused, match="No account can be used as it is set up") as error:
        asyncio.run(till.place())
    assert error.value.detail == (
        "fake: It is switched off in the settings. other: It is switched off in the settings. "
        "paper: It lacks a key: Secret key."
    )
    assert "Settings (F4)" in error.value.action and error.value.money is MoneyMoved.NO
    assert (till.count("orders"), till.count("journal")) == (0, written)
    assert till.rows("SELECT last_order_number FROM till") == [(0,)]
    assert asyncio.run(till.place(0)).state is OrderState.PAID, "what costs nothing needs none"
    till.close()


def test_what_only_a_person_can_take_is_an_order(tmp_path: Path) -> None:
    till = Counter(tmp_path, others=(SECOND,), settings={"terms": {FIRST: Terms(is_enabled=False)}})
    by_hand = till.others[SECOND]
    by_hand.capabilities = replace(by_hand.capabilities, shows=Shows.NOTHING)
    assert asyncio.run(till.place()).state is OrderState.OPEN
    till.close()


def test_what_no_provider_answers_for_just_now_is_an_order_all_the_same(till: Counter) -> None:
    for account in (FIRST, SECOND, THIRD):
        for _ in range(3):
            till.gateway._failed(account, Unavailable("No answer"))
    assert asyncio.run(till.place()).state is OrderState.OPEN


def test_the_operator_chooses_another_and_that_is_kept(till: Counter) -> None:
    order, attempt = charged(till, THIRD)
    assert attempt.account == THIRD
    (decision,) = decided(till, order)
    assert decision.is_operators
    assert [each.account for each in decision.others] == [FIRST, SECOND]


def test_an_account_that_is_not_there_is_an_error_and_never_a_silent_default(
    till: Counter,
) -> None:
    with pytest.raises(ConfigError, match="There is no account strpie"):
        charged(till, "strpie")
    assert till.count("attempts") == 0


def test_the_operators_choice_is_not_given_to_another_account(till: Counter) -> None:
    answers(till, SECOND, REFUSED)
    with pytest.raises(Rejected):
        charged(till, SECOND)
    assert till.rows("SELECT account FROM attempts") == [(SECOND,)]


def test_attempts_of_before_have_no_decision(till: Counter) -> None:
    order = asyncio.run(till.place())
    asyncio.run(till.open(order))
    assert decided(till, order) == []


# --- who follows ---------------------------------------------------------------------------------


def test_after_a_refusal_the_next_account_opens_and_says_why(till: Counter) -> None:
    answers(till, FIRST, REFUSED)
    order, attempt = charged(till)
    assert (attempt.account, attempt.is_payable) == (SECOND, True)
    assert till.rows("SELECT account, state, is_final FROM attempts") == [
        (FIRST, "failed", 1),
        (SECOND, "open", 0),
    ]
    decision = decided(till, order)[1]
    assert decision.tried == (Said(FIRST, "The fake refuses. It does not like it."),)
    assert [each.account for each in decision.others] == [THIRD]


def test_after_an_account_that_does_not_answer_the_next_opens_and_the_first_is_closed_unseen(
    till: Counter,
) -> None:
    answers(till, FIRST, LOST, *SILENT)
    order, attempt = charged(till)
    assert (attempt.account, attempt.is_payable) == (SECOND, True)
    first = till.attempt(1)
    assert (first.state, first.close_reason) == (AttemptState.UNKNOWN, CloseReason.SUPERSEDED)
    with pytest.raises(CheckoutRefused, match="must not be shown"):
        asyncio.run(till.checkout.mark_shown(first.id))
    # It was opened after all: found under its key, closed, and never anything to pay.
    answers(till, FIRST)
    asyncio.run(till.checkout.mark_shown(attempt.id))
    closed = asyncio.run(till.sessions.close(first.id))
    assert (closed.state, closed.is_final) == (AttemptState.CANCELLED, True)
    assert asyncio.run(till.state(order)) == "open"
    assert till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "paid"
    assert decided(till, order)[1].tried == (Said(FIRST, "It did not answer."),)


def test_the_first_that_turns_out_paid_after_all_needs_a_person(till: Counter) -> None:
    answers(till, FIRST, LOST, *SILENT)
    order, attempt = charged(till)
    asyncio.run(till.checkout.mark_shown(attempt.id))
    till.provider.pay("fs_1")
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    answers(till, FIRST)
    for _ in range(2):
        # Its session is found under its key first, and then looked at.
        asyncio.run(till.sessions.look(1, Source.SWEEP))
    assert [kind.value for kind in asyncio.run(till.waiting(order))] == ["surplus"]


@pytest.mark.parametrize("verb", ["identify", "prepare_session"])
def test_an_account_that_cannot_be_asked_leaves_no_attempt_and_the_next_opens(
    till: Counter, verb: str
) -> None:
    answers(till, FIRST, Unavailable("No network"), verb=verb)
    order, attempt = charged(till)
    assert attempt.account == SECOND
    assert till.count("attempts") == 1
    assert decided(till, order)[0].tried == (Said(FIRST, "No network."),)


def test_keys_that_are_refused_send_the_customer_on_and_are_remembered(
    till: Counter, expected_logs: object
) -> None:
    answers(till, FIRST, Rejected("The fake knows no such key", status=401), verb="identify")
    _, attempt = charged(till)
    assert attempt.account == SECOND
    assert till.gateway.standing(FIRST) is Standing.REFUSED
    expected_logs.take("the keys of fake are refused")  # type: ignore[attr-defined]
    asyncio.run(till.checkout.cancel(attempt.order_id))
    calls = len(till.strategy.calls)
    _, attempt = charged(till)
    assert (attempt.account, len(till.strategy.calls)) == (SECOND, calls)


def test_one_thing_that_a_key_may_not_do_is_no_refusal_of_the_key(
    till: Counter, expected_logs: object
) -> None:
    async def read_a_list() -> None:
        raise Rejected("The key has no right to read that", status=403)

    with pytest.raises(Rejected):
        asyncio.run(till.gateway.asked(FIRST, read_a_list))
    expected_logs.take("the keys of fake are refused")  # type: ignore[attr-defined]
    assert till.gateway.standing(FIRST) is Standing.SHAKY
    till.clock.advance(WINDOW_S + 1)
    assert till.gateway.standing(FIRST) is Standing.WELL
    _, attempt = charged(till)
    assert attempt.account == FIRST


def test_what_does_not_fit_is_closed_unseen_and_the_next_opens(till: Counter) -> None:
    till.strategy.amount_off = 1
    _, attempt = charged(till)
    assert (attempt.account, attempt.is_payable) == (SECOND, True)
    assert till.provider.sessions["fs_1"].closed_at is not None
    assert till.attempt(1).is_final


def test_what_does_not_fit_and_cannot_be_closed_is_followed_while_it_is_watched(
    till: Counter,
) -> None:
    till.strategy.amount_off = 1
    answers(till, FIRST, Unavailable("No answer"), verb="close_session")
    _, attempt = charged(till)
    assert attempt.account == SECOND
    first = till.attempt(1)
    assert (first.state, first.close_reason) == (AttemptState.UNKNOWN, CloseReason.SUPERSEDED)
    asyncio.run(till.sessions.close(first.id))


def test_what_does_not_fit_and_is_paid_meanwhile_is_not_followed(till: Counter) -> None:
    till.strategy.page = ""

    def pay(call: Call) -> None:
        if call.verb == "close_session":
            till.provider.pay(call.subject)

    till.strategy.before = pay
    with pytest.raises(Unfit):
        charged(till)
    assert till.count("attempts") == 1


def test_a_session_that_was_cancelled_while_it_was_opened_is_not_followed(till: Counter) -> None:
    order = asyncio.run(till.place())

    async def charge() -> None:
        async def cancel(call: Call) -> None:
            if call.verb == "open_session":
                till.strategy.pause = None
                tasks.append(asyncio.create_task(till.checkout.cancel(order.id)))
                await asyncio.sleep(0)

        tasks: list[asyncio.Task[Order]] = []
        till.strategy.pause = cancel
        with pytest.raises(Unfit):
            await till.checkout.charge(order.id)
        assert (await tasks[0]).state.value == "cancelled"

    asyncio.run(charge())
    assert till.count("attempts") == 1
