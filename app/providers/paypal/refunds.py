"""PayPal's refunds: asked for, looked at, listed.

Source: PayPal's REST reference, Payments v2. A refund keeps our key as its `custom_id`; one that
somebody made at PayPal has the payment's there instead, which is a bare reference.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.refund import RefundState, SeenRefund
from app.errors import Message, Protocol
from app.providers.paypal.amounts import amount_of, money_from
from app.providers.paypal.client import PayPalClient
from app.providers.paypal.documents import id_in_link, objects_in, text_of
from app.providers.paypal.orders import order_id_of
from app.providers.strategy import RefundRequest

_STATES: Final = {
    "COMPLETED": RefundState.SUCCEEDED,
    "PENDING": RefundState.PENDING,
    "FAILED": RefundState.FAILED,
    "CANCELLED": RefundState.FAILED,
}

_log = logging.getLogger(__name__)


def parameters_of(request: RefundRequest) -> dict[str, Any]:
    """Build what a refund is created with; plain JSON data, the same for the same request."""
    return {
        "capture_id": request.payment_id,
        "body": {"amount": amount_of(request.amount), "custom_id": request.key},
    }


async def create(client: PayPalClient, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
    """Give money back; under the same key once.

    Raises Protocol where PayPal holds another refund under that key.
    """
    path = f"/v2/payments/captures/{parameters['capture_id']}/refund"
    seen = refund_from(await client.post(path, parameters["body"], key=key))
    wanted = money_from(parameters["body"]["amount"])
    if (seen.payment_id, seen.amount) != (parameters["capture_id"], wanted):
        raise Protocol(Message("PayPal holds another request under the same key"))
    return seen


async def fetch(client: PayPalClient, refund_id: str) -> SeenRefund:
    """Look at a refund."""
    return refund_from(await client.get(f"/v2/payments/refunds/{refund_id}"))


async def documents_of(client: PayPalClient, capture_id: str) -> list[Mapping[str, Any]]:
    """Give every refund of a capture, newest first: PayPal lists them with the order only."""
    capture = await client.get(f"/v2/payments/captures/{capture_id}")
    order_id = text_of({"order_id": order_id_of(capture)}, "order_id")
    order = await client.get(f"/v2/checkout/orders/{order_id}")
    found = [
        refund
        for unit in objects_in(order, "purchase_units")
        for refund in objects_in(unit.get("payments"), "refunds")
        if id_in_link(refund, "up") == capture_id
    ]
    return found[::-1]


async def listed(client: PayPalClient, refund_ids: list[str]) -> list[SeenRefund]:
    """Look at each of these refunds; one that cannot be read is logged and hides no other."""
    seen = []
    for refund_id in refund_ids:
        try:
            seen.append(await fetch(client, refund_id))
        except Protocol as error:
            _log.error("refund %r cannot be understood: %s", refund_id, error)
    return seen


def refund_from(refund: Mapping[str, Any]) -> SeenRefund:
    """Read a refund as it was fetched or delivered. Raises Protocol where it proves nothing."""
    state = _STATES.get(str(refund.get("status")))
    if state is None:
        raise Protocol(
            Message("PayPal sent a refund in a state that the till does not know"),
            repr(refund.get("status")),
        )
    kept = str(refund.get("custom_id") or "")
    return SeenRefund(
        refund_id=text_of(refund, "id"),
        payment_id=id_in_link(refund, "up"),
        amount=money_from(refund.get("amount")),
        state=state,
        key="" if Reference.parse(kept) else kept,
    )
