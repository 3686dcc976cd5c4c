"""Asking again in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.errors import Protocol, Rejected, Unavailable
from app.providers.retry import until_answered
from tests.parts.clock import VirtualClock


class Even:
    """Chance without chance: always the same number."""

    def __init__(self, number: float = 1.0) -> None:
        self.number = number

    def random(self) -> float:
        return self.number


def calls(*answers: Exception | str) -> Callable[[], Awaitable[str]]:
    left = list(answers)

    async def call() -> str:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call


def asked(clock: VirtualClock, *answers: Exception | str, jitter: float = 1.0) -> str:
    return asyncio.run(
        until_answered(calls(*answers), clock=clock, jitter=Even(jitter), budget_s=10)
    )


def later(seconds: float | None = None) -> Unavailable:
    return Unavailable("later", retry_after_s=seconds)


def test_an_answer_is_given_at_once() -> None:
    clock = VirtualClock()
    assert asked(clock, "yes") == "yes"
    assert clock.slept == []


def test_waits_grow_up_to_a_limit_and_within_the_budget() -> None:
    clock = VirtualClock()
    began = clock.monotonic()
    with pytest.raises(Unavailable):
        asked(clock, *[later() for _ in range(50)])
    assert clock.slept == [0.25, 0.5, 1, 2, 4]
    assert clock.monotonic() - began <= 10


@pytest.mark.parametrize("jitter", [0.0, 0.3, 0.999])
def test_waits_are_jittered_between_half_and_whole(jitter: float) -> None:
    clock = VirtualClock()
    asked(clock, later(), later(), "yes", jitter=jitter)
    share = 0.5 + jitter / 2
    assert clock.slept == pytest.approx([0.25 * share, 0.5 * share])


def test_a_wait_that_the_provider_asked_for_is_kept() -> None:
    clock = VirtualClock()
    assert asked(clock, later(3), later(), "yes") == "yes"
    assert clock.slept[0] == 3


def test_a_wait_that_does_not_fit_into_the_budget_ends_the_asking_at_once() -> None:
    clock = VirtualClock()
    with pytest.raises(Unavailable) as last:
        asked(clock, later(), later(60), "never reached")
    assert last.value.retry_after_s == 60
    assert clock.slept == [0.25]


def test_a_short_wait_asked_for_does_not_shorten_ours() -> None:
    clock = VirtualClock()
    asked(clock, later(0.01), "yes")
    assert clock.slept == [0.25]


@pytest.mark.parametrize("error", [Rejected("no"), Protocol("gibberish")])
def test_what_is_useless_to_ask_again_is_not(error: Exception) -> None:
    clock = VirtualClock()
    with pytest.raises(type(error)):
        asked(clock, error, "never reached")
    assert clock.slept == []


def test_a_wall_clock_that_jumps_does_not_change_the_budget() -> None:
    clock = VirtualClock()

    async def call() -> str:
        clock.set_wrong_by(-3600)
        raise later()

    began = clock.monotonic()
    with pytest.raises(Unavailable):
        asyncio.run(until_answered(call, clock=clock, jitter=Even(), budget_s=10))
    assert clock.monotonic() - began <= 10
