"""The fake provider's disputes and fees, and the strategy's verbs for them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.domain.delivery import Delivery
from app.domain.dispute import DisputeEntry, DisputeObservation, DisputeState, SeenDispute
from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.domain.observation import Source
from app.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from tests.parts.provider import FakeProvider


@dataclass
class FakeDispute:
    """A dispute as the provider has it."""

    id: str
    payment_id: str
    amount: Money
    reason: str
    opened_at: datetime
    state: DisputeState = DisputeState.NEEDS_RESPONSE
    due_at: datetime | None = None
    entries: list[DisputeEntry] = field(default_factory=list)


class FakeDisputes:
    """Disputes and fees of a `FakeProvider`; each change sends an event, with all that is so."""

    def __init__(self, provider: "FakeProvider") -> None:
        self._provider = provider
        self.all: dict[str, FakeDispute] = {}
        self.fees: dict[str, tuple[SeenFee, ...] | None] = {}

    def open(
        self,
        payment_id: str,
        minor: int = 500,
        *,
        reason: str = "fraudulent",
        state: DisputeState = DisputeState.NEEDS_RESPONSE,
        due_at: datetime | None = None,
    ) -> FakeDispute:
        """Dispute a payment; but for an inquiry the money is gone, and 15.00 for the trouble."""
        dispute = FakeDispute(
            f"fd_{self._provider.tag}{len(self.all) + 1}",
            payment_id,
            Money(minor, "EUR"),
            reason,
            self._provider.clock.now(),
            state,
            due_at,
        )
        self.all[dispute.id] = dispute
        if state is DisputeState.NEEDS_RESPONSE:
            self.move_money(dispute.id, minor, fee=1500)
        else:
            self._tell(dispute)
        return dispute

    def move(self, dispute_id: str, state: DisputeState) -> None:
        self.all[dispute_id].state = state
        self._tell(self.all[dispute_id])

    def move_money(self, dispute_id: str, minor: int, *, fee: int = 0) -> None:
        """Take money, or give it back where `minor` is negative."""
        dispute = self.all[dispute_id]
        entry_id = f"ft_{dispute_id}_{len(dispute.entries) + 1}"
        dispute.entries.append(DisputeEntry(entry_id, minor, Money(fee, "EUR")))
        self._tell(dispute)

    def seen(self, dispute: FakeDispute) -> SeenDispute:
        return SeenDispute(
            dispute.id,
            dispute.payment_id,
            dispute.amount,
            dispute.reason,
            dispute.state,
            dispute.state.value,
            dispute.due_at,
            tuple(dispute.entries),
        )

    def observation(self, seen: SeenDispute, source: Source, **more: Any) -> DisputeObservation:
        now = self._provider.clock.now()
        usual: dict[str, Any] = {
            "source": source,
            "provider": "fakepay",
            "provider_account": self._provider.account,
            "live": self._provider.live,
            "dispute": seen,
            "told_at": now,
            "observed_at": now,
        }
        return DisputeObservation(**usual | more)

    def _tell(self, dispute: FakeDispute) -> None:
        body = {
            "event": f"fe_{self._provider.tag}{len(self._provider.events) + 1}",
            "dispute": dispute.id,
            "payment": dispute.payment_id,
            "minor": dispute.amount.minor,
            "reason": dispute.reason,
            "state": dispute.state.value,
            "due_at": None if dispute.due_at is None else dispute.due_at.isoformat(),
            "entries": [[e.entry_id, e.withdrawn_minor, e.fee.minor] for e in dispute.entries],
            "told_at": self._provider.clock.now().isoformat(),
        }
        self._provider.told_at.append(self._provider.now())
        self._provider.events.append(
            Delivery(
                account=self._provider.name,
                provider="fakepay",
                provider_account=self._provider.account,
                live=self._provider.live,
                event_id=str(body["event"]),
                event_type="dispute",
                body=json.dumps(body).encode(),
            )
        )


class DisputeVerbs:
    """What a `FakeStrategy` can be asked of disputes and fees."""

    books: "FakeProvider"

    async def fetch_dispute(self, dispute_id: str, *, source: Source) -> DisputeObservation:
        if await self._asked("fetch_dispute", dispute_id):
            raise Unavailable("The answer was lost")
        dispute = self.books.disputes.all.get(dispute_id)
        if dispute is None:
            raise Rejected("The fake has no such dispute", status=404)
        return self.books.disputes.observation(self.books.disputes.seen(dispute), source)

    async def list_disputes(
        self, since: datetime, *, source: Source
    ) -> AsyncIterator[DisputeObservation]:
        await self._asked("list_disputes")
        for dispute in reversed(self.books.disputes.all.values()):
            if dispute.opened_at >= since:
                yield self.books.disputes.observation(self.books.disputes.seen(dispute), source)

    async def fetch_fees(self, payment_id: str) -> tuple[SeenFee, ...] | None:
        if await self._asked("fetch_fees", payment_id):
            raise Unavailable("The answer was lost")
        fees = self.books.disputes.fees.get(payment_id)
        if fees is None:
            return None
        given_back = (r for r in self.books.refunds.rows.values() if r.payment_id == payment_id)
        return fees + tuple(
            SeenFee(f"ff_{refund.id}", payment_id, FeeKind.REFUND, Money(0, "EUR"))
            for refund in given_back
        )

    def observe_dispute(self, delivery: Delivery, at: datetime) -> DisputeObservation:
        event = json.loads(delivery.body)
        due_at = event["due_at"]
        seen = SeenDispute(
            event["dispute"],
            event["payment"],
            Money(event["minor"], "EUR"),
            event["reason"],
            DisputeState(event["state"]),
            event["state"],
            None if due_at is None else datetime.fromisoformat(due_at),
            tuple(DisputeEntry(i, minor, Money(fee, "EUR")) for i, minor, fee in event["entries"]),
        )
        return self.books.disputes.observation(
            seen,
            Source.WEBHOOK,
            provider_account=delivery.provider_account,
            live=delivery.live,
            told_at=datetime.fromisoformat(event["told_at"]),
            observed_at=at,
            event_id=delivery.event_id,
        )

    async def _asked(self, verb: str, subject: str = "") -> bool:
        """Let the strategy count the call and play its script."""
        raise NotImplementedError
