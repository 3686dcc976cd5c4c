"""Cards for later of a whole till against the simulator over HTTP, and their commands."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.domain.card_setup import CardSetup, CardState
from tests.conftest import ExpectedLogs
from tests.integration.till.errands import PowerCut, cut_at
from tests.integration.till.house import (
    DECLINED,
    GOOD_CARD,
    NEVER,
    Customer,
    elsewhere,
    open_till,
    rows,
    show,
    until,
    until_registered,
    violations,
)
from tests.integration.till.house import until_state as until_sold
from tests.integration.till.processes import called, command, running, serving

CREATE = "/v1/checkout/sessions"
S = CardState

Run = Callable[..., tuple[int, str, str]]


def lived(
    root: Path, customer: Customer, story: Callable[[Till], Awaitable[None]], **options: Any
) -> None:
    """Live a story, then check the books: no order, no money, nothing for a person."""

    async def run() -> None:
        async with open_till(root, customer.origin, **options) as till:
            if options.get("pace") is NEVER:
                await until_registered(till, customer)
            await story(till)

    asyncio.run(run())
    assert_no_money(root, customer)


def assert_no_money(root: Path, customer: Customer) -> None:
    for table in ("orders", "payments", "ledger_transactions", "exceptions"):
        assert rows(root, f"SELECT count(*) FROM {table}") == [(0,)]
    assert customer.taken() == [] and violations(root, customer) == []


async def until_state(till: Till, wanted: CardState, row_id: int = 1) -> CardSetup:
    async def is_so() -> bool:
        return (await till.cards.one(row_id)).state is wanted

    await until(is_so, within_s=60)
    return await till.cards.one(row_id)


def pages_made(customer: Customer) -> int:
    return len({r["idempotency_key"] for r in customer.requests("POST", CREATE)})


@pytest.mark.parametrize("by", ["webhook", "polling"])
def test_a_card_is_saved_by_its_webhook_alone_and_by_polling_alone(
    root: Path, customer: Customer, by: str
) -> None:
    async def story(till: Till) -> None:
        setup = await till.cards.show("Ada L.", by="Bea")
        assert await elsewhere(customer.pay, setup.url) == 303
        saved = await until_state(till, S.SAVED)
        assert saved.card is not None and str(saved.card) == "Visa ···· 4242, 12/34"
        assert saved.card.customer_id.startswith("cus_")
        assert saved.card.method_id.startswith("pm_")

    options: dict[str, Any] = {"pace": NEVER} if by == "webhook" else {"register_webhooks": False}
    lived(root, customer, story, **options)
    if by == "webhook":
        heard = rows(root, "SELECT DISTINCT standing FROM inbox WHERE event_type LIKE 'setup%'")
        assert ("rechecked",) in heard
    else:
        assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def test_a_declined_card_is_told_and_another_is_taken(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        setup = await till.cards.show("", by="Bea")
        await elsewhere(customer.pay, setup.url, DECLINED)

        async def is_told() -> bool:
            return bool((await till.cards.one(1)).decline)

        await until(is_told)
        assert (await till.cards.one(1)).is_open
        await elsewhere(customer.pay, setup.url, GOOD_CARD)
        assert (await until_state(till, S.SAVED)).decline == ""

    lived(root, customer, story)


def test_cancelled_its_page_takes_no_card(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        setup = await till.cards.show("", by="Bea")
        assert (await till.cards.close(1, by="Bea")).state is S.CANCELLED
        with pytest.raises(AssertionError):
            await elsewhere(customer.pay, setup.url)

    lived(root, customer, story)


def test_a_card_that_was_given_before_the_cancellation_is_kept(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        setup = await till.cards.show("", by="Bea")
        await elsewhere(customer.pay, setup.url)
        assert (await till.cards.close(1, by="Bea")).state is S.SAVED

    lived(root, customer, story)


def test_nobody_comes_until_the_deadline(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await till.cards.show("", by="Bea")
        await until_state(till, S.EXPIRED)

    lived(root, customer, story, deadline=timedelta(seconds=1))


@pytest.mark.parametrize("drop", ["after_effect", "before"])
def test_a_lost_answer_to_the_first_call_makes_one_page(
    root: Path, customer: Customer, drop: str
) -> None:
    async def story(till: Till) -> None:
        customer.fault("POST", CREATE, drop=drop)
        setup = await till.cards.show("", by="Bea")
        await elsewhere(customer.pay, setup.url)
        await until_state(till, S.SAVED)

    lived(root, customer, story)
    assert pages_made(customer) == 1


@pytest.mark.parametrize("point", ["card.intended", "card.calling", "card.called", "card.opened"])
def test_cut_off_while_it_is_begun_the_next_till_knows_of_one_page(
    root: Path, customer: Customer, point: Any
) -> None:
    async def begin() -> None:
        async with open_till(root, customer.origin, register_webhooks=False) as till:
            with contextlib.suppress(PowerCut), cut_at(point):
                await till.cards.show("Ada L.", by="Bea")

    async def come_back(till: Till) -> None:
        setup = await until_state(till, S.OPEN)
        await elsewhere(customer.pay, setup.url)
        assert (await until_state(till, S.SAVED)).label == "Ada L."

    asyncio.run(begin())
    lived(root, customer, come_back)
    assert pages_made(customer) == 1


def test_what_was_given_while_the_till_was_off_is_found_at_its_start(
    root: Path, customer: Customer
) -> None:
    pages: list[str] = []

    async def show(till: Till) -> None:
        pages.append((await till.cards.show("", by="Bea")).url)

    async def come_back(till: Till) -> None:
        await until_state(till, S.SAVED)

    lived(root, customer, show, register_webhooks=False)
    customer.pay(pages[0])
    lived(root, customer, come_back, pace=NEVER)


def test_a_sale_and_a_card_go_side_by_side(root: Path, customer: Customer) -> None:
    """The sale's money is judged as ever, and the card's events are none of it."""

    async def story(till: Till) -> None:
        order, attempt = await show(till)
        setup = await till.cards.show("", by="Bea")
        await elsewhere(customer.pay, setup.url)
        await until_state(till, S.SAVED)
        await elsewhere(customer.pay, attempt.url)
        await until_sold(till, order, "paid")
        report = await till.reconcile()
        assert report.is_clean

    async def run() -> None:
        async with open_till(root, customer.origin) as till:
            await story(till)

    asyncio.run(run())
    assert rows(root, "SELECT count(*) FROM payments") == [(1,)]
    assert rows(root, "SELECT count(*) FROM exceptions") == [(0,)]
    assert violations(root, customer) == []


# --- by command ----------------------------------------------------------------------------------


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], root: Path, expected_logs: ExpectedLogs) -> Run:
    """Run a command; what it says on stderr it also logs."""

    def run(*words: str) -> tuple[int, str, str]:
        status, out, err = called(capsys, *words, "--data-dir", str(root))
        assert bool(err) is (status != 0)
        expected_logs.take_all("")
        return status, out, err

    return run


def save(root: Path, *options: str) -> list[str]:
    return ["ui.cli", "cards", "save", "--label", "Ada L.", "--data-dir", str(root), *options]


def test_one_is_saved_by_command_alone_and_listed(root: Path, customer: Customer, run: Run) -> None:
    assert "There are no books" in run("cards")[2]
    with running(*save(root, "--sandbox", customer.origin)) as saving:
        assert "no money is taken" in saving.line()
        assert customer.pay(saving.line()) == 303
        assert saving.line() == "Card saved: Visa ···· 4242, 12/34."
        assert saving.wait() == 0
    status, out, _ = run("cards")
    assert status == 0 and "  Ada L.  saved, Visa ···· 4242, 12/34  cus_" in out
    status, _, err = run("cards", "cancel", "9", "--sandbox", customer.origin)
    assert status == 1 and "not in the books" in err
    status, out, _ = run("cards", "cancel", "1", "--sandbox", customer.origin)
    assert (status, out) == (0, "Card saved: Visa ···· 4242, 12/34.\n")
    assert_no_money(root, customer)


def test_ctrl_c_takes_the_page_away(root: Path, customer: Customer, run: Run) -> None:
    with running(*save(root, "--sandbox", customer.origin)) as saving:
        saving.line()
        url = saving.line()
        saving.popen.send_signal(signal.SIGINT)
        assert saving.wait() == 1
        assert "No card was saved: it was cancelled" in saving.errors()
    with pytest.raises(AssertionError):
        customer.pay(url)
    assert "cancelled" in run("cards")[1]


def test_the_till_that_runs_saves_it(root: Path, customer: Customer, run: Run) -> None:
    with serving(root, customer.origin):
        with running(*save(root)) as saving:
            saving.line()
            assert customer.pay(saving.line()) == 303
            assert saving.line() == "Card saved: Visa ···· 4242, 12/34."
            assert saving.wait() == 0
        with running(*save(root, "--by", "Ada")) as saving:
            saving.line()
            saving.line()
            asked = command("cards", "cancel", "2", "--by", "Cy", "--data-dir", str(root))
            assert (asked.returncode, asked.stdout) == (
                0,
                "Card 2 is cancelled; its page is closed.\n",
            )
            assert saving.wait() == 1
            assert "No card was saved: it was cancelled" in saving.errors()
        with running(*save(root)) as saving:
            saving.line()
            saving.line()
            saving.popen.send_signal(signal.SIGINT)
            assert saving.wait() == 1
        refused = command("cards", "save", "--account", "nobody", "--data-dir", str(root))
        assert refused.returncode == 1 and "not set up" in refused.stderr
    actors = rows(root, "SELECT actor FROM audit WHERE action = 'card.closing' ORDER BY seq")
    assert actors == [("Cy",), ("operator",)]
    assert_no_money(root, customer)


def test_where_nothing_saves_cards_that_is_said(root: Path, run: Run) -> None:
    root.mkdir(exist_ok=True)
    (root / "scantill.toml").write_text("[accounts.cash]\n", "utf-8")
    status, _, err = run("cards", "save")
    assert status == 1 and "No account of this till can save a card" in err
    assert "no cards" in run("cards")[1]
