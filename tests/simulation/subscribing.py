"""The provider's own books of subscriptions: what comes due is charged, refused, tried again.

Time is short on a simulated day: what is called a month here lasts minutes or hours, by the dates
that the provider itself gives.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import SeenPayment
from app.domain.subscription import SubscriptionState
from app.errors import Rejected
from app.store.verify import TakenPayment
from tests.parts.fake_session import FakeSession
from tests.parts.subscribing import FakeSubscription
from tests.simulation.luck import Luck
from tests.simulation.terms import Terms

if TYPE_CHECKING:
    from tests.simulation.provider import Bank

NEWS: Final = "subscription"
_RETRIED_AFTER: Final = 0.25
_MOST_TRIES: Final = 3
_ENDED: Final = SubscriptionState.ENDED
_A_THOUSAND: Final = 1_000
"""So many ends an epoch of the till's books has numbers for."""


class DaySubscriptions:
    """One account's. `recurring` says by session what it is to charge again.

    `ends` are the calls for an end that took effect or found nothing to do, by their keys;
    `taken_at` is when each renewal was taken, and `ended_when_taken` names those of what was over.
    """

    def __init__(self, bank: "Bank", terms: Terms) -> None:
        self.terms = terms
        self.recurring: dict[str, Money] = {}
        self.all: dict[str, FakeSubscription] = {}
        self.plans: dict[str, str] = {}
        self.dead_plans: set[str] = set()
        self.ends: dict[str, str] = {}
        self.taken_late: set[str] = set()
        self._bank = bank
        self._standing: dict[str, list[tuple[int, bool]]] = {}
        self._tries: dict[str, int] = {}

    # --- charging -------------------------------------------------------------------------------

    def begin(self, session: FakeSession) -> None:
        """Begin what a session is for, with its first payment."""
        name = f"sub_{session.id}"
        if session.id not in self.recurring or name in self.all:
            return
        each = FakeSubscription(
            name,
            session.reference,
            self.recurring[session.id],
            self._bank.now() + self._period,
            payments=[session.payments[-1]],
        )
        self.all[name] = each
        self._bank.shared.whose[name] = self._bank
        self._tell(each)
        self._come_due(each, self.terms.period_s)

    def renew(self, each: FakeSubscription, amount: Money | None = None) -> str:
        """Take the money for one more interval and give the payment's id."""
        payment_id = f"fp_{each.id}_{len(each.payments) + 1}"
        taken = SeenPayment(payment_id, amount or each.amount)
        each.payments.append(taken)
        if each.state is _ENDED:
            self.taken_late.add(payment_id)
        self._bank.keep_captured(taken)
        each.decline = ""
        if each.state is SubscriptionState.PAST_DUE:
            each.state = SubscriptionState.ACTIVE
        return payment_id

    def charge_late(self, each: FakeSubscription) -> str:
        """Take money that was on its way when a subscription ended."""
        if each.state is not _ENDED:
            return "it has not ended"
        payment_id = self.renew(each)
        self._tell(each)
        return payment_id

    def _due(self, each: FakeSubscription) -> None:
        """Charge what is due, as far as that succeeds; its customer may have agreed to an end."""
        if each.state is _ENDED or self._luck.is_calm():
            return
        if each.ends_at is not None and each.ends_at <= self._bank.now():
            self._over(each)
            return
        number = len(each.payments)
        tries = self._tries.get(each.id, 0)
        about = f"renewal {number} of {self._luck.name(each.reference)}"
        if self._luck.befalls(f"refused: {about} #{tries}", f"{about} is refused", 0.25):
            self._refuse(each, tries)
            return
        self._tries[each.id] = 0
        amount = each.amount
        if self._luck.befalls(f"off: {about}", f"{about} takes another amount", 0.06):
            amount = replace(amount, minor=amount.minor + 100)
        each.current_until += self._period
        self.renew(each, amount)
        is_silent = self._luck.befalls(f"untold: {about}", f"{about} is not told", 0.2)
        self._tell(each, is_silent=is_silent)
        self._come_due(each, (each.current_until - self._bank.now()).total_seconds())

    def _refuse(self, each: FakeSubscription, tries: int) -> None:
        """Have a bank refuse a renewal; it is tried some times again, then there is no other."""
        self._tries[each.id] = tries + 1
        if tries + 1 >= _MOST_TRIES:
            each.decline = "expired_card"
            self._over(each)
            return
        each.state, each.decline = SubscriptionState.PAST_DUE, "card_declined"
        self._tell(each)
        self._come_due(each, self.terms.period_s * _RETRIED_AFTER)

    # --- ending ---------------------------------------------------------------------------------

    def end(self, name: str, key: str, *, at_period_end: bool) -> FakeSubscription:
        """End one at the till's wish, once for each key, and give it as it is then."""
        each = self.known(name)
        if key in self.ends:
            return each
        about = f"the end of {self._luck.name(each.reference)}"
        number = int(key.rpartition("-")[2])
        if self._luck.befalls(f"{about} #{number}", f"{about} is refused", 0.08):
            raise Rejected("The bank ends nothing today", status=400)
        self.ends[key] = name
        if each.state is _ENDED or (at_period_end and each.ends_at is not None):
            self._blame(each, number, at_period_end=at_period_end)
            return each
        self._standing.setdefault(name, []).append((number, at_period_end))
        self.end_there(each, at_period_end=at_period_end)
        return each

    def end_there(self, each: FakeSubscription, *, at_period_end: bool) -> str:
        """End one as somebody's dashboard does."""
        if each.state is _ENDED:
            return "it has ended"
        if at_period_end:
            each.ends_at = each.current_until
            self._tell(each)
            return f"it ends with what was paid for, of {each.id}"
        self._over(each)
        return f"ended, {each.id}"

    def resume(self, each: FakeSubscription) -> str:
        """Take an end back that has not come yet."""
        if each.state is _ENDED or each.ends_at is None or not self.terms.tells_end:
            return "there is nothing to take back"
        each.ends_at = None
        self._standing.pop(each.id, None)
        self._tell(each)
        return f"{each.id} goes on"

    def _over(self, each: FakeSubscription) -> None:
        each.state, each.ended_at = _ENDED, self._bank.now()
        self._tell(each)

    def _blame(self, each: FakeSubscription, number: int, *, at_period_end: bool) -> None:
        """Note a call that asks for the end that the call right before it had brought about."""
        if number % _A_THOUSAND != 1 and (number - 1, at_period_end) in self._standing.get(
            each.id, ()
        ):
            self._bank.shared.faults.append(f"{each.id} is ended twice, under {number}, too")

    # --- asked for ------------------------------------------------------------------------------

    def known(self, name: str) -> FakeSubscription:
        found = self.all.get(name)
        if found is None:
            raise Rejected("The fake has no such subscription", status=404)
        return found

    def of_payment(self, payment_id: str) -> FakeSubscription | None:
        """Give the subscription of which a payment is a renewal."""
        for each in self.all.values():
            if any(taken.payment_id == payment_id for taken in each.payments[1:]):
                return each
        return None

    def plan(self, key: str) -> str:
        """Make a plan, once for each key; what was made before may be dead by now."""
        plan_id = self.plans.setdefault(key, f"plan_{len(self.plans) + 1}")
        self._bank.shared.version += 1
        return plan_id

    def taken(self) -> list[TakenPayment]:
        """Give the renewals as the provider's books have them."""
        return [
            TakenPayment(
                taken.payment_id,
                each.reference,
                taken.amount.currency,
                taken.amount.minor,
                self._bank.refunds.of(taken.payment_id),
                "fakepay",
            )
            for each in self.all.values()
            for taken in each.payments[1:]
        ]

    @property
    def _period(self) -> timedelta:
        return timedelta(seconds=self.terms.period_s)

    @property
    def _luck(self) -> Luck:
        luck = self._bank.shared.luck
        assert luck is not None
        return luck

    def _come_due(self, each: FakeSubscription, seconds: float) -> None:
        self._luck.after(max(1.0, seconds), lambda: self._due(each))

    def _tell(self, each: FakeSubscription, *, is_silent: bool = False) -> None:
        bank = self._bank
        event_id = f"fe_{bank.tag}{len(bank.events) + 1}"
        body = {"event": event_id, "subscription": each.id, "reference": each.reference}
        bank.tell_news(
            Delivery(
                account=bank.name,
                provider="fakepay",
                provider_account=bank.account,
                live=bank.live,
                event_id=event_id,
                event_type=NEWS,
                body=json.dumps(body).encode(),
            ),
            is_silent=is_silent,
        )
