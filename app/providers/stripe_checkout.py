"""Stripe Checkout: hosted sessions through the official SDK, for one account.

Source: Stripe's API reference, version 2026-10-28.endive.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

import httpx
import stripe

from app.clock import Clock
from app.domain.delivery import Delivery
from app.domain.observation import Observation, Source
from app.domain.refund import SeenRefund
from app.errors import Protocol, Rejected
from app.providers.pages import is_loopback, is_own_page, origin_of
from app.providers.strategy import (
    Capabilities,
    OpenedSession,
    ProviderAccount,
    RefundRequest,
    Seen,
    SessionRequest,
    WebhookRequest,
)
from app.providers.stripe_amounts import AMOUNT_STEP, CURRENCIES, MAXIMUM_MINOR, MINIMUM_MINOR
from app.providers.stripe_client import (
    API_BASE,
    credential_digest,
    is_live_key,
    stripe_client,
)
from app.providers.stripe_endpoints import register
from app.providers.stripe_errors import translated
from app.providers.stripe_events import seen_in
from app.providers.stripe_sessions import (
    EXPAND,
    PROVIDER,
    money_from,
    observation_from,
    refund_from,
    session_parameters,
)
from app.providers.stripe_webhooks import read_event, verify

T = TypeVar("T")

_LIFETIME: Final = timedelta(minutes=35)
_HOSTS: Final = frozenset({"checkout.stripe.com"})


class StripeCheckout:
    """The strategy `stripe_checkout`: satisfies `PaymentStrategy`.

    `webhook_secrets` may hold an old and a new one while they are rotated; `custom_host` is a
    domain of the owner's that replaces Stripe's. A key that may not read its own account is told
    apart by the account's name.
    """

    provider = PROVIDER

    def __init__(
        self,
        account: str,
        secret_key: str,
        *,
        clock: Clock,
        webhook_secrets: tuple[str, ...] = (),
        api_base: str = API_BASE,
        custom_host: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.account = account
        self.live = is_live_key(secret_key)
        self.credential_digest = credential_digest(secret_key)
        self._clock = clock
        self._secrets = webhook_secrets
        self._client, self._transport = stripe_client(
            secret_key, api_base=api_base, clock=clock, transport=transport
        )
        self._provider_account = ""
        self.capabilities = Capabilities(
            currencies=CURRENCIES,
            minimum_minor=MINIMUM_MINOR,
            maximum_minor=MAXIMUM_MINOR,
            amount_step=AMOUNT_STEP,
            max_lines=100,
            takes_recurring=True,
            session_lifetime=_LIFETIME,
            key_lifetime=timedelta(hours=23),
            page_hosts=_HOSTS | ({custom_host} if custom_host else frozenset()),
            page_origin=origin_of(api_base) if is_loopback(api_base) else "",
            methods=frozenset({"card", "wallet", "bank"}),
        )

    async def identify(self) -> ProviderAccount:
        try:
            account = await _answer(self._client.v1.accounts.retrieve_current_async())
        except Rejected as refused:
            if refused.status != 403:
                raise
            self._provider_account = f"name:{self.account}"
        else:
            self._provider_account = str(account["id"])
        return ProviderAccount(self._provider_account, self.live)

    def adopt(self, provider_account: str) -> None:
        self._provider_account = provider_account

    async def register_webhook(self, url: str, *, owner: str) -> None:
        """Have events sent to `url` and accept what is signed with the secret of that."""
        secret = await register(self._client, url, owner=owner)
        self._secrets = (*self._secrets[-1:], secret)

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        if self._transport.provider_now() is None:
            await self.identify()
        # A slow clock of ours would make Stripe's least lifetime a refusal: its clock counts.
        now = self._transport.provider_now() or self._clock.now()
        return session_parameters(request, expires_at=int((now + _LIFETIME).timestamp()))

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        session = await _answer(
            self._client.v1.checkout.sessions.create_async(
                cast(Any, dict(parameters)), {"idempotency_key": key}
            )
        )
        url = str(session.get("url") or "")
        if url and not is_own_page(
            url, self.capabilities.page_hosts, self.capabilities.page_origin
        ):
            raise Protocol("Stripe's reply leads to a page that is not Stripe's", "Nothing shown.")
        return OpenedSession(
            session_id=str(session["id"]),
            url=url,
            amount=money_from(session.get("amount_total"), session.get("currency")),
            expires_at=self._clock.now() + _LIFETIME,
        )

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        session = await _answer(
            self._client.v1.checkout.sessions.retrieve_async(session_id, {"expand": list(EXPAND)})
        )
        return self._seen(session, source)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        try:
            await _answer(
                self._client.v1.checkout.sessions.expire_async(
                    session_id, options={"idempotency_key": key}
                )
            )
        except Rejected as refused:
            if refused.status != 400:
                raise
        return await self.fetch(session_id, source=Source.CLOSE)

    async def refund(self, request: RefundRequest) -> SeenRefund:
        refund = await _answer(
            self._client.v1.refunds.create_async(
                {
                    "payment_intent": request.payment_id,
                    "amount": request.amount.minor,
                    "metadata": {"reference": str(request.reference)},
                },
                {"idempotency_key": request.key},
            )
        )
        return refund_from(refund)

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        verify(request, self._secrets)
        return read_event(
            request,
            account=self.account,
            provider=self.provider,
            provider_account=self._provider_account,
        )

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return seen_in(delivery, at=at)

    async def list_since(self, since: datetime, *, source: Source) -> AsyncIterator[Observation]:
        page = await _awaited(
            self._client.v1.checkout.sessions.list_async(
                {
                    "created": {"gte": int(since.timestamp())},
                    "limit": 100,
                    "expand": [f"data.{name}" for name in EXPAND],
                }
            )
        )
        while True:
            for session in page.data:
                yield self._seen(session.to_dict(), source)
            if not page.has_more:
                return
            page = await _awaited(page.next_page_async())

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _seen(self, session: Mapping[str, Any], source: Source) -> Observation:
        return observation_from(
            session,
            source=source,
            provider_account=self._provider_account,
            at=self._clock.now(),
        )


async def _awaited(call: Awaitable[T]) -> T:
    """Await a call of the SDK; what it raises comes out in our words."""
    try:
        return await call
    except stripe.StripeError as error:
        raise translated(error) from error


async def _answer(call: Awaitable[stripe.StripeObject]) -> dict[str, Any]:
    """Await a call of the SDK and give its object as plain data."""
    return (await _awaited(call)).to_dict()
