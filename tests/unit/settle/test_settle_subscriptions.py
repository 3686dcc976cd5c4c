"""What a look at a subscription comes to: renewals once each, states, and what is held."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.resolution import Action, way_out
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.failpoints import FAILPOINTS, only_at, switched_on
from app.store.decisions import case_of, find_exception
from app.store.refunds import refunds_of
from tests.parts.inbox import Door
from tests.parts.subscribed import CLUB, MUG, SUB, SubscriptionCounter
from tests.parts.till import product

EUR = "EUR"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


@pytest.fixture
def going_on(till: SubscriptionCounter) -> SubscriptionCounter:
    asyncio.run(till.subscribe())
    return till


def waiting(till: SubscriptionCounter) -> list[str]:
    return [
        row[0]
        for row in till.rows("SELECT detail FROM exceptions WHERE resolved_at IS NULL ORDER BY id")
    ]


def test_a_session_that_began_a_subscription_writes_its_record_once_with_its_payment(
    till: SubscriptionCounter,
) -> None:
    order, attempt = asyncio.run(till.sell())
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    asyncio.run(till.look(attempt))
    begun = till.subscription()
    assert (begun.subscription_id, begun.order_id, begun.attempt_id) == (SUB, order.id, attempt.id)
    assert begun.amount == Money(1190, EUR) and begun.interval == "monthly"
    assert begun.state is SubscriptionState.PENDING and begun.looked_at is None
    assert till.count("subscriptions") == 1
    assert till.facts() == ["started"]
    assert asyncio.run(till.state(order)) == "paid"
    assert till.ledger() == {"clearing:fake": 1785, "sales": -1500, "tax:standard": -285}


def test_a_session_without_a_recurring_line_begins_no_record(till: SubscriptionCounter) -> None:
    _, attempt = asyncio.run(till.sell(MUG))
    till.provider.recurring[attempt.session_id or ""] = Money(595, EUR)
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    assert till.count("subscriptions") == 0
    # Where it goes on charging all the same, a person is told.
    till.provider.renew(SUB)
    assert till.told(till.seen()) is Standing.NEEDS_PERSON
    assert till.told(till.seen()) is Standing.NOTHING_NEW
    (detail,) = waiting(till)
    assert f"not in the books: {SUB}" in detail


def test_the_first_look_tells_how_it_stands(going_on: SubscriptionCounter) -> None:
    found = going_on.subscription()
    assert found.state is SubscriptionState.ACTIVE
    assert found.current_until == going_on.provider.subscriptions[SUB].current_until
    assert going_on.facts() == ["started", "active"]
    assert going_on.renewals() == []
    assert going_on.told(going_on.seen()) is Standing.NOTHING_NEW


def test_what_is_taken_after_the_first_is_a_renewal_a_sale_and_no_orders(
    going_on: SubscriptionCounter,
) -> None:
    before = going_on.ledger()
    renewal = going_on.provider.renew(SUB)
    assert going_on.told(going_on.seen()) is Standing.SETTLED
    assert going_on.told(going_on.seen()) is Standing.NOTHING_NEW
    assert going_on.renewals() == [(renewal, 1190, None, None)]
    now = going_on.ledger()
    moved = {account: now[account] - before[account] for account in now}
    assert moved == {"clearing:fake": 1190, "sales": -1000, "tax:standard": -190}
    assert going_on.facts()[-1] == "renewed"
    (order_id,) = going_on.rows("SELECT id FROM orders")[0]
    detail = asyncio.run(going_on.orders.detail(order_id))
    assert detail is not None and len(detail.tenders) == 1
    assert [each.subscription.subscription_id for each in detail.subscriptions] == [SUB]
    assert "subscription.renewed" in [fact.name for fact in detail.history]


@pytest.mark.parametrize("amount", [Money(1189, EUR), Money(1191, EUR), Money(1190, "USD")])
def test_one_that_is_not_what_was_agreed_is_held_and_can_be_given_back_or_kept(
    going_on: SubscriptionCounter, amount: Money
) -> None:
    renewal = going_on.provider.renew(SUB, amount)
    assert going_on.told(going_on.seen()) is Standing.SETTLED
    assert going_on.renewals() == [(renewal, amount.minor, "mismatch", None)]
    (detail,) = waiting(going_on)
    assert f"took {amount}, agreed was 11.90 EUR" in detail
    entry = going_on.store.read_now(lambda db: find_exception(db, 1))
    assert entry is not None and entry.kind is ExceptionKind.MISMATCH
    case = going_on.store.read_now(lambda db: case_of(db, entry))
    ways = {action: way_out(case, action) for action in Action}
    assert [action for action, way in ways.items() if way.is_open] == [
        Action.REFUND,
        Action.WRITE_OFF,
    ]
    assert "no order" in ways[Action.ACCEPT].objection
    assert ways[Action.ACCEPT].objection == ways[Action.ASSIGN].objection
    assert going_on.violations() == []
    asyncio.run(
        going_on.resolutions.resolve(
            1,
            Action.REFUND if amount.minor == 1189 else Action.WRITE_OFF,
            by="Ada",
            reason="not agreed",
        )
    )
    assert waiting(going_on) == []


def test_a_renewal_can_be_given_back_beside_the_first(going_on: SubscriptionCounter) -> None:
    renewal = going_on.provider.renew(SUB)
    going_on.told(going_on.seen())
    first = going_on.provider.subscriptions[SUB].payments[0].payment_id
    for number, payment_id in enumerate((first, renewal), start=1):
        asyncio.run(
            going_on.refunds.ask(
                payment_id, Money(100, EUR), press=f"p{number}", by="Ada", reason="sour"
            )
        )
    keys = going_on.rows("SELECT key FROM intents WHERE operation = 'refund' ORDER BY id")
    assert [row[0][-9:] for row in keys] == ["-refund-1", "-refund-2"]
    assert going_on.ledger()["refunds"] == 200


def test_a_refund_of_a_renewal_that_was_heard_of_first_waits_for_it(
    going_on: SubscriptionCounter,
) -> None:
    door = Door(going_on)
    renewal = going_on.provider.renew(SUB)
    given = going_on.provider.refunds.give_back(renewal, Money(90, EUR))
    door.take_in(going_on.provider.refunds.delivery(given.id, "fe_r"))
    door.settle()
    assert door.standings()[-1] == ("fe_r", "waiting")
    going_on.told(going_on.seen())
    door.settle()
    assert door.standings()[-1] == ("fe_r", "settled")
    detail = asyncio.run(going_on.subscriptions.detail(1))
    (back,) = going_on.store.read_now(lambda db: refunds_of(db, detail.renewals[0]))
    assert back.amount == Money(90, EUR)


def test_a_refused_renewal_is_told_once_for_each_news(going_on: SubscriptionCounter) -> None:
    going_on.provider.refuse(SUB)
    going_on.told(going_on.seen())
    going_on.told(going_on.seen())
    assert going_on.facts()[2:] == ["past_due", "renewal_refused"]
    assert going_on.subscription().decline == "card_declined"
    going_on.provider.refuse(SUB, "expired_card")
    going_on.told(going_on.seen())
    going_on.provider.renew(SUB)
    going_on.told(going_on.seen())
    assert going_on.facts()[4:] == ["renewal_refused", "renewed", "active"]
    assert going_on.subscription().decline == ""
    audited = going_on.rows("SELECT actor FROM audit WHERE action = 'subscription.past_due'")
    assert audited == [("provider:fakepay",)]


def test_an_end_is_told_and_what_is_taken_after_it_is_held(going_on: SubscriptionCounter) -> None:
    last = going_on.provider.renew(SUB)
    going_on.provider.end(SUB)
    going_on.told(going_on.seen())
    ended = going_on.subscription()
    assert ended.is_over and ended.ended_at == going_on.clock.now()
    assert going_on.renewals() == [(last, 1190, None, None)]
    late = going_on.provider.renew(SUB)
    going_on.told(going_on.seen())
    assert going_on.renewals()[1] == (late, 1190, "mismatch", None)
    assert "came after its end" in waiting(going_on)[0]


def test_an_end_without_a_date_ends_when_it_was_seen(going_on: SubscriptionCounter) -> None:
    going_on.told(replace(going_on.seen(), state=SubscriptionState.ENDED))
    assert going_on.subscription().ended_at == going_on.clock.now()
    # Nothing leads back from it.
    going_on.told(going_on.seen())
    assert going_on.subscription().is_over


def test_an_end_to_come_is_told_and_so_is_that_it_was_taken_back(
    going_on: SubscriptionCounter,
) -> None:
    going_on.provider.end(SUB, at_period_end=True)
    assert going_on.told(going_on.seen()) is Standing.SETTLED
    assert going_on.subscription().ends_at == going_on.provider.subscriptions[SUB].ends_at
    going_on.provider.subscriptions[SUB].ends_at = None
    going_on.told(going_on.seen())
    assert going_on.facts()[2:] == ["ending", "goes_on"]


def test_an_older_look_changes_no_state_but_its_money_counts(going_on: SubscriptionCounter) -> None:
    going_on.provider.renew(SUB)
    older = going_on.seen()
    going_on.clock.advance(60)
    going_on.provider.refuse(SUB)
    newer = replace(going_on.seen(), payments=older.payments[:1])
    going_on.told(newer)
    assert going_on.told(older) is Standing.SETTLED
    assert len(going_on.renewals()) == 1
    assert going_on.subscription().state is SubscriptionState.PAST_DUE
    assert going_on.told(older) is Standing.NOTHING_NEW


def test_where_nobody_names_the_first_the_oldest_is_it(going_on: SubscriptionCounter) -> None:
    going_on.strategy.first_is_told = False
    renewal = going_on.provider.renew(SUB)
    going_on.told(going_on.seen())
    assert [row[0] for row in going_on.renewals()] == [renewal]


def test_renewals_of_an_order_that_was_never_paid_are_held(till: SubscriptionCounter) -> None:
    order, attempt = asyncio.run(till.sell())
    till.provider.pay(attempt.session_id or "", Money(1000, EUR))
    asyncio.run(till.look(attempt))
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "open"
    told = asyncio.run(till.waiting(order))
    assert told == [ExceptionKind.UNDERPAID, ExceptionKind.MISMATCH]
    assert "end the subscription, too" in waiting(till)[1]
    till.provider.renew(SUB)
    till.told(till.seen())
    assert [row[2] for row in till.renewals()] == ["mismatch"]
    assert "order 1 is not paid by it" in waiting(till)[2]


def test_one_that_was_heard_of_before_its_session_is_begun_by_its_reference(
    till: SubscriptionCounter,
) -> None:
    _, attempt = asyncio.run(till.sell())
    till.provider.pay(attempt.session_id or "")
    assert till.told(till.seen()) is Standing.SETTLED
    assert till.subscription().state is SubscriptionState.ACTIVE
    assert till.count("payments") == 0
    asyncio.run(till.look(attempt))
    assert till.count("payments") == 1


# --- any order of news ---------------------------------------------------------------------------

STEPS = ("renew", "renew", "odd", "refuse", "pause", "end_later", "go_on", "end")


def lived(till: SubscriptionCounter, steps: list[str]) -> list[SubscriptionObservation]:
    """Have a subscription live through something, and give what it looked like after each step."""
    looks = [till.seen()]
    subscription = till.provider.subscriptions[SUB]
    for step in steps:
        till.clock.advance(3600)
        if subscription.state is SubscriptionState.ENDED:
            break
        match step:
            case "renew":
                till.provider.renew(SUB)
            case "odd":
                till.provider.renew(SUB, Money(7, EUR))
            case "refuse":
                till.provider.refuse(SUB, f"code_{len(looks)}")
            case "pause":
                subscription.state = SubscriptionState.PAUSED
            case "go_on":
                subscription.ends_at = None
                subscription.state = SubscriptionState.ACTIVE
            case _:
                till.provider.end(SUB, at_period_end=step == "end_later")
        looks.append(till.seen())
    return looks


def made_of(till: SubscriptionCounter) -> tuple[Any, ...]:
    """Give all that the books hold of it, but for how it came about."""
    found = till.subscription()
    state = replace(found, id=0, version=0, started_at=found.looked_at or found.started_at)
    held = till.rows("SELECT detail FROM exceptions ORDER BY detail, amount_minor")
    return state, till.renewals(), till.ledger(), held


@given(
    steps=st.lists(st.sampled_from(STEPS), max_size=8),
    order=st.randoms(use_true_random=False),
    repeats=st.integers(0, 4),
)
@settings(max_examples=40)
def test_any_order_of_news_and_repeats_comes_to_the_same_books(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], order: Any, repeats: int
) -> None:
    till = SubscriptionCounter(tmp_path_factory.mktemp("in_order"))
    other = SubscriptionCounter(tmp_path_factory.mktemp("anyhow"))
    for each in (till, other):
        asyncio.run(each.subscribe())
    looks = lived(till, steps)
    lived(other, steps)
    for look in looks:
        till.told(look)
    anyhow = [*looks, *order.choices(looks, k=repeats)]
    order.shuffle(anyhow)
    for look in anyhow:
        other.told(look)
    assert made_of(till) == made_of(other)
    assert till.violations() == other.violations() == []
    till.close()
    other.close()


POINTS = [name for name in FAILPOINTS if name.startswith(("subscription.", "settle.", "writer.c"))]


@pytest.mark.parametrize("point", POINTS)
def test_cut_off_at_any_point_and_told_again_it_comes_to_the_same(
    tmp_path: Path, point: str
) -> None:
    class PowerCut(BaseException):
        pass

    def die() -> None:
        raise PowerCut

    till = SubscriptionCounter(tmp_path)
    _, attempt = asyncio.run(till.sell(CLUB, product(100)))
    till.provider.pay(attempt.session_id or "")

    async def live() -> None:
        await till.look(attempt)
        await till.subscriptions.look(1, Source.POLL)
        if len(till.provider.subscriptions[SUB].payments) == 1:
            till.provider.renew(SUB)
        await till.subscriptions.look(1, Source.POLL)

    with pytest.raises(PowerCut), switched_on(only_at(point, die)):
        asyncio.run(live())
    till.restart()
    asyncio.run(live())
    assert len(till.renewals()) == 1
    assert till.ledger()["clearing:fake"] == 1290 + 1190
    assert till.facts() == ["started", "active", "renewed"]
    assert till.violations() == []
    till.close()


def test_it_is_read_on_only_from_where_the_books_have_everything(
    till: SubscriptionCounter,
) -> None:
    _, attempt = asyncio.run(till.sell())
    till.provider.pay(attempt.session_id or "")
    seen = replace(till.seen(), read_to="inv-1")
    till.told(seen)
    # What began it is not in the books before its session is settled.
    assert till.subscription().read_to == ""
    asyncio.run(till.look(attempt))
    till.told(seen)
    assert till.subscription().read_to == "inv-1"
    till.told(replace(seen, read_to=""))
    assert till.subscription().read_to == "inv-1"
