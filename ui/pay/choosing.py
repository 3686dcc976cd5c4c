"""Where a payment may go, where it goes and why, and where the operator wants it to go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.attempt import Attempt, AttemptState
from app.domain.capabilities import Method
from app.domain.cart import CartContent
from app.domain.decision import Decision
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.orders import OrderDetail
from app.routing import Choice, LeftOut, Route
from ui.accounts import label_among
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _
from ui.till import Till

WISHES: Final = (Method.CARD, Method.WALLET, Method.UPI, Method.PAYPAL, Method.CASH)
"""What a customer may wish to pay with, as it is offered."""
_UNSEEN: Final = frozenset({AttemptState.UNKNOWN, AttemptState.CREATING})
_CONFIRMED: Final = frozenset({AttemptState.PROCESSING, AttemptState.PAID})


@dataclass(frozen=True, slots=True)
class WaysModel:
    """The ways of a payment as the Pay screen shows them; there is none where there is one way.

    `account` is the one that is taken, or empty. `decision` says why, once the books do.
    `method` is how the customer wishes to pay, None for any way; `methods` are what can be wished.
    """

    account: str
    decision: Decision | None
    choices: tuple[Choice, ...]
    left_out: tuple[LeftOut, ...]
    methods: tuple[Method, ...] = ()
    method: Method | None = None

    def label(self, account: str) -> str:
        """Give an account's name as people know it, told apart from the others."""
        choices = [each.account for each in self.choices]
        return label_among(account, [*choices, *(each.account for each in self.left_out)])

    @property
    def choice(self) -> Choice | None:
        """Give what the router says of the account that is taken."""
        return next((each for each in self.choices if each.account == self.account), None)


class Choosing:
    """Asks the router for the window, and remembers what the operator wants instead."""

    def __init__(self, till: Till) -> None:
        self._till = till
        self._route = Route()
        self._decisions: Mapping[int, Decision] = {}
        self.wanted: str | None = None
        self.method: Method | None = None

    def look(self, content: CartContent, total: Money) -> None:
        """Ask where a cart may go."""
        ways = self._till.ways
        if ways.are_several and total.minor:
            self._route = ways.of_cart(content, self._till.catalog.shop)

    def look_again(self, order: Order, amount: Money) -> None:
        """Ask where an order may go now."""
        ways = self._till.ways
        if ways.are_several and amount.minor:
            self._route = ways.of_order(order, amount, self.method)

    async def charge(self, order_id: str, goes_on: Callable[[], bool]) -> Attempt:
        """Open a session where it is wanted, or where the router says."""
        wanted, self.wanted = self.wanted, None
        return await self._till.checkout.charge(
            order_id, wanted, method=self.method, goes_on=goes_on
        )

    def learn(self, detail: OrderDetail) -> None:
        """Take from the books why each attempt went where it went.

        A customer who has confirmed by the one before needs no other way.
        """
        self._decisions = detail.decisions
        if any(attempt.state in _CONFIRMED for attempt in detail.attempts):
            self.wanted = None

    def is_free(self, order: Order | None, attempt: Attempt | None) -> bool:
        """Say whether what is wanted may be opened now: nobody can pay by another code."""
        is_open = order is not None and order.state is OrderState.OPEN
        return self.wanted is not None and is_open and not must_be_closed(attempt)

    def model(self, attempt: Attempt | None, *, is_opening: bool) -> WaysModel | None:
        """Say what is to be shown; what is over tells nothing of what is being opened."""
        route = self._route
        if not (route.choices or route.left_out):
            return None
        known = attempt if attempt is not None and (attempt.is_live or not is_opening) else None
        account, decision = "", None
        if self.wanted is not None:
            account = self.wanted
        elif known is not None:
            account, decision = known.account, self._decisions.get(known.id)
        elif route.by_itself:
            account = route.by_itself[0].account
        methods = self._methods()
        return WaysModel(account, decision, route.choices, route.left_out, methods, self.method)

    def _methods(self) -> tuple[Method, ...]:
        """Give what a customer can wish for; where all is one method, there is no wish."""
        taken = self._till.ways.methods
        found = tuple(method for method in WISHES if method in taken)
        return found if len(found) > 1 else ()


def must_be_closed(attempt: Attempt | None) -> bool:
    """Say whether a session has to be closed before another is opened: a customer may pay it."""
    if attempt is None or not attempt.is_live:
        return False
    return attempt.shown_at is not None or attempt.state not in _UNSEEN


def method_label(method: Method | None) -> str:
    """Name a way in which a customer wishes to pay; None is any."""
    if method is None:
        return _("Any way")
    return {
        Method.CARD: _("Card"),
        Method.WALLET: _("Wallet"),
        Method.BANK: _("Bank"),
        Method.PAYPAL: "PayPal",
        Method.UPI: "UPI",
        Method.CASH: _("Cash"),
    }[method]


def way_words(model: WaysModel, formats: Formats) -> tuple[str, str]:
    """Name the way that is taken, and say why."""
    name = model.label(model.account) if model.account else _("No way of payment")
    decision = model.decision
    if decision is not None and decision.is_operators:
        return name, _("You chose it.")
    if decision is not None and decision.tried:
        before = decision.tried[-1]
        return name, _("{name}: {reason}").format(
            name=isolated(model.label(before.account)), reason=formats.message(before.reason)
        )
    if decision is not None:
        return name, formats.message(decision.reason)
    choice = model.choice
    return name, formats.message(choice.reason) if choice is not None else ""
