"""The counter: the cart and the one payment at a time, and what happens between the two.

Widgets tell it what was pressed; it alone talks to the till. It holds no state that the store
does not have, but for the cart that is being rung up.
"""

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QObject, QTimer, Signal

from app.catalog_watch import CatalogNews
from app.clock import Clock
from app.domain.capabilities import Method
from app.domain.cart import Cart
from app.domain.catalog import Product
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.errors import CartRefused, ScantillError
from app.events import Fact
from app.status import PhonesState
from ui.accounts import no_account
from ui.cards.desk import CardDesk
from ui.i18n import _, ngettext
from ui.pay.news import paid_model
from ui.pay.phones import moved_words, switch_phones
from ui.pay.state import Action, PaidModel, PayModel
from ui.payment import Payment
from ui.sell.cart_model import CartModel, cart_model_of
from ui.sell.refill import refill
from ui.tasks import Tasks
from ui.till import Till

_TICK_MS = 1000


class Stage(StrEnum):
    """What the counter is doing."""

    SELLING = "selling"
    PAYING = "paying"
    PAID = "paid"


class Counter(QObject):
    """Rings up, charges and goes on with the next sale.

    Signals:
        cart_changed (CartModel): The cart has another content.
        stage_changed (Stage): Selling, paying or paid.
        payment_changed (PayModel): What the Pay screen shows.
        paid (PaidModel): The order on the screen is paid; emitted before stage_changed.
        withdrawn (Order): The cancellation went through, it is not paid; emitted before
            stage_changed.
        page_wanted (str): The customer's page is to be opened on this computer (training only).
        told (str, str): A piece of good or plain news: title and detail.
        failed (ScantillError): Something went wrong that belongs to no payment on the screen.
        paid_elsewhere (PaidModel): An order that is not on the screen was paid.
        failed_elsewhere (int): The payment of an order that is not on the screen came to nothing;
            the order, by its number, is still open.
        books_changed (Fact): An order somewhere has news; lists read again.
        catalog_told (CatalogNews): There is another catalog, or news of its file.
    """

    cart_changed = Signal(object)
    stage_changed = Signal(object)
    payment_changed = Signal(object)
    paid = Signal(object)
    withdrawn = Signal(object)
    page_wanted = Signal(str)
    told = Signal(str, str)
    failed = Signal(object)
    paid_elsewhere = Signal(object)
    failed_elsewhere = Signal(int)
    books_changed = Signal(object)
    catalog_told = Signal(object)

    def __init__(self, till: Till, clock: Clock) -> None:
        super().__init__()
        self._till = till
        self._clock = clock
        self.cart = Cart()
        self.tasks = Tasks(self.failed.emit)
        self.cards = CardDesk(till, clock, self.tasks, lambda: self._stage is Stage.PAYING)
        self.cards.page_wanted.connect(self.page_wanted)
        self._payment: Payment | None = None
        self._cart_is_being_paid = False
        self._stage = Stage.SELLING
        self._phones_address = till.phones.state.address if till.phones is not None else ""
        self._unsubscribe = till.subscribe(self._on_fact)
        self._leave_catalog = till.catalog_watch.subscribe(self._on_catalog)
        till.catalog_watch.hold_while(lambda: not self.cart.is_empty)
        self._forget_phones = (
            till.phones.subscribe(self._on_phones) if till.phones is not None else None
        )
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)

    @property
    def stage(self) -> Stage:
        """Say what the counter is doing."""
        return self._stage

    @property
    def payment(self) -> PayModel | None:
        """Give what the Pay screen shows, while there is a payment."""
        return self._payment.model if self._payment is not None else None

    @property
    def shop_name(self) -> str:
        """Give the shop's name as the catalog has it now."""
        return self._till.catalog.shop.name

    @property
    def cart_model(self) -> CartModel:
        """Give the cart as the panel shows it."""
        return cart_model_of(self.cart, self._till)

    # --- ringing up -----------------------------------------------------------------------

    def add(self, product: Product) -> None:
        """Add one piece to the cart."""
        self._change(lambda cart: cart.add(product))

    def set_quantity(self, line_id: int, quantity: int) -> None:
        """Set the pieces of a line; none takes the line away."""
        if quantity < 1:
            self.remove(line_id)
        else:
            self._change(lambda cart: cart.set_quantity(line_id, quantity))

    def remove(self, line_id: int) -> None:
        """Take a line out of the cart."""
        self._change(lambda cart: cart.remove(line_id))

    def undo(self) -> None:
        """Take back the last change of the cart."""
        self._change(lambda cart: cart.undo())

    def void(self) -> None:
        """Empty the cart; undo brings it back."""
        self._change(lambda cart: cart.clear())

    def add_scanned(self, code: str) -> bool:
        """Add the product with this code, and say whether there is one."""
        product = self._till.catalog.scanned(code)
        if product is None:
            return False
        self.add(product)
        return True

    # --- taking money ---------------------------------------------------------------------

    def charge(self) -> bool:
        """Begin a payment for the cart, and say whether one began: never a second one."""
        if self._stage is not Stage.SELLING or self.cart.is_empty:
            return False
        hindrance = self.cards.make_way() if self._till.accounts else no_account()
        if hindrance is not None:
            self.failed.emit(hindrance)
            return False
        self.cart.lock()
        self._cart_is_being_paid = True
        payment = self._follow(self.cart_model.total)
        payment.start(self.cart.content)
        return True

    def act(self, action: Action) -> None:
        """Do what a button of the Pay screen asks for; nothing where there is no payment."""
        payment = self._payment
        if payment is None or self._stage is not Stage.PAYING:
            return
        match action:
            case Action.CHECK_NOW:
                payment.check_now()
            case Action.CANCEL:
                payment.cancel()
            case Action.KEEP_WAITING:
                payment.keep_waiting()
            case Action.NEW_CODE:
                payment.new_code()
            case Action.OTHER_WAYS:
                payment.look_at_ways()
            case Action.PAY_AS_CUSTOMER:
                if payment.model.url is not None:
                    self.page_wanted.emit(payment.model.url)
            case Action.ALLOW_PHONES:
                self.tasks.start(switch_phones(self._till.phones))
            case Action.SET_ASIDE:
                self._set_aside(payment)
            case Action.BACK_TO_CART:
                self._back_to_cart(payment)

    def take_way(self, account: str) -> None:
        """Take another way of payment for what is on the screen."""
        if self._payment is not None and self._stage is Stage.PAYING:
            self._payment.take_way(account)

    def wish(self, method: Method | None) -> None:
        """Take note of how the customer wishes to pay what is on the screen."""
        if self._payment is not None and self._stage is Stage.PAYING:
            self._payment.wish(method)

    def confirm(self, received: Money | None, reference: str) -> None:
        """Take the operator's word that the money was taken by hand."""
        if self._payment is not None and self._stage is Stage.PAYING:
            self._payment.confirm(received, reference)

    def next_sale(self) -> None:
        """Leave the Paid screen."""
        if self._stage is Stage.PAID:
            self._end_payment(keep_cart=not self._cart_is_being_paid)

    async def resume(self) -> None:
        """At start: go on with what was being paid on the screen, or tell what still waits."""
        detail = await self._till.orders.unfinished()
        if detail is not None and self._stage is Stage.SELLING and self.cards.make_way() is None:
            self._follow(detail.order.total).resume(detail)
            return
        count = await self._till.orders.awaited()
        if count and self._stage is Stage.SELLING:
            title = ngettext(
                "{count} order is still waiting for its money",
                "{count} orders are still waiting for their money",
                count,
            )
            self.told.emit(
                title.format(count=count),
                _("The till keeps asking, and says when it is paid. You find it under Orders."),
            )

    def continue_payment(self, order_id: str) -> None:
        """Take up an open order from the list. The cart at hand waits as it is."""
        if self._stage is Stage.SELLING:
            self.tasks.start(self._continue_payment(order_id))

    async def close(self) -> None:
        """Stop listening and end what is under way; the store has all that matters."""
        self._unsubscribe()
        self._leave_catalog()
        if self._forget_phones is not None:
            self._forget_phones()
        self._timer.stop()
        self.cards.stop()
        await self.tasks.stop()

    async def _continue_payment(self, order_id: str) -> None:
        detail = await self._till.orders.detail(order_id)
        if detail is None or self._stage is not Stage.SELLING:
            return
        if (hindrance := self.cards.make_way()) is not None:
            self.failed.emit(hindrance)
        else:
            self.cart.lock()
            self._follow(detail.order.total).resume(detail)

    def _follow(self, amount: Money) -> Payment:
        payment = Payment(self._till, self._clock, self.tasks, amount)
        payment.changed.connect(self.payment_changed)
        payment.paid.connect(self._on_paid)
        payment.withdrawn.connect(self._on_withdrawn)
        payment.refused.connect(self._on_refused)
        self._payment = payment
        self._enter(Stage.PAYING)
        self._timer.start()
        return payment

    def _set_aside(self, payment: Payment) -> None:
        order = payment.known.order
        self._end_payment(keep_cart=order is None or not self._cart_is_being_paid)
        if order is not None:
            self.told.emit(
                _("Order {number} is set aside").format(number=order.number),
                _("The till keeps asking about it. You find it under Orders."),
            )

    def _back_to_cart(self, payment: Payment) -> None:
        order = payment.known.order
        if order is not None and order.state is OrderState.OPEN:
            payment.cancel()
        else:
            self._end_payment(keep_cart=True, order=order)

    def _end_payment(self, *, keep_cart: bool, order: Order | None = None) -> None:
        if self._payment is not None:
            self._payment.leave()
            self._payment = None
        self._timer.stop()
        if keep_cart:
            self.cart.unlock()
            if self.cart.is_empty and order is not None:
                refill(self.cart, order.snapshot, self._till.catalog)
        else:
            self.cart.start_over()
        self._cart_is_being_paid = False
        self._enter(Stage.SELLING)
        self.cart_changed.emit(self.cart_model)
        self._till.catalog_watch.release()

    def _enter(self, stage: Stage) -> None:
        if stage is not self._stage:
            self._stage = stage
            self.stage_changed.emit(stage)

    def _change(self, edit: Callable[[Cart], object]) -> None:
        before = self.cart.version
        try:
            edit(self.cart)
        except CartRefused as error:
            self.failed.emit(error)
        if self.cart.version != before:
            self.cart_changed.emit(self.cart_model)
            self._till.catalog_watch.release()

    def _on_paid(self, paid: PaidModel) -> None:
        self._timer.stop()
        self.paid.emit(paid)
        self._enter(Stage.PAID)

    def _on_withdrawn(self, order: Order) -> None:
        has_money_waiting = self._payment is not None and self._payment.known.has_money_waiting
        self.withdrawn.emit(order)
        self._end_payment(keep_cart=True, order=order)
        self.told.emit(
            _("Payment cancelled"),
            _("Money that came for it needs a person. The code cannot be used any more.")
            if has_money_waiting
            else _("Nothing was paid. The code cannot be used any more."),
        )

    def _on_refused(self, error: ScantillError) -> None:
        self._end_payment(keep_cart=True)
        self.failed.emit(error)

    def _on_fact(self, fact: Fact) -> None:
        payment = self._payment
        if payment is not None and payment.is_about(fact):
            payment.on_fact(fact)
        elif fact.name == "order.paid":
            self.paid_elsewhere.emit(paid_model(fact))
        elif fact.name == "attempt.failed" and fact.order_id:
            self.tasks.start(self._tell_of_failure(fact.order_id))
        self.cards.on_fact(fact)
        self.books_changed.emit(fact)

    async def _tell_of_failure(self, order_id: str) -> None:
        detail = await self._till.orders.detail(order_id)
        if detail is not None and detail.order.state is OrderState.OPEN and not detail.is_live:
            self.failed_elsewhere.emit(detail.order.number)

    def _on_catalog(self, news: CatalogNews) -> None:
        if not news.has_same_terms:
            # The cart is empty now, and what was in it could not be sold under these terms.
            self.cart.forget_past()
            self.cart_changed.emit(self.cart_model)
        self.catalog_told.emit(news)

    def _on_phones(self, phones: PhonesState) -> None:
        if self._payment is not None:
            self._payment.tick()
        moved = moved_words(self._phones_address, phones) if self._stage is Stage.PAYING else None
        if moved is not None:
            self.told.emit(*moved)
        self._phones_address = phones.address

    def _on_tick(self) -> None:
        if self._payment is not None:
            self._payment.tick()
