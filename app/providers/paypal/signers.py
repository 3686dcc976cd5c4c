"""Whose signature a notice must bear: certificates, fetched once and kept; PayPal's word else.

A certificate is taken from PayPal's own host only, over https and without redirects, and has to be
traced to an authority of the system's. Where the API is a simulator on this computer, from its
address and to its authority. What cannot be checked by one is put before PayPal's own check, a few
times a minute at most. All of it belongs to the public door's loop.
"""

import asyncio
import hashlib
import json
import logging
import re
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from app.clock import Clock
from app.errors import Message, Protocol, ProviderError, WebhookRejected
from app.providers.envelope import strict_object
from app.providers.pages import is_loopback, origin_of
from app.providers.paypal.client import PayPalClient
from app.providers.paypal.webhooks import (
    ALGORITHM,
    NOT_PAYPALS,
    Transmission,
    Transmissions,
    transmission_of,
)
from app.providers.strategy import WebhookRequest
from app.providers.transport import Transport

if TYPE_CHECKING:
    from app.providers.paypal.certificates import Certificate

_HOSTS: Final = {True: "api.paypal.com", False: "api.sandbox.paypal.com"}
_PATH: Final = "/v1/notifications/certs/"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_CHECK: Final = "/v1/notifications/verify-webhook-signature"
_AUTHORITY: Final = "/_control/paypal/signing"
_KEPT: Final = 8
_VOUCHED: Final = 256
MOST_QUESTIONS: Final = 6
WITHIN_S: Final = 60.0
"""So many notices in so long may cause questions, whoever sends them."""
PATIENCE_S: Final = 5.0
"""How long a notice waits for what it is to be checked with."""

_log = logging.getLogger(__name__)


class Line(NamedTuple):
    """A way out to PayPal for one question: the transport, and the API over it."""

    transport: Transport
    client: PayPalClient


