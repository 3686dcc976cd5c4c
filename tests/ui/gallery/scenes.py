"""Every screen and state of the program, as one list: a later screen is one entry more.

A scene says how the window is brought there, from what a till would tell it. What is rung up
comes from the sample shop unless the scene has a catalog of its own.
"""

from dataclasses import replace
from fractions import Fraction
from typing import Final

from app.domain.attempt import AttemptState
from app.domain.cart import Discount
from app.domain.catalog import Catalog
from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.order import OrderState
from app.domain.receipt import Tender
from app.errors import (
    CatalogError,
    Fault,
    Message,
    Rejected,
)
from app.settings import Mode
from app.status import AccountHealth
from tests.ui.fakes import START, many_products, small_catalog
from tests.ui.gallery import (
    books,
    choosing,
    needing,
    outside,
    paying,
    setting,
    subscribing,
    taking,
)
from tests.ui.gallery.carding import card_scenes
from tests.ui.gallery.of_persons import needing_scenes
from tests.ui.gallery.scene import Bring, Scene
from tests.ui.gallery.stage import Stage
from tests.ui.helpers import button
from ui.orders.screen import OrdersScreen
from ui.pay.state import Action
from ui.theme import DARK, LIGHT, Theme, Tone
from ui.trouble import trouble_box

# --- selling --------------------------------------------------------------------------------


async def nothing(stage: Stage) -> None:
    return


async def few_lines(stage: Stage) -> None:
    stage.add_first(4)
    stage.add_first(2)


async def reduced(stage: Stage) -> None:
    await few_lines(stage)
    cart = stage.window.counter.cart
    cart.discount_line(cart.content.lines[0].id, Discount(rate=Fraction(1, 10)))
    cart.discount_cart(Discount(amount_minor=150))
    cart.set_tip(200)
    stage.window.counter.cart_changed.emit(stage.window.counter.cart_model)


async def two_hundred_lines(stage: Stage) -> None:
    stage.add(*(f"p{number}" for number in range(200)))


async def long_names(stage: Stage) -> None:
    stage.add("coffee", "long", "markup", "long")


async def large_amounts(stage: Stage) -> None:
    stage.add_first(3)
    stage.window.counter.set_quantity(stage.window.counter.cart.content.lines[0].id, 999)


async def search_found(stage: Stage) -> None:
    stage.window.sell.type_into_search("es")


async def search_empty(stage: Stage) -> None:
    stage.window.sell.type_into_search("zzz")


async def void_asked(stage: Stage) -> None:
    await few_lines(stage)
    button(stage.window, "void").click()


async def locked(stage: Stage) -> None:
    await few_lines(stage)
    stage.window.counter.cart.lock()
    stage.add_first(1)
    assert stage.window.notice.isVisible()


async def unknown_code(stage: Stage) -> None:
    await few_lines(stage)
    stage.window.sell.code_entered.emit("4006381333931")


async def good_news(stage: Stage) -> None:
    await stage.charge()
    stage.window.counter.act(Action.CANCEL)
    await stage.settled()


async def paid_elsewhere(stage: Stage) -> None:
    await few_lines(stage)
    order = stage.till.orders.place(stage.window.counter.cart.content)
    stage.till.pay(order.id)


async def bad_news(stage: Stage) -> None:
    await few_lines(stage)
    stage.till.checkout.errors["place_order"] = Rejected(
        Message("The provider refuses the payment"),
        "Amount must be no more than €999,999.99",
        action=Message("Mend the settings, or take the money another way."),
    )
    stage.window.counter.charge()
    await stage.settled()


async def needs_person(stage: Stage) -> None:
    await few_lines(stage)
    stage.till.answers = replace(
        stage.till.answers,
        needs_person=12,
        accounts=(AccountHealth("stripe_checkout", is_reachable=False, since=START),),
    )
    stage.window.strip.show_status(stage.till.status(), stage.clock.now())
    stage.window.rail.person.set_waiting(12)


# --- orders ---------------------------------------------------------------------------------


async def _open_orders(stage: Stage) -> OrdersScreen:
    stage.window.rail.orders.click()
    await stage.settled()
    return stage.window.orders


async def no_orders(stage: Stage) -> None:
    await _open_orders(stage)


async def some_orders(stage: Stage) -> None:
    for count in (1, 4, 2, 6, 3, 2, 5, 1):
        await stage.paid_order(count)
    await _open_orders(stage)


async def order_in_full(stage: Stage) -> None:
    order = await stage.paid_order(5)
    screen = await _open_orders(stage)
    screen.list.choose(order.id)
    await stage.settled()


