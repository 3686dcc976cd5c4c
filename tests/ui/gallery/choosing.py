"""The scenes of a payment that could go several ways."""

from dataclasses import replace
from typing import Final

from app import charging
from app.domain.attempt import AttemptState
from app.domain.capabilities import Method
from app.domain.decision import Decision, Said
from app.domain.money import Money
from app.errors import Message
from app.routing import Choice, LeftOut, Route
from tests.ui.gallery.stage import ATTEMPT, Stage
from tests.ui.helpers import button
from ui.pay.choosing import WISHES

FEE = Message("It keeps about {fee} of this.", fee=Money(59, "EUR"))
DEARER = Message("It keeps about {fee} of this.", fee=Money(84, "EUR"))
TRIAL = Message("It did not answer a while ago; this shows whether it is back.")
CASH = Choice("cash", Message("You take it by hand."), is_by_hand=True)
DOWN = Message("The provider does not answer.")
WAYS = Route(
    (Choice("stripe_checkout", FEE), Choice("paypal", DEARER), CASH),
    (
        LeftOut("razorpay_upi", Message("It takes no {currency}.", currency="EUR")),
        LeftOut("square", DOWN, is_down=True),
    ),
)
MANY = Route(
    (
        *WAYS.choices,
        Choice("square", TRIAL, is_trial=True),
        Choice("stripe_links", Message("It did not answer the last time.")),
        Choice("market stand in the old town, stall 14", DEARER),
        Choice("terminal", Message("You take it by hand."), is_by_hand=True),
    ),
    (
        LeftOut("razorpay", Message("It lacks a key: {key}.", key=Message("Secret key"))),
        LeftOut("razorpay_upi", Message("It takes no {currency}.", currency="EUR")),
        LeftOut("paypal_old", Message("It is switched off in the settings.")),
    ),
)
TAKES: dict[Method, tuple[str, ...]] = {
    Method.CARD: ("stripe_checkout",),
    Method.WALLET: ("stripe_checkout",),
    Method.PAYPAL: ("paypal",),
    Method.CASH: ("cash",),
}
NONE = Route((CASH,), (LeftOut("stripe_checkout", DOWN, True), LeftOut("paypal", DOWN, True)))


async def refused_cart(stage: Stage) -> None:
    """Goods beside a subscription, which no account takes."""
    alone = Message("It takes a subscription by itself, with nothing else in the cart.")
    stage.till.ways.route = Route(
        left_out=(
            LeftOut("paypal", alone),
            LeftOut("square", alone),
            LeftOut("cash", Message("It takes no subscriptions.")),
            LeftOut("razorpay", Message("It lacks a key: {key}.", key=Message("Secret key"))),
        )
    )
    club = next(one for one in stage.till.catalog.on_sale() if one.is_recurring)
    stage.add(club.id)
    stage.add_first(8)


async def opening(stage: Stage) -> None:
    stage.till.ways.route = WAYS
    stage.hold("open_session")
    stage.add_first(3)
    stage.window.counter.charge()
    await stage.till.checkout.called("open_session")


async def waiting(stage: Stage) -> None:
    stage.till.ways.route = WAYS
    await stage.charge()


async def declined(stage: Stage) -> None:
    await waiting(stage)
    await stage.change("attempt.declined", decline="insufficient_funds")


async def tried(stage: Stage) -> None:
    """The longest of what the router says of its first choice, with a card that was refused."""
    stage.till.ways.route = replace(WAYS, choices=(Choice("square", TRIAL, is_trial=True), CASH))
    stage.till.checkout.opens_at = "square"
    await stage.charge()
    await stage.change("attempt.declined", decline="insufficient_funds")


async def listed(stage: Stage) -> None:
    await waiting(stage)
    button(stage.window.pay, "other_ways").click()


async def wished(stage: Stage) -> None:
    """The customer has said how to pay: the list has that alone, and why not of the others."""
    stage.till.ways.takes = TAKES
    await listed(stage)
    button(stage.window.pay, "wish_paypal").click()


async def wished_by_none(stage: Stage) -> None:
    stage.till.ways.takes = {**TAKES, Method.UPI: ()}
    await listed(stage)
    button(stage.window.pay, "wish_upi").click()


async def wish_offered(stage: Stage) -> None:
    stage.till.ways.takes = dict.fromkeys(WISHES, tuple(each.account for each in WAYS.choices))
    await listed(stage)


async def listed_many(stage: Stage) -> None:
    stage.till.ways.route = MANY
    await stage.charge()
    button(stage.window.pay, "other_ways").click()


async def followed(stage: Stage) -> None:
    """The first did not answer, so that the second opened."""
    stage.till.ways.route = WAYS
    tried = (Said("stripe_checkout", Message("It did not answer.")),)
    stage.till.orders.decisions[ATTEMPT] = Decision("paypal", DEARER, tried=tried)
    stage.add_first(3)
    stage.till.checkout.opens_at = "paypal"
    assert stage.window.counter.charge()
    await stage.settled()
    await stage.change("attempt.tried_again")


async def none_answers(stage: Stage) -> None:
    stage.till.ways.route = NONE
    stage.till.checkout.errors["open_session"] = charging.none_answers(NONE)
    await stage.charge()


async def changing(stage: Stage) -> None:
    """Another way is wanted, and the code before is being closed."""
    await waiting(stage)
    stage.till.checkout.withdraws_as = AttemptState.UNKNOWN
    stage.window.pay.way_wanted.emit("paypal")
    await stage.settled()


WISHED: Final = {"paypal": wished, "offered": wish_offered, "none": wished_by_none}
"""The scenes of a customer's wish, by name."""
