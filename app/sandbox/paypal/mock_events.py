"""`POST /v1/notifications/simulate-event`: a made-up event, to see whether a webhook is reached.

It is signed for the literal `WEBHOOK_ID`, as in life, so that only a receiver that checks offline
and expects this can take it for genuine; the API's own verification fails. No list tells of it.
"""

from typing import Final

from app.sandbox.books import JsonObject
from app.sandbox.paypal import events
from app.sandbox.paypal.checks import Fields, Text, WebAddress, check
from app.sandbox.paypal.errors import bad_request, not_simulated
from app.sandbox.paypal.money import money
from app.sandbox.paypal.webhooks import EVENT_TYPES
from app.sandbox.paypal.webhooks import KIND as WEBHOOK
from app.sandbox.paypal.workbench import Call, Workbench

SIGNED_FOR: Final = "WEBHOOK_ID"

_RULES = Fields(
    {
        "webhook_id": Text(50, pattern="[a-zA-Z0-9]+"),
        "url": WebAddress(2048),
        "event_type": Text(50, pattern="[a-zA-Z0-9.-]+"),
    },
    ("event_type",),
)


def create(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    given = check(call.given, _RULES)
    if "webhook_id" not in given:
        raise not_simulated("mock events for an address without a webhook", "/webhook_id")
    if given["event_type"] not in EVENT_TYPES:
        raise bad_request("INVALID_PARAMETER_VALUE", "/event_type", given["event_type"])
    webhook = bench.need(call.account, WEBHOOK, given["webhook_id"])
    amount = money(700, "USD")
    resource: JsonObject = {"id": bench.new_code("paypal.mock"), "amount": amount}
    event = events.write(
        bench, call.account, given["event_type"], "mock", resource, "A mock event", told_to=[]
    )
    event.private["signed_for"] = SIGNED_FOR
    bench.books.save(event)
    bench.queue.add(event.id, webhook.id)
    return 202, event.body
