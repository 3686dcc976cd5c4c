"""What a provider answers to what it does not offer: nothing, in the same shape as something."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation
from app.domain.fee import SeenFee
from app.domain.observation import Source
from app.domain.refund import SeenRefund
from app.errors import Message, Rejected, WebhookRejected
from app.providers.strategy import RefundRequest, Seen, WebhookRequest


class TellsOfNoEvents:
    """A provider that sends no events, or keeps no list of those that it sent."""

    event_memory = timedelta(0)

    async def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        nothing: tuple[Delivery, ...] = ()
        for delivery in nothing:
            yield delivery


class SendsNoWebhooks:
    """Nothing that claims to come from it is genuine."""

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        raise WebhookRejected("There is no such account", status=404)

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return None


class HasNoDisputes:
    """A way to pay that no bank takes money back from, or whose provider tells nothing of that."""

    async def fetch_dispute(self, dispute_id: str, *, source: Source) -> DisputeObservation:
        raise Rejected(Message("There are no disputes here"), status=404)

    async def list_disputes(
        self, since: datetime, *, source: Source
    ) -> AsyncIterator[DisputeObservation]:
        nothing: tuple[DisputeObservation, ...] = ()
        for dispute in nothing:
            yield dispute


class TellsNoFees:
    """A provider that does not say what it keeps."""

    async def fetch_fees(self, payment_id: str) -> tuple[SeenFee, ...] | None:
        return None


class GivesNothingBack:
    """A provider through which no money goes back."""

    def prepare_refund(self, request: RefundRequest) -> dict[str, Any]:
        raise Rejected(Message("Money cannot be given back this way"), status=400)

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        raise Rejected(Message("Money cannot be given back this way"), status=400)

    async def fetch_refund(self, refund_id: str) -> SeenRefund:
        raise Rejected(Message("There is no such refund"), status=404)

    async def list_refunds(self, payment_id: str) -> AsyncIterator[SeenRefund]:
        nothing: tuple[SeenRefund, ...] = ()
        for refund in nothing:
            yield refund

    async def refunds_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[SeenRefund]:
        nothing: tuple[SeenRefund, ...] = ()
        for refund in nothing:
            yield refund
