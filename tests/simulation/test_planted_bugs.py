"""The days find what they are there to find: bugs that are planted into the till."""

import pytest

from tests.simulation.day import Lived, live
from tests.simulation.planted import BUGS
from tests.simulation.shrink import command, kind_of, shrunk, story

pytestmark = pytest.mark.simulation


def found(name: str) -> Lived | None:
    """Give the first day on which a planted bug is found."""
    bug = BUGS[name]
    with bug.planted():
        return next((day for day in map(live, bug.seeds) if day.violation), None)


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_planted_bug_is_found(name: str) -> None:
    assert found(name) is not None


def test_a_failing_day_is_shrunk_to_a_few_decisions_that_fail_alike() -> None:
    name = "complete is taken for paid"
    whole = found(name)
    assert whole is not None
    with BUGS[name].planted():
        short = shrunk(whole)
        assert kind_of(short.violation) == kind_of(whole.violation)
        assert len(short.plan.happened) <= 6 < len(whole.plan.happened)
        again = live(short.plan.seed, short.plan.happened)
        assert again.log == short.log
        for code in short.plan.happened:
            rest = [kept for kept in short.plan.happened if kept != code]
            assert kind_of(live(short.plan.seed, rest).violation) != kind_of(short.violation)
    told = story(short)
    assert command(short) in told and short.violation in told
    assert "rings up and charges" in told


def test_without_a_bug_the_same_days_find_nothing() -> None:
    assert not any(live(seed).violation for seed in range(5))
