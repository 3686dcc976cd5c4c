"""Health: whether a provider answers, and since when."""

import pytest

from app.errors import Rejected, Unavailable
from app.status import AccountHealth, Health, TillStatus
from tests.parts.clock import VirtualClock


def test_before_the_first_exchange_nothing_is_known() -> None:
    assert Health(("b", "a")).accounts == (AccountHealth("b"), AccountHealth("a"))


def test_the_time_of_the_last_change_is_kept() -> None:
    clock, health = VirtualClock(), Health(("stripe",))
    began = clock.now()
    health.answered("stripe", began)
    clock.advance(60)
    health.answered("stripe", clock.now())
    assert health.accounts == (AccountHealth("stripe", True, began),)
    clock.advance(60)
    failed = clock.now()
    health.failed("stripe", failed, Unavailable("No network", "DNS"))
    clock.advance(60)
    health.failed("stripe", clock.now(), Unavailable("Still none"))
    (account,) = health.accounts
    assert (account.is_reachable, account.since) == (False, failed)
    assert account.detail.startswith("Still none.")
    health.answered("stripe", clock.now())
    assert health.accounts[0] == AccountHealth("stripe", True, clock.now())


def test_an_account_that_was_never_set_up_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        Health(()).answered("stripe", VirtualClock().now())


def test_keys_that_are_refused_are_news_once_until_something_else_is_heard() -> None:
    clock, health = VirtualClock(), Health(("stripe",))
    refused = Rejected("No", status=401)
    assert not health.failed("stripe", clock.now(), Unavailable("No network"))
    clock.advance(60)
    since = clock.now()
    assert health.failed("stripe", since, refused)
    clock.advance(60)
    assert not health.failed("stripe", clock.now(), refused)
    (account,) = health.accounts
    assert (account.is_reachable, account.is_refused, account.since) == (False, True, since)
    health.answered("stripe", clock.now())
    assert not health.accounts[0].is_refused
    assert health.failed("stripe", clock.now(), refused)


@pytest.mark.parametrize("status", [400, 402, 404, 429])
def test_another_refusal_is_not_one_of_the_keys(status: int) -> None:
    health = Health(("stripe",))
    assert not health.failed("stripe", VirtualClock().now(), Rejected("No", status=status))
    assert not health.accounts[0].is_refused


@pytest.mark.parametrize(
    "off_s, wrong_min",
    [(None, 0), (0.0, 0), (119.0, 0), (-119.0, 0), (120.0, 2), (-600.0, -10), (601.0, 10)],
)
def test_the_computers_clock_is_called_wrong_from_two_minutes_on(
    off_s: float | None, wrong_min: int
) -> None:
    assert TillStatus(clock_off_s=off_s).clock_wrong_min == wrong_min
