"""The provider of a simulated day: sessions that end by themselves, keys that are forgotten.

Built on the tests' common one; what a day needs beyond it stands here: money that was not asked
for, refunds in the dashboard, accounts that are none of ours.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from app.clock import Clock
from app.domain.attempt import Reference
from app.domain.delivery import Delivery
from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState
from app.domain.refund import RefundState, SeenRefund
from app.errors import Rejected
from app.providers.strategy import WebhookRequest
from app.store.verify import TakenPayment
from tests.parts.giving_back import FakeRefund
from tests.parts.provider import FakeProvider, FakeSession, FakeStrategy
from tests.simulation.disputes import DayDisputes
from tests.simulation.luck import Luck
from tests.simulation.saving import DaySetups
from tests.simulation.subscribing import DaySubscriptions
from tests.simulation.terms import CHECKOUT, Terms

KEYS_ARE_KEPT: Final = timedelta(hours=24)
SESSIONS_LAST_S: Final = 35 * 60.0


@dataclass
class Shared:
    """What is kept of all accounts together; `version` grows with every change of any books.

    `whose` says at which account a session is. `faults` are what no provider should be asked to do.
    """

    version: int = 0
    sessions: dict[str, FakeSession] = field(default_factory=dict)
    whose: "dict[str, Bank]" = field(default_factory=dict)
    made_for: dict[str, list[str]] = field(default_factory=dict)
    given_for: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    luck: Luck | None = None


class _Sessions(dict[str, FakeSession]):
    """One account's sessions, each entered among all, too."""

    def __init__(self, bank: "Bank") -> None:
        super().__init__()
        self._bank = bank

    def __setitem__(self, session_id: str, session: FakeSession) -> None:
        super().__setitem__(session_id, session)
        self._bank.shared.sessions[session_id] = session
        self._bank.shared.whose[session_id] = self._bank

    def __delitem__(self, session_id: str) -> None:
        super().__delitem__(session_id)
        del self._bank.shared.sessions[session_id]