async def order_for_a_person(stage: Stage) -> None:
    order = await stage.paid_order(2)
    stage.till.orders.exceptions.append(
        OrderException(
            id=1,
            kind=ExceptionKind.SURPLUS,
            amount=order.total,
            order_id=order.id,
            attempt_id=1,
            payment_id="pi_2",
            detail="",
            opened_at=stage.clock.now(),
        )
    )
    await stage.charge()
    await stage.change("attempt.processing", state=AttemptState.PROCESSING)
    stage.window.counter.act(Action.SET_ASIDE)
    screen = await _open_orders(stage)
    screen.list.choose(order.id)
    await stage.settled()


async def open_order(stage: Stage) -> None:
    await stage.charge()
    await stage.turn(AttemptState.FAILED)
    stage.window.counter.act(Action.SET_ASIDE)
    (order_id,) = stage.till.orders.orders
    screen = await _open_orders(stage)
    screen.list.choose(order_id)
    await stage.settled()


async def part_paid(stage: Stage) -> None:
    """A part came by two ways, the rest was refused; yesterday's orders stand below it."""
    for state in (OrderState.CANCELLED, OrderState.EXPIRED):
        order = await stage.paid_order(2)
        stage.till.orders.end(order.id, state)
    stage.clock.advance(days=2)
    await stage.charge()
    order_id = next(reversed(stage.till.orders.orders))
    attempt = stage.till.orders.attempts_of(order_id)[-1]
    stage.till.orders.change(attempt.id, state=AttemptState.FAILED)
    stage.window.counter.act(Action.SET_ASIDE)
    order = stage.till.orders.orders[order_id]
    stage.till.orders.tenders[order_id] = tuple(
        Tender(account, Money(100 + number, order.total.currency), f"p{number}")
        for number, account in enumerate(("stripe_checkout", "razorpay_upi", "terminal"))
    )
    screen = await _open_orders(stage)
    screen.list.choose(order_id)
    await stage.settled()


async def no_such_order(stage: Stage) -> None:
    await stage.paid_order(1)
    screen = await _open_orders(stage)
    screen.search.edit.setText("4711")
    await stage.settled()


# --- others ---------------------------------------------------------------------------------


async def trouble(stage: Stage, theme: Theme = LIGHT) -> None:
    fault = Fault(
        "catalog.toml", "product 3", "price.amount", "must be a whole number of cents, not 3.9"
    )
    stage.dialog = trouble_box(CatalogError("catalog.toml", (fault,)), theme)


async def trouble_in_the_dark(stage: Stage) -> None:
    await trouble(stage, DARK)


async def display_cancelled(stage: Stage) -> None:
    await stage.charge()
    stage.window.counter.act(Action.CANCEL)
    await stage.settled()


async def news_over_payment(stage: Stage) -> None:
    await stage.charge()
    stage.window.notice.tell("Order 7 is paid", "€4.20 has arrived.", Tone.GOOD)


def display_of(name: str, bring: Bring, **more: object) -> Scene:
    """Make the scene of the customer's display in a state of the till."""
    return Scene(f"display-{name}", bring, "display", **more)  # type: ignore[arg-type]


def two_hundred_products() -> Catalog:
    """Give a shop of 200 products."""
    return many_products(200)


def grand_catalog() -> Catalog:
    """Give a shop whose prices are as long as prices get."""
    shop = small_catalog()
    price = Money(999_999, shop.shop.currency)
    dear = tuple(
        replace(product, price=price, stock=None)
        for product in shop.products
        if not product.is_recurring
    )
    return Catalog(shop.shop, dear)


def taking_scenes() -> tuple[Scene, ...]:
    """Give the scenes of a payment by hand."""
    return (
        Scene("cash", taking.cash),
        Scene("cash-too-little", taking.typed(500)),
        Scene("cash-enough", taking.typed(5000)),
        Scene("cash-refused", taking.cash_refused),
        Scene("cash-large", taking.cash, catalog=grand_catalog),
        Scene("cash-paid", taking.cash_taken),
        Scene("cash-order", taking.order_in_cash),
        Scene("machine", taking.machine),
        Scene("machine-typed", taking.machine_typed),
        Scene("machine-used", taking.machine_used),
        display_of("to-pay-cash", taking.cash),
        display_of("to-pay-machine", taking.machine),
        display_of("paid-cash", taking.cash_taken),
    )


