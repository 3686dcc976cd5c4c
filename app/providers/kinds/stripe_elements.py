"""Stripe Elements: payment intents for a pay page of the till's own, for one account.

Source: Stripe's API reference, version 2026-10-28.endive. An offline double that knows payment
intents and little else works by its API address alone: it is told from Stripe by what it lacks, and
asked for no more than it has (the *minimal mode*; see `providers/stripe/doubles.py`).
"""

import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit

from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation
from app.domain.observation import Observation, Source
from app.domain.refund import SeenRefund
from app.errors import Message, Protocol, Rejected
from app.providers.kind import AccountSetup, Kind
from app.providers.pages import origin_of
from app.providers.strategy import (
    OpenedSession,
    PageSetup,
    ProviderAccount,
    Recheck,
    Seen,
    SessionRequest,
)
from app.providers.stripe import doubles, refunds
from app.providers.stripe.account import StripeAccount, answer, options_of
from app.providers.stripe.client import (
    API_BASE,
    BASE_VARIABLE,
    PUBLISHABLE_KEY,
    SECRET_KEY,
    WEBHOOK_SECRET,
    is_live,
    is_live_key,
)
from app.providers.stripe.intent_events import seen_in_intents
from app.providers.stripe.intents import (
    INTENT_EVENTS,
    LIFETIME,
    OPEN,
    TAKES,
    has_failed_slowly,
    intent_parameters,
    is_own,
    observation_from,
)
from app.providers.stripe.listing import intents_since
from app.providers.stripe.page_setup import check_publishable, setup_of
from app.providers.stripe.sessions import PROVIDER, money_from, reference_of, text_of

_log = logging.getLogger(__name__)

_TOKEN_BYTES: Final = 16
_UNEXPECTED_STATE: Final = 400


