"""Money handed out at the counter: given back at once, with who, never over what was taken."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.confirmation import CASH
from app.domain.money import Money
from app.domain.payment import Payment
from app.domain.refund import Refund, RefundState
from app.errors import CheckoutRefused, InvariantError
from app.failpoints import only_at, switched_on
from app.providers.strategy import TakesByHand
from app.refunds_by_hand import hand_out
from app.store import Transaction
from app.store.decisions import find_payment
from tests.parts.by_hand import OPERATOR, HandCounter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[HandCounter]:
    till = HandCounter(tmp_path)
    yield till
    till.close()


async def taken(till: HandCounter, account: str = "cash", minor: int = 1233) -> str:
    """Sell, and give the payment's id."""
    _, attempt = await till.sell(account, minor)
    if account == "cash":
        return str((await till.take_cash(attempt, minor + 5000)).payment_id)
    return str((await till.take_card(attempt, f"slip {attempt.order_id}")).payment_id)


async def back(till: HandCounter, payment_id: str, minor: int, press: str = "1") -> Refund:
    return await till.refunds.ask(
        payment_id, Money(minor, "CHF"), press=press, by=OPERATOR, reason="goods came back"
    )


def test_cash_handed_out_has_gone_back_at_once_by_whom(till: HandCounter) -> None:
    async def story() -> None:
        payment_id = await taken(till)
        refund = await back(till, payment_id, 1233)
        assert (refund.state, refund.asked_by) == (RefundState.SUCCEEDED, OPERATOR)
        # What it was rounded by went back with it.
        assert till.ledger() == {"refunds": 1233, "sales": -1233}
        (line,) = till.rows("SELECT actor FROM audit WHERE action = 'refund.requested'")
        assert line == (OPERATOR,)
        assert till.count("intents", "outcome IS NULL") == 0

    asyncio.run(story())
    assert till.violations() == []


def test_a_part_goes_back_in_coins_and_the_rest_with_what_was_rounded(till: HandCounter) -> None:
    async def story() -> None:
        payment_id = await taken(till)
        with pytest.raises(CheckoutRefused) as refusal:
            await back(till, payment_id, 333)
        words = str(refusal.value) + refusal.value.action
        assert "cannot be handed out" in words and "3.35 CHF" in words and "12.33 CHF" in words
        await back(till, payment_id, 335)
        assert till.ledger()["cash"] == 900
        await back(till, payment_id, 898, press="2")
        assert till.ledger() == {"refunds": 1233, "sales": -1233}

    asyncio.run(story())
    assert till.violations() == []


def test_never_more_goes_back_than_was_taken_and_a_double_press_is_one(till: HandCounter) -> None:
    async def story() -> None:
        payment_id = await taken(till, "terminal")
        both = await asyncio.gather(*(back(till, payment_id, 1000) for _ in range(3)))
        assert len({refund.id for refund in both}) == 1
        with pytest.raises(CheckoutRefused, match=r"2\.33 CHF of the payment is left"):
            await back(till, payment_id, 234, press="2")
        assert till.ledger() == {"clearing:terminal": 233, "refunds": 1000, "sales": -1233}

    asyncio.run(story())
    assert till.violations() == []


def test_cash_goes_back_by_any_drawer_and_a_machines_money_only_by_its_own(
    till: HandCounter,
) -> None:
    async def story() -> None:
        payment_id = await taken(till, "machine2")
        del till.gateway._strategies["machine2"]  # type: ignore[attr-defined]
        with pytest.raises(CheckoutRefused, match="machine2 is not set up"):
            await back(till, payment_id, 1233)

    asyncio.run(story())


@pytest.mark.parametrize("point", ["writer.committing", "writer.committed", "refund.intended"])
def test_a_crash_in_the_middle_leaves_nothing_or_all_of_a_refund(
    tmp_path: Path, point: str
) -> None:
    class PowerCut(BaseException):
        pass

    def die() -> None:
        raise PowerCut

    till = HandCounter(tmp_path)
    payment_id = asyncio.run(taken(till))
    with switched_on(only_at(point, die)), pytest.raises(PowerCut):
        asyncio.run(back(till, payment_id, 1233))
    till.restart()
    assert till.count("refunds", "state <> 'succeeded'") == 0
    assert till.count("intents", "outcome IS NULL") == 0
    assert till.violations() == []
    assert asyncio.run(till.refunds.sweep()) == 0
    asyncio.run(back(till, payment_id, 1233))
    assert till.count("refunds") == 1
    assert till.violations() == []
    till.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minor=st.integers(1, 3000), parts=st.lists(st.integers(1, 1500), max_size=6))
def test_whatever_is_handed_out_in_parts_the_drawer_never_gives_more_than_it_got(
    till: HandCounter, minor: int, parts: list[int]
) -> None:
    async def story() -> None:
        before = till.ledger().get("cash", 0)
        payment_id = await taken(till, minor=minor)
        took = till.ledger().get("cash", 0) - before
        assert took % 5 == 0
        wanted: list[Any] = [*parts, minor]
        gone = 0
        for number, part in enumerate(wanted):
            try:
                await back(till, payment_id, part, press=f"{payment_id}-{number}")
                gone += part
            except CheckoutRefused:
                assert part > minor - gone or (part % 5 and part != minor - gone)
            left = till.ledger().get("cash", 0) - before
            assert 0 <= left <= took
        if gone < minor:
            await back(till, payment_id, minor - gone, press=f"{payment_id}-rest")
        assert till.ledger().get("cash", 0) == before

    asyncio.run(story())
    assert till.violations() == []


def test_what_was_never_written_down_or_is_over_is_not_handed_out(till: HandCounter) -> None:
    async def story() -> tuple[Payment, Refund]:
        payment_id = await taken(till)
        refund = await back(till, payment_id, 1233)
        found = till.store.read_now(lambda db: find_payment(db, CASH, payment_id))
        assert found is not None
        return found, refund

    payment, refund = asyncio.run(story())
    strategy = till.gateway.strategy("cash")
    assert isinstance(strategy, TakesByHand)
    with pytest.raises(InvariantError, match="without an intent"):
        till.store.write_now(lambda tx: hand_out(tx, payment, refund, strategy))

    def again(tx: Transaction) -> Refund:
        tx.execute("UPDATE intents SET outcome = NULL WHERE refund = ?", (refund.id,))
        return hand_out(tx, payment, refund, strategy)

    with pytest.raises(InvariantError, match="is not settled"):
        till.store.write_now(again)
    assert till.violations() == []
