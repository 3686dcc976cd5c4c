"""The use cases of a sale: place the order, open a session, show it, cancel it, let it expire.

Nothing here judges money: what a provider says goes through `app.settle`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.charging import NotBegun, Opens, Unfit, charge_along, refuse_without_way
from app.checkout_ends import want_cancelled, want_withdrawn
from app.checkout_refusals import (
    refuse_cancelled,
    refuse_second,
    refuse_unreconciled,
    standing,
)
from app.clock import Clock
from app.confirmations import Confirmations, open_by_hand
from app.deadlines import Deadlines
from app.domain.attempt import Attempt, AttemptState, CloseReason, Reference
from app.domain.capabilities import Method, Shows, demand_of, objection
from app.domain.cart import CartContent
from app.domain.catalog import Shop
from app.domain.confirmation import BY_HAND, Confirmation
from app.domain.decision import Decision
from app.domain.ids import ORDER_ID_LENGTH, Ids
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order, OrderState, owed, snapshot_of
from app.domain.presentation import present
from app.errors import CheckoutRefused, InvariantError, Message, ProviderError, Rejected
from app.failpoints import reach
from app.gateway import Gateway
from app.patience import FAIL_OVER_S, patience
from app.plans import Plans
from app.providers.strategy import PaymentStrategy, SessionRequest, TakesByHand
from app.routing import Choice
from app.sessions import Sessions
from app.settle import complete, want_closed
from app.store import Store, Transaction
from app.store.accounts import KnownAccount
from app.store.attempts import (
    attempts_of,
    find_attempt,
    insert_attempt,
    mark_attempt,
)
from app.store.intents import Operation, insert_intent
from app.store.orders import find_order, insert_order
from app.store.payments import accepted_minor
from app.store.store import next_number
from app.store.transaction import stamp
from app.ways import Ways, operators_decision

_NO_PAGE: Final = Message("There is no page for the customer to come back to")


@dataclass(frozen=True, slots=True)
class ReturnPages:
    """Where a customer's phone goes after paying, where the shop names no page of its own."""

    success_url: str = ""
    cancel_url: str = ""


