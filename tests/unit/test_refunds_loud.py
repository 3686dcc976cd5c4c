"""What cannot be in refunds and decisions, and is heard if it is; and news that meets an answer."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import InvariantError
from app.providers.strategy import PaymentStrategy
from app.resolutions import _end
from app.store.decisions import find_payment
from app.store.refunds import _told, find_refund
from tests.parts.provider import LOST, Call
from tests.parts.till import Counter
from tests.parts.trouble import ask, deliver, ledger, refunds, sold


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    """A till whose books a test damages."""
    till = Counter(tmp_path)
    yield till
    till.close()


def asked(till: Counter) -> None:
    """Ask for a refund and lose the answer."""

    async def story() -> None:
        _, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        till.strategy.answers["refund"] = []

    asyncio.run(story())


@pytest.mark.parametrize(
    "damage, words",
    [
        ("DELETE FROM intents WHERE refund IS NOT NULL", "without an intent"),
        ("DELETE FROM refunds", "Refund 1 is gone"),
    ],
)
def test_a_refund_whose_rows_are_gone_is_loud(till: Counter, damage: str, words: str) -> None:
    asked(till)
    refund = till.store.read_now(lambda db: find_refund(db, 1))
    assert refund is not None
    for statement in ("DELETE FROM intents WHERE refund IS NOT NULL", damage):
        till.store.write_now(lambda tx, sql=statement: tx.execute(sql))  # type: ignore[misc]
    with pytest.raises(InvariantError, match=words):
        asyncio.run(till.refunds.finish(refund, is_new=False))


def test_a_refund_without_its_payment_is_loud(till: Counter) -> None:
    asked(till)
    refund = till.store.read_now(lambda db: find_refund(db, 1))
    assert refund is not None
    with pytest.raises(InvariantError, match="Payment another is gone"):
        asyncio.run(till.refunds._payment_of(replace(refund, payment_id="another")))


def test_a_row_that_vanishes_while_it_is_told_of_is_loud(till: Counter) -> None:
    asked(till)
    payment = till.store.read_now(lambda db: find_payment(db, "fakepay", "fp_fs_1_1"))
    assert payment is not None
    with pytest.raises(InvariantError, match="Refund 7 is gone"):
        till.store.write_now(lambda tx: _told(tx, 7, payment, 1))


def test_a_closed_order_is_never_left_with_a_part_of_its_money(till: Counter) -> None:
    async def story() -> str:
        order = await till.place(500)
        await till.checkout.cancel(order.id)
        return order.id

    order_id = asyncio.run(story())
    with pytest.raises(InvariantError, match="closed and not paid in full"):
        till.store.write_now(lambda tx: _end(tx, order_id))
    with pytest.raises(InvariantError, match="is gone"):
        till.store.write_now(lambda tx: _end(tx, "nowhere"))


def test_news_that_comes_while_a_refund_is_looked_up_in_vain_counts(till: Counter) -> None:
    """The list does not know of it yet, its webhook comes in the same moment."""

    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        till.clock.advance(24 * 3600)
        event = till.provider.refunds.delivery("fr_1", "e1")

        def hidden(call: Call) -> None:
            if call.verb == "list_refunds":
                deliver(till, event)
                till.provider.refunds.rows.clear()

        till.strategy.before = hidden
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]
        assert ledger(till)["refunds"] == 200 and till.count("exceptions") == 0

    asyncio.run(story())


def test_news_that_comes_while_the_keys_are_looked_for_is_not_asked_about_again(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The webhooks are settled on a thread of their own."""

    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        asked_for = till.strategy.count("refund")
        speaking_for = till.gateway.speaking_for

        async def told_meanwhile(account: str, provider_account: str) -> PaymentStrategy:
            deliver(till, till.provider.refunds.delivery("fr_1", "e1"))
            return await speaking_for(account, provider_account)

        monkeypatch.setattr(till.gateway, "speaking_for", told_meanwhile)
        await till.refunds.sweep()
        assert refunds(till, order) == [("succeeded", 200)]
        assert till.strategy.count("refund") == asked_for

    asyncio.run(story())