class Bank(FakeProvider):
    """The provider's own books; `hear` is told each event."""

    def __init__(
        self,
        clock: Clock,
        hear: Callable[[Delivery], None],
        end_later: Callable[[float, str], None],
        *,
        shared: Shared,
        account: str = "acct_fake",
        name: str = "fake",
        tag: str = "",
        terms: Terms | None = None,
        saves_cards: bool = False,
    ) -> None:
        super().__init__(clock, account=account, name=name, tag=tag)
        self.shared = shared
        self.has_subscriptions = terms is not None
        self.saves_cards = saves_cards
        self.subscriptions = DaySubscriptions(self, terms or CHECKOUT)
        self.setups = DaySetups(self)
        self.sessions = _Sessions(self)
        self.hesitates_for = timedelta(minutes=10)
        self.made_under: dict[str, datetime] = {}
        self.refunds.first_state = RefundState.PENDING
        self.disputes: DayDisputes = DayDisputes(self, self._heard)
        self._fees_to_come: dict[str, SeenFee] = {}
        self.elsewhere: list[TakenPayment] = []
        self.forgotten: set[str] = set()
        self.by_body: dict[bytes, Delivery] = {}
        self._hear = hear
        self._end_later = end_later

    def create(self, parameters: Any, key: str) -> FakeSession:
        if key in self.keys and self.keys[key][1] in self.forgotten:
            raise Rejected("The bank has lost that session", status=400)
        made = self.made_under.setdefault(key, self.clock.now())
        if self.clock.now() - made > KEYS_ARE_KEPT:
            self.keys.pop(key, None)
            self.made_under[key] = self.clock.now()
        count = len(self.sessions)
        session = super().create(parameters, key)
        if len(self.sessions) > count:
            self.shared.version += 1
            self.shared.made_for.setdefault(session.reference, []).append(session.id)
            self._end_later(SESSIONS_LAST_S, session.id)
        return session

    def dispute(self, session_id: str, percent: int, asks: int) -> str:
        """Have a payer's bank dispute some of a payment, or ask about it first."""
        payments = self.sessions[session_id].payments
        return self.disputes.raise_one(payments, percent, asks=bool(asks))

    def pursue(self, session_id: str, way: int) -> str:
        return self.disputes.pursue(self.sessions[session_id].payments, way)

    def pay_again(self, session_id: str) -> bool:
        """Take the money a second time by a session that is paid."""
        session = self.sessions[session_id]
        if session.state is not SessionState.PAID or session_id in self.subscriptions.recurring:
            return False
        payment_id = f"fp_{session_id}_{len(session.payments) + 1}"
        session.payments.append(SeenPayment(payment_id, session.amount))
        self._capture(session)
        self.tell(session, "paid again")
        return True

    def pay_closed(self, session_id: str) -> bool:
        """Take money that was on its way when the session was closed."""
        session = self.sessions[session_id]
        if session.state is not SessionState.EXPIRED or self.is_final(session):
            return False
        session.state = SessionState.OPEN
        return self.pay(session_id)

    def forget(self, session_id: str) -> bool:
        """Lose a session that nobody has paid."""
        session = self.sessions[session_id]
        if session.payments or session.state is SessionState.PROCESSING:
            return False
        del self.sessions[session_id]
        self.forgotten.add(session_id)
        # Its place stays taken: ids are counted.
        self.sessions[f"lost_{session_id}"] = FakeSession(
            session_id, "lost", session.amount, session.made_at, SessionState.EXPIRED
        )
        self.shared.version += 1
        return True

    def refund(self, parameters: Mapping[str, Any], key: str) -> FakeRefund:
        """Give money back at the till's wish, once for each key as long as that is kept."""
        now = self.clock.now()
        if now - self.made_under.setdefault(key, now) > KEYS_ARE_KEPT:
            self.refunds.keys.pop(key, None)
            self.made_under[key] = now
        count = len(self.refunds.rows)
        refund = self.refunds.create(parameters, key)
        if len(self.refunds.rows) > count:
            self.shared.given_for[parameters["key"]] += 1
            self._tell_of(refund)
            if count % 3:
                self._move_refund(refund.id, RefundState.SUCCEEDED)
            else:
                self._end_later(_DECIDED_AFTER_S, refund.id)
        return refund

    def decide_refund(self, refund_id: str) -> None:
        """Let a refund that is under way come to its end."""
        if self.refunds.rows[refund_id].state is RefundState.PENDING:
            fails = int(refund_id.rpartition("_")[2]) % 2
            self._move_refund(refund_id, _FAILED if fails else RefundState.SUCCEEDED)

    def decide_refunds(self) -> None:
        for refund_id in list(self.refunds.rows):
            self.decide_refund(refund_id)

    def give_back(self, session_id: str, percent: int) -> str:
        """Give some of a payment back, as somebody in the dashboard does; never more than all."""
        for payment in self.sessions[session_id].payments:
            left = payment.amount.minor - self.refunds.of(payment.payment_id)
            minor = min(left, max(1, payment.amount.minor * percent // 100))
            if minor > 0:
                amount = Money(minor, payment.amount.currency)
                refund = self.refunds.give_back(payment.payment_id, amount)
                self._tell_of(refund)
                self._move_refund(refund.id, RefundState.SUCCEEDED)
                return f"{amount} of {payment.payment_id}"
        return ""

    def send_back(self) -> str:
        """Have a bank refuse a refund that had succeeded."""
        for refund in self.refunds.rows.values():
            if refund.state is RefundState.SUCCEEDED:
                self._move_refund(refund.id, _FAILED)
                return refund.id
        return ""

    def pay_for_a_ghost(self, till_id: str) -> None:
        """Take money under a reference of this till that its books do not have."""
        number = len(self.sessions) + 1
        reference = Reference(till_id, f"{number:0>12}", 1)
        self._sell_beside(str(reference), Money(700 + number, "EUR"))

    def pay_a_stranger(self) -> None:
        """Take money for somebody else who sells by the same account, and give it back."""
        session = self._sell_beside(f"web-{len(self.sessions)}", Money(4_200, "EUR"))
        self.give_back(session.id, 100)

    def tell_of_another_account(self, session_id: str) -> None:
        """Tell of money under our reference that another account took."""
        session = self.sessions[session_id]
        payment = SeenPayment(f"fx_{self.tag}{len(self.events)}", session.amount)
        self.elsewhere.append(_taken(payment, session.reference))
        other = FakeSession(session.id, session.reference, session.amount, session.made_at)
        other.state, other.payments = SessionState.PAID, [payment]
        self._tell_as(other, account="acct_other", live=self.live)

    def tell_of_the_other_mode(self, session_id: str) -> None:
        """Tell of a payment with a test card, or of a real one to a till in training."""
        session = self.sessions[session_id]
        other = FakeSession(session.id, session.reference, session.amount, session.made_at)
        other.state = SessionState.PAID
        payment = SeenPayment(f"ft_{self.tag}{len(self.events)}", session.amount)
        other.payments = [payment]
        self._tell_as(other, account=self.account, live=not self.live)

    def hint(self, session_id: str) -> None:
        """Send an event that money cannot be judged by, and one that means nothing."""
        self.tell(self.sessions[session_id], "recheck")
        self.tell(self.sessions[session_id], "nothing")

    def is_payable(self, session: FakeSession) -> bool:
        """Say whether a customer who holds its code can pay by it now."""
        return session.state is SessionState.OPEN

    def is_over(self, session: FakeSession) -> bool:
        """Say whether no money can come by a session any more, whoever knows that."""
        return self.is_final(session)

    def owns(self, thing_id: str) -> bool:
        """Say whether a session, a refund or what is kept of a payment is in these books."""
        return (
            thing_id in self.sessions
            or thing_id in self.refunds.rows
            or thing_id in self._fees_to_come
        )

    def tell_fees(self) -> None:
        for payment_id in self._fees_to_come:
            self.tell_fee(payment_id)

    def forget_elsewhere(self, payment_ids: set[str]) -> None:
        """Leave out money of another account that was told of once, to books that are lost."""
        self.elsewhere = [taken for taken in self.elsewhere if taken.payment_id in payment_ids]

    def taken(self) -> list[TakenPayment]:
        """Give the books of all accounts: what was captured and given back, by payment."""
        return [*super().taken(), *self.subscriptions.taken(), *self.elsewhere]

    def _sell_beside(self, reference: str, amount: Money) -> FakeSession:
        session_id = f"fs_{self.tag}{len(self.sessions) + 1}_beside"
        session = FakeSession(session_id, reference, amount, self.clock.now())
        self.sessions[session_id] = session
        FakeProvider.pay(self, session_id)
        return session

    def _capture(self, session: FakeSession) -> None:
        self.subscriptions.begin(session)
        self.keep_captured(session.payments[-1])

    def keep_captured(self, payment: SeenPayment) -> None:
        """Keep what was captured for what may be given back of it, and a fee for it."""
        self.refunds.captured[payment.payment_id] = payment.amount
        fee = Money(25 + payment.amount.minor // 70, payment.amount.currency)
        told = SeenFee(f"ff_{payment.payment_id}", payment.payment_id, FeeKind.PAYMENT, fee)
        self._fees_to_come[payment.payment_id] = told
        if len(self._fees_to_come) % 3:
            self.tell_fee(payment.payment_id)
        else:
            self._end_later(_DECIDED_AFTER_S, payment.payment_id)

    def tell_fee(self, payment_id: str) -> None:
        """Have it be known, to whoever asks, what was kept of a payment."""
        if payment_id in self._fees_to_come:
            self.disputes.fees[payment_id] = (self._fees_to_come[payment_id],)

    def tell_news(self, delivery: Delivery, *, is_silent: bool = False) -> None:
        """Tell of an event; one that is silent stands on the list alone."""
        self.told_at.append(self.now())
        self.events.append(delivery)
        if is_silent:
            self.shared.version += 1
            self.by_body[delivery.body] = delivery
        else:
            self._heard(delivery)

    def _move_refund(self, refund_id: str, state: RefundState) -> None:
        self.refunds.decide(refund_id, state)
        self._tell_of(self.refunds.rows[refund_id])

    def _tell_of(self, refund: FakeRefund) -> None:
        event_id = f"fe_{self.tag}{len(self.events) + 1}"
        delivery = self.refunds.delivery(refund.id, event_id)
        # Two events that say the same are two bodies all the same.
        body = json.dumps({**json.loads(delivery.body), "event": delivery.event_id}).encode()
        told = replace(delivery, body=body)
        self.told_at.append(self.now())
        self.events.append(told)
        self._heard(told)

    def tell(self, session: FakeSession, event_type: str) -> None:
        super().tell(session, event_type)
        self._heard(self.events[-1])

    def _tell_as(self, session: FakeSession, *, account: str, live: bool) -> None:
        super().tell(session, "paid")
        told = self.events.pop()
        self.told_at.pop()
        self._send("paid", json.loads(told.body), account=account, live=live)

    def _send(self, event_type: str, body: dict[str, Any], *, account: str, live: bool) -> None:
        delivery = Delivery(
            account=self.name,
            provider="fakepay",
            provider_account=account,
            live=live,
            event_id=body["event"],
            event_type=event_type,
            body=json.dumps(body).encode(),
        )
        self.told_at.append(self.now())
        self.events.append(delivery)
        self._heard(delivery)

    def _heard(self, delivery: Delivery) -> None:
        self.shared.version += 1
        self.by_body[delivery.body] = delivery
        self._hear(delivery)


_FAILED: Final = RefundState.FAILED
_DECIDED_AFTER_S: Final = 3_000.0


def _taken(payment: SeenPayment, reference: str) -> TakenPayment:
    amount = payment.amount
    return TakenPayment(payment.payment_id, reference, amount.currency, amount.minor, 0, "fakepay")


class DayStrategy(FakeStrategy):
    """Speaks to the bank without any network in between; refunds of the dashboard are read, too."""

    books: Bank

    def __init__(self, books: Bank) -> None:
        super().__init__(books, account=books.name)
        self.credential_digest = f"digest of {books.name}"

    async def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        books = self.books
        whose = (books.account, books.live)
        async for delivery in super().events_since(since, until=until):
            if (delivery.provider_account, delivery.live) == whose:
                yield delivery

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        return self.books.by_body.get(request.body) or super().read_webhook(request)

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        return self.books.refund(parameters, key).seen()
