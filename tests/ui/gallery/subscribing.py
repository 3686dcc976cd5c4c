"""The scenes of an order that began a subscription."""

from typing import Any

from app.domain.order import Order
from app.domain.renewal import EndWanted, Subscription
from app.domain.subscription import SubscriptionState
from app.errors import CheckoutRefused, Message
from tests.ui.gallery.stage import Stage
from tests.ui.helpers import button

ENDS = (EndWanted.PERIOD_END, EndWanted.NOW)


async def _shown(stage: Stage, order: Order) -> None:
    stage.window.rail.orders.click()
    await stage.settled()
    stage.window.orders.list.choose(order.id)
    await stage.settled()


async def _begun(stage: Stage, **changes: Any) -> tuple[Order, Subscription]:
    order = await stage.paid_order(1)
    subscription = stage.till.subscriptions.begin(order, **changes)
    data = {
        "amount_minor": order.total.minor,
        "currency": order.total.currency,
        "interval": "monthly",
    }
    stage.till.orders.note("subscription.started", order, data=data)
    return order, subscription


async def running(stage: Stage) -> None:
    order, subscription = await _begun(stage)
    for _ in range(3):
        payment = stage.till.subscriptions.renew(subscription)
        stage.clock.advance(days=30)
        data: dict[str, object] = {
            "amount_minor": payment.amount.minor,
            "currency": payment.amount.currency,
        }
        stage.till.orders.note("subscription.renewed", order, data=data)
    await _shown(stage, order)


async def past_due(stage: Stage) -> None:
    order, _ = await _begun(stage, state=SubscriptionState.PAST_DUE, decline="insufficient_funds")
    stage.till.orders.note(
        "subscription.renewal_refused", order, data={"decline": "insufficient_funds"}
    )
    await _shown(stage, order)


async def ending(stage: Stage) -> None:
    order, subscription = await _begun(stage)
    stage.till.subscriptions.renew(subscription)
    await stage.till.subscriptions.cancel(
        subscription.id, at_period_end=True, by="Eva", reason="The customer asked for it"
    )
    await _shown(stage, order)


async def unheard(stage: Stage) -> None:
    order, subscription = await _begun(stage)
    stage.till.subscriptions.is_silent = True
    await stage.till.subscriptions.cancel(
        subscription.id, at_period_end=False, by="Eva", reason="The customer asked for it"
    )
    await _shown(stage, order)


async def form(stage: Stage) -> None:
    order, _ = await _begun(stage)
    await _shown(stage, order)
    button(stage.window, "end_subscription").click()
    for entry in (stage.window.orders.panel.form.who, stage.window.orders.panel.form.reason):
        entry.field.edit.clearFocus()


async def _confirmed(stage: Stage) -> None:
    await form(stage)
    asked = stage.window.orders.panel.form
    asked.who.set_text("Eva")
    asked.reason.set_text("The customer asked for it")
    asked.confirm.click()
    await stage.settled()


async def refused(stage: Stage) -> None:
    stage.till.subscriptions.error = CheckoutRefused(
        Message("Stripe does not answer"),
        Message("Nothing was ended."),
        action=Message("Check the network and the keys, then try again."),
    )
    await _confirmed(stage)


async def ended(stage: Stage) -> None:
    stage.till.subscriptions.ends = (EndWanted.NOW,)
    await _confirmed(stage)


STORIES = {
    "orders-subscription": running,
    "orders-subscription-past-due": past_due,
    "orders-subscription-ending": ending,
    "orders-subscription-unheard": unheard,
    "orders-subscription-form": form,
    "orders-subscription-refused": refused,
    "orders-subscription-ended": ended,
}
