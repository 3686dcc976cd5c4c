"""Razorpay's UPI QR codes: a code that the customer's own payment app reads, in rupees.

Source: Razorpay's API reference, QR Codes. Creating one has no idempotency key, and there is no
search by reference: what an earlier call may have made is looked for on the list by time first.
Razorpay gives the code as a picture, some accounts its text as well; the till draws the text anew.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.capabilities import Capabilities, Method, Shows
from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, Source
from app.errors import Message, Protocol, Rejected
from app.providers.kind import AccountSetup, Kind
from app.providers.razorpay import codes
from app.providers.razorpay.account import (
    KEY_LIFETIME,
    LIFETIME,
    RazorpayAccount,
    check_key,
    check_same,
    options_of,
    page_origin_of,
)
from app.providers.razorpay.amounts import MAXIMUM_MINOR, MINIMUM_MINOR, RUPEES, money_from
from app.providers.razorpay.client import (
    API_BASE,
    BASE_VARIABLE,
    FIELDS,
    LIVE_HINT,
    PROVIDER,
    TEST_HINT,
    is_live,
)
from app.providers.razorpay.documents import moment_from, objects_in, text_of
from app.providers.razorpay.events import CODE_EVENTS, seen_of_codes
from app.providers.razorpay.picture import HOSTS, address_of, text_in
from app.providers.razorpay.upi import checked
from app.providers.strategy import OpenedSession, Recheck, Seen, SessionRequest

_log = logging.getLogger(__name__)

_PATH: Final = "/v1/payments/qr_codes"
_BEFORE: Final = timedelta(minutes=1)
"""How much before it was asked for a code is looked for: clocks are never quite the same."""


class RazorpayUpi(RazorpayAccount):
    """The strategy `razorpay_upi`: satisfies `PaymentStrategy`.

    A session's `url` is the text of its code, `upi://pay?...`. A code is paid once: it takes no
    subscriptions, which an account of the kind `razorpay` does, by UPI as well.
    """

    events = CODE_EVENTS

    def __init__(
        self,
        account: str,
        key_id: str,
        key_secret: str,
        *,
        api_base: str = API_BASE,
        **options: Any,
    ) -> None:
        capabilities = Capabilities(
            currencies=frozenset({RUPEES}),
            minimum_minor=MINIMUM_MINOR,
            maximum_minor=MAXIMUM_MINOR,
            amount_step={},
            max_lines=100,
            max_lines_recurring=1,
            session_lifetime=LIFETIME,
            key_lifetime=KEY_LIFETIME,
            page_hosts=HOSTS,
            page_origin=page_origin_of(api_base),
            methods=frozenset({Method.UPI}),
            reports_fees=True,
            shows=Shows.UPI,
        )
        super().__init__(
            account, key_id, key_secret, capabilities=capabilities, api_base=api_base, **options
        )

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        now = await self._by_razorpay()
        return codes.code_parameters(
            request,
            since=int((now - _BEFORE).timestamp()),
            close_by=int((now + LIFETIME).timestamp()),
        )

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        since, wanted = codes.taken_apart(parameters)
        check_key(key, codes.reference_of(wanted))
        # An earlier call under this key, even before a crash, may have made one.
        code = await self._made_before(codes.reference_of(wanted), since)
        if code is None:
            code = await self._client.post(_PATH, wanted)
        amount = money_from(code.get("payment_amount"), RUPEES)
        check_same(money_from(wanted["payment_amount"], RUPEES), amount)
        return OpenedSession(
            session_id=text_of(code, "id"),
            url=await self._text_of(code, amount) if codes.is_active(code) else "",
            amount=amount,
            # Razorpay's word on when it closes; it may be sooner than was asked for.
            expires_at=moment_from(code.get("close_by")) or self._now() + LIFETIME,
        )

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        await self._known()
        return await self._seen(await self._client.get(f"{_PATH}/{session_id}"), source)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        await self._closed(session_id)
        return await self.fetch(session_id, source=Source.CLOSE)

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        return seen_of_codes(delivery, at=at)

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        await self._known()
        async for code in self._client.listed(_PATH, since, until):
            reference = codes.reference_of(code)
            # Others sell through the account too; what they do need not be understood.
            if Reference.parse(reference) is None:
                continue
            try:
                yield await self._seen(code, source)
            except Protocol as error:
                # One that is not understood must not hide the others.
                _log.warning("a code of %s is not understood: %s", self.account, error)
                yield Recheck(reference)

    async def _made_before(self, reference: str, since: int) -> dict[str, Any] | None:
        """Look for the code of this reference; of several one is kept and the others are closed."""
        begun = datetime.fromtimestamp(since, UTC)
        found = [
            code
            async for code in self._client.listed(_PATH, begun, None)
            if codes.reference_of(code) == reference
        ]
        # Money counts most, then what can be paid; of equals the first that was made.
        found.reverse()
        found.sort(key=lambda code: (codes.is_paid(code), codes.is_active(code)), reverse=True)
        for orphan in found[1:]:
            if codes.is_active(orphan):
                await self._closed(text_of(orphan, "id"))
        return found[0] if found else None

    async def _closed(self, session_id: str) -> None:
        """Close a code; a refusal says that it is closed already, or that it was paid."""
        try:
            await self._client.post(f"{_PATH}/{session_id}/close", {})
        except Rejected as refused:
            if refused.status != 400:
                raise

    async def _text_of(self, code: Mapping[str, Any], amount: Money) -> str:
        """Give the text of a code that asks for exactly `amount`; nothing where there is none.

        Without it the session is closed again; an error would leave it in doubt.
        """
        try:
            text = code.get("image_content")
            if not isinstance(text, str) or not text:
                text = await self._read_from_picture(str(code.get("image_url") or ""))
            return self._shown(checked(text, amount))
        except Protocol as error:
            _log.warning("a code of %s is not shown: %s", self.account, error)
            return ""

    async def _read_from_picture(self, url: str) -> str:
        address = address_of(url, self._api_base)
        if not address:
            raise Protocol(Message("Razorpay names a picture that is not its own"))
        picture = await self._client.picture(address)
        return await asyncio.to_thread(text_in, picture)

    async def _seen(self, code: Mapping[str, Any], source: Source) -> Observation:
        payments: list[Mapping[str, Any]] = []
        if codes.may_be_paid(code):
            path = f"{_PATH}/{text_of(code, 'id')}/payments"
            payments = objects_in(await self._client.get(path), "items")
        return codes.observation_from(
            code,
            payments,
            source=source,
            provider_account=self.provider_account,
            live=self.live,
            at=self._clock.now(),
        )


def _built(setup: AccountSetup) -> RazorpayUpi:
    return RazorpayUpi(**options_of(setup))


KIND: Final = Kind(
    "razorpay_upi",
    provider=PROVIDER,
    label=Message("Razorpay UPI"),
    fields=FIELDS,
    build=_built,
    base_variable=BASE_VARIABLE,
    is_live=is_live,
    live_hint=LIVE_HINT,
    test_hint=TEST_HINT,
)
