"""What was acknowledged to somebody, kept outside the till: it has to be there after any crash."""

import sqlite3

from app.domain.attempt import Attempt
from app.domain.card_setup import CardSetup, CardState
from app.domain.confirmation import Confirmation
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.renewal import Subscription


class Memory:
    """The promises of a day: orders told, codes shown, PAID on a screen, a 2xx, "cancelled"."""

    def __init__(self) -> None:
        self.till_id = ""
        self._orders: dict[str, tuple[int, int]] = {}
        self._shown: dict[int, tuple[str, str | None]] = {}
        self._ended: dict[str, OrderState] = {}
        self._events: dict[str, None] = {}
        self._refunds: dict[str, tuple[int, str]] = {}
        self._by_hand: dict[tuple[str, str], tuple[int, str]] = {}
        self._unsubscribed: dict[int, tuple[str, bool]] = {}
        self._cards_shown: set[str] = set()
        self._cards: dict[str, CardState] = {}

    @property
    def size(self) -> int:
        return len(self._orders) + len(self._shown) + len(self._ended) + len(self._events)

    def become(self, other: "Memory") -> None:
        """Forget what was promised since `other` was this one."""
        self.__dict__.update(other.__dict__)

    def placed(self, order: Order) -> None:
        self._orders[order.id] = (order.number, order.total.minor)
        self.told(order)

    def shown(self, attempt: Attempt) -> None:
        self._shown[attempt.id] = (str(attempt.reference), attempt.url)

    def told(self, order: Order) -> None:
        """Remember how an order was said to stand, where that is an end."""
        if order.state is not OrderState.OPEN:
            self._ended[order.id] = order.state

    def paid(self, order_id: str) -> None:
        self._ended[order_id] = OrderState.PAID

    def given_back(self, press: str, amount: Money) -> None:
        self._refunds[press] = (amount.minor, amount.currency)

    def confirmed(self, provider: str, word: Confirmation) -> None:
        """Remember money that was taken by hand and written down."""
        amount = word.amount
        self._by_hand[provider, word.payment_id] = amount.minor, amount.currency

    def unsubscribed(self, subscription: Subscription) -> None:
        """Remember that somebody was told of an end: that it came, or that it is wanted."""
        if subscription.is_over or subscription.end_wanted is not None:
            told = subscription.subscription_id, subscription.is_over
            self._unsubscribed[subscription.id] = told

    def card_shown(self, setup: CardSetup) -> None:
        self._cards_shown.add(setup.reference)

    def card_told(self, setup: CardSetup) -> None:
        """Remember how a card was said to stand, where that is an end."""
        if not setup.is_unfinished:
            self._cards[setup.reference] = setup.state

    def received(self, event_id: str) -> None:
        self._events[event_id] = None

    def broken(self, db: sqlite3.Connection) -> list[str]:
        """Name what was acknowledged and is not in the books any more."""
        rows = db.execute("SELECT id, number, total_minor, state FROM orders")
        orders = {row[0]: (row[1], row[2], row[3]) for row in rows}
        faults = [
            f"order {number} was told and is gone"
            for order_id, (number, total) in self._orders.items()
            if order_id not in orders or orders[order_id][:2] != (number, total)
        ]
        for order_id, state in self._ended.items():
            now = orders.get(order_id, (0, 0, "gone"))
            # Late money may be accepted by a person: from cancelled to paid leads a way.
            if now[2] not in (state.value, OrderState.PAID.value):
                faults.append(f"order {now[0]} was told {state.value} and is {now[2]}")
        shown = {
            row[0]: (row[1], row[2])
            for row in db.execute(
                "SELECT id, reference, url FROM attempts WHERE shown_at IS NOT NULL"
            )
        }
        faults += [
            f"attempt {attempt_id} was shown, and the books do not say so"
            for attempt_id, told in self._shown.items()
            if shown.get(attempt_id) != told
        ]
        refunds = {
            row[0]: (row[1], row[2])
            for row in db.execute("SELECT press, amount_minor, currency FROM refunds")
        }
        faults += [
            f"the refund of {press} was told and is gone"
            for press, told in self._refunds.items()
            if refunds.get(press) != told
        ]
        payments = {
            (row[0], row[1]): (row[2], row[3])
            for row in db.execute(
                "SELECT provider, payment_id, amount_minor, currency FROM payments"
            )
        }
        faults += [
            f"{told} was taken by hand as {payment[1]} and is {payments.get(payment)} in the books"
            for payment, told in self._by_hand.items()
            if payments.get(payment) != told
        ]
        events = {row[0] for row in db.execute("SELECT event_id FROM inbox")}
        faults += [
            f"event {event_id} was acknowledged and is gone"
            for event_id in self._events
            if event_id not in events
        ]
        return faults + self._broken_later(db)

    def _broken_later(self, db: sqlite3.Connection) -> list[str]:
        """Name what was promised after a sale and does not hold any more."""
        ended = {
            row[0]: (row[1], row[2] == "ended")
            for row in db.execute("SELECT id, subscription_id, state FROM subscriptions")
        }
        wanted = {
            row[0]
            for row in db.execute(
                "SELECT subject FROM audit WHERE action = 'subscription.end_wanted'"
            )
        }
        faults = [
            f"the end of {told[0]} was told and is gone"
            for row_id, told in self._unsubscribed.items()
            if ended.get(row_id) not in (told, (told[0], True))
            or not (ended[row_id][1] or told[0] in wanted)
        ]
        cards = {
            row[0]: row[1:]
            for row in db.execute("SELECT reference, state, shown_at FROM card_setups")
        }
        faults += [
            f"the code of card {reference} was shown, and the books lack that"
            for reference in sorted(self._cards_shown)
            if cards.get(reference, ("gone", None))[1] is None
        ]
        # A card that was kept counts, whatever was told before.
        return faults + [
            f"card {reference} was told {state.value}, which it is not any more"
            for reference, state in self._cards.items()
            if cards.get(reference, ("gone", None))[0] not in (state.value, "saved")
        ]
