"""What a run reads up on of refunds and disputes: one that does not answer hides no other."""

import asyncio
from typing import Any

import pytest

from app.errors import CheckoutRefused, StoreError, Unavailable
from app.gateway import Gateway
from app.reconcile import Reconciliation
from app.reconcile_money import MoneyChores
from app.status import Health
from tests.parts.giving_back import FIRST
from tests.parts.provider import FakeStrategy
from tests.parts.till import Counter
from tests.parts.trouble import paid_otherwise, sold
from tests.unit.reconciling import reconciled


def chores(till: Counter) -> MoneyChores:
    made = MoneyChores(till.store, till.gateway, till.refunds, clock=till.clock)
    made.add_to(till.reconciliation)
    return made


def test_disputes_of_one_account_are_read_while_another_does_not_answer(till: Counter) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        dead = FakeStrategy(till.provider, account="dead")
        till.gateway = Gateway(
            till.store,
            {"dead": dead, till.strategy.account: till.strategy},
            clock=till.clock,
            health=Health(("dead", till.strategy.account)),
        )
        till.reconciliation = Reconciliation(
            till.store, till.gateway, clock=till.clock, look_at_all=till.watch.look_at_all
        )
        chores(till)
        till.provider.disputes.open(payment_id)
        # Nobody tells of it but the list of disputes.
        till.provider.events.clear()
        till.provider.told_at.clear()
        dead.answers["list_disputes"] = [Unavailable("It sleeps")] * 100
        report = await reconciled(till)
        assert till.count("disputes") == 1
        (problem,) = report.problems
        assert "It sleeps" in problem

    asyncio.run(story())


def test_refunds_of_one_waiting_payment_are_found_while_another_cannot_be_asked_about(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        _, first = await paid_otherwise(till, 400)
        _, second = await paid_otherwise(till, 300)
        chores(till)
        real = till.refunds.look_at

        async def look_at(payment: Any) -> Any:
            if payment.attempt_id == first.id:
                raise CheckoutRefused("The account is not set up")
            return await real(payment)

        monkeypatch.setattr(till.refunds, "look_at", look_at)
        payment_id = f"fp_{second.session_id}_1"
        till.provider.refunds.give_back(payment_id, till.provider.refunds.captured[payment_id])
        # Told by payment alone, not by its list.
        till.provider.refunds.rows["fr_1"].made_at = FIRST
        report = await reconciled(till)
        assert till.rows("SELECT payment_id, state FROM refunds") == [(payment_id, "succeeded")]
        (problem,) = report.problems
        assert "The account is not set up" in problem

    asyncio.run(story())


def test_a_silent_provider_is_asked_about_one_waiting_payment_a_run(till: Counter) -> None:
    async def story() -> None:
        for minor in (400, 300, 200):
            await paid_otherwise(till, minor)
        chores(till)
        till.strategy.answers["list_refunds"] = [Unavailable("It sleeps")]
        report = await reconciled(till)
        assert till.strategy.count("list_refunds") == 1 and len(report.problems) == 1
        await reconciled(till)
        assert till.strategy.count("list_refunds") == 3, "the one that failed waits an hour"

    asyncio.run(story())


def test_what_is_wrong_with_several_waiting_payments_is_said_once(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        for minor in (400, 300):
            await paid_otherwise(till, minor)
        chores(till)

        async def look_at(_payment: Any) -> Any:
            raise CheckoutRefused("The account is not set up")

        monkeypatch.setattr(till.refunds, "look_at", look_at)
        assert len((await reconciled(till)).problems) == 1

    asyncio.run(story())


def test_books_that_fail_while_a_waiting_payment_is_asked_about_end_the_run(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        await paid_otherwise(till, 400)
        chores(till)

        async def look_at(_payment: Any) -> Any:
            raise StoreError("The disk is full")

        monkeypatch.setattr(till.refunds, "look_at", look_at)
        with pytest.raises(StoreError, match="full"):
            await reconciled(till)

    asyncio.run(story())
