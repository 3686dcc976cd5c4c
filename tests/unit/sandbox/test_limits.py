"""Requests in a second."""

from app.sandbox.deliveries import LIVE, SANDBOX
from app.sandbox.limits import Limits


class _Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_a_limit_nobody_waits() -> None:
    limits = Limits(_Time())
    assert [limits.wait_for("a") for _ in range(1000)] == [0] * 1000


def test_each_account_may_ask_so_often_and_its_bucket_fills_again() -> None:
    time = _Time()
    limits = Limits(time, 25)
    assert [limits.wait_for("a") for _ in range(26)] == [0] * 25 + [1]
    assert limits.wait_for("b") == 0
    time.now = 0.04
    assert (limits.wait_for("a"), limits.wait_for("a")) == (0, 1)
    time.now = 10
    assert [limits.wait_for("a") for _ in range(26)] == [0] * 25 + [1]
    limits.set(None)
    assert limits.wait_for("a") == 0


def test_live_retries_end_within_three_days_and_a_sandboxs_after_three_tries() -> None:
    assert 2.5 * 86_400 < sum(LIVE) < 3 * 86_400
    assert list(LIVE) == sorted(LIVE)
    assert len(SANDBOX) == 2
