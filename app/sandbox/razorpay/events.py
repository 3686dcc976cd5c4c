"""Events: written with the effect they tell of, and queued for the webhooks that asked.

There is no list of them to ask for: what was missed is found by reading what it was about.
"""

from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay import objects, webhooks
from app.sandbox.razorpay.workbench import Workbench

KIND = "razorpay.event"
_ID_LENGTH = 14


def record(bench: Workbench, name: str, account: str, **about: JsonObject) -> Record:
    """Note that something happened, with all that it is about as it looks now.

    The last of `about` is what the notice is named for. The caller commits.
    """
    listening = webhooks.wanting(bench, account, name)
    body = objects.event(account=account, created=bench.now(), name=name, about=about)
    id = bench.new_id(KIND, "", _ID_LENGTH)
    # A secret that is changed later does not change what was signed for.
    secrets = {webhook.id: webhook.private["secret"] for webhook in listening}
    event = bench.keep(account, KIND, body, {"secrets": secrets}, id=id)
    for webhook in listening:
        bench.queue.add(id, webhook.id)
    return event


def line(event: Record) -> JsonObject:
    about = event.body["payload"][event.body["contains"][-1]]["entity"]
    return {
        "id": event.id,
        "account": event.account,
        "event": event.body["event"],
        "about": about["id"],
        "created_at": event.created,
    }
