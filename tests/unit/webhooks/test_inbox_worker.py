"""What becomes of a delivery after it was acknowledged."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from app.domain.attempt import AttemptState
from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.errors import Protocol
from app.providers.strategy import Recheck
from tests.conftest import ExpectedLogs
from tests.parts.inbox import Door, paid_sale, refund_of
from tests.parts.till import Counter


def test_a_delivery_is_settled_once_and_its_standing_written(till: Counter) -> None:
    order, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(event, event)
    assert door.settle() == 1
    assert door.settle() == 0
    assert door.standings() == [(event.event_id, "settled")]
    assert asyncio.run(till.state(order)) == "paid"


def test_what_a_poll_has_settled_already_is_nothing_new(till: Counter) -> None:
    _, attempt, event = paid_sale(till)
    asyncio.run(till.look(attempt))
    door = Door(till)
    door.take_in(event)
    door.settle()
    assert door.standings() == [(event.event_id, "nothing_new")]
    assert till.count("payments") == 1


def test_a_foreign_event_is_kept_and_counted_and_nobody_is_troubled(till: Counter) -> None:
    _, _, event = paid_sale(till)
    door = Door(till)
    foreign = json.loads(event.body) | {"reference": "web-shop-4711"}
    door.take_in(event, replace(event, event_id="fe_x", body=json.dumps(foreign).encode()))
    door.settle()
    assert door.standings()[1] == ("fe_x", "foreign")
    assert till.count("exceptions") == 0


def test_an_event_that_says_nothing_and_one_of_an_unknown_account_are_kept(till: Counter) -> None:
    _, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(
        replace(event, event_id="a", event_type="nothing"),
        replace(event, event_id="b", account="gone"),
        event,
    )
    door.settle()
    assert door.standings() == [("a", "kept"), ("b", "kept"), (event.event_id, "settled")]


def test_an_event_that_says_too_little_has_its_attempt_looked_at(till: Counter) -> None:
    _, attempt, event = paid_sale(till)
    unknown = json.loads(event.body) | {"reference": "zzzzzz-0123456789ab-1"}
    door = Door(till)
    door.take_in(
        replace(event, event_id="a", event_type="recheck"),
        replace(event, event_id="b", event_type="recheck", body=json.dumps(unknown).encode()),
        event,
    )
    door.settle()
    assert door.poked == [attempt.id]
    assert [standing for _, standing in door.standings()] == ["rechecked", "kept", "settled"]


def test_an_event_that_names_the_providers_session_alone_has_its_attempt_looked_at(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, attempt, event = paid_sale(till)

    def seen(delivery: Delivery, *, at: Any) -> Recheck:
        is_ours = delivery.event_id == "ours"
        return Recheck("", session_id=(attempt.session_id or "") if is_ours else "fs_web")

    monkeypatch.setattr(till.strategy, "observe", seen)
    door = Door(till)
    door.take_in(replace(event, event_id="ours"), replace(event, event_id="webs"))
    door.settle()
    assert door.poked == [attempt.id]
    assert door.standings() == [("ours", "rechecked"), ("webs", "kept")]
    assert asyncio.run(till.look(attempt)).state is AttemptState.PAID


def test_a_session_of_ours_that_is_not_in_the_books_needs_a_person(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, attempt, event = paid_sale(till)
    stray = str(attempt.reference._replace(order_id="0123456789ab"))
    seen = iter([Recheck(stray, Money(500, "EUR")), Recheck(stray), Recheck("web-1", None)])
    observe = till.strategy.observe
    monkeypatch.setattr(till.strategy, "observe", lambda delivery, at: next(seen))
    door = Door(till)
    door.take_in(*[replace(event, event_id=name) for name in "abc"])
    door.settle()
    assert [standing for _, standing in door.standings()] == ["needs_person", "kept", "kept"]
    assert till.rows("SELECT kind, amount_minor FROM exceptions") == [("mismatch", 500)]
    assert door.poked == []
    monkeypatch.setattr(till.strategy, "observe", observe)
    door.take_in(event)
    door.settle()


def test_before_the_account_is_known_deliveries_wait_and_then_count_as_its_own(
    till: Counter,
) -> None:
    order, _, event = paid_sale(till)
    till.strategy.adopt("")
    door = Door(till)
    door.take_in(replace(event, provider_account=""))
    assert door.settle() == 0
    assert door.standings() == [(event.event_id, None)]
    till.strategy.adopt("acct_fake")
    assert door.settle() == 1
    assert asyncio.run(till.state(order)) == "paid"


def test_news_of_a_refund_is_written_down(till: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    order, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(event)
    door.settle()
    payment_id = till.rows("SELECT payment_id FROM payments")[0][0]
    refund = refund_of(payment_id)
    monkeypatch.setattr(till.strategy, "observe", lambda delivery, at: refund)
    door.take_in(replace(event, event_id="r"))
    door.settle()
    assert door.standings()[-1] == ("r", "settled")
    assert till.count("refunds") == 1
    assert asyncio.run(till.state(order)) == "paid"


def test_a_dispute_that_came_before_its_payment_waits_for_it(till: Counter) -> None:
    order, attempt, event = paid_sale(till)
    session = till.provider.sessions[attempt.session_id or ""]
    till.provider.disputes.open(session.payments[0].payment_id)
    door = Door(till)
    door.take_in(till.provider.events[-1])
    door.settle()
    assert [standing for _, standing in door.standings()] == ["waiting"]
    door.take_in(event)
    door.settle()
    door.settle()
    assert [standing for _, standing in door.standings()] == ["settled", "settled"]
    assert till.rows("SELECT state, withdrawn_minor FROM disputes") == [("needs_response", 500)]
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.DISPUTED]
    assert asyncio.run(till.state(order)) == "paid"
    assert till.violations() == []


def test_a_dispute_of_a_payment_that_turns_out_a_strangers_is_counted_as_one(
    till: Counter,
) -> None:
    _, attempt, event = paid_sale(till)
    session = till.provider.sessions[attempt.session_id or ""]
    till.provider.disputes.open(session.payments[0].payment_id)
    foreign = json.loads(event.body) | {"reference": "web-shop-4711"}
    door = Door(till)
    door.take_in(till.provider.events[-1])
    door.settle()
    door.take_in(replace(event, event_id="fe_x", body=json.dumps(foreign).encode()))
    door.settle()
    assert [standing for _, standing in door.standings()] == ["foreign", "foreign"]
    assert till.count("exceptions") == till.count("disputes") == 0
    # It was the till's own after all.
    door.take_in(event)
    door.settle()
    door.settle()
    assert [standing for _, standing in door.standings()] == ["settled", "foreign", "settled"]


@pytest.mark.parametrize(
    "fault",
    [
        Protocol("odd"),
        KeyError("x"),
        TypeError("x"),
        ValueError("x"),
        AttributeError("x"),
        IndexError("x"),
        OverflowError("x"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_poisoned_event_is_marked_and_does_not_hold_up_the_others(
    till: Counter, fault: Exception, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    order, _, event = paid_sale(till)
    observe = till.strategy.observe

    def poisoned(delivery: Delivery, *, at: Any) -> Any:
        if delivery.event_id == "poison":
            raise fault
        return observe(delivery, at=at)

    monkeypatch.setattr(till.strategy, "observe", poisoned)
    door = Door(till)
    door.take_in(replace(event, event_id="poison"), event)
    door.settle()
    assert door.standings() == [("poison", "failed"), (event.event_id, "settled")]
    assert asyncio.run(till.state(order)) == "paid"
    expected_logs.take("delivery poison cannot be understood")
    assert door.settle() == 0
