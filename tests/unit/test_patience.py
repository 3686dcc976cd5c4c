"""How long the counter waits for an account while another stands ready."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.breaker import Standing
from app.charging import NotBegun
from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.decision import Said
from app.domain.observation import Source
from app.domain.order import Order
from app.errors import Rejected, Unavailable
from app.patience import FAIL_OVER_S, in_time, patience
from app.sessions import CREATE_BUDGET_S
from tests.conftest import ExpectedLogs
from tests.parts.provider import Call
from tests.parts.several import FIRST, SECOND, answers, decided, payable_codes, strategy
from tests.parts.till import Counter
from tests.parts.virtual_loop import LoopClock, run_in

SLOW_S = CREATE_BUDGET_S - 1


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, clock=LoopClock(), others=(SECOND,))
    yield till
    faults = till.violations()
    payable = payable_codes(till)
    till.close()
    assert faults == []
    assert payable <= 1, "two codes could be paid"


def slow(till: Counter, account: str, *verbs: str, seconds: float = SLOW_S) -> None:
    """Have an account take its time for each of these, and answer all the same."""

    async def wait(call: Call) -> None:
        if call.verb in verbs:
            await asyncio.sleep(seconds)

    strategy(till, account).pause = wait


def told(till: Counter, story: Callable[[], Coroutine[Any, Any, Any]]) -> tuple[Any, float]:
    """Give what came of it, and how many seconds it took."""
    began = till.clock.monotonic()
    return run_in(till.clock, story), till.clock.monotonic() - began


def charged(till: Counter, account: str | None = None) -> tuple[Order, Attempt, float]:
    async def charge() -> tuple[Order, Attempt]:
        order = await till.place()
        return order, await till.checkout.charge(order.id, account)

    (order, attempt), took_s = told(till, charge)
    return order, attempt, took_s


def test_a_slow_account_is_waited_for_a_few_seconds_and_the_next_takes_the_payment(
    till: Counter,
) -> None:
    slow(till, FIRST, "open_session")
    order, attempt, took_s = charged(till)
    assert (attempt.account, attempt.is_payable) == (SECOND, True)
    assert took_s == pytest.approx(FAIL_OVER_S)
    first = till.attempt(1)
    assert (first.state, first.close_reason) == (AttemptState.UNKNOWN, CloseReason.SUPERSEDED)
    assert first.shown_at is None and not first.is_final, "it stays watched"
    assert decided(till, order)[-1].tried == (Said(FIRST, "It did not answer."),)
    assert till.gateway.standing(FIRST) is Standing.SHAKY


def test_what_the_slow_one_opens_after_all_is_closed_and_never_shown(till: Counter) -> None:
    slow(till, FIRST, "open_session")
    _, attempt, _ = charged(till)
    till.strategy.pause = None

    async def watch() -> Attempt:
        opened = await till.sessions.look(1, Source.POLL)
        assert opened.url is not None and not opened.is_payable
        return await till.sessions.close(1)

    closed, _ = told(till, watch)
    assert (closed.state, closed.is_final) == (AttemptState.CANCELLED, True)
    assert closed.shown_at is None
    assert len(set(till.strategy.keys_of("open_session"))) == 1
    assert till.attempt(attempt.id).is_payable


def test_what_the_slow_one_takes_after_all_is_late_money_on_the_list(till: Counter) -> None:
    slow(till, FIRST, "open_session")
    order, attempt, _ = charged(till)
    till.strategy.pause = None
    till.provider.pay(attempt.session_id or "")

    async def watch() -> list[Any]:
        await till.look(attempt)
        opened = await till.sessions.look(1, Source.POLL)
        till.provider.pay(opened.session_id or "")
        await till.sessions.close(1)
        return list(await till.waiting(order))

    waiting, _ = told(till, watch)
    assert [kind.value for kind in waiting] == ["surplus"]


@pytest.mark.parametrize("verb", ["identify", "prepare_session"])
def test_one_that_is_slow_before_anything_is_asked_for_leaves_no_attempt(
    till: Counter, verb: str
) -> None:
    slow(till, FIRST, verb)
    order, attempt, took_s = charged(till)
    assert (attempt.account, till.count("attempts")) == (SECOND, 1)
    assert took_s == pytest.approx(FAIL_OVER_S)
    tried = decided(till, order)[-1].tried
    assert tried == (Said(FIRST, "The payment provider takes too long."),)


def test_the_time_is_for_all_that_is_asked_of_an_account_together(till: Counter) -> None:
    slow(till, FIRST, "identify", "prepare_session", "open_session", seconds=1.5)
    _, attempt, took_s = charged(till)
    assert attempt.account == SECOND
    assert took_s == pytest.approx(FAIL_OVER_S)


def test_the_last_that_is_left_is_waited_for_as_long_as_ever(till: Counter) -> None:
    answers(till, FIRST, Rejected("The fake refuses", status=400))
    slow(till, SECOND, "open_session")
    _, attempt, took_s = charged(till)
    assert (attempt.account, attempt.is_payable) == (SECOND, True)
    assert took_s == pytest.approx(SLOW_S)


def test_what_the_operator_chose_is_waited_for_as_long_as_ever(till: Counter) -> None:
    slow(till, FIRST, "open_session")
    _, attempt, took_s = charged(till, FIRST)
    assert (attempt.account, attempt.is_payable) == (FIRST, True)
    assert took_s == pytest.approx(SLOW_S)


def test_the_only_account_is_waited_for_as_long_as_ever(tmp_path: Path) -> None:
    till = Counter(tmp_path, clock=LoopClock())
    slow(till, FIRST, "open_session")
    _, attempt, took_s = charged(till)
    assert attempt.is_payable and took_s == pytest.approx(SLOW_S)
    till.close()


def test_a_time_out_of_the_calls_own_is_not_taken_for_lost_patience() -> None:
    clock = LoopClock()

    async def call() -> None:
        raise TimeoutError("of its own")

    async def ask() -> None:
        with patience(FAIL_OVER_S, clock):
            await in_time(call, clock)

    with pytest.raises(TimeoutError, match="of its own"):
        run_in(clock, ask)


# --- what preparing tells of an account's health ------------------------------------------------


def test_what_cannot_be_prepared_is_known_of_the_account(till: Counter) -> None:
    answers(till, FIRST, *[Unavailable("No network")] * 2, verb="prepare_session")
    for _ in range(2):
        with pytest.raises(NotBegun):
            charged(till, FIRST)
    assert till.gateway.standing(FIRST) is Standing.DOWN
    (first, _) = till.health.accounts
    assert first.is_reachable is False and first.detail.startswith("No network.")


def test_a_key_that_is_refused_while_preparing_is_known_as_such(
    till: Counter, expected_logs: ExpectedLogs
) -> None:
    answers(till, FIRST, Rejected("No such key", status=401), verb="prepare_session")
    charged(till)
    assert till.gateway.standing(FIRST) is Standing.REFUSED
    expected_logs.take("the keys of fake are refused")


def test_what_is_prepared_without_asking_anybody_says_nothing_of_the_account(
    till: Counter,
) -> None:
    """Else a provider that is down would pass for one that answers."""
    charged(till)
    answers(till, FIRST, *[Unavailable("No network")] * 100)
    charged(till)
    assert till.gateway.standing(FIRST) is Standing.DOWN

    async def prepare(request: Any) -> dict[str, Any]:
        return {}

    async def refuse(request: Any) -> dict[str, Any]:
        raise Rejected("It takes no such line", status=400)

    async def ask() -> None:
        await till.gateway.asked_if_needed(FIRST, lambda: prepare(None))
        with pytest.raises(Rejected):
            await till.gateway.asked_if_needed(FIRST, lambda: refuse(None))

    told(till, ask)
    assert till.gateway.standing(FIRST) is Standing.DOWN


def test_a_watch_that_is_begun_while_somebody_waits_has_all_its_time_afterwards() -> None:
    """Tasks take a copy of the context along: it must not cut them off for ever after."""
    clock = LoopClock()

    async def answer() -> str:
        await asyncio.sleep(FAIL_OVER_S - 1)
        return "here"

    async def watch() -> list[str]:
        heard = []
        for _ in range(3):
            try:
                heard.append(await in_time(answer, clock))
            except Unavailable:
                heard.append("none")
        return heard

    async def story() -> list[str]:
        with patience(FAIL_OVER_S - 2, clock):
            begun = asyncio.create_task(watch())
            await asyncio.sleep(0.5)
        return await begun

    assert run_in(clock, story) == ["none", "here", "here"]
