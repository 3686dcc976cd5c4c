"""A provider's JSON API over the till's own transport: one call, and its answer or our error.

What a refusal is called is each provider's own; which answers are worth asking again for is the
same everywhere: none, 408, 409, 425, 429 and 5xx, under the same key.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from app.errors import Message, Protocol, ProviderError, Unavailable
from app.providers.budget import retry_after_s
from app.providers.transport import Reply, Transport

LATER: Final = frozenset({408, 409, 425, 429})

Refusing = Callable[[int, Mapping[str, Any]], ProviderError]
"""Puts a refusal, by its status and body, into our words."""


class JsonApi:
    """One provider's API at `base`. `name` is what people call the provider.

    Raises Unavailable, Protocol, and whatever `refusing` makes of a refusal.
    """

    def __init__(self, name: str, base: str, transport: Transport, refusing: Refusing) -> None:
        self._name = name
        self._base = base.rstrip("/")
        self._transport = transport
        self._refusing = refusing

    async def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> dict[str, Any]:
        """Make one call and give the object that came back; an empty body is an empty object.

        `raw` is JSON that has to be sent as it stands.
        """
        sent: str | bytes | None = None
        kind = {}
        if raw is not None:
            sent = raw
            kind = {"Content-Type": "application/json; charset=utf-8"}
        elif body is not None:
            sent = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            kind = {"Content-Type": "application/json; charset=utf-8"}
        elif form is not None:
            sent = urlencode(form)
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        wanted = {"Accept": "application/json", **kind, **headers}
        content = sent.encode() if isinstance(sent, str) else sent
        reply = await self._transport.send(method, url, wanted, content)
        return self._understood(reply)

    async def picture(self, url: str) -> bytes:
        """Fetch a picture that the provider names; the keys stay at home."""
        reply = await self._transport.send("GET", url, {"Accept": "image/*"})
        if reply.status != 200:
            raise self._not_now(reply, "")
        return reply.body

    def _understood(self, reply: Reply) -> dict[str, Any]:
        document = _object_in(reply.body)
        if 200 <= reply.status < 300:
            if document is None:
                raise self._not_understood(reply)
            return document
        if reply.status in LATER or reply.status >= 500:
            raise self._not_now(reply, _first_text(document or {}))
        if document is None or reply.status < 400:
            raise self._not_understood(reply)
        raise self._refusing(reply.status, document)

    def _not_now(self, reply: Reply, detail: str) -> Unavailable:
        return Unavailable(
            Message("{name} asks to try again later", name=self._name),
            Message("HTTP {status}. {detail}", status=reply.status, detail=detail),
            retry_after_s=retry_after_s(reply.headers),
        )

    def _not_understood(self, reply: Reply) -> Protocol:
        return Protocol(
            Message("{name}'s answer cannot be understood", name=self._name),
            Message("HTTP {status}.", status=reply.status),
        )


def _object_in(body: bytes) -> dict[str, Any] | None:
    """Read an object; None for what is none."""
    if not body.strip():
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _first_text(document: Mapping[str, Any]) -> str:
    """Give what a provider says to people, wherever it says it."""
    for key in ("message", "description", "detail", "error_description"):
        if isinstance(value := document.get(key), str):
            return value
    nested = document.get("error") or document.get("errors")
    if isinstance(nested, list):
        nested = nested[0] if nested else None
    return _first_text(nested) if isinstance(nested, Mapping) else ""
