"""Refunds whose answer is lost, late or a refusal, and whichever news of them comes first."""

import asyncio

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.refund import RefundState
from app.errors import CheckoutRefused, Rejected, Unavailable
from app.store.decisions import payments_called
from app.store.refunds import unfinished
from tests.conftest import ExpectedLogs
from tests.parts.provider import LOST
from tests.parts.till import Counter
from tests.parts.trouble import (
    ask,
    entry,
    eur,
    kinds_waiting,
    refunds,
    sold,
)

DAY_S = 24 * 3600


def test_a_lost_answer_is_asked_for_again_under_the_same_key(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST, Unavailable("no"), LOST]
        refund = await ask(till, payment_id)
        assert refund.state is RefundState.SUCCEEDED
        assert len(set(till.strategy.keys_of("refund"))) == 1
        assert till.strategy.count("refund") == 4
        assert till.provider.refunds.of(payment_id) == 200
        assert refunds(till, order) == [("succeeded", 200)]

    asyncio.run(story())


def test_without_an_answer_it_stays_asked_for_and_a_sweep_finds_out(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Unavailable("no")] * 100
        refund = await ask(till, payment_id)
        assert refund.state is RefundState.REQUESTED
        assert till.violations() == []
        with pytest.raises(CheckoutRefused, match="Only 3"):
            await ask(till, payment_id, 301, "press-2")
        asked = till.strategy.count("refund")
        assert await till.refunds.sweep() == 1
        assert till.strategy.count("refund") == asked + 1, "a sweep asks once and goes on"
        till.strategy.answers["refund"] = []
        assert await till.refunds.sweep() == 1
        assert await till.refunds.sweep() == 0
        assert refunds(till, order) == [("succeeded", 200)]
        assert len(set(till.strategy.keys_of("refund"))) == 1

    asyncio.run(story())


