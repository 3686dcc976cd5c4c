"""A session that began a subscription: what is not known of the one is not told by the other."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.domain.attempt import Attempt, AttemptState
from app.domain.observation import Source
from app.errors import Message, Rejected, Unavailable
from app.settle import out_of_reach
from app.store import Transaction
from app.subscription_ends import tell_of_silence, tell_out_of_reach
from tests.parts.subscribed import SubscriptionCounter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    # Paid, and the provider does not say that nothing more can come by it.
    till.provider.is_final = lambda session: False  # type: ignore[method-assign]
    till.store.write_now(lambda tx: tx.execute("UPDATE attempts SET is_final = 0"))
    yield till
    assert till.violations() == []
    till.close()


def looked(till: SubscriptionCounter) -> Attempt:
    seen = asyncio.run(till.sessions.look(1, Source.POLL))
    assert (seen.state, seen.is_final) == (AttemptState.PAID, False)
    return seen


def waiting(till: SubscriptionCounter) -> list[str]:
    rows = till.rows("SELECT detail FROM exceptions WHERE resolved_at IS NULL ORDER BY id")
    return [row[0] for row in rows]


def asked_in_vain(till: SubscriptionCounter) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    asyncio.run(till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="moved away"))


def test_a_paid_session_takes_no_subscription_out_of_reach_off_the_list(
    till: SubscriptionCounter,
) -> None:
    till.store.write_now(partial(tell_out_of_reach, row_id=1, words="The keys are wrong."))
    told = waiting(till)
    looked(till)
    assert waiting(till) == told and "cannot be looked at" in told[0]
    asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert waiting(till) == []


def test_a_paid_session_takes_no_end_without_an_answer_off_the_list(
    till: SubscriptionCounter,
) -> None:
    asked_in_vain(till)
    till.store.write_now(partial(tell_of_silence, row_id=1))
    told = waiting(till)
    looked(till)
    assert waiting(till) == told and "It is not known whether" in told[0]


def test_a_paid_session_takes_no_end_that_was_refused_off_the_list(
    till: SubscriptionCounter,
) -> None:
    asked_in_vain(till)
    till.strategy.answers["cancel_subscription"] = [Rejected("no", "not now", status=400)]
    with pytest.raises(Rejected):
        asyncio.run(till.subscriptions.look(1, Source.SWEEP))
    told = waiting(till)
    looked(till)
    assert waiting(till) == told and "goes on" in told[0]


def test_a_paid_session_takes_its_own_doubt_off_the_list(till: SubscriptionCounter) -> None:
    def write(tx: Transaction) -> None:
        out_of_reach(tx, till.attempt(1), Message("The account is not set up."))

    till.store.write_now(write)
    assert len(waiting(till)) == 1
    looked(till)
    assert waiting(till) == []