class Signers:
    """Learns by what a notice is to be checked (`learn`), and checks it (`verify`).

    `connect` opens a way out of its own: the door's loop is not the one that the till asks from.
    """

    def __init__(
        self, *, api_base: str, live: bool, clock: Clock, connect: Callable[[], Line]
    ) -> None:
        self._base = api_base.rstrip("/")
        self._live = live
        self._clock = clock
        self._connect = connect
        self._known: OrderedDict[str, Certificate] = OrderedDict()
        self._vouched: OrderedDict[bytes, None] = OrderedDict()
        self._transmissions = Transmissions()
        self._asked_at: deque[float] = deque()
        self._alone = asyncio.Lock()
        self._asking_for = ""

    async def learn(self, request: WebhookRequest, webhook_ids: tuple[str, ...]) -> None:
        """Fetch what a notice is to be checked with, unless it is known. Raises nothing of it.

        What cannot be PayPal's causes no question.
        """
        try:
            sent = transmission_of(request)
        except WebhookRejected:
            return
        if not webhook_ids or not self._is_own(sent.cert_url):
            return
        if self._certificate(sent, request) is not None:
            return
        if self._alone.locked() and self._asking_for != sent.cert_url:
            # One question at a time; whoever sends what is genuine sends it again.
            return
        try:
            async with asyncio.timeout(PATIENCE_S), self._alone:
                await self._learn(sent, request, webhook_ids)
        except TimeoutError:
            _log.info("nothing was learned of %s in time", sent.cert_url)

    async def _learn(
        self, sent: Transmission, request: WebhookRequest, webhook_ids: tuple[str, ...]
    ) -> None:
        if self._certificate(sent, request) is not None or not self._may_ask():
            return
        self._asking_for = sent.cert_url
        async with self._line() as line:
            if not await self._has_fetched(line.transport, sent.cert_url):
                await self._ask(line.client, sent, request, webhook_ids)

    def verify(self, request: WebhookRequest, webhook_ids: tuple[str, ...]) -> None:
        """Check a notice against what was learned. Raises WebhookRejected; asks nobody."""
        sent = transmission_of(request)
        if not self._is_own(sent.cert_url) or not webhook_ids:
            raise WebhookRejected(NOT_PAYPALS)
        certificate = self._certificate(sent, request)
        if certificate is None:
            if _digest(sent, request) not in self._vouched:
                raise WebhookRejected("The signature cannot be checked yet", status=425)
        elif not any(
            certificate.has_signed(sent.signature, sent.signed_for(webhook_id, request.body))
            for webhook_id in webhook_ids
        ):
            raise WebhookRejected(NOT_PAYPALS)
        self._transmissions.check(sent.id, request.body)

    def _is_own(self, url: str) -> bool:
        """Say whether a certificate may be fetched from there."""
        expected = f"https://{_HOSTS[self._live]}{_PATH}"
        if is_loopback(self._base):
            expected = f"{self._base}{_PATH}"
        return url.startswith(expected) and _NAME.fullmatch(url[len(expected) :]) is not None

    def _certificate(self, sent: Transmission, request: WebhookRequest) -> "Certificate | None":
        known = self._known.get(sent.cert_url)
        if known is None or not known.begins <= request.received_at <= known.ends:
            return None
        return known

    def _may_ask(self) -> bool:
        now = self._clock.monotonic()
        while self._asked_at and now - self._asked_at[0] >= WITHIN_S:
            self._asked_at.popleft()
        if len(self._asked_at) >= MOST_QUESTIONS:
            return False
        self._asked_at.append(now)
        return True

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Line]:
        line = await asyncio.to_thread(self._connect)
        try:
            yield line
        finally:
            await line.transport.aclose()

    async def _has_fetched(self, transport: Transport, url: str) -> bool:
        """Fetch a certificate and trace it; say whether it is one to check by."""
        from app.providers.paypal import certificates

        try:
            reply = await transport.send("GET", url, {"Accept": "*/*"})
            if reply.status != 200:
                raise Protocol(
                    Message("PayPal has no such certificate"),
                    Message("HTTP {status}.", status=reply.status),
                )
            authorities = (
                certificates.authorities_in(await self._authority(transport))
                if is_loopback(self._base)
                else await asyncio.to_thread(_system_authorities)
            )
            traced = certificates.traced(reply.body, authorities, self._clock.now())
        except (ProviderError, certificates.NotTrusted) as error:
            _log.info("the certificate at %s cannot be used: %s", url, error)
            return False
        self._known[url] = traced
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return True

    async def _authority(self, transport: Transport) -> str:
        """Ask the simulator on this computer for the authority of its own."""
        reply = await transport.send("GET", f"{origin_of(self._base)}{_AUTHORITY}", {})
        try:
            return str(json.loads(reply.body)["authority"])
        except (ValueError, KeyError, TypeError) as error:
            raise Protocol(Message("The simulator names no authority"), str(error)) from error

    async def _ask(
        self,
        client: PayPalClient,
        sent: Transmission,
        request: WebhookRequest,
        webhook_ids: tuple[str, ...],
    ) -> None:
        """Put a notice before PayPal's own check, byte for byte."""
        try:
            # What is no object by itself could say more to PayPal than it says here.
            strict_object(request.body)
            for webhook_id in webhook_ids:
                asked = _question(sent, request, webhook_id)
                answer = await client.post_raw(_CHECK, asked)
                if answer.get("verification_status") == "SUCCESS":
                    self._vouched[_digest(sent, request)] = None
                    if len(self._vouched) > _VOUCHED:
                        self._vouched.popitem(last=False)
                    return
        except (ProviderError, WebhookRejected) as error:
            _log.info("PayPal was asked about a notice without avail: %s", error)


def _question(sent: Transmission, request: WebhookRequest, webhook_id: str) -> bytes:
    fields: dict[str, Any] = {
        "auth_algo": ALGORITHM,
        "cert_url": sent.cert_url,
        "transmission_id": sent.id,
        "transmission_sig": request.headers["paypal-transmission-sig"],
        "transmission_time": sent.time,
        "webhook_id": webhook_id,
    }
    head = json.dumps(fields).encode()
    return head[:-1] + b',"webhook_event":' + request.body + b"}"


def _digest(sent: Transmission, request: WebhookRequest) -> bytes:
    told = "\n".join((sent.id, sent.time, sent.cert_url)).encode()
    return hashlib.sha256(b"\n".join((told, sent.signature, request.body))).digest()


def _system_authorities() -> list[Any]:
    from app.providers.paypal import certificates

    return certificates.authorities_from(httpx.create_ssl_context().get_ca_certs(binary_form=True))
