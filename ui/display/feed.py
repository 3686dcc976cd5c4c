"""From the counter's signals to the customer's display: the one place that knows both."""

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.cart import CartContent
from app.domain.order import Order
from ui.cards.state import CardModel, CardPhase
from ui.counter import Counter, Stage
from ui.display.cards import card_shown
from ui.display.model import (
    DisplayCode,
    DisplayModel,
    Ending,
    Face,
    changed_row,
    display_cart,
)
from ui.pay.state import PaidModel, PayModel, Phase
from ui.sell.cart_model import CartModel

LINGER_MS: Final = 9000
"""How long the end of a sale stays before the customer, whatever the operator does."""

_FACES: Final = {
    Phase.OPENING: Face.PREPARING,
    Phase.WAITING: Face.CODE,
    Phase.TAKING: Face.CASH,
    Phase.SLOW: Face.CODE,
    Phase.DECLINED: Face.CODE,
    Phase.PROCESSING: Face.PROCESSING,
    Phase.CLOSING: Face.CHECKING,
    Phase.UNKNOWN: Face.CHECKING,
    Phase.MAKING_SURE: Face.CHECKING,
    Phase.NEEDS_PERSON: Face.CHECKING,
    Phase.REFUSED: Face.NOT_PAID,
    Phase.FAILED: Face.NOT_PAID,
    Phase.EXPIRED: Face.NOT_PAID,
    Phase.CANCELLED: Face.NOT_PAID,
    Phase.PAID: Face.PAID,
}
_ENDINGS: Final = {Phase.EXPIRED: Ending.EXPIRED, Phase.CANCELLED: Ending.CANCELLED}


class DisplayFeed(QObject):
    """Follows the counter and says what its customer sees.

    The end of a sale (paid, or cancelled by the operator), or of a card that was to be saved,
    lingers for some seconds, unless a new cart is begun, a payment or another card; a change that
    the counter makes by itself does not end it.

    Signals:
        changed (DisplayModel): The display shows this now.
    """

    changed = Signal(object)

    def __init__(self, counter: Counter, shop: str, *, linger_ms: int = LINGER_MS) -> None:
        super().__init__()
        self._counter = counter
        self._shop = shop
        self._ending: DisplayModel | None = None
        self._content = counter.cart.content
        self._newest: int | None = None
        self._gives_back = False
        self._card_phase: CardPhase | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(linger_ms)
        self._timer.timeout.connect(self._on_lingered)
        counter.cart_changed.connect(self._on_cart)
        counter.stage_changed.connect(self._on_stage)
        counter.payment_changed.connect(self._on_payment)
        counter.paid.connect(self._on_paid)
        counter.withdrawn.connect(self._on_withdrawn)
        counter.catalog_told.connect(self._on_catalog)
        counter.cards.changed.connect(self._on_card)
        self._model = self._present()

    @property
    def model(self) -> DisplayModel:
        """Give what the display shows now."""
        return self._model

    def stop(self) -> None:
        """Follow no more."""
        self._timer.stop()
        for signal, slot in (
            (self._counter.cart_changed, self._on_cart),
            (self._counter.stage_changed, self._on_stage),
            (self._counter.payment_changed, self._on_payment),
            (self._counter.paid, self._on_paid),
            (self._counter.withdrawn, self._on_withdrawn),
            (self._counter.catalog_told, self._on_catalog),
            (self._counter.cards.changed, self._on_card),
        ):
            signal.disconnect(slot)

    def _on_cart(self, cart: CartModel) -> None:
        content = cart.content
        is_rung_up = content != self._content and content != CartContent()
        self._newest = changed_row(self._content, content)
        self._content = content
        if is_rung_up and not self._gives_back:
            self._end_lingering()
        self._gives_back = False
        self._tell()

    def _on_stage(self, stage: Stage) -> None:
        if stage is Stage.PAYING:
            self._end_lingering()
        self._tell()

    def _on_payment(self, _payment: PayModel) -> None:
        self._tell()

    def _on_paid(self, paid: PaidModel) -> None:
        self._linger(DisplayModel(Face.PAID, self._shop, amount=paid.total, change=paid.change))

    def _on_withdrawn(self, order: Order) -> None:
        # The counter fills the cart again next; that is nobody's new sale.
        self._gives_back = True
        self._linger(
            DisplayModel(Face.NOT_PAID, self._shop, amount=order.total, ending=Ending.CANCELLED)
        )

    def _on_card(self, card: CardModel | None) -> None:
        before, self._card_phase = self._card_phase, None if card is None else card.phase
        if card is None or card.phase is before:
            self._tell()
        elif card.is_over:
            self._linger(card_shown(card))
        else:
            self._end_lingering()
            self._tell()

    def _on_catalog(self) -> None:
        self._shop = self._counter.shop_name
        self._tell()

    def _on_lingered(self) -> None:
        self._end_lingering()
        self._tell()

    def _linger(self, ending: DisplayModel) -> None:
        self._ending = ending
        self._timer.start()
        self._tell()

    def _end_lingering(self) -> None:
        self._ending = None
        self._timer.stop()

    def _tell(self) -> None:
        model = self._present()
        if model != self._model:
            self._model = model
            self.changed.emit(model)

    def _present(self) -> DisplayModel:
        if self._ending is not None:
            return self._ending
        counter = self._counter
        payment = counter.payment
        if counter.stage is Stage.PAYING and payment is not None:
            return payment_shown(payment)
        card = counter.cards.model
        if card is not None and not card.is_over:
            return card_shown(card)
        if counter.stage is Stage.SELLING and not counter.cart.is_empty:
            return self._cart_shown()
        return DisplayModel(Face.IDLE, self._shop)

    def _cart_shown(self) -> DisplayModel:
        cart = self._counter.cart_model
        shown = display_cart(
            cart.content,
            cart.totals,
            cart.currency,
            prices_include_tax=cart.prices_include_tax,
            newest=self._newest,
        )
        return DisplayModel(Face.CART, self._shop, amount=shown.total, cart=shown)


def payment_shown(payment: PayModel) -> DisplayModel:
    """Take from a payment what its customer may see."""
    if payment.taking is not None:
        face = Face.CASH if payment.taking.is_cash else Face.MACHINE
        return DisplayModel(face, payment.shop, amount=payment.taking.due)
    face = _FACES[payment.phase]
    code = None
    if face is Face.CODE:
        if payment.url is None:
            # Nothing to be scanned, and nobody knows yet why.
            face = Face.CHECKING
        else:
            code = DisplayCode(
                url=payment.url,
                host=payment.host,
                ends_at=payment.ends_at,
                was_declined=payment.phase is Phase.DECLINED,
            )
    elif face is Face.CHECKING and not payment.was_shown and payment.phase is Phase.UNKNOWN:
        face = Face.PREPARING
    ending = _ENDINGS.get(payment.phase, Ending.FAILED) if face is Face.NOT_PAID else None
    return DisplayModel(
        face,
        payment.shop,
        amount=payment.amount,
        code=code,
        ending=ending,
        recurring=payment.recurring if face is Face.CODE else None,
    )
