"""Accounts that give no answer rest, and are tried again; every answer ends that."""

import pytest

from app.errors import Protocol, Rejected, Unavailable
from app.watch.rests import Rests
from tests.parts.clock import VirtualClock


@pytest.fixture
def rests() -> Rests:
    return Rests(VirtualClock())


def test_after_three_without_an_answer_it_rests(rests: Rests) -> None:
    for _ in range(2):
        rests.failed("shop", Unavailable("No answer"))
        assert not rests.rests("shop")
    rests.failed("shop", Unavailable("No answer"))
    assert rests.rests("shop") and rests.resting == {"shop"}
    assert not rests.rests("other")


@pytest.mark.parametrize("answer", [Rejected("no", status=404), Protocol("nonsense")])
def test_a_refusal_of_what_was_asked_is_an_answer(rests: Rests, answer: Exception) -> None:
    for error in (Unavailable("No answer"), Unavailable("No answer"), answer):
        rests.failed("shop", error)
    rests.failed("shop", Unavailable("No answer"))
    assert not rests.rests("shop")


def test_what_is_the_tills_own_fault_says_nothing_of_the_account(rests: Rests) -> None:
    for error in (Unavailable("No answer"), Unavailable("No answer"), ValueError("ours")):
        rests.failed("shop", error)
    rests.failed("shop", Unavailable("No answer"))
    assert rests.rests("shop")


def test_refused_keys_rest_at_once_and_are_tried_within_five_minutes() -> None:
    clock = VirtualClock()
    rests = Rests(clock)
    for _ in range(6):
        rests.failed("shop", Rejected("No such key", status=401))
        assert rests.rests("shop")
        clock.advance(300)
        assert not rests.rests("shop")
