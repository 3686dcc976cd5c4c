"""Square's API over the till's own transport: one token, one version, lists page by page.

Source: Square's API reference, version 2026-09-16. Retrying stays with the till, so that one
policy and one key cover every provider.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from app.clock import Clock
from app.errors import Message, Protocol
from app.providers.budget import RequestBudget
from app.providers.json_api import JsonApi
from app.providers.kind import KeyField
from app.providers.square.documents import each_of
from app.providers.square.errors import refused
from app.providers.transport import Transport

API_VERSION: Final = "2026-09-16"
LIVE_BASE: Final = "https://connect.squareup.com"
TEST_BASE: Final = "https://connect.squareupsandbox.com"
BASE_VARIABLE: Final = "SQUARE_API_BASE"
# The real tokens do not all begin alike; of the sandbox's only the old ones say what they are.
ACCESS_TOKEN: Final = KeyField(
    "access_token",
    Message("Access token"),
    ("SQUARE_ACCESS_TOKEN",),
    test_prefixes=("sandbox-sq0",),
)
LOCATION_ID: Final = KeyField("location_id", Message("Location ID"), ("SQUARE_LOCATION_ID",))
SIGNATURE_KEY: Final = KeyField(
    "webhook_signature_key",
    Message("Webhook signature key"),
    ("SQUARE_WEBHOOK_SIGNATURE_KEY",),
    is_needed=False,
    may_be_two=True,
)


class SquareClient:
    """Speaks for one access token. Raises Unavailable, Rejected or Protocol, nothing else."""

    def __init__(
        self,
        access_token: str,
        *,
        api_base: str,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        budget: RequestBudget | None = None,
    ) -> None:
        self.transport = Transport(api_base, clock=clock, transport=transport, budget=budget)
        self._api = JsonApi("Square", api_base, self.transport, refused)
        self._headers = {
            "Authorization": f"Bearer {access_token}",
            "Square-Version": API_VERSION,
        }

    async def get(self, *way: str, **query: str) -> dict[str, Any]:
        """Ask for what is at a way: its parts, the last of which may be an id of Square's."""
        return await self._called("GET", way, query=query)

    async def post(self, *way: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a body."""
        return await self._called("POST", way, body=body)

    async def put(self, *way: str) -> dict[str, Any]:
        """Switch something on."""
        return await self._called("PUT", way, body={})

    async def delete(self, *way: str) -> dict[str, Any]:
        """Take something away."""
        return await self._called("DELETE", way)

    async def listed(self, name: str, *way: str, **query: str) -> AsyncIterator[Mapping[str, Any]]:
        """Give what a list holds under `name`, page after page."""
        cursor = ""
        while True:
            page = await self.get(*way, **query, **({"cursor": cursor} if cursor else {}))
            for each in each_of(page, name):
                yield each
            cursor = _next(page, cursor)
            if not cursor:
                return

    async def found(
        self, name: str, *way: str, body: Mapping[str, Any]
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Give what a search finds under `name`, page after page."""
        cursor = ""
        while True:
            page = await self.post(*way, body={**body, **({"cursor": cursor} if cursor else {})})
            for each in each_of(page, name):
                yield each
            cursor = _next(page, cursor)
            if not cursor:
                return

    async def _called(
        self,
        method: str,
        way: tuple[str, ...],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        path = "/v2/" + "/".join(quote(part, safe="") for part in way)
        answer = await self._api.call(method, path, self._headers, query=query, body=body)
        if answer.get("errors"):
            # Square may say no within a 200.
            raise refused(400, answer)
        return answer


def credential_digest(access_token: str, location_id: str) -> str:
    """Tell credentials apart without revealing them: the token, and where it sells."""
    told = f"scantill credential {access_token} {location_id}".encode()
    return hashlib.sha256(told).hexdigest()[:16]


def _next(page: Mapping[str, Any], cursor: str) -> str:
    """Give the cursor of the next page, nothing after the last. Raises Protocol for the same."""
    following = page.get("cursor")
    if not isinstance(following, str) or not following:
        return ""
    if following == cursor:
        raise Protocol(Message("Square's list does not end"))
    return following
