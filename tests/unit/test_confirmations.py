"""Cash and a card machine apart: the operator's word is the payment, once, and with all of it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.attempt import AttemptState, CloseReason
from app.domain.cash import CashSteps
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.receipt import receipt_of
from app.errors import CheckoutRefused, MoneyMoved
from app.failpoints import FAILPOINTS, only_at, switched_on
from tests.parts.by_hand import OPERATOR, HandCounter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[HandCounter]:
    till = HandCounter(tmp_path)
    yield till
    till.close()


def refused(till: HandCounter, *arguments: object, **named: object) -> CheckoutRefused:
    with pytest.raises(CheckoutRefused) as refusal:
        asyncio.run(till.checkout.confirm_paid(*arguments, **named))  # type: ignore[arg-type]
    return refusal.value


def test_a_payment_by_hand_opens_at_once_and_asks_nobody(till: HandCounter) -> None:
    order, attempt = asyncio.run(till.sell("cash"))
    assert (attempt.state, attempt.session_id) == (AttemptState.OPEN, str(attempt.reference))
    assert attempt.is_confirmable and not attempt.is_payable and attempt.url is None
    assert till.count("intents") == 0
    assert asyncio.run(till.state(order)) == "open"
    assert till.violations() == []


def test_cash_is_rounded_to_the_coin_and_the_rounding_has_its_own_line(till: HandCounter) -> None:
    order, attempt = asyncio.run(till.sell("cash", 1233))
    assert asyncio.run(till.checkout.due(attempt.id)) == Money(1235, "CHF")
    word = asyncio.run(till.take_cash(attempt, 2000))
    assert (word.due, word.change) == (Money(1235, "CHF"), Money(765, "CHF"))
    assert word.rounding == Money(2, "CHF")
    assert till.ledger() == {"cash": 1235, "rounding": -2, "sales": -1233}
    assert asyncio.run(till.state(order)) == "paid"
    assert till.attempt(attempt.id).is_final
    assert till.violations() == []


def test_cash_that_is_rounded_down_costs_the_shop_what_it_is_less(till: HandCounter) -> None:
    _, attempt = asyncio.run(till.sell("cash", 1232))
    word = asyncio.run(till.take_cash(attempt, 1230))
    assert (word.change.minor, word.rounding.minor) == (0, -2)
    assert till.ledger() == {"cash": 1230, "rounding": 2, "sales": -1232}
    assert till.violations() == []


def test_an_amount_that_no_coin_is_for_is_paid_with_none(till: HandCounter) -> None:
    order, attempt = asyncio.run(till.sell("cash", 2))
    asyncio.run(till.take_cash(attempt, 0))
    assert till.ledger() == {"rounding": 2, "sales": -2}
    assert asyncio.run(till.state(order)) == "paid"
    assert till.violations() == []


def test_a_currency_without_a_rule_is_not_rounded(till: HandCounter) -> None:
    _, attempt = asyncio.run(till.sell("cash", 1233, "EUR"))
    asyncio.run(till.take_cash(attempt, 1233))
    assert till.ledger() == {"cash": 1233, "sales": -1233}


def test_what_was_received_and_given_back_stands_with_the_order(till: HandCounter) -> None:
    async def story() -> None:
        order, attempt = await till.sell("cash", 1233)
        word = await till.take_cash(attempt, 2000)
        detail = await till.detail(order)
        assert detail.confirmations == (word,)
        receipt = receipt_of(detail.order, detail.tenders, confirmations=detail.confirmations)
        (told,) = receipt.confirmations
        assert (told.received.minor, told.change.minor, told.by) == (2000, 765, OPERATOR)
        (line,) = till.rows("SELECT actor, subject FROM audit WHERE action = 'payment.confirmed'")
        assert line == (OPERATOR, word.payment_id)
        (fact,) = [fact for fact in detail.history if fact.name == "attempt.paid"]
        assert fact.data["source"] == Source.OPERATOR.value

    asyncio.run(story())


def test_too_little_cash_is_refused_and_nothing_is_written(till: HandCounter) -> None:
    order, attempt = asyncio.run(till.sell("cash"))
    error = refused(till, attempt.id, by=OPERATOR, received=Money(1234, "CHF"))
    assert "0.01 CHF is still missing" in str(error)
    assert asyncio.run(till.state(order)) == "open"
    assert (till.count("payments"), till.count("audit", "actor = 'Mia'")) == (0, 0)
    refused(till, attempt.id, by=OPERATOR, received=Money(5000, "EUR"))
    refused(till, attempt.id, by=OPERATOR)
    asyncio.run(till.take_cash(attempt, 1235))
    assert till.violations() == []


def test_nobody_may_confirm_without_a_name(till: HandCounter) -> None:
    _, attempt = asyncio.run(till.sell("cash"))
    error = refused(till, attempt.id, by=" ", received=Money(5000, "CHF"))
    assert "Nobody is named" in str(error)


def test_pressing_twice_is_one_payment(till: HandCounter) -> None:
    async def story() -> None:
        _, attempt = await till.sell("cash")
        words = await asyncio.gather(*(till.take_cash(attempt, 2000) for _ in range(5)))
        assert len(set(words)) == 1

    asyncio.run(story())
    assert till.count("payments") == 1
    assert till.count("journal", "name = 'attempt.confirmed'") == 1
    assert till.count("ledger_transactions", "kind = 'rounding'") == 1
    assert till.violations() == []


def test_a_second_word_that_says_something_else_is_refused(till: HandCounter) -> None:
    async def story() -> None:
        _, attempt = await till.sell("cash")
        await till.take_cash(attempt, 2000)
        with pytest.raises(CheckoutRefused) as refusal:
            await till.take_cash(attempt, 5000)
        assert refusal.value.money is MoneyMoved.YES
        assert "20.00 CHF were received" in str(refusal.value)
        _, machine = await till.sell("terminal")
        await till.take_card(machine, "A1")
        with pytest.raises(CheckoutRefused, match="with A1"):
            await till.take_card(machine, "A2")

    asyncio.run(story())
    assert till.violations() == []


def test_a_word_given_again_after_the_coins_changed_is_still_the_same(till: HandCounter) -> None:
    _, attempt = asyncio.run(till.sell("cash"))
    first = asyncio.run(till.take_cash(attempt, 1235))
    till.coins = CashSteps({"CHF": "1"})
    till.restart()
    assert asyncio.run(till.take_cash(attempt, 1235)) == first


def test_a_machines_payment_needs_its_reference_and_is_named_by_it(till: HandCounter) -> None:
    order, attempt = asyncio.run(till.sell("terminal"))
    assert "reference is missing" in str(refused(till, attempt.id, by=OPERATOR))
    refused(till, attempt.id, by=OPERATOR, reference="x" * 41)
    word = asyncio.run(till.take_card(attempt, " ab  12 "))
    assert (word.reference, word.payment_id) == ("AB 12", "terminal:AB 12")
    assert (word.received, word.change.minor) == (Money(1233, "CHF"), 0)
    assert till.ledger() == {"clearing:terminal": 1233, "sales": -1233}
    assert asyncio.run(till.state(order)) == "paid"
    assert till.violations() == []


def test_the_same_reference_of_a_machine_counts_once(till: HandCounter) -> None:
    async def story() -> None:
        _, first = await till.sell("terminal")
        await till.take_card(first, "AB 12")
        order, second = await till.sell("terminal")
        with pytest.raises(CheckoutRefused) as refusal:
            await till.take_card(second, "ab 12")
        assert "was used before" in str(refusal.value) and "order 1" in str(refusal.value)
        assert await till.state(order) == "open"
        await till.take_card(second, "AB 13")
        _, other = await till.sell("machine2")
        await till.take_card(other, "AB 12")

    asyncio.run(story())
    assert till.count("payments") == 3
    assert till.violations() == []


@pytest.mark.parametrize("text", ["4242424242424242", "4242 4242 4242 4242", "5555-5555-5555-4444"])
def test_a_cards_number_is_never_kept(till: HandCounter, text: str) -> None:
    _, attempt = asyncio.run(till.sell("terminal"))
    assert "card's number" in str(refused(till, attempt.id, by=OPERATOR, reference=text))
    assert not [row for row in till.rows("SELECT data FROM journal") if "4242" in row[0]]


@pytest.mark.parametrize("text", ["123456", "000123456789", "4242424242424241"])
def test_numbers_that_are_no_cards_are_references(till: HandCounter, text: str) -> None:
    _, attempt = asyncio.run(till.sell("terminal"))
    assert asyncio.run(till.take_card(attempt, text)).reference == text


def test_what_a_provider_decides_nobody_confirms_in_its_place(till: HandCounter) -> None:
    order, attempt = asyncio.run(till.sell("fake", 500, "EUR"))
    error = refused(till, attempt.id, by=OPERATOR, received=Money(500, "EUR"))
    assert "says itself what was paid" in str(error)
    assert asyncio.run(till.state(order)) == "open"
    assert "not in the books" in str(refused(till, 99, by=OPERATOR))


def test_cancelling_closes_at_once_and_money_for_it_is_refused(till: HandCounter) -> None:
    order, attempt = asyncio.run(till.sell("cash"))
    ended = asyncio.run(till.checkout.cancel(order.id))
    assert ended.state.value == "cancelled"
    closed = till.attempt(attempt.id)
    assert (closed.state, closed.is_final) == (AttemptState.CANCELLED, True)
    error = refused(till, attempt.id, by=OPERATOR, received=Money(2000, "CHF"))
    assert error.money is MoneyMoved.UNKNOWN and "Order 1 is cancelled" in str(error)
    assert till.count("payments") == 0
    assert till.violations() == []


def test_another_way_of_payment_takes_the_place_of_one_by_hand(till: HandCounter) -> None:
    async def story() -> None:
        order, attempt = await till.sell("terminal")
        with pytest.raises(CheckoutRefused):
            await till.checkout.open_session(order.id, "cash")
        await till.checkout.withdraw(order.id)
        second = await till.checkout.open_session(order.id, "cash")
        with pytest.raises(CheckoutRefused, match="over"):
            await till.take_card(attempt, "A1")
        await till.take_cash(second, 1235)
        assert await till.state(order) == "paid"

    asyncio.run(story())
    assert till.violations() == []


def test_the_watch_and_the_deadline_leave_it_alone(till: HandCounter) -> None:
    async def story() -> None:
        order, attempt = await till.sell("cash")
        till.clock.advance(9 * 3600)
        for _ in range(3):
            await till.watch.tick()
        assert (await till.watch.look_at_all()).looked_at == 0
        assert till.attempt(attempt.id) == attempt
        await till.take_cash(attempt, 1235)
        assert await till.state(order) == "paid"

    asyncio.run(story())


def test_one_whose_closing_a_crash_cut_off_is_closed_by_the_watch(till: HandCounter) -> None:
    order, attempt = asyncio.run(till.sell("cash"))

    class PowerCut(BaseException):
        pass

    def die() -> None:
        raise PowerCut

    with switched_on(only_at("cancel.wanted", die)), pytest.raises(PowerCut):
        asyncio.run(till.checkout.cancel(order.id))
    till.restart()
    assert till.attempt(attempt.id).close_reason is CloseReason.CANCELLED

    async def watched() -> None:
        await till.watch.look_at_all()

    asyncio.run(watched())
    assert till.attempt(attempt.id).state is AttemptState.CANCELLED
    assert asyncio.run(till.state(order)) == "cancelled"
    assert till.violations() == []


@pytest.mark.parametrize("account", ["cash", "terminal"])
@pytest.mark.parametrize(
    "point", [name for name in FAILPOINTS if name.startswith(("settle.", "writer."))]
)
def test_a_crash_in_the_middle_leaves_nothing_or_all(
    tmp_path: Path, point: str, account: str
) -> None:
    class PowerCut(BaseException):
        pass

    def die() -> None:
        raise PowerCut

    till = HandCounter(tmp_path)
    order, attempt = asyncio.run(till.sell(account))

    async def confirm() -> None:
        await (
            till.take_cash(attempt, 2000) if account == "cash" else till.take_card(attempt, "A1")
        )

    with switched_on(only_at(point, die)), pytest.raises(PowerCut):
        asyncio.run(confirm())
    till.restart()
    is_paid = asyncio.run(till.state(order)) == "paid"
    tables = ("payments", "audit WHERE action = 'payment.confirmed'")
    counts = {till.rows(f"SELECT count(*) FROM {each}")[0][0] for each in tables}
    assert counts == {int(is_paid)}
    assert till.count("journal", "name = 'attempt.confirmed'") == int(is_paid)
    assert till.violations() == []
    asyncio.run(confirm())
    assert asyncio.run(till.state(order)) == "paid"
    assert till.count("payments") == 1
    assert till.violations() == []
    till.close()


def test_reconciling_leaves_it_out_and_its_health_is_well(till: HandCounter) -> None:
    async def story() -> None:
        _, attempt = await till.sell("cash")
        report = await till.reconciliation.run("by hand")
        assert report.problems == []
        assert till.count("cursors", "account IN ('cash', 'terminal', 'machine2')") == 0
        await till.take_cash(attempt, 1235)

    asyncio.run(story())
    assert till.health.accounts
    assert all(account.is_reachable is not False for account in till.health.accounts)
