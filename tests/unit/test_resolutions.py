"""What a person decides of an exception: each once, with who and why, and the books whole after."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.observation import SessionState
from app.domain.payment import ResolvedAs
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused, InvariantError, Rejected, Unavailable
from app.refunds import Refunds
from app.resolutions import Resolutions
from app.settle_refunds import settle_refund
from app.store import Transaction
from app.store.decisions import close_exception, decide_payment, find_exception
from app.store.payments import open_exception, tell_once
from tests.parts.provider import LOST
from tests.parts.till import Counter
from tests.parts.trouble import (
    BY,
    WHY,
    case,
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
        assert ledger(till) == {"clearing:fake": got, "sales": -500, "write_offs": booked}

    asyncio.run(story())


def test_money_above_an_order_can_be_kept_after_part_of_it_went_back(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_otherwise(till, 600)
        await resolved(till, Action.REFUND, amount=eur(100))
        await resolved(till, Action.WRITE_OFF)
        assert await till.state(order) == "paid"
        # What was taken above the order went back: the two cancel each other out.
        assert ledger(till) == {
            "clearing:fake": 500,
            "refunds": 100,
            "sales": -500,
            "write_offs": -100,
        }

    asyncio.run(story())


def test_a_second_payment_can_be_kept_and_given_back_later(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.sessions["fs_1"].state = SessionState.OPEN
        till.provider.pay("fs_1")
        await till.look(till.attempt(1))
        assert await till.waiting(order) == [ExceptionKind.SURPLUS]
        await resolved(till, Action.WRITE_OFF)
        assert ledger(till) == {"clearing:fake": 1000, "sales": -500, "write_offs": -500}
        assert till.rows("SELECT resolved_as, held_as FROM payments WHERE id = 2") == [
            ("kept", "surplus")
        ]
        second = next(each for each in till.provider.refunds.captured if each != payment_id)
        await till.refunds.ask(second, eur(200), press="p", by=BY, reason=WHY)
        assert ledger(till) == {"clearing:fake": 800, "sales": -500, "write_offs": -300}

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


# --- refund ------------------------------------------------------------------------------------


def test_a_refund_that_is_under_way_keeps_the_entry_on_the_list_until_it_has_ended(
    till: Counter,
) -> None:
    async def story() -> None:
        order, _ = await paid_late(till)
        till.strategy.answers["refund"] = [LOST] * 100
        begun = await resolved(till, Action.REFUND, press="p1")
        assert (begun.resolved_at, begun.action, begun.resolved_by) == (None, "refund", BY)
        assert case(till).is_under_way
        (trouble,) = await till.orders.troubles()
        assert trouble.case.is_under_way and trouble.refunds[0].state == "requested"
        assert not any(way.is_open for way in trouble.ways)
        for action in Action:
            with pytest.raises(CheckoutRefused, match="no way out"):
                await resolved(till, action, press="p2")
        till.strategy.answers["refund"] = []
        done = await resolved(till, Action.REFUND, press="p1")
        assert done.resolved_at is not None and ledger(till) == {}
        assert refunds(till, order) == [("succeeded", 500)]
        assert resolved_lines(till) == [(BY, "refund", WHY)]

    asyncio.run(story())


def test_a_refund_that_is_refused_leaves_the_entry_open_to_every_action(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_late(till)
        till.strategy.answers["refund"] = [Rejected("The card is gone", status=400)]
        left = await resolved(till, Action.REFUND, press="p1")
        assert (left.resolved_at, left.action, left.amount) == (None, "", eur(500))
        assert "The card is gone" in left.detail
        again = await resolved(till, Action.REFUND, press="p1")
        assert again.resolved_at is None and till.strategy.count("refund") == 1
        await resolved(till, Action.ACCEPT)
        assert await till.state(order) == "paid"

    asyncio.run(story())


def test_a_failed_refund_of_a_sale_is_given_back_again_by_its_entry(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        await till.refunds.ask(payment_id, eur(200), press="p", by=BY, reason=WHY)
        fail(till, "fr_1")
        assert kinds_waiting(till) == [ExceptionKind.REFUND_FAILED]
        with pytest.raises(CheckoutRefused, match="Only 2"):
            await resolved(till, Action.REFUND, amount=eur(201))
        await resolved(till, Action.REFUND, amount=eur(50), press="p1")
        assert entry(till).amount == eur(150)
        await resolved(till, Action.REFUND, press="p2")
        assert waiting(till) == [] and ledger(till)["refunds"] == 200
        # The bank sends both back, the later one first.
        fail(till, "fr_3")
        assert [each.amount for each in waiting(till)] == [eur(150)]
        fail(till, "fr_2")
        assert [each.amount for each in waiting(till)] == [eur(200)]
        assert "refunds" not in ledger(till)
        await resolved(till, Action.WRITE_OFF)
        assert waiting(till) == [] and await till.state(order) == "paid"

    asyncio.run(story())


def test_a_refund_of_kept_money_that_fails_is_kept_again_and_told(till: Counter) -> None:
    async def story() -> None:
        await paid_otherwise(till, 480)
        target = await till.place(480)
        await till.checkout.cancel(target.id)
        await sold(till)
        (payment_id, *_) = till.provider.refunds.captured
        await resolved(till, Action.WRITE_OFF)
        await till.refunds.ask(payment_id, eur(2), press="p", by=BY, reason=WHY)
        fail(till, "fr_1")
        assert [(each.kind, each.amount) for each in waiting(till)] == [
            (ExceptionKind.REFUND_FAILED, eur(2))
        ]

    asyncio.run(story())


def fail(till: Counter, refund_id: str) -> None:
    """Have the bank send a refund back, and the till hear of it."""
    till.provider.refunds.decide(refund_id, RefundState.FAILED)
    event = till.provider.refunds.delivery(refund_id, f"failed-{refund_id}")
    seen = till.strategy.observe(event, at=till.clock.now())
    till.store.write_now(lambda tx: settle_refund(tx, seen))  # type: ignore[arg-type]


def test_without_the_network_nothing_is_begun(till: Counter) -> None:
    async def story() -> None:
        await paid_late(till)
        till.strategy.adopt("")
        till.strategy.credential_digest = "digest-2"
        till.strategy.answers["identify"] = [Unavailable("no network")]
        with pytest.raises(CheckoutRefused, match="no network"):
            await resolved(till, Action.REFUND)
        assert entry(till).action == "" and till.count("refunds") == 0

    asyncio.run(story())


# --- once, by somebody, for a reason -----------------------------------------------------------


@pytest.mark.parametrize("missing", ["by", "reason"])
@pytest.mark.parametrize("action", Action)
def test_a_decision_is_somebodys_and_for_a_reason(
    till: Counter, action: Action, missing: str
) -> None:
    async def story() -> None:
        await paid_late(till)
        with pytest.raises(CheckoutRefused, match="Nobody is named"):
            await resolved(till, action, **{missing: "  "})
        assert kinds_waiting(till) == [ExceptionKind.PAID_LATE]

    asyncio.run(story())


def test_an_entry_that_is_not_there_is_refused(till: Counter) -> None:
    for action in Action:
        with pytest.raises(CheckoutRefused, match="no entry 7"):
            asyncio.run(resolved(till, action, 7))


def test_a_refund_of_an_entry_about_no_money_is_refused(till: Counter) -> None:
    till.store.write_now(lambda tx: open_exception(tx, ExceptionKind.UNKNOWN, eur(5)))
    with pytest.raises(CheckoutRefused, match="No money is held"):
        asyncio.run(resolved(till, Action.REFUND))


def test_the_same_press_again_changes_nothing_and_says_so(till: Counter) -> None:
    async def story() -> None:
        await paid_late(till)
        first = await resolved(till, Action.ACCEPT, press="p1")
        assert await resolved(till, Action.ACCEPT, press="p1") == first
        with pytest.raises(CheckoutRefused, match="resolved already"):
            await resolved(till, Action.ACCEPT, press="p2", by="Grace")
        assert len(resolved_lines(till)) == 1

    asyncio.run(story())


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.REFUND, Action.WRITE_OFF])
def test_two_persons_at_once_resolve_it_once(tmp_path: Path, action: Action) -> None:
    till = Counter(tmp_path, inline=False)
    late = paid_otherwise(till, 480) if action is Action.WRITE_OFF else paid_late(till)
    order, _ = asyncio.run(late)
    outcomes: list[str] = []

    def decide(name: str) -> None:
        asking = Refunds(till.store, till.gateway, clock=till.clock, jitter=till.random)
        own = Resolutions(till.store, asking)
        try:
            asyncio.run(own.resolve(1, action, by=name, reason=WHY, press=name))
            outcomes.append("done")
        except CheckoutRefused:
            outcomes.append("refused")

    threads = [threading.Thread(target=decide, args=(f"person {n % 3}",)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("done") == 3, "one person, who pressed three times"
    assert len(resolved_lines(till)) == 1
    assert till.provider.refunds.of("fp_fs_1_1") == (500 if action is Action.REFUND else 0)
    assert (asyncio.run(till.state(order)) == "paid") is (action is not Action.REFUND)
    assert till.violations() == []
    till.close()


def test_what_was_decided_meanwhile_is_loud_beneath_the_check(till: Counter) -> None:
    async def story() -> None:
        await paid_late(till)
        stale = case(till)
        assert stale.payment is not None
        payment = stale.payment
        await resolved(till, Action.ACCEPT)

        def again(tx: Transaction) -> None:
            close_exception(tx, stale.exception, by=BY, reason=WHY)

        with pytest.raises(InvariantError, match="resolved by someone else"):
            till.store.write_now(again)

        def decided(tx: Transaction) -> None:
            decide_payment(tx, payment, ResolvedAs.KEPT, order_id="", by=BY)

        with pytest.raises(InvariantError, match="decided by someone else"):
            till.store.write_now(decided)
        assert till.store.read_now(lambda db: find_exception(db, 99)) is None

    asyncio.run(story())


# --- the list ----------------------------------------------------------------------------------


def test_the_list_is_given_newest_first_in_pages_with_what_may_be_done(till: Counter) -> None:
    async def story() -> None:
        for got in (480, 530, 490):
            await paid_otherwise(till, got)
        first = await till.orders.troubles(limit=2)
        assert [trouble.case.exception.id for trouble in first] == [3, 2]
        (last,) = await till.orders.troubles(before=2, limit=2)
        assert last.case.exception.id == 1 and last.case.order is not None
        assert [way.action for way in last.ways if way.is_open] == list(Action)
        await resolved(till, Action.WRITE_OFF, 3)
        assert [t.case.exception.id for t in await till.orders.troubles()] == [2, 1]
        everything = await till.orders.troubles(with_resolved=True)
        assert [t.case.exception.id for t in everything] == [3, 2, 1]
        detail = await till.detail(last.case.order)
        assert [t.case.exception.id for t in detail.troubles] == [1]

    asyncio.run(story())
