"""An order that is cancelled with a part of it paid: that part waits for a person again."""

import asyncio

import pytest

from app.domain.attempt import AttemptState
from app.domain.exceptions import ExceptionKind
from app.domain.order import Order
from app.domain.refund import RefundState
from app.domain.resolution import Action, ways_out
from app.errors import InvariantError, Unavailable
from app.store.decisions import find_payment, hold_again
from app.store.verify import Outcome, verify
from tests.parts.till import Counter
from tests.parts.trouble import (
    case,
    deliver,
    entry,
    eur,
    kinds_waiting,
    ledger,
    paid_late,
    paid_otherwise,
    refunds,
    resolved,
    waiting,
)


async def paid_in_part(till: Counter, minor: int = 300) -> tuple[Order, str]:
    """Have a person accept too little: the order waits for the rest."""
    order, attempt = await paid_otherwise(till, minor)
    await resolved(till, Action.ACCEPT)
    return order, f"fp_{attempt.session_id}_1"


def is_sound(till: Counter) -> bool:
    checks = till.store.read_now(verify)
    return not [str(check) for check in checks if check.outcome is Outcome.VIOLATED]


def open_actions(till: Counter, number: int = 1) -> set[str]:
    return {way.action.value for way in ways_out(case(till, number)) if way.is_open}