SCENES: Final = (
    Scene("sell-empty", nothing),
    Scene("sell-few-lines", few_lines),
    Scene("sell-discounts-tip", reduced),
    Scene("sell-200-lines", two_hundred_lines, catalog=two_hundred_products),
    Scene("sell-long-names", long_names, catalog=small_catalog),
    Scene("sell-large-amounts", large_amounts, catalog=grand_catalog),
    Scene("sell-refused", choosing.refused_cart),
    Scene("sell-search", search_found),
    Scene("sell-search-nothing", search_empty),
    Scene("sell-void-asked", void_asked),
    Scene("sell-locked", locked),
    Scene("notice-unknown-code", unknown_code),
    Scene("notice-good-news", good_news),
    Scene("notice-paid-elsewhere", paid_elsewhere),
    Scene("notice-error", bad_news),
    Scene("notice-over-payment", news_over_payment),
    Scene("badge-needs-person", needs_person),
    Scene("mode-test", few_lines, mode=Mode.TEST),
    Scene("mode-live", few_lines, mode=Mode.LIVE),
    Scene("catalog-changed", outside.changed_catalog),
    Scene("catalog-kept-price", outside.price_kept),
    Scene("catalog-waiting", outside.catalog_waiting),
    Scene("catalog-faults", outside.catalog_with_faults),
    Scene("catalog-faults-all", outside.all_faults_shown),
    Scene("keys-refused", outside.keys_refused),
    Scene("pay-phones-on", outside.phones_allowed),
    Scene("pay-phones-no-network", outside.phones_without_network),
    Scene("pay-opening", paying.opening),
    Scene("pay-waiting", paying.waiting),
    Scene("pay-upi", paying.upi),
    Scene("pay-recurring", paying.recurring),
    Scene("pay-asking", paying.asking),
    Scene("pay-slow", paying.slow),
    Scene("pay-declined", paying.declined),
    Scene("pay-challenge-failed", paying.challenged),
    Scene("pay-processing", paying.processing),
    Scene("pay-closing", paying.closing),
    Scene("pay-unknown", paying.unknown),
    Scene("pay-no-answer", paying.no_answer),
    Scene("pay-refused", paying.refused),
    Scene("pay-cannot-show", paying.cannot_show),
    Scene("pay-failed", paying.failed),
    Scene("pay-expired", paying.expired),
    Scene("pay-needs-person", paying.money_that_does_not_fit),
    Scene("pay-live", paying.waiting, mode=Mode.LIVE),
    Scene("pay-ways-opening", choosing.opening),
    Scene("pay-ways", choosing.waiting),
    Scene("pay-ways-live", choosing.waiting, mode=Mode.LIVE),
    Scene("pay-ways-declined", choosing.declined),
    Scene("pay-ways-trial", choosing.tried),
    Scene("pay-ways-list", choosing.listed),
    Scene("pay-ways-many", choosing.listed_many),
    *(Scene(f"pay-wish-{name}", bring) for name, bring in choosing.WISHED.items()),
    Scene("pay-ways-followed", choosing.followed),
    Scene("pay-ways-none", choosing.none_answers),
    Scene("pay-ways-changing", choosing.changing),
    Scene("paid", paying.paid),
    *taking_scenes(),
    Scene("orders-empty", no_orders),
    Scene("orders-list", some_orders),
    Scene("orders-detail", order_in_full),
    Scene("orders-needs-person", order_for_a_person),
    Scene("orders-open", open_order),
    Scene("orders-part-paid", part_paid),
    Scene("orders-no-such", no_such_order),
    Scene("orders-refunds", needing.order_with_refunds),
    Scene("orders-refunds-dispute", needing.order_with_a_dispute),
    Scene("orders-held-money", needing.order_with_held_money),
    Scene("orders-200-lines", needing.order_of_200_lines, catalog=two_hundred_products),
    Scene("orders-refund-form", needing.order_refund_form),
    Scene("orders-refund-several", needing.order_refund_of_several),
    *(Scene(name, story) for name, story in subscribing.STORIES.items()),
    *needing_scenes(),
    *card_scenes(),
    *(Scene(f"settings-{name}", bring, mode=mode) for name, mode, bring in setting.SCENES),
    Scene("notice-refund-failed", needing.news_of_failure),
    Scene("books-full-disk", books.full_disk),
    Scene("books-full-disk-charged", books.charged_on_a_full_disk),
    Scene("books-full-disk-code", books.full_disk_with_a_code),
    Scene("books-damaged", books.damaged),
    Scene("books-restored", books.restored),
    Scene("books-no-backup", books.no_backup),
    Scene("books-compared", books.compared),
    Scene("books-not-all-compared", books.not_all_compared),
    Scene("books-rescue", books.rescue, "dialog"),
    Scene("books-rescue-dark", books.rescue_in_the_dark, "dialog"),
    Scene("trouble", trouble, "dialog"),
    Scene("trouble-dark", trouble_in_the_dark, "dialog"),
    display_of("idle", nothing),
    display_of("cart", few_lines),
    display_of("cart-figures", reduced),
    display_of("cart-200-lines", two_hundred_lines, catalog=two_hundred_products),
    display_of("cart-long-names", long_names, catalog=small_catalog),
    display_of("preparing", paying.opening),
    display_of("code", paying.waiting),
    display_of("code-upi", paying.upi),
    display_of("code-recurring", paying.recurring),
    display_of("code-declined", paying.declined),
    display_of("processing", paying.processing),
    display_of("checking", paying.closing),
    display_of("cancelled", display_cancelled),
    display_of("expired", paying.expired),
    display_of("failed", paying.failed),
    display_of("paid", paying.paid),
)