class Checkout:
    """What the window and the doors call. Every verb says in words what it refuses."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        gateway: Gateway,
        *,
        shop: Callable[[], Shop],
        pages: Mapping[str, ReturnPages],
        clock: Clock,
        ids: Ids,
        deadline: timedelta,
        ways: Ways | None = None,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._gateway = gateway
        self._shop = shop
        self._pages = pages
        self._clock = clock
        self._ids = ids
        self._deadline = deadline
        self._ways = ways or Ways(gateway)
        self._deadlines = Deadlines(clock)
        self._confirmations = Confirmations(store, gateway)
        self._plans = Plans(store, gateway)

    async def place_order(self, content: CartContent) -> Order:
        """Freeze a cart into an order with a number. One that costs nothing is paid at once.

        Raises CheckoutRefused for an empty cart, and where no account is set up and switched on.
        """
        if not content.lines:
            raise CheckoutRefused(
                Message("There is nothing in the cart"), action=Message("Ring something up first.")
            )
        self._refuse_in_trouble()
        snapshot = snapshot_of(content, self._shop())
        if snapshot.total.minor:
            refuse_without_way(self._ways.of_cart(content, self._shop()))

        def write(tx: Transaction) -> Order:
            refuse_unreconciled(tx)
            order = Order(
                id=self._ids.new(ORDER_ID_LENGTH),
                number=next_number(tx, "order"),
                state=OrderState.OPEN,
                version=1,
                snapshot=snapshot,
                created_at=tx.at,
            )
            insert_order(tx, order)
            placed = complete(tx, order) if order.total.minor == 0 else order
            reach("order.placing")
            return placed

        order = await self._store.write(write)
        reach("order.placed")
        return order

    async def charge(
        self,
        order_id: str,
        account: str | None = None,
        *,
        method: Method | None = None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Attempt:
        """Open a session where the router says, or at the account that the operator chose.

        `method` is how the customer wishes to pay; who does not take it is left out.
        Where one surely failed, or did not answer in a few seconds and nobody has seen its code,
        the next account is asked as long as `goes_on` says so. Gives and raises what
        `open_session` does, and ConfigError for a chosen account that may not be used, with why.
        """
        self._refuse_in_trouble()
        order = await self._order(order_id)
        amount = await self._owed(order)
        way = self._ways.of_order(order, amount, method)
        if account is not None:
            return await self._open(order_id, account, operators_decision(way, account))

        async def open_at(choice: Choice, decision: Decision) -> Attempt:
            if choice.is_trial:
                self._gateway.tried(choice.account)
            if choice is way.by_itself[-1]:
                return await self._open(order_id, choice.account, decision)
            with patience(FAIL_OVER_S, self._clock):
                return await self._open(order_id, choice.account, decision)

        opens = Opens(open_at, self._sessions.known, self._sessions.close)
        return await charge_along(way, opens, goes_on)

    async def open_session(self, order_id: str, account: str) -> Attempt:
        """Open a session at an account for what an order still owes; the intent is written first.

        Gives an attempt that is open (then it has a URL, or is the operator's to confirm) or
        unknown (then the till keeps asking). Raises CheckoutRefused before anything is done,
        Rejected where the provider refuses, and Protocol where its answer does not fit what was
        asked for; then nothing may be shown.
        """
        self._refuse_in_trouble()
        return await self._open(order_id, account)

    async def _open(
        self,
        order_id: str,
        account: str,
        decision: Decision | None = None,
        *,
        has_new_plan: bool = False,
    ) -> Attempt:
        strategy = self._gateway.strategy(account)
        order = await self._order(order_id)
        amount = await self._asked_amount(order, strategy)
        number = 1 + len(await self._store.read(lambda db: attempts_of(db, order_id)))
        reference = Reference(self._store.till_id, order_id, number)
        request = self._request(order, amount, reference, strategy)
        try:
            known = await self._gateway.identified(strategy)
            planned = await self._plans.planned(request, order, strategy, known)
            parameters = await self._gateway.asked_if_needed(
                account, lambda: strategy.prepare_session(planned)
            )
        except ProviderError as error:
            raise NotBegun(error) from error

        lifetime = strategy.capabilities.session_lifetime
        if isinstance(strategy, TakesByHand):
            return await self._store.write(
                lambda tx: open_by_hand(
                    tx, order, self._new_attempt(reference, amount, known, lifetime, tx), decision
                )
            )

        def write(tx: Transaction) -> Attempt:
            refuse_unreconciled(tx, order)
            if decision is not None and decision.tried:
                refuse_cancelled(tx, order)
            refuse_second(tx, order, number)
            new = self._new_attempt(reference, amount, known, lifetime, tx)
            attempt = insert_attempt(tx, new, decision)
            insert_intent(
                tx,
                key=reference.key("create"),
                operation=Operation.CREATE,
                attempt_id=attempt.id,
                parameters=parameters,
            )
            reach("create.intending")
            return attempt

        attempt = await self._store.write(write)
        self._deadlines.keep(attempt)
        reach("create.intended")
        try:
            opened = await self._sessions.create(attempt.id)
        except Rejected as refused:
            if has_new_plan or not await self._plans.forgot(planned, order, known, refused):
                raise
            return await self._open(order_id, account, decision, has_new_plan=True)
        if opened.state is AttemptState.OPEN and not opened.is_payable:
            raise Unfit(opened)
        return opened

    async def mark_shown(self, attempt_id: int) -> Attempt:
        """Write down that a customer can see the code; to be called before it is painted.

        Raises CheckoutRefused where it must not be shown any more.
        """

        def write(tx: Transaction) -> Attempt:
            attempt = find_attempt(tx.connection, attempt_id)
            if attempt is None or not attempt.is_payable or self._deadlines.is_over(attempt):
                raise CheckoutRefused(Message("This code must not be shown any more"))
            if attempt.shown_at is not None:
                return attempt
            tx.record("attempt.shown", order_id=attempt.order_id, attempt_id=attempt_id)
            shown = mark_attempt(tx, attempt, shown_at=stamp(tx.at))
            reach("shown.saving")
            return shown

        shown = await self._store.write(write)
        reach("shown.saved")
        return shown

    async def check_now(self, attempt_id: int) -> Attempt:
        """Ask the provider at the operator's wish. Raises ProviderError without an answer."""
        return await self._sessions.look(attempt_id, Source.MANUAL)

    async def due(self, attempt_id: int) -> Money:
        """Say what the operator is to take for an attempt: in cash what can be handed over."""
        return await self._confirmations.due(attempt_id)

    async def confirm_paid(
        self, attempt_id: int, *, by: str, received: Money | None = None, reference: str = ""
    ) -> Confirmation:
        """Write down that the operator took the money: `received` in cash, or by a machine.

        The same again changes nothing. Raises CheckoutRefused in words; see `app.confirmations`.
        """
        return await self._confirmations.confirm(
            attempt_id, by=by, received=received, reference=reference
        )

    async def cancel(self, order_id: str) -> Order:
        """Close what can be paid, then cancel the order.

        The result says how it ended: cancelled; paid, since the customer was quicker; or still
        open, while the provider does not answer (then the till keeps asking). A part of it that
        was paid waits on the list from then on, to be given back or assigned.
        """
        attempts = await self._store.write(lambda tx: want_cancelled(tx, order_id))
        reach("cancel.wanted")
        return await self._closed(order_id, attempts)

    async def withdraw(self, order_id: str) -> Order:
        """Close what can be paid and leave the order open, for another way of payment.

        The result says how it ended: paid, since the customer was quicker; or open. While the
        provider does not answer, or a payment is in progress, `open_session` refuses another.
        """
        attempts = await self._store.write(lambda tx: want_withdrawn(tx, order_id))
        reach("withdraw.wanted")
        return await self._closed(order_id, attempts)

    async def expire(self, attempt_id: int) -> Attempt:
        """Close a session whose deadline has passed; a payment in progress is left to finish."""

        def write(tx: Transaction) -> Attempt:
            attempt = find_attempt(tx.connection, attempt_id)
            if attempt is None:
                raise InvariantError(f"Attempt {attempt_id} is gone")
            return want_closed(tx, attempt, CloseReason.EXPIRED) if attempt.is_live else attempt

        await self._store.write(write)
        reach("expire.wanted")
        return await self._sessions.close(attempt_id)

    def _refuse_in_trouble(self) -> None:
        """Begin nothing whose end could not be written down."""
        if (trouble := self._store.trouble) is not None:
            raise CheckoutRefused(trouble.title, trouble.detail, action=trouble.action)

    async def _closed(self, order_id: str, attempts: list[Attempt]) -> Order:
        """Close sessions at the provider, re-read, and say what became of their order."""
        for attempt in attempts:
            await self._sessions.close(attempt.id)
        return await self._order(order_id)

    async def _order(self, order_id: str) -> Order:
        order = await self._store.read(lambda db: find_order(db, order_id))
        if order is None:
            raise CheckoutRefused(Message("That order is not in the books"))
        return order

    async def _owed(self, order: Order) -> Money:
        accepted = await self._store.read(lambda db: accepted_minor(db, order.id))
        amount = owed(order.total, accepted)
        if order.state is not OrderState.OPEN or amount.minor == 0:
            raise CheckoutRefused(standing(order), Message("Nothing is to be paid on it."))
        return amount

    async def _asked_amount(self, order: Order, strategy: PaymentStrategy) -> Money:
        amount = await self._owed(order)
        if problem := objection(strategy.capabilities, demand_of(order, amount)):
            raise CheckoutRefused(
                Message("{account} cannot take {amount}", account=strategy.account, amount=amount),
                problem,
                action=Message("Change the cart or take another way of payment."),
            )
        return amount

    def _request(
        self, order: Order, amount: Money, reference: Reference, strategy: PaymentStrategy
    ) -> SessionRequest:
        seller = order.snapshot.seller
        takes = strategy.capabilities
        recurring = any(line.is_recurring for line in order.snapshot.lines)
        own = self._pages.get(strategy.account, ReturnPages())
        success = seller.success_url or own.success_url
        if not success and takes.shows is not Shows.NOTHING:
            raise CheckoutRefused(
                _NO_PAGE,
                action=Message(
                    "Set success_url in the catalog's [shop], or the till's public address."
                ),
            )
        return SessionRequest(
            reference=reference,
            amount=amount,
            lines=present(
                order,
                amount,
                max_lines=takes.max_lines_recurring if recurring else takes.max_lines,
                step=takes.amount_step.get(amount.currency, 1),
            ),
            success_url=success,
            cancel_url=seller.cancel_url or own.cancel_url or success,
        )

    def _new_attempt(
        self,
        reference: Reference,
        amount: Money,
        known: KnownAccount,
        lifetime: timedelta,
        tx: Transaction,
    ) -> Attempt:
        by_hand = known.provider in BY_HAND
        return Attempt(
            id=0,
            order_id=reference.order_id,
            number=reference.attempt_number,
            account=known.name,
            provider=known.provider,
            provider_account=known.provider_account,
            live=known.live,
            reference=reference,
            amount=amount,
            state=AttemptState.CREATING,
            version=1,
            created_at=tx.at,
            # Nothing is shown that could be paid behind the operator's back: it may wait.
            deadline_at=tx.at + (lifetime if by_hand else min(self._deadline, lifetime)),
        )