class StripeElements(StripeAccount):
    """The strategy `stripe_elements`: satisfies `PaymentStrategy` and `HasOwnPage`.

    With a `script_url` the API is a double's, and the minimal mode is on; without one the API's own
    answer decides.
    """

    told_of = listed = INTENT_EVENTS

    def __init__(
        self,
        account: str,
        secret_key: str,
        publishable_key: str,
        *,
        api_base: str = API_BASE,
        script_url: str = "",
        **options: Any,
    ) -> None:
        super().__init__(account, secret_key, capabilities=TAKES, api_base=api_base, **options)
        self._publishable_key = publishable_key
        self._api_base = api_base
        self._script_url = script_url
        self._is_minimal: bool | None = False if api_base == API_BASE else bool(script_url) or None
        self._origin = ""

    async def identify(self) -> ProviderAccount:
        known, is_minimal = "", False
        try:
            known = text_of(await answer(self._client.v1.accounts.retrieve_current_async()), "id")
        except (Rejected, Protocol) as refused:
            status = doubles.status_of(refused)
            if status not in {403, 404}:
                raise
            is_minimal = status == 404
        if self._is_minimal is None:
            self._is_minimal = is_minimal
        # What was known once stays: a right that was taken away makes it no other account.
        self.provider_account = known or self.provider_account or f"name:{self.account}"
        return ProviderAccount(self.provider_account, self.live)

    async def register_webhook(self, url: str, *, owner: str) -> None:
        """Have events sent to `url` and accept what is signed with the secret of that.

        A double has no such call; it is asked about everything.
        """
        if not await self._knows_little():
            await super().register_webhook(url, owner=owner)

    def serve_pages(self, origin: str) -> None:
        self._origin = origin
        parts = urlsplit(origin)
        hosts = {parts.netloc} if parts.scheme == "https" and parts.port is None else set()
        self.capabilities = replace(
            self.capabilities, page_hosts=frozenset(hosts), page_origin=origin_of(origin)
        )

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        if not self._origin:
            raise Rejected(
                Message("There is no address for the till's own pay page"),
                action=Message(
                    "Set public_url in [doors], or BASE_URL, to where the world is led."
                ),
            )
        is_minimal = await self._knows_little()
        token = secrets.token_hex(_TOKEN_BYTES)
        return {
            "intent": intent_parameters(request, is_minimal=is_minimal),
            "page": f"/pay/{request.reference}-{token}",
        }

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        asked = cast(Any, dict(parameters["intent"]))
        found = None
        if await self._knows_little():
            # It keeps no keys: what an earlier call made is found by our reference alone.
            found = await doubles.intent_with(self._client, asked["metadata"]["reference"])
        intent = found or await answer(
            self._client.v1.payment_intents.create_async(asked, {"idempotency_key": key})
        )
        return OpenedSession(
            session_id=text_of(intent, "id"),
            url=f"{self._origin}{parameters['page']}" if self._origin else "",
            amount=money_from(intent.get("amount"), intent.get("currency")),
            expires_at=self._clock.now() + LIFETIME,
        )

    async def page_setup(self) -> PageSetup:
        little = await self._knows_little()
        return setup_of(self._publishable_key, self._api_base, self._script_url, is_minimal=little)

    async def client_secret(self, session_id: str) -> str:
        intent = await self._retrieved(session_id)
        return text_of(intent, "client_secret") if intent.get("status") in OPEN else ""

    async def confirm(self, session_id: str, method: str) -> None:
        if not await self._knows_little():
            # Stripe's own script does that, with a key that can do nothing else.
            raise Rejected(Message("The customer's browser confirms this payment"), status=400)
        if (await self._retrieved(session_id)).get("status") in OPEN:
            await doubles.confirm(self._client, session_id, method)

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        await self._known()
        intent = await self._retrieved(session_id)
        if intent.get("status") in OPEN and has_failed_slowly(intent):
            # It could be paid again for ever: only once that is over is it called failed.
            await self._canceled(session_id)
            intent = await self._retrieved(session_id)
        return self._seen(intent, source)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        await self._canceled(session_id, key=key)
        return await self.fetch(session_id, source=Source.CLOSE)

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        if await self._knows_little():
            payment_id = str(parameters["payment_intent"])
            if (made := await doubles.refund_with(self._client, payment_id, key)) is not None:
                return made
        return await super().refund(parameters, key=key)

    async def refunds_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[SeenRefund]:
        listed = doubles.refunds_since if await self._knows_little() else refunds.made_since
        async for refund in listed(self._client, since, until):
            yield refund

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return seen_in_intents(delivery, at=at)

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        await self._known()
        listed = doubles.intents_since if await self._knows_little() else intents_since
        async for intent in listed(self._client, since, until):
            # Others sell through the account too; what they do need not be understood.
            if is_own(intent):
                yield self._seen_or_named(intent, source)

    async def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        await self._known()
        if await self._knows_little():
            return
        async for delivery in super().events_since(since, until=until):
            yield delivery

    async def list_disputes(
        self, since: datetime, *, source: Source
    ) -> AsyncIterator[DisputeObservation]:
        await self._known()
        if await self._knows_little():
            return
        async for dispute in super().list_disputes(since, source=source):
            yield dispute

    async def _knows_little(self) -> bool:
        """Say whether the other side is a double for which the minimal mode is; ask it once."""
        if self._is_minimal is None:
            await self.identify()
        return self._is_minimal is True

    async def _retrieved(self, session_id: str) -> dict[str, Any]:
        return await answer(self._client.v1.payment_intents.retrieve_async(session_id))

    async def _canceled(self, session_id: str, *, key: str = "") -> None:
        """Close an intent; what refuses may be paid by now, which the next look tells."""
        options = {"idempotency_key": key} if key else {}
        try:
            await answer(
                self._client.v1.payment_intents.cancel_async(session_id, options=cast(Any, options))
            )
        except Rejected as refused:
            if refused.status != _UNEXPECTED_STATE:
                raise

    def _seen_or_named(self, intent: Mapping[str, Any], source: Source) -> Observation | Recheck:
        """Read a listed intent; one that is not understood must not hide the others."""
        if intent.get("status") in OPEN and has_failed_slowly(intent):
            return Recheck(reference_of(intent))
        try:
            return self._seen(intent, source)
        except Protocol as error:
            _log.warning("a payment of %s is not understood: %s", self.account, error)
            return Recheck(reference_of(intent))

    def _seen(self, intent: Mapping[str, Any], source: Source) -> Observation:
        return observation_from(
            intent, source=source, provider_account=self.provider_account, at=self._clock.now()
        )


def _built(setup: AccountSetup) -> StripeElements:
    secret, publishable = setup.keys[SECRET_KEY.name], setup.keys[PUBLISHABLE_KEY.name]
    check_publishable(setup.name, publishable, is_live=is_live_key(secret))
    return StripeElements(
        publishable_key=publishable, script_url=setup.script_url, **options_of(setup)
    )


KIND: Final = Kind(
    "stripe_elements",
    provider=PROVIDER,
    label=Message("Stripe Elements"),
    fields=(SECRET_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET),
    build=_built,
    base_variable=BASE_VARIABLE,
    is_live=is_live,
    live_hint="sk_live_",
    test_hint="sk_test_",
)
