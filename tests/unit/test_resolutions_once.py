"""Giving held money back from the list; every decision once, by somebody; the list itself."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.payment import Payment, ResolvedAs
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused, InvariantError, Rejected, Unavailable
from app.providers.strategy import PaymentStrategy
from app.refunds import Refunds
from app.resolutions import Resolutions
from app.settle_refunds import settle_refund
from app.store import Transaction
from app.store.decisions import close_exception, decide_payment, find_exception
from app.store.payments import open_exception
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
            await resolved(till, action, 1, **{missing: "  "})
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


def test_a_press_that_was_written_down_meanwhile_is_gone_on_with(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of one press both look before either has written."""

    async def story() -> None:
        await paid_late(till)
        ready = till.refunds.strategy_for

        async def after_the_other(payment: Payment) -> PaymentStrategy:
            monkeypatch.setattr(till.refunds, "strategy_for", ready)
            await resolved(till, Action.REFUND, press="p1")
            return await ready(payment)

        monkeypatch.setattr(till.refunds, "strategy_for", after_the_other)
        await resolved(till, Action.REFUND, press="p1")

    asyncio.run(story())
    assert len(till.provider.refunds.rows) == till.count("refunds") == 1
    assert till.violations() == []


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
