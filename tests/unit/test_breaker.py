"""When an account is trusted with the next customer, and when it is passed over."""

from hypothesis import given
from hypothesis import strategies as st

from app.breaker import WINDOW_S, Breaker, Standing


def broken(at: float = 0) -> Breaker:
    breaker = Breaker()
    for second in range(3):
        breaker.failed(at + second)
    return breaker


def test_a_new_account_and_one_that_answers_are_well() -> None:
    breaker = Breaker()
    assert breaker.standing(0) is Standing.WELL
    breaker.answered(1)
    assert breaker.standing(1) is Standing.WELL


def test_a_single_lost_answer_makes_it_shaky_until_it_answers_or_time_passes() -> None:
    breaker = Breaker()
    breaker.failed(10)
    assert breaker.standing(11) is Standing.SHAKY
    assert breaker.standing(11 + WINDOW_S) is Standing.WELL
    breaker.failed(300)
    breaker.answered(301)
    assert breaker.standing(301) is Standing.WELL


def test_three_lost_answers_take_it_out_and_one_answer_brings_it_back() -> None:
    breaker = broken()
    assert breaker.standing(2) is Standing.DOWN
    breaker.answered(3)
    assert breaker.standing(3) is Standing.WELL
    breaker.failed(4)
    assert breaker.standing(4) is Standing.SHAKY, "what was before it came back is forgotten"


def test_what_fails_less_than_half_the_time_stays_in() -> None:
    breaker = Breaker()
    for second in range(0, 40, 2):
        breaker.answered(second)
        breaker.failed(second + 1)
    assert breaker.standing(40) is Standing.SHAKY


def test_now_and_then_one_customer_is_sent_there_to_see_whether_it_is_back() -> None:
    breaker = broken()
    assert breaker.standing(31) is Standing.DOWN
    assert breaker.standing(32) is Standing.TRIAL
    breaker.tried(32)
    assert breaker.standing(33) is Standing.DOWN
    breaker.failed(35)
    assert (breaker.standing(64), breaker.standing(65)) == (Standing.DOWN, Standing.TRIAL)
    breaker.tried(65)
    breaker.answered(66)
    assert breaker.standing(66) is Standing.WELL


def test_a_trial_that_is_still_under_way_is_not_joined_by_another_however_late() -> None:
    breaker = broken()
    breaker.tried(1000)
    assert breaker.standing(1029) is Standing.DOWN


def test_refused_keys_are_told_apart_and_are_forgiven_at_the_first_answer() -> None:
    breaker = Breaker()
    breaker.tried(0)
    breaker.failed(0, is_refused=True)
    assert breaker.standing(0) is Standing.REFUSED
    breaker.failed(1)
    assert breaker.standing(1) is Standing.SHAKY
    breaker.failed(2, is_refused=True)
    breaker.answered(3)
    assert breaker.standing(3) is Standing.WELL


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 60)), max_size=60))
def test_it_is_never_shut_out_for_good(calls: list[tuple[bool, float]]) -> None:
    breaker, at = Breaker(), 0.0
    for was_answered, pause in calls:
        at += pause
        breaker.answered(at) if was_answered else breaker.failed(at)
    assert breaker.standing(at + WINDOW_S + 31) in {Standing.WELL, Standing.TRIAL}
