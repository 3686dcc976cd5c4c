"""How often a session is looked at, and that no provider is asked more often than it likes."""

from dataclasses import replace

import pytest

from app.domain.attempt import Attempt, AttemptState, CloseReason, Reference
from app.domain.money import Money
from app.watch.pace import Pace
from tests.parts.clock import START

SLOW = Pace(at_least_s=lambda account: 5.0 if account == "slow" else 2.0)


def attempt(account: str, state: AttemptState = AttemptState.OPEN) -> Attempt:
    return Attempt(
        id=1,
        order_id="0rder0000001",
        number=1,
        account=account,
        provider="fakepay",
        provider_account="acct",
        live=False,
        reference=Reference("t11111", "0rder0000001", 1),
        amount=Money(500, "EUR"),
        state=state,
        version=1,
        created_at=START,
        deadline_at=START,
        session_id="s1",
        url="https://pay.example/s1",
        shown_at=START,
    )


@pytest.mark.parametrize("account, wait_s", [("slow", 5.0), ("quick", 2.0)])
def test_a_shown_code_is_asked_about_as_often_as_its_provider_likes(
    account: str, wait_s: float
) -> None:
    shown = attempt(account)
    assert SLOW.after(shown, 0) == SLOW.after_restart(shown, 0) == wait_s


def test_what_is_asked_about_more_seldom_anyway_stays_so() -> None:
    assert SLOW.after(attempt("slow", AttemptState.PROCESSING), 0) == 10.0
    closing = replace(attempt("slow"), close_reason=CloseReason.CANCELLED)
    assert SLOW.after(closing, 0) == 5.0
    assert SLOW.after(replace(closing, account="quick"), 0) == 3.0
    assert Pace().after(attempt("slow"), 0) == 2.0
