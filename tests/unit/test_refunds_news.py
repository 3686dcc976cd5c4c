"""News of refunds: webhooks before answers, late failures, what others gave back."""

import asyncio
import itertools

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.refund import RefundState
from app.errors import CheckoutRefused, Unavailable
from app.store.decisions import payments_called
from tests.parts.provider import LOST
from tests.parts.till import Counter
from tests.parts.trouble import (
    BY,
    ask,
    deliver,
    entry,
    eur,
    ledger,
    paid_late,
    paid_otherwise,
    refunds,
    sold,
)

DAY_S = 24 * 3600


@pytest.mark.parametrize("keeps_keys", [True, False])
def test_a_webhook_before_the_calls_answer_ends_in_one_row(till: Counter, keeps_keys: bool) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.refunds.keeps_keys = keeps_keys
        standings: list[str] = []
        give_back = till.provider.refunds.give_back

        def told_first(*arguments: object, **more: object) -> object:
            refund = give_back(*arguments, **more)  # type: ignore[arg-type]
            standings.append(deliver(till, till.provider.refunds.delivery(refund.id, "e1")))
            return refund

        till.provider.refunds.give_back = told_first  # type: ignore[assignment]
        refund = await ask(till, payment_id)
        assert standings == ["settled" if keeps_keys else "waiting"]
        assert refund.state is RefundState.SUCCEEDED
        standings.append(deliver(till, till.provider.refunds.delivery("fr_1", "e1")))
        assert standings[1] == "nothing_new"
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.rows("SELECT outcome FROM intents WHERE operation = 'refund'") == [("done",)]
        assert ledger(till)["refunds"] == 200

    asyncio.run(story())


STEPS = ("answer", "webhook pending", "webhook succeeded", "sweep")


@pytest.mark.parametrize("order_of_news", list(itertools.permutations(STEPS)))
def test_every_order_of_the_news_of_a_refund_ends_in_the_same_books(
    till: Counter, order_of_news: tuple[str, ...]
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        books = till.provider.refunds
        books.first_state = RefundState.PENDING
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        till.strategy.answers["refund"] = []
        pending = books.delivery("fr_1", "e1")
        books.decide("fr_1", RefundState.SUCCEEDED)
        succeeded = books.delivery("fr_1", "e2")
        for step in order_of_news:
            if step == "answer":
                await ask(till, payment_id)
            elif step == "sweep":
                await till.refunds.sweep()
            else:
                deliver(till, pending if step == "webhook pending" else succeeded)
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]
        assert ledger(till) == {"clearing:fake": 300, "refunds": 200, "sales": -500}
        assert till.count("intents", "outcome IS NULL") == 0

    asyncio.run(story())


def test_a_pending_refund_is_watched_until_it_ends(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.refunds.first_state = RefundState.PENDING
        assert (await ask(till, payment_id)).state is RefundState.PENDING
        assert "refunds" not in ledger(till)
        till.strategy.answers["fetch_refund"] = [Unavailable("no")]
        for _ in range(2):
            assert await till.refunds.sweep() == 1
        assert refunds(till, order) == [("pending", 200)]
        assert (await ask(till, payment_id)).state is RefundState.PENDING
        till.provider.refunds.decide("fr_1", RefundState.SUCCEEDED)
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]
        assert await till.refunds.sweep() == 0

    asyncio.run(story())


@pytest.mark.parametrize("first", [RefundState.PENDING, RefundState.SUCCEEDED])
def test_a_refund_that_fails_later_is_taken_back_and_needs_a_person(
    till: Counter, first: RefundState
) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        till.provider.refunds.first_state = first
        await ask(till, payment_id)
        till.provider.refunds.decide("fr_1", RefundState.FAILED)
        assert deliver(till, till.provider.refunds.delivery("fr_1", "e1")) == "settled"
        assert ledger(till) == {"clearing:fake": 500, "sales": -500}
        assert await till.waiting(order) == [ExceptionKind.REFUND_FAILED]
        assert entry(till).amount == eur(200)
        assert "the customer does not have their money" in entry(till).detail
        assert await till.state(order) == "paid"

    asyncio.run(story())


def test_what_somebody_gave_back_at_the_provider_is_booked_once_and_told(till: Counter) -> None:
    async def story() -> None:
        order, payment_id = await sold(till)
        made = till.provider.refunds.give_back(payment_id, eur(120))
        (payment,) = till.store.read_now(lambda db: payments_called(db, payment_id))
        (first,) = await till.refunds.look_at(payment)
        (seen,) = await till.refunds.look_at(payment)
        assert seen == first
        assert (seen.refund_id, seen.press, seen.number) == (made.id, "", None)
        assert deliver(till, till.provider.refunds.delivery(made.id, "e1")) == "nothing_new"
        assert ledger(till)["refunds"] == 120
        told = [fact.name for fact in (await till.detail(order)).history]
        assert told.count("refund.succeeded") == 1
        actors = till.rows("SELECT actor FROM audit WHERE action = 'refund.succeeded'")
        assert actors == [("provider:fakepay",)]
        with pytest.raises(CheckoutRefused, match="Only 3"):
            await ask(till, payment_id, 381)

    asyncio.run(story())


# --- held money --------------------------------------------------------------------------------


def test_held_money_given_back_in_part_stays_with_what_is_left_and_in_full_is_off_the_list(
    till: Counter,
) -> None:
    async def story() -> None:
        order, _ = await paid_late(till)
        (payment_id,) = till.provider.refunds.captured
        await ask(till, payment_id, 200)
        assert await till.waiting(order) == [ExceptionKind.PAID_LATE]
        assert entry(till).amount == eur(300)
        assert ledger(till) == {"clearing:fake": 300, "held": -300}
        await ask(till, payment_id, 300, "press-2")
        assert await till.waiting(order) == [] and ledger(till) == {}
        assert (entry(till).action, entry(till).resolved_by) == ("refund", BY)

    asyncio.run(story())


def test_held_money_that_comes_back_from_the_bank_is_on_the_list_again(till: Counter) -> None:
    async def story() -> None:
        order, _ = await paid_otherwise(till, 499)
        (payment_id,) = till.provider.refunds.captured
        await ask(till, payment_id, 499)
        assert await till.waiting(order) == []
        till.provider.refunds.decide("fr_1", RefundState.FAILED)
        deliver(till, till.provider.refunds.delivery("fr_1", "e1"))
        assert await till.waiting(order) == [ExceptionKind.UNDERPAID]
        back = entry(till)
        assert (back.amount, back.action, back.resolved_by) == (eur(499), "", "")
        assert "does not have their money" in back.detail
        assert ledger(till) == {"clearing:fake": 499, "held": -499}

    asyncio.run(story())
