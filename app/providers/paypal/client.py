"""PayPal's REST API with its tokens: one for all calls, for as long as it lasts.

Source: PayPal's REST reference, Authentication and API requests. However many calls need a token
at once, it is asked for once. A token that is refused is replaced once; a second refusal is of the
keys.
"""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.clock import Clock
from app.errors import Message, Protocol, Rejected
from app.providers.json_api import JsonApi
from app.providers.kind import KeyField
from app.providers.paypal.errors import refusal_of
from app.providers.transport import Transport

PROVIDER: Final = "paypal"
LIVE_BASE: Final = "https://api-m.paypal.com"
TEST_BASE: Final = "https://api-m.sandbox.paypal.com"
BASE_VARIABLE: Final = "PAYPAL_API_BASE"
CLIENT_ID: Final = KeyField("client_id", Message("Client ID"), ("PAYPAL_CLIENT_ID",))
CLIENT_SECRET: Final = KeyField(
    "client_secret", Message("Client secret"), ("PAYPAL_CLIENT_SECRET",)
)
WEBHOOK_ID: Final = KeyField(
    "webhook_id",
    Message("Webhook ID"),
    ("PAYPAL_WEBHOOK_ID",),
    is_needed=False,
    may_be_two=True,
)

_TOKEN: Final = "/v1/oauth2/token"  # noqa: S105 - a path
_MARGIN_S: Final = 60.0


class _Token(NamedTuple):
    text: str
    until: float


class PayPalClient:
    """Speaks for one pair of keys. Raises Unavailable, Rejected or Protocol."""

    def __init__(
        self, client_id: str, client_secret: str, *, base: str, clock: Clock, transport: Transport
    ) -> None:
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._basic = {"Authorization": f"Basic {pair}"}
        self._clock = clock
        self._api = JsonApi("PayPal", base, transport, refusal_of)
        self._token: _Token | None = None
        self._alone = asyncio.Lock()

    async def authorize(self) -> None:
        """Ask for a token, whatever is at hand: the one way to learn whether the keys are good."""
        async with self._alone:
            self._token = await self._new_token()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Look at something."""
        return await self._call("GET", path, {}, query=query)

    async def post(self, path: str, body: Mapping[str, Any], *, key: str = "") -> dict[str, Any]:
        """Ask for something to be done, under a key once; the whole object comes back."""
        headers = {"Prefer": "return=representation"}
        if key:
            headers["PayPal-Request-Id"] = key
        return await self._call("POST", path, headers, body=body)

    async def post_raw(self, path: str, body: bytes) -> dict[str, Any]:
        """Ask with JSON that has to be sent byte for byte."""
        return await self._call("POST", path, {}, raw=body)

    async def delete(self, path: str) -> None:
        """Take something away."""
        await self._call("DELETE", path, {})

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str], **sent: Any
    ) -> dict[str, Any]:
        token = await self._token_text()
        try:
            return await self._api.call(method, path, {**headers, **_bearer(token)}, **sent)
        except Rejected as refused:
            if refused.status != 401:
                raise
        # Tokens end early where somebody revokes them; the keys may be as good as before.
        token = await self._token_text(refused=token)
        return await self._api.call(method, path, {**headers, **_bearer(token)}, **sent)

    async def _token_text(self, refused: str = "") -> str:
        """Give a token that is not the one that was refused; whoever is first asks for it."""
        async with self._alone:
            token = self._token
            if token is None or token.text == refused or token.until <= self._clock.elapsed():
                token = self._token = await self._new_token()
            return token.text

    async def _new_token(self) -> _Token:
        began = self._clock.elapsed()
        answer = await self._api.call(
            "POST", _TOKEN, self._basic, form={"grant_type": "client_credentials"}
        )
        text, lasts_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(text, str) or not text or type(lasts_s) is not int:
            raise Protocol(Message("PayPal's answer holds no token"))
        return _Token(text, began + max(lasts_s - _MARGIN_S, 0.0))


def credential_digest(client_id: str, client_secret: str) -> str:
    """Tell keys apart without revealing them."""
    pair = f"scantill credential {client_id} {client_secret}"
    return hashlib.sha256(pair.encode()).hexdigest()[:16]


def account_of(client_id: str) -> str:
    """Name the account behind a client id.

    PayPal tells whose keys these are only with an order, or to those who may read its reports:
    what every key is sure to tell is the app that it belongs to, and that is one merchant's.
    """
    return "app:" + hashlib.sha256(client_id.encode()).hexdigest()[:16]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
