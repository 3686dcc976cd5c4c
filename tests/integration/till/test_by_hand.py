"""Cash and a card machine apart on a whole till: sale, cancel, refund, commands, restart."""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.domain.attempt import AttemptState
from app.domain.money import Money
from app.domain.order import Order
from app.errors import CheckoutRefused
from app.settings import Mode, load_settings
from tests.conftest import ExpectedLogs
from tests.integration.till.house import NEVER, Customer, open_till, place, rows, state, until
from tests.integration.till.processes import called

BY = "Mia"
SETTINGS = """
[accounts.stripe_checkout]
[accounts.cash]
[accounts.machine]
kind = "terminal"
[cash]
round_to = "0.70"
"""

Run = Callable[..., Any]


@pytest.fixture
def shop(root: Path) -> Path:
    (root / "scantill.toml").write_text(SETTINGS)
    return root


def lived(root: Path, customer: Customer, story: Callable[[Till], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        options: dict[str, Any] = {"pace": NEVER, "register_webhooks": False}
        async with open_till(root, customer.origin, **options) as till:
            return await story(till)

    return asyncio.run(run())


async def sold_for_cash(till: Till) -> tuple[Order, str]:
    """Sell, take the cash and give order and payment."""
    order = await place(till)
    attempt = await till.checkout.open_session(order.id, "cash")
    due = await till.checkout.due(attempt.id)
    assert due.minor % 70 == 0 and due != order.total
    received = due + Money(1000, due.currency)
    word = await till.checkout.confirm_paid(attempt.id, by=BY, received=received)
    assert word.change.minor == 1000
    return order, word.payment_id


def clean(capsys: pytest.CaptureFixture[str], root: Path, origin: str) -> str:
    """Verify the books and the provider's, and give what was said."""
    status, out, _ = called(capsys, "verify", "--data-dir", str(root), "--sandbox", origin)
    assert status == 0, out
    return out


def test_the_books_of_sales_by_hand_are_clean_beside_the_providers_own(
    shop: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(till: Till) -> None:
        order, _ = await sold_for_cash(till)
        assert await state(till, order) == "paid"
        other = await place(till)
        attempt = await till.checkout.open_session(other.id, "machine")
        await till.checkout.confirm_paid(attempt.id, by=BY, reference="0815")
        assert await state(till, other) == "paid"
        report = await till.reconcile()
        assert report.problems == []

    lived(shop, customer, story)
    assert rows(shop, "SELECT count(*) FROM cursors WHERE account <> 'stripe_checkout'") == [(0,)]
    assert customer.books()["payments"] == []
    out = clean(capsys, shop, customer.origin)
    assert "what was taken by hand is what the operators confirmed: 2 payments" in out


def test_a_till_with_cash_alone_needs_no_provider_and_no_page(
    root: Path, customer: Customer
) -> None:
    (root / "scantill.toml").write_text("[accounts.cash]\n")
    settings = load_settings(root, Mode.LIVE, working_directory=root)

    async def run() -> None:
        till = Till(settings, pace=NEVER)
        try:
            await till.start()
            assert till.accounts == ("cash",)
            order, _ = await sold_for_nothing_rounded(till)
            assert await state(till, order) == "paid"
            assert all(account.is_reachable is not False for account in till.status().accounts)
        finally:
            await till.aclose()

    asyncio.run(run())


async def sold_for_nothing_rounded(till: Till) -> tuple[Order, str]:
    order = await place(till)
    attempt = await till.checkout.open_session(order.id, "cash")
    assert await till.checkout.due(attempt.id) == order.total
    word = await till.checkout.confirm_paid(attempt.id, by=BY, received=order.total)
    return order, word.payment_id


def test_cancelling_closes_at_once_and_a_restart_finds_an_open_one_again(
    shop: Path, customer: Customer
) -> None:
    async def begin(till: Till) -> str:
        order = await place(till)
        await till.checkout.open_session(order.id, "cash")
        return order.id

    order_id = lived(shop, customer, begin)

    async def go_on(till: Till) -> None:
        detail = await till.orders.unfinished()
        assert detail is not None and detail.order.id == order_id
        (attempt,) = detail.attempts
        assert attempt.is_confirmable
        assert (await till.checkout.cancel(order_id)).state.value == "cancelled"
        ended = await till.orders.detail(order_id)
        assert ended is not None and ended.attempts[0].state is AttemptState.CANCELLED
        with pytest.raises(CheckoutRefused):
            await till.checkout.confirm_paid(attempt.id, by=BY, received=Money(9000, "EUR"))

    lived(shop, customer, go_on)


def test_the_refund_command_hands_cash_out_and_never_too_much(
    shop: Path,
    customer: Customer,
    capsys: pytest.CaptureFixture[str],
    expected_logs: ExpectedLogs,
) -> None:
    order, payment_id = lived(shop, customer, sold_for_cash)
    person = ("--by", BY, "--reason", "cold coffee", "--data-dir", str(shop))
    sandbox = ("--sandbox", customer.origin)
    status, _, err = called(capsys, "refund", payment_id, "9999.00", *person, *sandbox)
    assert status != 0 and "is left" in err
    expected_logs.take_all("")
    whole = str(order.total).split()[0]
    status, out, _ = called(capsys, "refund", payment_id, whole, *person, *sandbox)
    assert status == 0, out
    assert rows(shop, "SELECT state, asked_by FROM refunds") == [("succeeded", BY)]
    drawer = "SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE account = 'cash'"
    assert rows(shop, drawer) == [(0,)]
    clean(capsys, shop, customer.origin)


def test_what_nobody_confirmed_is_found_by_verify(
    shop: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    lived(shop, customer, sold_for_cash)
    for statement, words in (
        ("UPDATE payments SET attempt_id = NULL WHERE provider = 'cash'", "confirmed by nobody"),
        (
            "UPDATE ledger_transactions SET kind = 'fee' WHERE kind = 'rounding'",
            "0 rounded, not",
        ),
    ):
        status, out = broken(capsys, shop, statement)
        assert status == 1 and words in out


def broken(capsys: pytest.CaptureFixture[str], root: Path, statement: str) -> tuple[int, str]:
    """Verify a copy of the books that somebody has changed."""
    copy = root.parent / "broken"
    shutil.rmtree(copy, ignore_errors=True)
    (copy / "training").mkdir(parents=True)
    books = copy / "training" / "till.db"
    source = sqlite3.connect(root / "training" / "till.db")
    target = sqlite3.connect(books)
    source.backup(target)
    source.close()
    for trigger in ("ledger_transactions_refuses_update",):
        target.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    target.execute(statement)
    target.commit()
    target.close()
    status, out, _ = called(capsys, "verify", "--data-dir", str(copy))
    return status, out


def test_the_till_waits_for_nothing_of_a_payment_by_hand(shop: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until(lambda: till.status().reconciled is not None)
        before = till.gateway.requests_made
        await sold_for_cash(till)
        assert till.gateway.requests_made == before

    lived(shop, customer, story)