@pytest.mark.parametrize("point", ["before the call", "after the call", "before the save"])
def test_after_a_crash_at_any_point_the_same_press_or_a_sweep_gives_one_refund(
    till: Counter, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    async def story() -> None:
        order, payment_id = await sold(till)
        with monkeypatch.context() as patches:
            if point == "before the call":
                patches.setattr(type(till.strategy), "refund", cut)
            elif point == "after the call":
                patches.setattr("tests.parts.giving_back.FakeRefund.seen", cut)
            else:
                patches.setattr("app.refund_answers.settle_refund", cut)
            with pytest.raises(PowerCut):
                await ask(till, payment_id)
        till.restart()
        assert till.rows("SELECT state FROM refunds") == [("requested",)]
        assert [refund.press for refund in till.store.read_now(unfinished)] == ["press-1"]
        await till.refunds.sweep()
        assert (await ask(till, payment_id)).state is RefundState.SUCCEEDED
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.provider.refunds.of(payment_id) == 200

    asyncio.run(story())


@pytest.mark.parametrize(
    "detail, words",
    [("", "The bank is asleep."), ("Till noon.", "The bank is asleep. Till noon.")],
)
def test_a_refusal_is_told_with_the_providers_words_and_frees_the_amount(
    till: Counter, detail: str, words: str
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        no = Rejected("The bank is asleep", detail, action="Take another card.", status=400)
        till.strategy.answers["refund"] = [no]
        refund = await ask(till, payment_id, 500)
        assert (refund.state, refund.words) == (RefundState.FAILED, words)
        assert till.count("exceptions") == 0, "who asked was told"
        assert (await ask(till, payment_id, 500)).state is RefundState.FAILED, "the same press"
        assert (await ask(till, payment_id, 500, "press-2")).state is RefundState.SUCCEEDED
        assert refunds(till, order) == [("failed", 500), ("succeeded", 500)]

    asyncio.run(story())


def test_a_refusal_that_nobody_waits_for_needs_a_person(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Unavailable("no")] * 100
        await ask(till, payment_id)
        till.strategy.answers["refund"] = [Rejected("The bank is asleep", status=400)]
        await till.refunds.sweep()
        assert await till.waiting(order) == [ExceptionKind.REFUND_FAILED]
        assert "bank is asleep" in entry(till).detail and entry(till).amount == eur(200)

    asyncio.run(story())


@pytest.mark.parametrize("crashed", [True, False])
def test_a_refused_key_says_nothing_of_a_call_that_may_have_been_made(
    till: Counter, crashed: bool, expected_logs: ExpectedLogs
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Unavailable("no")] * 100 if crashed else [LOST]
        no = Rejected("The key was changed", status=401)
        if crashed:
            await ask(till, payment_id)
            till.restart()
            till.strategy.answers["refund"] = [no]
        else:
            till.strategy.answers["refund"].append(no)
        assert (await ask(till, payment_id)).state is RefundState.REQUESTED
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]

    asyncio.run(story())
    expected_logs.take("keys of fake are refused")


def test_a_refused_key_on_the_first_call_is_a_refusal(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Rejected("The key may not do that", status=403)]
        assert (await ask(till, payment_id)).state is RefundState.FAILED
        assert till.provider.refunds.of(payment_id) == 0

    asyncio.run(story())
    expected_logs.take("keys of fake are refused")


@pytest.mark.parametrize("came_to_be", [True, False])
def test_past_the_keys_lifetime_it_is_looked_up_and_never_asked_for_again(
    till: Counter, came_to_be: bool
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.refunds.give_back(payment_id, eur(100))
        lost = LOST if came_to_be else Unavailable("no")
        till.strategy.answers["refund"] = [lost] * 100
        await ask(till, payment_id)
        asked = till.strategy.count("refund")
        till.clock.advance(DAY_S)
        till.strategy.answers["list_refunds"] = [Unavailable("no")]
        await till.refunds.sweep()
        assert refunds(till, order) == [("requested", 200)]
        await till.refunds.sweep()
        assert till.strategy.count("refund") == asked
        if came_to_be:
            assert refunds(till, order) == [("succeeded", 200)]
        else:
            assert refunds(till, order) == [("failed", 200)]
            assert await till.waiting(order) == [ExceptionKind.REFUND_FAILED]
            assert "never came to be" in entry(till).detail
            till.strategy.answers["refund"] = []
            again = await ask(till, payment_id, press="press-2")
            assert (again.number, again.state) == (2, RefundState.SUCCEEDED)
        (payment,) = till.store.read_now(lambda db: payments_called(db, payment_id))
        await till.refunds.look_at(payment)

    asyncio.run(story())


def test_what_came_to_be_is_found_before_it_is_asked_for_again(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        asked = till.strategy.count("refund")
        # Nobody answers, whoever asks: it stays as it is, and is asked about again.
        till.strategy.answers["list_refunds"] = [Unavailable("no")] * 2
        assert (await ask(till, payment_id)).state is RefundState.REQUESTED
        assert await till.refunds.sweep() == 1
        assert (await ask(till, payment_id)).state is RefundState.SUCCEEDED
        assert till.strategy.count("refund") == asked
        assert refunds(till, order) == [("succeeded", 200)]

    asyncio.run(story())


def test_a_clock_that_was_ahead_and_put_right_does_not_make_a_forgotten_key_young(
    till: Counter,
) -> None:
    """By the wall clock it is asked for an hour before the key ends; that ended an hour ago."""

    async def story() -> None:
        order, payment_id = await sold(till)
        till.clock.set_wrong_by(2 * 3600)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        till.clock.set_wrong_by(-2 * 3600)
        till.clock.advance(24 * 3600)
        till.provider.refunds.keys.clear()
        till.strategy.answers["refund"] = []
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.provider.refunds.of(payment_id) == 200

    asyncio.run(story())


def test_after_the_clock_was_set_back_it_is_looked_up_and_never_given_twice(till: Counter) -> None:
    """Nobody can tell then how old its key is: the provider may have forgotten it."""

    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        asked = till.strategy.count("refund")
        till.clock.set_wrong_by(-2 * DAY_S)
        till.strategy.answers["refund"] = []
        till.provider.refunds.keys.clear()
        await till.refunds.sweep()
        assert till.strategy.count("refund") == asked
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.provider.refunds.of(payment_id) == 200

    asyncio.run(story())


def test_an_answer_that_is_another_refund_gives_nothing_back_and_is_told(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restored backup: the key was used before, for a refund that is known by now."""

    async def story() -> None:
        order, payment_id = await sold(till)
        await ask(till, payment_id)
        till.strategy.answers["refund"] = []
        (known,) = till.provider.refunds.rows.values()
        monkeypatch.setattr(till.provider.refunds, "create", lambda *_: known)
        second = await ask(till, payment_id, press="press-2")
        assert second.state is RefundState.FAILED and "another refund" in second.words
        assert refunds(till, order) == [("succeeded", 200), ("failed", 200)]
        assert kinds_waiting(till) == [ExceptionKind.REFUND_FAILED]

    asyncio.run(story())


# --- whichever news comes first ----------------------------------------------------------------
