"""The journey of one sale: every step is a gesture or something that can be seen.

A step that does not happen in its time ends the journey with `StepFailed`.
"""

import asyncio
import random
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtGui import QImage

from app.bootstrap import Till
from app.clock import SystemClock
from app.domain.capabilities import Capabilities
from app.domain.catalog import Product
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import OrderLine
from app.errors import ConfigError
from app.events import Fact
from app.providers.subscribing import Subscribes
from ui.counter import Stage
from ui.demo.customer import Customer
from ui.demo.eyes import read_qr
from ui.demo.gestures import Gestures
from ui.demo.purse import PURSES, Means, Page, Purse
from ui.demo.steps import StepFailed, Timeline, first_received
from ui.display.model import Face
from ui.pay.state import Phase
from ui.window import Window

_SALE_ITEMS: Final = 4
TICK_DRAWN_S: Final = 0.6


class Journey(Gestures):
    """Drives one window as an operator and one phone as a customer."""

    def __init__(
        self,
        till: Till,
        window: Window,
        customer: Customer,
        *,
        out: Path,
        chance: random.Random,
        is_shown: bool,
        purse: Purse = PURSES["stripe_checkout"],
        sells_subscription: bool = False,
    ) -> None:
        super().__init__(window, customer, out=out, is_shown=is_shown, patience_s=purse.patience_s)
        self._till = till
        self._chance = chance
        self._purse = purse
        self._sells_subscription = sells_subscription
        self._facts: list[Fact] = []
        self._paid_ms = 0.0
        self._asked_at = now()
        self.timeline = Timeline()
        till.subscribe(self._facts.append)
        window.counter.stage_changed.connect(self._on_stage)

    async def run(self, means: Means) -> None:
        """Sell, charge, show, pay by `means` (then by good ones, where these are declined)."""
        await self._until(self._window.isVisible, "the window is open")
        self.timeline.note("the window is open")
        await self._picture("sell-empty")
        await self._display_picture(Face.IDLE, "display-idle")
        await self._ring_up()
        url = await self._charge()
        await self._scan(url)
        await self._customer_picture("customer-page")
        if means != self._purse.good:
            await self._be_declined(means)
        await self._pay()
        await self._next_sale()
        await self._see_orders()

    async def learned(self) -> str:
        """Say who told the till of the payment, a webhook, a poll or the operator; or nobody."""
        paid = [fact for fact in self._facts if fact.name == "attempt.paid"]
        if not paid:
            return ""
        source, asked_at = paid[-1].data.get("source"), self._asked_at
        heard = await self._till.store.read(lambda db: first_received(db, asked_at))
        if source != Source.POLL or heard is None:
            return f"learned by {'the operator' if source == Source.OPERATOR else source}"
        # A look that a webhook asked for counts as a poll, and so does one that was quicker.
        is_before = heard <= paid[-1].at
        return f"learned by poll, {'woken by a webhook' if is_before else 'ahead of the webhook'}"

    async def _ring_up(self) -> None:
        for product in self._goods():
            await self._tap_tile(product)
        if not self._sells_subscription:
            again = self._chance.choice(self._window.counter.cart.content.lines).product
            await self._tap_tile(again)
        model = self._window.counter.cart_model
        self.timeline.note(cart_words(len(model.content.lines), model.total))
        await self._picture("sell-cart")
        await self._display_picture(Face.CART, "display-cart")

    def _goods(self) -> list[Product]:
        """Choose what is sold: some goods, or a subscription, with goods where both go together."""
        on_sale = self._till.catalog.on_sale()
        goods = [product for product in on_sale if not product.is_recurring]
        if not self._sells_subscription:
            return self._chance.sample(goods, _SALE_ITEMS)
        takes = self._takes
        fitting = [product for product in on_sale if product.billing_interval in takes.intervals]
        if not fitting:
            raise ConfigError(
                "There is no subscription to sell by this kind of account",
                action="Leave out --subscription, or name another --provider.",
            )
        return [
            self._chance.choice(fitting),
            *self._chance.sample(goods, 1 if takes.mixes_recurring else 0),
        ]

    @property
    def _takes(self) -> Capabilities:
        """Give what the account takes that sells here."""
        return next(iter(self._till.strategies.values())).capabilities

    async def _charge(self) -> str:
        pressed = self.timeline.note("Charge is pressed")
        await self._press("charge")
        await self._until(
            lambda: self._phase() in (Phase.WAITING, Phase.DECLINED) and bool(self._qr_url()),
            "the QR code is shown",
        )
        await self._breathe()
        shown = self.timeline.note("the QR code is shown")
        url = await self._read_code(await self._picture("pay-qr"), "the till's window")
        self.timeline.note(
            f"the QR code is read from the pixels: {len(url)} characters, "
            f"{shown - pressed:.0f} ms after Charge"
        )
        image = await self._display_picture(Face.CODE, "display-qr")
        await self._read_code(image, "the customer's display")
        self.timeline.note("the customer's display shows the same code")
        return url

    async def _read_code(self, image: QImage, place: str) -> str:
        url = await asyncio.to_thread(read_qr, image)
        if url is None:
            raise StepFailed(f"the QR code could not be read from the pixels of {place}")
        if url != self._qr_url():
            raise StepFailed(f"the pixels of {place} say {url}, the till means {self._qr_url()}")
        return url

    async def _scan(self, url: str) -> None:
        seen = await self._customer.open(url)
        self.timeline.note(f"the customer sees: {seen}")

    async def _customer_pays(self, means: Means) -> None:
        self._asked_at = now()
        seen = await self._customer.pay(means)
        self.timeline.note(f"the customer pays with {means.name} and sees: {seen}")

    async def _be_declined(self, means: Means) -> None:
        await self._customer_pays(means)
        if self._purse.page is Page.APP:
            # What an app refuses, nobody else hears of.
            await self._until(lambda: self._phase() is Phase.WAITING, "the till goes on waiting")
            self.timeline.note("the till does not hear of it, and goes on waiting")
            return
        await self._until(
            lambda: self._phase() is Phase.DECLINED, "the till says that the card was declined"
        )
        self.timeline.note("the till says that the card was declined")
        await self._picture("pay-declined")
        await self._display_picture(Face.CODE, "display-declined")
        await self._customer_picture("customer-declined")
        if self._purse.sends_away:
            await self._scan(self._qr_url())

    async def _pay(self) -> None:
        pressed = self.timeline.note("the customer presses Pay")
        await self._customer_pays(self._purse.good)
        await self._until(
            lambda: self._window.counter.stage is Stage.PAID and self._display.paid.isVisible(),
            "the till and the customer's display say PAID",
        )
        if self._qr_url() or self._display.code.qr.get_url():
            raise StepFailed("the QR code is still there after PAID")
        words = await self.learned()
        print(f"             PAID came {self._paid_ms - pressed:.0f} ms after Pay, {words}")
        await asyncio.sleep(TICK_DRAWN_S)
        await self._picture("paid")
        await self._display_picture(Face.PAID, "display-paid")
        await self._customer_picture("customer-paid")

    def _on_stage(self, stage: Stage) -> None:
        if stage is Stage.PAID:
            both = self._display.paid.isVisible() and not self._display.code.qr.get_url()
            self._paid_ms = self.timeline.note(f"PAID on {'both screens' if both else 'the till'}")

    async def _next_sale(self) -> None:
        await self._press("next_sale")
        await self._until(
            lambda: self._window.counter.stage is Stage.SELLING, "the next sale can begin"
        )
        self.timeline.note("the next sale can begin")

    async def _see_orders(self) -> None:
        await self._press("rail_orders")
        await asyncio.sleep(0.4)
        await self._picture("orders")
        page = await self._till.orders.page(limit=1)
        if not page or page[0].state.value != "paid":
            raise StepFailed("the newest order in the books is not paid")
        self.timeline.note(f"order {page[0].number} is in the books: {page[0].total}, paid")
        if self._sells_subscription:
            await self._see_subscription(page[0].id)

    async def _see_subscription(self, order_id: str) -> None:
        """See that the order is one that is charged again, and that the provider knows of it."""
        detail = await self._till.orders.detail(order_id)
        lines = [] if detail is None else detail.order.snapshot.lines
        again = [line for line in lines if line.is_recurring]
        if detail is None or not again:
            raise StepFailed("the order in the books holds no subscription")
        for line in again:
            self.timeline.note(f"the books hold a subscription: {subscribed_words(line)}")
        strategy = self._till.strategies[detail.attempts[-1].account]
        if isinstance(strategy, Subscribes):
            session = detail.attempts[-1].session_id or ""
            seen = await strategy.fetch(session, source=Source.MANUAL)
            if not seen.subscription_id:
                raise StepFailed("the provider names no subscription that the session began")
            self.timeline.note(f"the provider has it, too: {seen.subscription_id}")


def cart_words(count: int, total: Money) -> str:
    """Say what a cart holds, in English like the rest of the timeline."""
    return f"the cart holds {count} {'line' if count == 1 else 'lines'}, {total}"


def subscribed_words(line: OrderLine) -> str:
    """Name what is paid again and how often; a name that says it already stands alone."""
    interval = line.billing_interval
    return line.name if interval in line.name.casefold() else f"{line.name}, {interval}"


def now() -> datetime:
    """Give the time by the clock that the till goes by."""
    return SystemClock().now()
