"""The bus tells every listener of every fact, in order, and survives a deaf one."""

import pytest

from app.events import Bus, Fact
from tests.conftest import ExpectedLogs
from tests.parts.clock import START


def fact(seq: int) -> Fact:
    return Fact(seq, START, "order.placed", "o1", data={"number": seq})


def test_listeners_hear_of_every_fact_in_order() -> None:
    bus, first, second = Bus(), list[Fact](), list[Fact]()
    bus.subscribe(first.append)
    bus.publish([fact(1)])
    bus.subscribe(second.append)
    bus.publish([fact(2), fact(3)])
    assert [heard.seq for heard in first] == [1, 2, 3]
    assert [heard.seq for heard in second] == [2, 3]


def test_who_unsubscribes_hears_no_more_and_the_others_do() -> None:
    bus, kept, left = Bus(), list[Fact](), list[Fact]()
    stop = bus.subscribe(left.append)
    bus.subscribe(kept.append)
    stop()
    stop()
    bus.publish([fact(1)])
    assert (len(kept), len(left)) == (1, 0)


def test_a_listener_that_fails_is_logged_and_gags_nobody(expected_logs: ExpectedLogs) -> None:
    bus, heard = Bus(), list[Fact]()

    def deaf(_: Fact) -> None:
        raise RuntimeError("no ears")

    bus.subscribe(deaf)
    bus.subscribe(heard.append)
    bus.publish([fact(1), fact(2)])
    assert [one.seq for one in heard] == [1, 2]
    record = expected_logs.take("a listener failed on order.placed")
    assert record.exc_info is not None
    expected_logs.take("a listener failed on order.placed")


def test_a_listener_may_leave_while_it_is_being_told() -> None:
    bus, heard = Bus(), list[int]()

    def once(one: Fact) -> None:
        heard.append(one.seq)
        stop()

    stop = bus.subscribe(once)
    bus.publish([fact(1), fact(2)])
    assert heard == [1]


def test_an_unexpected_log_is_named_when_it_is_asked_for_in_vain() -> None:
    logs = ExpectedLogs()
    with pytest.raises(AssertionError, match="nothing was logged"):
        logs.take("anything")
