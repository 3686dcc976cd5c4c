"""The one way out to providers: a deadline over the whole exchange, a cap on what comes back.

TLS is verified, redirects are not followed, compressed replies are refused (they were not asked
for). Also keeps the provider's own clock, from the `Date` header of its replies.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

import httpx

from app.clock import Clock
from app.errors import Message, Protocol, Unavailable
from app.providers.budget import RequestBudget, asked_pause_s
from app.providers.pages import is_loopback

DEADLINE_S: Final = 10.0
MAX_REPLY_BYTES: Final = 1024 * 1024
_CLOCKS_AGREE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: status, headers (any case finds them) and at most 1 MiB of body."""

    status: int
    headers: httpx.Headers
    body: bytes


class _ProviderTime(NamedTuple):
    """What a provider's `Date` said, and what our clocks said then."""

    told: datetime
    wall: datetime
    monotonic: float
    elapsed: float


class Transport:
    """Sends requests for one account. Raises Unavailable or Protocol, nothing else.

    Each waits for its turn in the account's `budget` first; that wait is no part of the deadline.
    """

    def __init__(
        self,
        base: str,
        *,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        budget: RequestBudget | None = None,
    ) -> None:
        self._clock = clock
        self.budget = budget or RequestBudget(clock)
        self._client = httpx.AsyncClient(
            transport=transport,
            follow_redirects=False,
            timeout=DEADLINE_S,
            trust_env=not is_loopback(base),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=5),
        )
        self._provider_time: _ProviderTime | None = None

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None = None
    ) -> Reply:
        """Make one exchange, once: retrying is the caller's, under the same key."""
        plain = {**headers, "Accept-Encoding": "identity"}
        await self.budget.turn()
        try:
            async with (
                asyncio.timeout(DEADLINE_S),
                self._client.stream(method, url, headers=plain, content=body) as response,
            ):
                return await self._whole(response)
        except (httpx.TransportError, httpx.StreamError, TimeoutError, RuntimeError) as error:
            # A RuntimeError is httpx's word for a client that was closed under a call.
            raise Unavailable(
                Message("The payment provider could not be reached"),
                f"{type(error).__name__}: {error}.",
            ) from error
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise Protocol(
                Message("The payment provider's address is not usable"), str(error)
            ) from error

    def provider_now(self) -> datetime | None:
        """Give the provider's clock, or None where it has to be asked for again.

        That is before its first reply, and where our two clocks disagree about how long ago its
        last reply was: the computer slept, or its clock was set.
        """
        if self._provider_time is None:
            return None
        told, wall, monotonic, _ = self._provider_time
        passed = self._clock.monotonic() - monotonic
        if abs((self._clock.now() - wall).total_seconds() - passed) > _CLOCKS_AGREE_S:
            return None
        return told + timedelta(seconds=passed)

    def clock_off(self) -> timedelta | None:
        """Say how far our wall clock is ahead of the provider's, or None before its first reply.

        Reckoned on from its last reply, through sleep and whatever was done to our clock since.
        """
        if self._provider_time is None:
            return None
        told, _, _, elapsed = self._provider_time
        return self._clock.now() - told - timedelta(seconds=self._clock.elapsed() - elapsed)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _whole(self, response: httpx.Response) -> Reply:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Protocol(
                Message("The payment provider sent a compressed reply that nobody asked for")
            )
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                raise Protocol(Message("The payment provider sent more than the till takes"))
        self._note_time(response.headers.get("date", ""))
        pause_s = asked_pause_s(response.status_code, response.headers)
        if pause_s is not None:
            self.budget.pause(pause_s)
        return Reply(response.status_code, response.headers, bytes(body))

    def _note_time(self, date: str) -> None:
        try:
            told = parsedate_to_datetime(date)
            if told.tzinfo is not None:
                self._provider_time = _ProviderTime(
                    told.astimezone(UTC),
                    self._clock.now(),
                    self._clock.monotonic(),
                    self._clock.elapsed(),
                )
        except (ValueError, OverflowError):
            return