def test_the_part_is_on_the_list_and_the_order_is_left(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_in_part(till)
        assert waiting(till) == []
        assert (await till.checkout.cancel(order.id)).state.value == "cancelled"
        assert ledger(till) == {"clearing:fake": 300, "held": -300}
        (waits,) = waiting(till)
        assert (waits.id, waits.kind, waits.amount) == (1, ExceptionKind.UNDERPAID, eur(300))
        assert f"Order {order.number} was cancelled when 3.00 EUR was paid on it." in waits.detail
        assert is_sound(till)
        await resolved(till, Action.REFUND)
        assert waiting(till) == [] and ledger(till) == {}
        assert refunds(till, order) == [("succeeded", 300)]

    asyncio.run(story())


def test_a_part_that_was_assigned_is_on_the_list_of_the_order_that_it_was_for(
    till: Counter,
) -> None:
    async def story() -> None:
        await paid_late(till, 300)
        target = await till.place(500)
        await resolved(till, Action.ASSIGN, order_id=target.id)
        await till.checkout.cancel(target.id)
        (waits,) = waiting(till)
        assert (waits.id, waits.order_id, waits.amount) == (2, target.id, eur(300))
        assert case(till, 2).holds and not case(till, 1).holds
        # A third order takes it, and is paid by it.
        other = await till.place(300)
        await resolved(till, Action.ASSIGN, 2, order_id=other.id)
        assert await till.state(other) == "paid" and waiting(till) == []
        assert ledger(till) == {"clearing:fake": 300, "sales": -300}

    asyncio.run(story())


def test_a_code_that_is_out_is_closed_first_and_the_part_is_held_with_its_end(
    till: Counter,
) -> None:
    async def story() -> None:
        order, _ = await paid_in_part(till)
        rest = await till.open(order)
        till.strategy.answers["close_session"] = [Unavailable("no")]
        assert (await till.checkout.cancel(order.id)).state.value == "open"
        assert ledger(till)["orders"] == -300
        await till.sessions.close(rest.id)
        assert await till.state(order) == "cancelled"
        assert till.attempt(rest.id).state is AttemptState.CANCELLED
        assert ledger(till) == {"clearing:fake": 300, "held": -300}
        assert kinds_waiting(till) == [ExceptionKind.UNDERPAID]

    asyncio.run(story())


def test_a_customer_who_pays_the_rest_before_the_code_is_closed_has_paid_the_order(
    till: Counter,
) -> None:
    async def story() -> None:
        order, _ = await paid_in_part(till)
        rest = await till.open(order)
        await till.checkout.mark_shown(rest.id)
        till.provider.pay(rest.session_id or "")
        assert (await till.checkout.cancel(order.id)).state.value == "paid"
        assert waiting(till) == []
        assert ledger(till) == {"clearing:fake": 500, "sales": -500}

    asyncio.run(story())


def test_a_code_that_runs_out_leaves_an_order_open_that_is_paid_in_part(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_in_part(till)
        rest = await till.open(order)
        till.clock.advance(16 * 60)
        await till.checkout.expire(rest.id)
        assert await till.state(order) == "open" and waiting(till) == []

    asyncio.run(story())


def test_what_was_given_back_before_is_not_on_the_list_again(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await paid_in_part(till)
        await till.refunds.ask(payment_id, eur(100), press="p", by="Ada", reason="wish")
        assert ledger(till)["refunds"] == 100
        await till.checkout.cancel(order.id)
        assert [each.amount for each in waiting(till)] == [eur(200)]
        assert ledger(till) == {"clearing:fake": 200, "held": -200}

    asyncio.run(story())


def test_a_part_that_went_back_as_a_whole_needs_nobody_until_that_fails(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await paid_in_part(till)
        await till.refunds.ask(payment_id, eur(300), press="p", by="Ada", reason="wish")
        await till.checkout.cancel(order.id)
        assert waiting(till) == [] and ledger(till) == {}
        assert entry(till).resolution == "all of it was given back before"
        assert is_sound(till)
        (refund,) = till.provider.refunds.rows.values()
        till.provider.refunds.decide(refund.id, RefundState.FAILED)
        assert deliver(till, till.provider.refunds.delivery(refund.id, "evt")) == "settled"
        assert [(each.id, each.amount) for each in waiting(till)] == [(1, eur(300))]
        assert ledger(till) == {"clearing:fake": 300, "held": -300}

    asyncio.run(story())


def test_a_refund_that_is_under_way_ends_on_the_entry(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await paid_in_part(till)
        till.provider.refunds.first_state = RefundState.PENDING
        await till.refunds.ask(payment_id, eur(300), press="p", by="Ada", reason="wish")
        await till.checkout.cancel(order.id)
        assert len(waiting(till)) == 1 and open_actions(till) == set()
        (refund,) = till.provider.refunds.rows.values()
        till.provider.refunds.decide(refund.id, RefundState.SUCCEEDED)
        deliver(till, till.provider.refunds.delivery(refund.id, "evt"))
        assert waiting(till) == [] and ledger(till) == {}

    asyncio.run(story())


def test_a_failed_refund_of_the_part_is_not_on_the_list_beside_the_part(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await paid_in_part(till)
        await till.refunds.ask(payment_id, eur(100), press="p", by="Ada", reason="wish")
        (refund,) = till.provider.refunds.rows.values()
        till.provider.refunds.decide(refund.id, RefundState.FAILED)
        deliver(till, till.provider.refunds.delivery(refund.id, "evt"))
        assert kinds_waiting(till) == [ExceptionKind.REFUND_FAILED]
        await till.checkout.cancel(order.id)
        assert [(each.kind, each.amount) for each in waiting(till)] == [
            (ExceptionKind.UNDERPAID, eur(300))
        ]
        assert (entry(till, 2).resolved_by, entry(till, 2).action) == ("till", "")
        assert is_sound(till)

    asyncio.run(story())


def test_two_parts_are_two_entries(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_in_part(till, 200)
        second = await till.open(order)
        await till.checkout.mark_shown(second.id)
        till.provider.pay(second.session_id or "", eur(100))
        await till.look(second)
        await resolved(till, Action.ACCEPT, 2)
        await till.checkout.cancel(order.id)
        assert sorted(each.amount.minor for each in waiting(till)) == [100, 200]
        assert open_actions(till) >= {"refund", "assign"}
        assert is_sound(till)

    asyncio.run(story())


def test_money_that_waits_already_stays_as_it_is(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_in_part(till, 200)
        second = await till.open(order)
        await till.checkout.mark_shown(second.id)
        till.provider.pay(second.session_id or "", eur(100))
        await till.look(second)
        assert [each.amount for each in waiting(till)] == [eur(100)]
        before = entry(till, 2)
        await till.checkout.cancel(order.id)
        assert entry(till, 2) == before
        assert [each.id for each in waiting(till)] == [2, 1]

    asyncio.run(story())


def test_money_that_is_held_is_not_held_again(till: Counter) -> None:
    """The compare-and-set below all checks is loud."""

    async def story() -> None:
        order, payment_id = await paid_in_part(till)
        counted = till.store.read_now(lambda db: find_payment(db, "fakepay", payment_id))
        assert counted is not None
        await till.checkout.cancel(order.id)
        with pytest.raises(InvariantError, match="by someone else meanwhile"):
            till.store.write_now(lambda tx: hold_again(tx, counted, ExceptionKind.UNDERPAID))

    asyncio.run(story())


def test_the_audit_names_who_holds_a_part_and_why(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await paid_in_part(till)
        await till.checkout.cancel(order.id)
        rows = till.rows(
            "SELECT actor, json_extract(data, '$.reason') FROM audit "
            "WHERE action = 'payment.held' AND subject = ? AND actor = 'till'",
            payment_id,
        )
        assert rows == [("till", "its order was cancelled")]

    asyncio.run(story())
