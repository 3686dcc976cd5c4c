"""PayPal's refunds: asked for, looked at, listed.

Source: PayPal's REST reference, Payments v2. A refund keeps our key as its `custom_id`; one that
somebody made at PayPal has the payment's there instead, which is a bare reference.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.refund import RefundState, SeenRefund
from app.errors import Message, Protocol, Rejected
from app.providers.paypal.amounts import amount_of, money_from
from app.providers.paypal.client import PayPalClient
from app.providers.paypal.documents import id_in_link, link_of, objects_in, text_of
from app.providers.strategy import RefundRequest

_STATES: Final = {
    "COMPLETED": RefundState.SUCCEEDED,
    "PENDING": RefundState.PENDING,
    "FAILED": RefundState.FAILED,
    "CANCELLED": RefundState.FAILED,
}

_UNKNOWN: Final = 404

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
    capture_id = parameters["capture_id"]
    path = f"/v2/payments/captures/{capture_id}/refund"
    try:
        made = await client.post(path, parameters["body"], key=key)
    except Rejected as refused:
        if refused.status != _UNKNOWN:
            raise
        # A subscription's payment is a sale; that PayPal always takes it here it does not promise.
        raise Rejected(
            Message("PayPal does not let the till give this payment back"),
            refused.detail,
            action=Message("Give it back at PayPal, on the payment's own page; the till hears it."),
            code=refused.code,
            status=refused.status,
        ) from refused
    seen = refund_from(made, of_payment=capture_id)
    wanted = money_from(parameters["body"]["amount"])
    if (seen.payment_id, seen.amount) != (capture_id, wanted):
        raise Protocol(Message("PayPal holds another request under the same key"))
    return seen


async def fetch(client: PayPalClient, refund_id: str) -> SeenRefund:
    """Look at a refund."""
    return refund_from(await client.get(f"/v2/payments/refunds/{refund_id}"))


async def in_order(client: PayPalClient, order_id: str, capture_id: str) -> list[Mapping[str, Any]]:
    """Give every refund of an order's capture, newest first."""
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


def refund_from(refund: Mapping[str, Any], *, of_payment: str = "") -> SeenRefund:
    """Read a refund as it was fetched or delivered. Raises Protocol where it proves nothing.

    `of_payment` is whose it is where it does not say so itself.
    """
    state = _STATES.get(str(refund.get("status")))
    if state is None:
        raise Protocol(
            Message("PayPal sent a refund in a state that the till does not know"),
            repr(refund.get("status")),
        )
    kept = str(refund.get("custom_id") or "")
    is_untold = bool(of_payment) and not link_of(refund, "up")
    return SeenRefund(
        refund_id=text_of(refund, "id"),
        payment_id=of_payment if is_untold else id_in_link(refund, "up"),
        amount=money_from(refund.get("amount")),
        state=state,
        key="" if Reference.parse(kept) else kept,
    )
