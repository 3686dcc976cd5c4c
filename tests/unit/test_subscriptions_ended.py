"""Ending subscriptions: under one key, by a named person, and never called done too soon."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.observation import Source
from app.domain.renewal import EndWanted
from app.errors import CheckoutRefused, InvariantError, Rejected, StoreError, Unavailable
from app.failpoints import FAILPOINTS, only_at, switched_on
from app.store import Store
from app.store.intents import Intent, Operation
from app.subscription_ends import known_subscription, tell_of_silence, write_refused_end
from app.subscriptions import Subscriptions
from tests.conftest import ExpectedLogs
from tests.parts.giving_back import LOST
from tests.parts.subscribed import CLUB, SUB, SubscriptionCounter

WHO = {"by": "Ada", "reason": "moved away"}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def cancelled(till: SubscriptionCounter, *, at_period_end: bool = False, **who: str) -> str:
    now = asyncio.run(till.subscriptions.cancel(1, at_period_end=at_period_end, **(WHO | who)))
    return now.state.value


def waiting(till: SubscriptionCounter) -> list[str]:
    return [
        row[0]
        for row in till.rows("SELECT detail FROM exceptions WHERE resolved_at IS NULL ORDER BY id")
    ]


def ends(till: SubscriptionCounter) -> list[tuple[str, str | None]]:
    rows = till.rows("SELECT key, outcome FROM intents WHERE operation = 'unsubscribe' ORDER BY id")
    return [(key[-5:], outcome) for key, outcome in rows]


def test_one_is_ended_at_once_with_who_and_why(till: SubscriptionCounter) -> None:
    assert cancelled(till) == "ended"
    assert till.facts()[2:] == ["end_wanted", "ended"]
    (actor, data) = till.rows(
        "SELECT actor, json_extract(data, '$.reason') FROM audit "
        "WHERE action = 'subscription.end_wanted'"
    )[0]
    assert (actor, data) == ("Ada", "moved away")
    assert ends(till) == [("end-1", "done")]
    # Once more it is what it is, and nobody is asked.
    assert cancelled(till) == "ended"
    assert till.strategy.count("cancel_subscription") == 1


def test_one_is_ended_with_what_was_paid_for_and_then_at_once(till: SubscriptionCounter) -> None:
    assert cancelled(till, at_period_end=True) == "active"
    found = till.subscription()
    assert found.ends_at is not None and not found.is_ending
    assert found.end_wanted is EndWanted.PERIOD_END and found.end_wanted_by == "Ada"
    cancelled(till, at_period_end=True)
    assert till.strategy.count("cancel_subscription") == 1
    assert cancelled(till) == "ended"
    assert ends(till) == [("end-1", "done"), ("end-2", "done")]


def test_a_lost_answer_is_asked_for_again_under_its_key_and_nothing_is_called_ended(
    till: SubscriptionCounter,
) -> None:
    till.strategy.answers["cancel_subscription"] = [LOST] * 100
    assert cancelled(till) == "active"
    assert till.subscription().is_ending
    asked = till.strategy.count("cancel_subscription")
    # Pressed again it is the same call.
    assert cancelled(till) == "active"
    assert till.strategy.count("cancel_subscription") > asked
    till.strategy.answers["cancel_subscription"] = []
    till.restart()
    assert asyncio.run(till.subscriptions.look(1, Source.SWEEP)).is_over
    assert len(set(till.strategy.keys_of("cancel_subscription"))) == 1
    assert till.facts().count("end_wanted") == 1 and till.facts()[-1] == "ended"


def test_another_wish_takes_the_place_of_one_without_an_answer(till: SubscriptionCounter) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    cancelled(till, at_period_end=True)
    till.strategy.answers["cancel_subscription"] = []
    assert cancelled(till) == "ended"
    assert ends(till) == [("end-1", "superseded"), ("end-2", "done")]


def test_a_refusal_is_raised_and_the_subscription_goes_on(till: SubscriptionCounter) -> None:
    till.strategy.answers["cancel_subscription"] = [Rejected("no", "not now", status=400)]
    with pytest.raises(Rejected):
        cancelled(till)
    found = till.subscription()
    assert found.end_wanted is None and not found.is_ending
    assert till.facts()[-1] == "end_refused" and waiting(till) == []


def test_a_refusal_that_comes_when_nobody_waits_for_it_is_told_by_the_list(
    till: SubscriptionCounter,
) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    cancelled(till)
    till.strategy.answers["cancel_subscription"] = [Rejected("no", "not now", status=400)]
    with pytest.raises(Rejected):
        asyncio.run(till.subscriptions.look(1, Source.SWEEP))
    (detail,) = waiting(till)
    assert detail == (
        "The subscription of order 1 goes on: the provider would not end it. no. not now."
    )
    # Told anew for each call, whatever a person made of the last.
    till.store.write_now(
        lambda tx: tx.execute("UPDATE exceptions SET resolved_at = '2026', resolved_by = 'Ada'")
    )
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    cancelled(till)
    till.strategy.answers["cancel_subscription"] = [Rejected("no", "not now", status=400)]
    with pytest.raises(Rejected):
        asyncio.run(till.subscriptions.look(1, Source.SWEEP))
    assert waiting(till) == [detail]
    # What is ended after all clears that up.
    cancelled(till)
    assert waiting(till) == []
    till.store.write_now(lambda tx: tx.execute("UPDATE exceptions SET resolved_by = NULL"))


def test_refused_keys_after_a_lost_answer_say_nothing_of_it(
    till: SubscriptionCounter, expected_logs: ExpectedLogs
) -> None:
    till.strategy.answers["cancel_subscription"] = [LOST, Rejected("keys", status=401)]
    assert cancelled(till) == "active"
    expected_logs.take("the keys of fake are refused")
    assert till.subscription().is_ending and ends(till) == [("end-1", None)]
    asyncio.run(till.subscriptions.look(1, Source.SWEEP))
    assert till.subscription().is_over


@pytest.mark.parametrize(
    "at_period_end, lacks, words",
    [
        (False, "cancels_now", "only with what was paid for"),
        (True, "cancels_at_period_end", "only at once"),
    ],
)
def test_what_the_provider_cannot_do_is_refused_in_words(
    till: SubscriptionCounter, at_period_end: bool, lacks: str, words: str
) -> None:
    lacking: dict[str, Any] = {lacks: False}
    till.strategy.capabilities = replace(till.strategy.capabilities, **lacking)
    with pytest.raises(CheckoutRefused, match=words):
        cancelled(till, at_period_end=at_period_end)
    assert ends(till) == []


def test_without_a_person_a_reason_or_the_keys_nothing_is_begun(till: SubscriptionCounter) -> None:
    with pytest.raises(CheckoutRefused, match="Nobody is named"):
        cancelled(till, by=" ")
    with pytest.raises(CheckoutRefused, match="Nobody is named"):
        cancelled(till, reason="")
    till.provider.account = "acct_2"
    till.strategy.credential_digest = "digest-2"
    till.strategy.adopt("")
    with pytest.raises(CheckoutRefused, match="belong to another account") as caught:
        cancelled(till)
    assert "Nothing was ended." in caught.value.detail
    assert ends(till) == []
    till.provider.account = "acct_fake"


def test_while_the_books_cannot_be_written_nothing_is_begun(
    till: SubscriptionCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "trouble", property(lambda self: StoreError("The disk is full")))
    with pytest.raises(CheckoutRefused, match="disk is full"):
        cancelled(till)
    monkeypatch.undo()
    assert ends(till) == []


def test_one_that_ended_meanwhile_is_not_ended_again(till: SubscriptionCounter) -> None:
    """The answer of another look comes between the look into the books and the intent."""
    before = till.subscription()
    till.provider.end(SUB)
    asyncio.run(till.subscriptions.look(1, Source.POLL))

    class Late(Subscriptions):
        looks = 0

        async def _find(self, row_id: int):  # type: ignore[no-untyped-def]
            self.looks += 1
            return before if self.looks == 1 else await super()._find(row_id)

    late = Late(till.store, till.gateway, till.sessions, clock=till.clock, jitter=till.random)
    assert asyncio.run(late.cancel(1, at_period_end=False, **WHO)).is_over
    assert ends(till) == []


def test_after_a_restoration_its_key_is_one_that_no_lost_call_had(
    till: SubscriptionCounter,
) -> None:
    till.store.write_now(lambda tx: tx.execute("UPDATE till SET epoch = 2"))
    cancelled(till)
    ((key, _),) = till.rows("SELECT key, outcome FROM intents WHERE operation = 'unsubscribe'")
    assert key.endswith("-end-1001") and len(key) <= 40
    till.store.write_now(lambda tx: tx.execute("UPDATE till SET epoch = 1"))


def test_a_refusal_after_an_answer_changes_nothing(till: SubscriptionCounter) -> None:
    cancelled(till)
    (row,) = till.rows("SELECT id, key FROM intents WHERE operation = 'unsubscribe'")
    intent = Intent(row[0], row[1], Operation.UNSUBSCRIBE, 1, {}, till.clock.now(), None, 1)
    till.store.write_now(lambda tx: write_refused_end(tx, intent, "no", is_told=False))
    assert till.facts()[-1] == "ended" and waiting(till) == []


def test_what_is_gone_from_the_books_is_our_fault(till: SubscriptionCounter) -> None:
    with pytest.raises(InvariantError, match="Subscription 7 is gone"):
        till.store.write_now(lambda tx: known_subscription(tx, 7))
    connection = till.store._writer._connection
    connection.execute("PRAGMA foreign_keys=OFF")
    (order_id,) = till.rows("SELECT order_id FROM subscriptions")[0]
    # Without a call that waits for its answer there is nothing to tell.
    till.store.write_now(lambda tx: tell_of_silence(tx, 1))
    assert waiting(till) == []
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    cancelled(till)
    connection.execute("UPDATE subscriptions SET order_id = 'none'")
    with pytest.raises(InvariantError, match="Order none is gone"):
        till.store.write_now(lambda tx: tell_of_silence(tx, 1))
    connection.execute("UPDATE subscriptions SET order_id = ?", (order_id,))
    connection.execute("PRAGMA foreign_keys=ON")


POINTS = [n for n in FAILPOINTS if n.startswith(("unsubscribe.", "subscription.sav", "writer.c"))]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("at_period_end", [False, True])
def test_cut_off_at_any_point_of_ending_it_is_ended_once_and_by_itself(
    tmp_path: Path, point: str, at_period_end: bool
) -> None:
    class PowerCut(BaseException):
        pass

    def die() -> None:
        raise PowerCut

    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe(CLUB))
    with pytest.raises(PowerCut), switched_on(only_at(point, die)):
        cancelled(till, at_period_end=at_period_end)
    till.restart()
    if not ends(till):
        cancelled(till, at_period_end=at_period_end)
    asyncio.run(till.subscription_watch.sweep())
    found = till.subscription()
    assert not found.is_ending
    assert (found.ends_at is not None) is at_period_end and found.is_over is not at_period_end
    assert ends(till) == [("end-1", "done")]
    assert len(set(till.strategy.keys_of("cancel_subscription"))) == 1
    assert till.violations() == []
    till.close()


def test_one_that_goes_on_after_an_end_that_a_person_wanted_is_told(
    till: SubscriptionCounter,
) -> None:
    cancelled(till, at_period_end=True, by="Ada")
    ends_at = till.subscription().ends_at
    assert ends_at is not None and till.count("exceptions") == 0
    till.clock.advance((ends_at - till.clock.now()).total_seconds() + 60)
    till.provider.subscriptions[SUB].ends_at = None
    till.provider.renew(SUB)
    asyncio.run(till.subscriptions.look(1, Source.POLL))
    asyncio.run(till.subscriptions.look(1, Source.POLL))
    (detail,) = waiting(till)
    assert "goes on, though Ada had it end" in detail
    assert cancelled(till) == "ended"
    assert waiting(till) == [detail], "whoever knows of it takes it off the list"


def test_what_can_be_asked_for_is_what_the_provider_can_do_and_is_not_asked_for_yet(
    till: SubscriptionCounter,
) -> None:
    (one,) = asyncio.run(till.subscriptions.page())
    both = (EndWanted.PERIOD_END, EndWanted.NOW)
    ends_of = till.subscriptions.ends_of
    assert ends_of(one) == both
    assert ends_of(replace(one, end_wanted=EndWanted.NOW)) == ()
    assert ends_of(replace(one, account="gone")) == ()
    cancelled(till, at_period_end=True)
    (ending,) = asyncio.run(till.subscriptions.page())
    assert ends_of(ending) == (EndWanted.NOW,)
    takes = till.strategy.capabilities
    till.strategy.capabilities = replace(takes, cancels_now=False)
    assert ends_of(ending) == () and ends_of(one) == (EndWanted.PERIOD_END,)
    till.strategy.capabilities = replace(takes, cancels_at_period_end=False)
    assert ends_of(one) == (EndWanted.NOW,)
    till.strategy.capabilities = takes
    cancelled(till)
    (ended,) = asyncio.run(till.subscriptions.page())
    assert ends_of(ended) == ()


def test_of_one_call_without_an_answer_a_person_is_told_once(till: SubscriptionCounter) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    cancelled(till)
    for _ in range(2):
        till.store.write_now(lambda tx: tell_of_silence(tx, 1))
    (told,) = waiting(till)
    assert "has not answered for a day" in told
    till.strategy.answers.clear()
