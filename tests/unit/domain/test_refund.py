"""Refunds move forward; only a bank can take success back."""

from app.domain.refund import REFUND_MOVES, RefundState


def test_a_refund_never_goes_back_to_being_asked_for_and_failure_is_the_end() -> None:
    assert set(REFUND_MOVES) == set(RefundState)
    assert all(RefundState.REQUESTED not in moves for moves in REFUND_MOVES.values())
    assert REFUND_MOVES[RefundState.FAILED] == frozenset()
    assert REFUND_MOVES[RefundState.SUCCEEDED] == {RefundState.FAILED}


def test_every_state_but_the_last_can_fail() -> None:
    for state in set(RefundState) - {RefundState.FAILED}:
        assert RefundState.FAILED in REFUND_MOVES[state]
