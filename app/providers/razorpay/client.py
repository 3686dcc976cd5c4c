"""Razorpay's API over the till's own transport, and the keys that it takes.

Retrying stays with the till, so that one policy covers every provider. The keys go to the API
alone: neither a picture's host nor the simulator's control API sees them.
"""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

import httpx

from app.clock import Clock
from app.errors import Message, Protocol, Unavailable
from app.providers.budget import RequestBudget, retry_after_s
from app.providers.json_api import LATER, JsonApi
from app.providers.kind import KeyField
from app.providers.razorpay.documents import objects_in
from app.providers.razorpay.errors import refusing
from app.providers.transport import Transport

PROVIDER: Final = "razorpay"
API_BASE: Final = "https://api.razorpay.com"
BASE_VARIABLE: Final = "RAZORPAY_API_BASE"
LIVE_HINT: Final = "rzp_live_"
TEST_HINT: Final = "rzp_test_"
KEY_ID: Final = KeyField(
    "key_id",
    Message("Key ID"),
    ("RAZORPAY_KEY_ID",),
    prefixes=(TEST_HINT, LIVE_HINT),
    live_prefixes=(LIVE_HINT,),
    test_prefixes=(TEST_HINT,),
)
KEY_SECRET: Final = KeyField("key_secret", Message("Key secret"), ("RAZORPAY_KEY_SECRET",))
WEBHOOK_SECRET: Final = KeyField(
    "webhook_secret",
    Message("Webhook secret"),
    ("RAZORPAY_WEBHOOK_SECRET",),
    is_needed=False,
    may_be_two=True,
)
ACCOUNT_ID: Final = KeyField(
    "account_id", Message("Merchant ID"), ("RAZORPAY_ACCOUNT_ID",), is_needed=False
)
FIELDS: Final = (KEY_ID, KEY_SECRET, WEBHOOK_SECRET, ACCOUNT_ID)
PAGE: Final = 100
"""The most that a list gives at once."""


class RazorpayClient:
    """Speaks for one key. Raises Unavailable, Rejected or Protocol, nothing else."""

    def __init__(
        self,
        key_id: str,
        key_secret: str,
        *,
        api_base: str,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        budget: RequestBudget | None = None,
    ) -> None:
        self.transport = Transport(api_base, clock=clock, transport=transport, budget=budget)
        self._api = JsonApi("Razorpay", api_base, self.transport, refusing)
        pair = base64.b64encode(f"{key_id}:{key_secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {pair}"}

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read something; its path is below the API's address."""
        asked = {name.rstrip("_"): str(value) for name, value in query.items()}
        return await self._api.call("GET", path, self._headers, query=asked)

    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Have something done."""
        return await self._api.call("POST", path, {**self._headers, **(headers or {})}, body=body)

    async def picture(self, url: str) -> bytes:
        """Fetch a picture, at most 1 MiB, without the keys; whose host it is the caller knows.

        A redirect and whatever else is no picture is a Protocol; Razorpay's trouble Unavailable.
        """
        reply = await self.transport.send("GET", url, {"Accept": "image/png"})
        if reply.status in LATER or reply.status >= 500:
            raise Unavailable(
                Message("Razorpay asks to try again later"),
                Message("HTTP {status}.", status=reply.status),
                retry_after_s=retry_after_s(reply.headers),
            )
        if reply.status != 200:
            raise Protocol(
                Message("Razorpay's picture of the code cannot be had"),
                Message("HTTP {status}.", status=reply.status),
            )
        return reply.body

    async def listed(
        self, path: str, since: datetime, until: datetime | None, **only: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Give what was made since then and before `until`, newest first, each once.

        `only` are filters that the list has beside these.
        """
        span: dict[str, Any] = {"from_": int(since.timestamp()), **only}
        if until is not None:
            # Both ends are included at Razorpay.
            span["to"] = int(until.timestamp()) - 1
        async for page in self.pages(path, **span):
            for each in page:
                yield each

    async def pages(
        self, path: str, *, key: str = "items", ends_short: bool = True, **query: Any
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Give a list page after page, each object once though others are made meanwhile.

        `ends_short` says that only its last page has fewer than were asked for. Raises Protocol
        where the list does not go on, which would leave out the rest.
        """
        known: set[str] = set()
        skipped = 0
        while page := objects_in(await self.get(path, **query, count=PAGE, skip=skipped), key):
            fresh = [dict(each) for each in page if str(each.get("id")) not in known]
            if not fresh:
                raise Protocol(Message("Razorpay's list begins again instead of going on"), path)
            known.update(str(each.get("id")) for each in fresh)
            yield fresh
            if ends_short and len(page) < PAGE:
                return
            skipped += len(page)


def credential_digest(key_id: str, key_secret: str) -> str:
    """Tell keys apart without revealing them."""
    pair = f"{key_id}:{key_secret}".encode()
    return hashlib.sha256(b"scantill credential " + pair).hexdigest()[:16]


def is_live_key(key_id: str) -> bool:
    """Say whether a key moves real money, by its prefix."""
    return key_id.startswith(LIVE_HINT)


def is_live(keys: Mapping[str, str]) -> bool | None:
    """Say whether an account's keys move real money; None for a key that looks like neither."""
    key_id = keys[KEY_ID.name]
    return is_live_key(key_id) if key_id.startswith((LIVE_HINT, TEST_HINT)) else None
