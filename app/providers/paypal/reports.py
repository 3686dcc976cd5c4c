"""PayPal's own lists of what happened since a moment: events, and the report of transactions.

Source: PayPal's REST reference, Webhooks v1 (List event notifications) and Transaction Search v1.
There is no list of orders: of those that were never paid nothing is told. The report is up to
three hours late, and shows what moved money; its lines have neither order nor state for certain,
so each is looked up. A subscription's payments stand there, too, each under the reference of the
order that began it: they are one session, and those after the first are no news of that. A
subscription that the books do not have is found by any of its payments, and looked at from then on.
"""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from app.domain.attempt import Reference
from app.domain.refund import SeenRefund
from app.errors import Message, Protocol, Rejected
from app.providers.paypal import refunds, sales
from app.providers.paypal.client import PayPalClient
from app.providers.paypal.documents import moment_from, objects_in, pages_of, time_text
from app.providers.paypal.orders import order_id_of

EVENT_MEMORY: Final = timedelta(days=7)
"""How long PayPal keeps its list of events is not said; for so long it surely does."""
LATE: Final = timedelta(hours=4)
_LEAST, _LONGEST = timedelta(seconds=1), timedelta(days=31)
_REFUND: Final = "T1107"
_UNKNOWN: Final = 404
_TOO_MANY: Final = "RESULTSET_TOO_LARGE"
"""How a span is refused that has more lines than PayPal gives: ten thousand, as far as is known."""
_EVENTS_A_PAGE: Final = 50
_LINES_A_PAGE: Final = 200

_log = logging.getLogger(__name__)


async def events_since(
    client: PayPalClient, since: datetime, until: datetime | None
) -> AsyncIterator[bytes]:
    """Give the events that the app was told of, as JSON, of then and before `until`."""
    query = {"start_time": time_text(since), "page_size": str(_EVENTS_A_PAGE)}
    if until is not None:
        query["end_time"] = time_text(until)
    async for page in pages_of(client, "/v1/notifications/webhooks-events", query):
        for event in objects_in(page, "events"):
            if _is_before(event.get("create_time"), until):
                yield json.dumps(event, ensure_ascii=False).encode()


class Taken(NamedTuple):
    """What stands in the report under a reference: a capture, or a subscription's own id."""

    reference: str
    capture: dict[str, Any]
    subscription_id: str = ""


async def taken_since(
    client: PayPalClient, since: datetime, until: datetime | None, now: datetime
) -> AsyncIterator[Taken]:
    """Give what was taken under a reference of some till, newest first, each session once."""
    seen: set[str] = set()
    for line in await _lines(client, since, until, now):
        reference = str(line.get("custom_field") or "")
        named = _subscription_in(line) or str(line.get("transaction_id"))
        if Reference.parse(reference) is None or _is_refund(line) or named in seen:
            continue
        seen.add(named)
        if _subscription_in(line):
            yield Taken(reference, {}, named)
            continue
        try:
            yield Taken(reference, await client.get(f"/v2/payments/captures/{named}"))
        except Rejected as refused:
            if refused.status != _UNKNOWN:
                raise
            # Other moves of money, as a reversal, carry the same reference.
            _log.info("transaction %s is no capture", named)


async def refunds_of(
    client: PayPalClient, payment_id: str, *, now: datetime
) -> list[Mapping[str, Any]]:
    """Give every refund of a payment, newest first.

    An order has its own. Of a subscription's payment only the report tells, some hours later.
    """
    payment = await sales.payment_of(client, payment_id)
    if order_id := order_id_of(payment):
        return await refunds.in_order(client, order_id, payment_id)
    made_at = moment_from(payment.get("create_time"))
    if made_at is None:
        raise Protocol(Message("PayPal sent a payment without its time"))
    ids = [
        str(line.get("transaction_id"))
        for line in await _lines(client, made_at, None, now)
        if _is_refund(line) and line.get("paypal_reference_id") == payment_id
    ]
    return [await client.get(f"/v2/payments/refunds/{id}") for id in dict.fromkeys(ids)]


async def refunds_since(
    client: PayPalClient, since: datetime, until: datetime | None, now: datetime
) -> AsyncIterator[SeenRefund]:
    """Give the account's refunds, newest first, each once; strangers', too."""
    lines = await _lines(client, since, until, now)
    ids = [str(line.get("transaction_id")) for line in lines if _is_refund(line)]
    for refund in await refunds.listed(client, list(dict.fromkeys(ids))):
        yield refund


async def _lines(
    client: PayPalClient, since: datetime, until: datetime | None, now: datetime
) -> list[Mapping[str, Any]]:
    """Read the report of a span, newest first; it takes 31 days at most in one question."""
    end, found = until or max(now, since + _LEAST), []
    while since < end:
        part_end = min(since + _LONGEST, end)
        found += await _report(client, since, part_end)
        since = part_end
    return [
        line
        for line in reversed(found)
        if _is_before(line.get("transaction_initiation_date"), until)
    ]


async def _report(
    client: PayPalClient, since: datetime, until: datetime
) -> list[Mapping[str, Any]]:
    """Read the report of a part, oldest first; of one that has too many lines, by its halves."""
    try:
        return await _whole(client, since, until)
    except Rejected as refused:
        if refused.code != _TOO_MANY or until - since < 2 * _LEAST:
            raise
    middle = since + timedelta(seconds=int((until - since).total_seconds()) // 2)
    return [*await _report(client, since, middle), *await _report(client, middle, until)]


async def _whole(client: PayPalClient, since: datetime, until: datetime) -> list[Mapping[str, Any]]:
    query = {
        "start_date": time_text(since),
        "end_date": time_text(until),
        "fields": "transaction_info",
        "page_size": str(_LINES_A_PAGE),
    }
    found: list[Mapping[str, Any]] = []
    pages, page = 1, 1
    while page <= pages:
        answer = await _page(client, {**query, "page": str(page)})
        told = answer.get("total_pages")
        if type(told) is not int:
            raise Protocol(Message("PayPal's report does not say how long it is"))
        pages, page = told, page + 1
        found += [
            info
            for detail in objects_in(answer, "transaction_details")
            if isinstance(info := detail.get("transaction_info"), Mapping)
        ]
    return found


async def _page(client: PayPalClient, query: Mapping[str, str]) -> dict[str, Any]:
    try:
        return await client.get("/v1/reporting/transactions", query)
    except Rejected as refused:
        if refused.status != 403:
            raise
        raise Rejected(
            Message("PayPal does not let the till read the account's transactions"),
            refused.detail,
            action=Message("Switch on Transaction Search for the app at PayPal."),
            code=refused.code,
            status=refused.status,
        ) from refused


def _subscription_in(line: Mapping[str, Any]) -> str:
    """Give the subscription that a line is a payment of, or an empty text."""
    if line.get("paypal_reference_id_type") != "SUB":
        return ""
    return str(line.get("paypal_reference_id") or "")


def _is_refund(line: Mapping[str, Any]) -> bool:
    return str(line.get("transaction_event_code")) == _REFUND


def _is_before(told: Any, until: datetime | None) -> bool:
    """Say whether a time lies before another: PayPal's spans have both their ends in them.

    One that is not told may.
    """
    at = moment_from(told)
    return until is None or at is None or at < until
