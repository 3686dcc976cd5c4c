"""The scenes of a payment by hand: cash with keypad and change, and a card machine apart."""

from collections.abc import Awaitable, Callable

from app.domain.cash import CashSteps
from app.errors import CheckoutRefused, Message, MoneyMoved
from tests.ui.gallery.stage import Stage
from ui.pay.state import Action

Bring = Callable[[Stage], Awaitable[None]]
COINS = CashSteps({"EUR": "0.25"})


async def _charged(stage: Stage, account: str) -> None:
    stage.till.account_names = (account,)
    stage.till.checkout.coins = COINS
    await stage.charge()


async def cash(stage: Stage) -> None:
    await _charged(stage, "cash")


def typed(minor: int) -> Bring:
    """Make the scene in which so much is typed in."""

    async def bring(stage: Stage) -> None:
        await cash(stage)
        for figure in str(minor):
            stage.window.pay.hand.keypad.keys[figure].click()

    return bring


async def cash_refused(stage: Stage) -> None:
    await typed(5000)(stage)
    stage.till.checkout.errors["confirm_paid"] = CheckoutRefused(
        Message("The order {number} is cancelled", number=1),
        Message("What you took is not in the books."),
        money=MoneyMoved.UNKNOWN,
        action=Message("Give the money back, or charge again and confirm that."),
    )
    stage.window.pay.buttons[Action.CONFIRM].click()
    await stage.settled()


async def cash_taken(stage: Stage) -> None:
    await typed(5000)(stage)
    stage.window.pay.buttons[Action.CONFIRM].click()
    await stage.settled()


async def machine(stage: Stage) -> None:
    await _charged(stage, "terminal")


async def machine_typed(stage: Stage) -> None:
    await machine(stage)
    stage.window.pay.hand.entry.set_text("0815 4711")


async def machine_used(stage: Stage) -> None:
    await machine_typed(stage)
    stage.till.checkout.errors["confirm_paid"] = CheckoutRefused(
        Message("The reference {reference} was used before", reference="0815 4711"),
        Message("For order {number}.", number=12),
        money=MoneyMoved.UNKNOWN,
        action=Message("Look at the machine's slip: each payment has a reference of its own."),
    )
    stage.window.pay.buttons[Action.CONFIRM].click()
    await stage.settled()


async def order_in_cash(stage: Stage) -> None:
    await cash_taken(stage)
    stage.window.counter.next_sale()
    (order_id,) = stage.till.orders.orders
    stage.window.rail.orders.click()
    await stage.settled()
    stage.window.orders.list.choose(order_id)
    await stage.settled()
