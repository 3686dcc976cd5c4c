"""Telling the simulator where the till's events are to go.

Razorpay itself is told in its dashboard: it has no API for a merchant's own webhooks. The
simulator's control API stands for that.
"""

from typing import Final

from app.errors import Message, Rejected
from app.providers.json_api import JsonApi
from app.providers.pages import is_loopback, origin_of
from app.providers.razorpay.disputes import EVENTS as DISPUTE_EVENTS
from app.providers.razorpay.errors import refusing
from app.providers.razorpay.events import REFUND_EVENTS
from app.providers.transport import Transport

_CONTROL: Final = "/_control/razorpay/webhooks"


async def register(
    transport: Transport,
    api_base: str,
    *,
    key_id: str,
    url: str,
    secret: str,
    owner: str,
    of_sessions: tuple[str, ...],
) -> None:
    """Have a key's events sent to `url`, instead of to any earlier address of `owner`.

    They are signed with `secret`. Raises Rejected for an API that is not on this computer.
    """
    if not is_loopback(api_base):
        raise Rejected(
            Message("Razorpay takes webhook addresses in its dashboard alone"),
            Message("The address is {url}.", url=url),
            action=Message("Enter it there with a secret, and the secret in the settings."),
        )
    control = JsonApi("Razorpay", origin_of(api_base), transport, refusing)
    order = {
        "key_id": key_id,
        "url": url,
        "secret": secret,
        "owner": owner,
        "events": [*of_sessions, *REFUND_EVENTS, *DISPUTE_EVENTS],
    }
    await control.call("POST", _CONTROL, {}, body=order)
