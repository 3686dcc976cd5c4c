"""The scenes of a payment: what happens between Charge and its end."""

from app.domain.attempt import AttemptState
from app.domain.order import OrderState
from app.errors import Message, MoneyMoved, ProviderError, Unavailable
from tests.ui.gallery.stage import Stage
from ui.pay.state import Action


async def opening(stage: Stage) -> None:
    stage.hold("open_session")
    stage.add_first(3)
    stage.window.counter.charge()
    await stage.till.checkout.called("open_session")


async def upi(stage: Stage) -> None:
    stage.till.checkout.url = (
        "upi://pay?pa=amselundbohne%40razorpay&pn=Amsel%20%26%20Bohne&am=900.00&cu=INR&tr=EZV12345"
    )
    await stage.charge()


async def waiting(stage: Stage) -> None:
    await stage.charge()


async def recurring(stage: Stage) -> None:
    """A first payment, goods beside it, and what comes after."""
    club = next(one for one in stage.till.catalog.on_sale() if one.is_recurring)
    stage.add(club.id)
    await stage.charge()


async def asking(stage: Stage) -> None:
    await stage.charge()
    stage.hold("check_now")
    stage.window.counter.act(Action.CHECK_NOW)
    await stage.till.checkout.called("check_now")


async def slow(stage: Stage) -> None:
    await stage.charge()
    stage.clock.advance(minutes=13, seconds=20)
    # Twice: the order is read again, as every second.
    stage.window.counter._on_tick()
    await stage.settled()
    stage.window.pay.countdown._on_tick()


async def declined(stage: Stage) -> None:
    await stage.charge()
    await stage.change("attempt.declined", decline="insufficient_funds")


async def challenged(stage: Stage) -> None:
    await stage.charge()
    await stage.change("attempt.declined", decline="payment_intent_authentication_failure")


async def processing(stage: Stage) -> None:
    await stage.charge()
    await stage.turn(AttemptState.PROCESSING)


async def closing(stage: Stage) -> None:
    await stage.charge()
    stage.hold("cancel")
    stage.window.counter.act(Action.CANCEL)
    await stage.till.checkout.called("cancel")


async def unknown(stage: Stage) -> None:
    await stage.charge()
    stage.till.checkout.errors["check_now"] = Unavailable(
        Message("The provider did not answer in time")
    )
    await stage.turn(AttemptState.UNKNOWN)
    stage.window.counter.act(Action.CHECK_NOW)
    await stage.settled()


async def no_answer(stage: Stage) -> None:
    stage.till.checkout.opens_as = AttemptState.UNKNOWN
    await stage.charge()


async def refused(stage: Stage) -> None:
    stage.till.checkout.errors["open_session"] = ProviderError(
        Message("The provider does not accept the key"),
        "Invalid API Key provided: sk_test_****1234",
        money=MoneyMoved.NO,
        action=Message("Put the right key into the settings."),
    )
    await stage.charge()


async def cannot_show(stage: Stage) -> None:
    stage.till.checkout.errors["mark_shown"] = ProviderError(
        Message("The books cannot be written"),
        money=MoneyMoved.NO,
        action=Message("Free some space on the disk."),
    )
    await stage.charge()


async def failed(stage: Stage) -> None:
    await stage.charge()
    await stage.turn(AttemptState.FAILED)


async def expired(stage: Stage) -> None:
    await stage.charge()
    (order_id,) = stage.till.orders.orders
    stage.till.orders.change(1, state=AttemptState.EXPIRED)
    stage.till.orders.end(order_id, OrderState.EXPIRED)
    stage.till.tell(stage.till.orders.facts[-1])
    await stage.settled()


async def money_that_does_not_fit(stage: Stage) -> None:
    await stage.charge()
    await stage.turn(AttemptState.PAID)


async def paid(stage: Stage) -> None:
    await stage.charge()
    (order_id,) = stage.till.orders.orders
    stage.till.pay(order_id)
