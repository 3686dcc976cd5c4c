"""Names for what a day is about, which stay the same where other decisions are left out."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.delivery import Delivery
from app.domain.order import Order
from tests.simulation.banks import Banks
from tests.simulation.shop import ACCOUNTS

_BY_ID: Final = frozenset({"fetch_refund", "list_refunds", "fetch_dispute", "fetch_fees"})
_OF_MEMBERS: Final = frozenset({"fetch_subscription", "cancel_subscription"})
_OF_CARDS: Final = frozenset({"fetch_setup", "close_setup"})


class Names:
    """Names orders by their sales; `orders` are those of each, in the order of their making.

    `cards` are the operators' names of cards to be kept, by reference; `card_of` looks one up.
    """

    card_of: Callable[[str], str]

    def __init__(self, banks: Banks, orders: Mapping[int, list[Order]]) -> None:
        self._banks = banks
        self._orders = orders
        self._of_orders: dict[str, str] = {}
        self.cards: dict[str, str] = {}
        self._events: Counter[str] = Counter()

    def order(self, order_id: str) -> str:
        """Name an order by its sale."""
        if order_id not in self._of_orders:
            for sale, orders in self._orders.items():
                for place, order in enumerate(orders):
                    self._of_orders[order.id] = f"sale {sale}" + "'" * place
        return self._of_orders.get(order_id, "a new order" if order_id else "nobody")

    def attempt(self, reference: str) -> str:
        """Name an attempt, or a card, by the reference that providers know it by."""
        if reference in self.cards:
            return self.cards[reference]
        parsed = Reference.parse(reference)
        if parsed is None:
            return "nobody's"
        return f"{self.order(parsed.order_id)}/{parsed.attempt_number}"

    def subject(self, account: str, verb: str, args: tuple[Any, ...]) -> str:
        """Name what a call is about."""
        if verb == "refund":
            return f"a refund of {args[0]['payment']}"
        if verb == "open_session":
            return self.attempt(args[0]["reference"])
        if verb == "open_setup":
            reference = args[0]["reference"]
            self.cards[reference] = self.card_of(reference)
            return self.cards[reference]
        if verb == "open_plan":
            return "a plan"
        if verb in _OF_MEMBERS:
            return f"what {self._reference_of(args[0])} began"
        if verb in _OF_CARDS:
            return self._reference_of(args[0])
        if verb in _BY_ID:
            return str(args[0])
        if args and isinstance(args[0], str):
            session = self._banks.sessions.get(args[0])
            return self.attempt(session.reference) if session is not None else "a lost session"
        return "the account" if account == ACCOUNTS[0] else f"the {account} account"

    def _reference_of(self, thing_id: str) -> str:
        """Name a subscription, or a card's page, by the attempt or the card."""
        for bank in self._banks.each:
            known = bank.subscriptions.all.get(thing_id) or bank.setups.all.get(thing_id)
            if known is not None:
                return self.attempt(known.reference)
        return "something lost"

    def event(self, delivery: Delivery) -> str:
        """Name an event by its kind, what it is about, and how many there were before."""
        match = re.search(rb'"reference": "([^"]*)"', delivery.body)
        about = self.attempt(match[1].decode()) if match else "what follows a payment"
        name = f"{delivery.event_type}, {about}"
        self._events[name] += 1
        return f"{name} #{self._events[name] - 1}"
