"""The fake provider's refunds: money given back under a key, late, refused, or by the dashboard."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import RefundObservation, RefundState, SeenRefund
from app.errors import Protocol, Rejected, Unavailable
from app.providers.strategy import RefundRequest

REFUND_EVENT = "refund"
FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass
class FakeRefund:
    """A refund as the provider has it; `key` is what it keeps of whoever asked."""

    id: str
    payment_id: str
    amount: Money
    state: RefundState
    key: str = ""
    made_at: datetime = FIRST

    def seen(self) -> SeenRefund:
        return SeenRefund(self.id, self.payment_id, self.amount, self.state, self.key)


class FakeRefunds:
    """The provider's books of refunds. `first_state` is how a new one begins."""

    def __init__(self, account: str, *, live: bool, name: str = "fake", tag: str = "") -> None:
        self.account = account
        self.live = live
        self.name = name
        self.tag = tag
        self.captured: dict[str, Money] = {}
        self.rows: dict[str, FakeRefund] = {}
        self.keys: dict[str, tuple[str, str]] = {}
        self.first_state = RefundState.SUCCEEDED
        self.keeps_keys = True
        self.now: Callable[[], datetime] = lambda: FIRST

    def create(self, parameters: Mapping[str, Any], key: str) -> FakeRefund:
        digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
        if key in self.keys:
            known, refund_id = self.keys[key]
            if known != digest:
                raise Protocol("The fake holds another request under the same key")
            return self.rows[refund_id]
        amount = Money(parameters["amount_minor"], parameters["currency"])
        kept = parameters["key"] if self.keeps_keys else ""
        refund = self.give_back(parameters["payment"], amount, key=kept)
        self.keys[key] = (digest, refund.id)
        return refund

    def give_back(self, payment_id: str, amount: Money, *, key: str = "") -> FakeRefund:
        """Give money back, as the till's call does; without a key, as somebody's dashboard does."""
        captured = self.captured.get(payment_id)
        if captured is None or captured.currency != amount.currency:
            raise Rejected("The fake has no such payment", status=404)
        if self.of(payment_id) + amount.minor > captured.minor:
            raise Rejected("The fake has less of that payment left", status=400)
        refund_id = f"fr_{self.tag}{len(self.rows) + 1}"
        refund = FakeRefund(refund_id, payment_id, amount, self.first_state, key, self.now())
        self.rows[refund.id] = refund
        return refund

    def decide(self, refund_id: str, state: RefundState) -> None:
        self.rows[refund_id].state = state

    def of(self, payment_id: str) -> int:
        """Sum what a payment's provider has given back, or is about to."""
        return sum(
            refund.amount.minor
            for refund in self.rows.values()
            if refund.payment_id == payment_id and refund.state is not RefundState.FAILED
        )

    def delivery(self, refund_id: str, event_id: str, *, account: str = "") -> Delivery:
        """Give an event that tells of a refund as it is now."""
        refund = self.rows[refund_id]
        body = {
            "refund": refund.id,
            "payment": refund.payment_id,
            "amount_minor": refund.amount.minor,
            "currency": refund.amount.currency,
            "state": refund.state.value,
            "key": refund.key,
        }
        return Delivery(
            account=account or self.name,
            provider="fakepay",
            provider_account=self.account,
            live=self.live,
            event_id=event_id,
            event_type=REFUND_EVENT,
            body=json.dumps(body).encode(),
        )


def parameters_of(request: RefundRequest) -> dict[str, Any]:
    return {
        "payment": request.payment_id,
        "amount_minor": request.amount.minor,
        "currency": request.amount.currency,
        "reference": str(request.reference),
        "key": request.key,
    }


def refund_seen_in(delivery: Delivery, *, provider: str, at: Any) -> RefundObservation:
    event = json.loads(delivery.body)
    return RefundObservation(
        source=Source.WEBHOOK,
        provider=provider,
        provider_account=delivery.provider_account,
        live=delivery.live,
        refund=SeenRefund(
            event["refund"],
            event["payment"],
            Money(event["amount_minor"], event["currency"]),
            RefundState(event["state"]),
            event["key"],
        ),
        observed_at=at,
        event_id=delivery.event_id,
    )


class Lost:
    """The call takes effect, its answer does not arrive."""


LOST = Lost()
Answer = Exception | Lost | None


@dataclass(frozen=True)
class Call:
    """A call as it came in."""

    verb: str
    key: str = ""
    subject: str = ""


class GivesBack:
    """The verbs of a strategy that are about refunds."""

    refunds: FakeRefunds

    async def _call(self, call: Call) -> bool:
        raise NotImplementedError

    def prepare_refund(self, request: RefundRequest) -> dict[str, Any]:
        return parameters_of(request)

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        lost = await self._call(Call("refund", key, parameters["payment"]))
        refund = self.refunds.create(parameters, key)
        if lost:
            raise Unavailable("The answer was lost")
        return refund.seen()

    async def fetch_refund(self, refund_id: str) -> SeenRefund:
        await self._call(Call("fetch_refund", subject=refund_id))
        refund = self.refunds.rows.get(refund_id)
        if refund is None:
            raise Rejected("The fake has no such refund", status=404)
        return refund.seen()

    async def list_refunds(self, payment_id: str) -> AsyncIterator[SeenRefund]:
        await self._call(Call("list_refunds", subject=payment_id))
        for refund in reversed(self.refunds.rows.values()):
            if refund.payment_id == payment_id:
                yield refund.seen()

    async def refunds_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[SeenRefund]:
        await self._call(Call("refunds_since"))
        for refund in reversed(self.refunds.rows.values()):
            if since <= refund.made_at and (until is None or refund.made_at < until):
                yield refund.seen()
