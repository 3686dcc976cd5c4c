"""What a person decides of an exception: each once, with who and why, and the books whole after."""

import asyncio
from typing import Any

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.observation import SessionState, Source
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused
from app.settle_disputes import Disputes, settle_dispute
from app.store.payments import tell_once
from tests.parts.till import Counter
from tests.parts.trouble import (
    BY,
    WHY,
    deliver,
    entry,
    eur,
    kinds_waiting,
    ledger,
    paid_late,
    paid_otherwise,
    refunds,
    resolved,
    sold,
    waiting,
)


def resolved_lines(till: Counter) -> list[tuple[Any, ...]]:
    return till.rows(
        "SELECT actor, json_extract(data, '$.action'), json_extract(data, '$.reason') FROM audit "
        "WHERE action = 'exception.resolved'"
    )


# --- accept ------------------------------------------------------------------------------------


def test_late_money_that_is_accepted_pays_the_cancelled_order(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_late(till)
        assert await till.state(order) == "cancelled" and ledger(till)["held"] == -500
        done = await resolved(till, Action.ACCEPT)
        assert (done.action, done.resolved_by, done.resolution) == ("accept", BY, WHY)
        assert done.resolved_at is not None and waiting(till) == []
        detail = await till.detail(order)
        assert (detail.order.state, detail.order.receipt_number) == ("paid", 1)
        assert [tender.amount for tender in detail.tenders] == [eur(500)]
        assert ledger(till) == {"clearing:fake": 500, "sales": -500}
        assert resolved_lines(till) == [(BY, "accept", WHY)]
        assert till.rows("SELECT held_as, resolved_as, resolved_by FROM payments") == [
            (None, "accepted", BY)
        ]

    asyncio.run(story())


def test_too_little_that_is_accepted_leaves_the_order_open_for_the_rest(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_otherwise(till, 300)
        await resolved(till, Action.ACCEPT)
        assert await till.state(order) == "open" and ledger(till)["orders"] == -300
        rest = await till.open(order)
        assert rest.amount == eur(200)
        await till.checkout.mark_shown(rest.id)
        till.provider.pay(rest.session_id or "")
        await till.look(rest)
        assert await till.state(order) == "paid"
        assert ledger(till) == {"clearing:fake": 500, "sales": -500}

    asyncio.run(story())


def test_a_code_that_asks_for_more_than_is_still_owed_is_taken_away(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_otherwise(till, 300)
        second = await till.open(order)
        assert second.amount == eur(500)
        await resolved(till, Action.ACCEPT)
        assert till.attempt(second.id).close_reason == "superseded"
        await till.sessions.close(second.id)
        third = await till.open(order)
        assert third.amount == eur(200)
        # A further code for no more than is owed stays.
        till.provider.pay(third.session_id or "", eur(50))
        await till.look(third)
        await resolved(till, Action.ACCEPT, 2)
        assert till.provider.sessions[second.session_id or ""].state is SessionState.EXPIRED

    asyncio.run(story())


def test_an_order_that_is_paid_by_accepting_closes_its_other_codes(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.provider.pay(attempt.session_id or "", eur(480))
        await till.look(attempt)
        second = await till.open(order)
        await resolved(till, Action.WRITE_OFF)
        assert await till.state(order) == "paid"
        assert till.attempt(second.id).close_reason == "superseded"

    asyncio.run(story())


def test_accepting_what_was_given_back_in_part_makes_that_a_refund_of_the_sale(
    till: Counter,
) -> None:
    async def story() -> None:
        order, _ = await paid_late(till)
        await resolved(till, Action.REFUND, amount=eur(200))
        assert entry(till).amount == eur(300) and entry(till).action == ""
        await resolved(till, Action.ACCEPT)
        assert await till.state(order) == "paid"
        assert ledger(till) == {"clearing:fake": 300, "refunds": 200, "sales": -500}

    asyncio.run(story())


# --- assign ------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_open", [True, False])
def test_money_that_is_assigned_pays_another_order(till: Counter, is_open: bool) -> None:
    async def story() -> None:
        first, _ = await paid_late(till)
        target, shown = await till.show(500)
        if not is_open:
            await till.checkout.cancel(target.id)
        await resolved(till, Action.ASSIGN, order_id=target.id)
        assert await till.state(target) == "paid"
        assert await till.state(first) == "cancelled"
        assert till.rows("SELECT order_id, resolved_as FROM payments") == [(target.id, "assigned")]
        told = [fact.name for fact in (await till.detail(target)).history]
        assert "payment.assigned" in told
        if is_open:
            assert till.attempt(shown.id).close_reason == "superseded"
        # A refund of it belongs to the order that it pays now.
        (payment_id,) = till.provider.refunds.captured
        await till.refunds.ask(payment_id, eur(100), press="p", by=BY, reason=WHY)
        assert refunds(till, target) == [("succeeded", 100)] and refunds(till, first) == []

    asyncio.run(story())


def test_a_part_can_be_assigned_to_an_open_order(till: Counter) -> None:
    async def story() -> None:
        await paid_late(till, 300)
        target = await till.place(500)
        await resolved(till, Action.ASSIGN, order_id=target.id)
        assert await till.state(target) == "open" and ledger(till)["orders"] == -300

    asyncio.run(story())


def test_a_part_that_was_assigned_may_be_disputed_and_the_books_are_sound(till: Counter) -> None:
    """Unsound, no backup of them would be kept as one that can be restored."""

    async def story() -> None:
        await paid_late(till, 300)
        target = await till.place(500)
        await resolved(till, Action.ASSIGN, order_id=target.id)
        (payment_id,) = till.provider.refunds.captured
        dispute = till.provider.disputes.open(payment_id, 300)
        seen = till.provider.disputes.observation(
            till.provider.disputes.seen(dispute), Source.WEBHOOK
        )
        till.store.write_now(lambda tx: settle_dispute(tx, seen))
        assert await till.state(target) == "open"

    asyncio.run(story())
    assert till.violations() == []


@pytest.mark.parametrize(
    "minor, words", [(400, "owes only 4.00 EUR"), (500, ""), (None, "no such order")]
)
def test_money_is_not_assigned_to_an_order_that_it_does_not_fit(
    till: Counter, minor: int | None, words: str
) -> None:
    async def story() -> None:
        await paid_late(till)
        target = "" if minor is None else (await till.place(minor)).id
        if not words:
            await resolved(till, Action.ASSIGN, order_id=target)
            return
        with pytest.raises(CheckoutRefused) as refused:
            await resolved(till, Action.ASSIGN, order_id=target)
        assert words in str(refused.value)
        assert kinds_waiting(till) == [ExceptionKind.PAID_LATE]
        assert ledger(till)["held"] == -500

    asyncio.run(story())


# --- write off ---------------------------------------------------------------------------------


@pytest.mark.parametrize("got, booked", [(480, 20), (530, -30)])
def test_writing_off_pays_the_order_and_books_the_difference(
    till: Counter, got: int, booked: int
) -> None:
    async def story() -> None:
        order, _ = await paid_otherwise(till, got)
        await resolved(till, Action.WRITE_OFF)
        assert await till.state(order) == "paid"
        rows = till.rows("SELECT amount_minor, currency, decided_by, reason FROM write_offs")
        assert rows == [(booked, "EUR", BY, WHY)]
        account = "write_offs" if booked > 0 else "surplus"
        assert ledger(till) == {"clearing:fake": got, "sales": -500, account: booked}

    asyncio.run(story())


def test_money_above_an_order_can_be_kept_after_part_of_it_went_back(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_otherwise(till, 600)
        await resolved(till, Action.REFUND, amount=eur(100))
        await resolved(till, Action.WRITE_OFF)
        assert await till.state(order) == "paid"
        # What was taken above the order went back: nothing is kept, and the sale is whole.
        assert ledger(till) == {"clearing:fake": 500, "sales": -500}

    asyncio.run(story())


def test_a_second_payment_can_be_kept_and_given_back_later(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.sessions["fs_1"].state = SessionState.OPEN
        till.provider.pay("fs_1")
        await till.look(till.attempt(1))
        assert await till.waiting(order) == [ExceptionKind.SURPLUS]
        await resolved(till, Action.WRITE_OFF)
        assert ledger(till) == {"clearing:fake": 1000, "sales": -500, "surplus": -500}
        assert till.rows("SELECT resolved_as, held_as FROM payments WHERE id = 2") == [
            ("kept", "surplus")
        ]
        second = next(each for each in till.provider.refunds.captured if each != payment_id)
        await till.refunds.ask(second, eur(200), press="p", by=BY, reason=WHY)
        assert ledger(till) == {"clearing:fake": 800, "sales": -500, "surplus": -300}

    asyncio.run(story())


def test_an_entry_about_no_money_is_closed_with_a_reason(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await till.show()
        till.store.write_now(
            lambda tx: tell_once(
                tx,
                ExceptionKind.UNKNOWN,
                eur(500),
                order_id=order.id,
                attempt_id=attempt.id,
                detail="lost",
            )
        )
        await resolved(till, Action.WRITE_OFF)
        assert waiting(till) == [] and ledger(till) == {}
        assert await till.state(order) == "open"

    asyncio.run(story())


def test_a_part_that_was_accepted_and_is_disputed_breaks_no_rule(till: Counter) -> None:
    async def story() -> None:
        order, attempt = await paid_otherwise(till, 400)
        await resolved(till, Action.ACCEPT)
        disputed = till.provider.disputes.open(f"fp_{attempt.session_id}_1", 400)
        disputes = Disputes(till.store, till.gateway, clock=till.clock)
        await disputes.observe_dispute("fake", disputed.id, Source.SWEEP)
        assert await till.state(order) == "open"
        assert till.violations() == []

    asyncio.run(story())


@pytest.mark.parametrize("given, kept, of_sale", [(30, 70, 0), (100, 0, 0), (250, 0, 150)])
def test_money_kept_above_an_order_goes_back_before_the_sale_does(
    till: Counter, given: int, kept: int, of_sale: int
) -> None:
    async def story() -> None:
        _, attempt = await paid_otherwise(till, 600)
        await resolved(till, Action.WRITE_OFF)
        payment_id = f"fp_{attempt.session_id}_1"
        await till.refunds.ask(payment_id, eur(given), press="p", by=BY, reason=WHY)
        expected = {
            "clearing:fake": 600 - given,
            "sales": -500,
            "surplus": -kept,
            "refunds": of_sale,
        }
        assert ledger(till) == {account: minor for account, minor in expected.items() if minor}
        assert till.violations() == []
        (refund,) = till.provider.refunds.rows.values()
        till.provider.refunds.decide(refund.id, RefundState.FAILED)
        deliver(till, till.provider.refunds.delivery(refund.id, "evt"))
        assert ledger(till) == {"clearing:fake": 600, "sales": -500, "surplus": -100}

    asyncio.run(story())


def test_a_refund_of_kept_money_above_an_order_that_fails_after_part_of_it_went_back_before(
    till: Counter,
) -> None:
    async def story() -> None:
        await paid_otherwise(till, 600)
        await resolved(till, Action.REFUND, amount=eur(60))
        await resolved(till, Action.WRITE_OFF)
        assert ledger(till) == {"clearing:fake": 540, "sales": -500, "surplus": -40}
        (refund,) = till.provider.refunds.rows.values()
        till.provider.refunds.decide(refund.id, RefundState.FAILED)
        deliver(till, till.provider.refunds.delivery(refund.id, "evt"))
        assert ledger(till) == {"clearing:fake": 600, "sales": -500, "surplus": -100}

    asyncio.run(story())
