"""Chance that never let anything go wrong would prove nothing: what the days are about."""

from collections import Counter
from functools import cache
from typing import Final

import pytest

from app.domain.attempt import AttemptState
from app.domain.exceptions import ExceptionKind
from app.domain.order import OrderState
from tests.simulation.day import live
from tests.simulation.network import MISFORTUNES
from tests.simulation.plan import Verb, Weather

_DAYS: Final = range(1_000, 1_060)
_ELSEWHERE: Final = {ExceptionKind.DISPUTED}
"""Nothing opens these entries in a simulated day."""

pytestmark = pytest.mark.simulation


@cache
def happened() -> tuple[Counter[str], str]:
    """Give the books' facts by how many days had them, and all that was told."""
    facts: Counter[str] = Counter()
    told = []
    for seed in _DAYS:
        lived = live(seed)
        facts.update(lived.facts)
        told += [*lived.plan.happened.values(), *lived.log]
    return facts, "\n".join(told)


@pytest.mark.parametrize("kind", sorted(set(ExceptionKind) - _ELSEWHERE))
def test_every_kind_of_exception_is_opened(kind: ExceptionKind) -> None:
    assert happened()[0][f"exception.opened {kind.value}"]


def test_what_is_left_out_really_never_happens() -> None:
    for kind in _ELSEWHERE:
        assert not happened()[0][f"exception.opened {kind.value}"]


@pytest.mark.parametrize("state", sorted(set(AttemptState) - {AttemptState.CREATING}))
def test_attempts_come_to_every_state(state: AttemptState) -> None:
    assert happened()[0][f"attempt.{state.value}"]


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.OPEN}))
def test_orders_come_to_every_end(state: OrderState) -> None:
    assert happened()[0][f"order.{state.value}"]


@pytest.mark.parametrize("fact", ["refund.pending", "refund.succeeded", "refund.failed"])
def test_refunds_come_to_every_state(fact: str) -> None:
    assert happened()[0][fact]


@pytest.mark.parametrize("verb", sorted(Verb))
def test_people_and_luck_do_everything(verb: Verb) -> None:
    assert verb.value in happened()[1]


@pytest.mark.parametrize("weather", sorted(Weather))
def test_there_is_every_weather(weather: Weather) -> None:
    assert weather.value in happened()[1]


@pytest.mark.parametrize("told", sorted(MISFORTUNES.values()))
def test_every_misfortune_befalls_a_call(told: str) -> None:
    assert told in happened()[1]


@pytest.mark.parametrize(
    "told",
    [
        "power     goes before commit",
        "power     goes after commit",
        "power     goes before fetch",
        "power     goes after fetch",
        "is under way for up to days",
        "comes twice",
        "nobody is there",
        "is being paid for already",
        "is taken money on the closed session",
        "The provider has no such session any more",
        "The order was cancelled before",
        "the old order is paid",
        "the order is not known",
        "starts, for the 3. time",
    ],
)
def test_the_rare_things_happen_too(told: str) -> None:
    assert told in happened()[1]
