"""A way to pay without a provider: it opens at once, and only the operator's word is news.

It asks nobody and keeps nothing. What was confirmed stands in the till's own books; here a session
is open until then, and what is given back was handed out when it is asked for.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.clock import Clock
from app.domain.attempt import Reference
from app.domain.capabilities import Capabilities, Method, Shows
from app.domain.money import EXPONENTS, MAX_MINOR, Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.refund import RefundState, SeenRefund
from app.errors import Message, Rejected
from app.providers.not_offered import HasNoDisputes, SendsNoWebhooks, TellsNoFees, TellsOfNoEvents
from app.providers.strategy import (
    OpenedSession,
    ProviderAccount,
    RefundRequest,
    SessionRequest,
)

_FOR_EVER: Final = timedelta(days=36_500)


class ByHand(TellsOfNoEvents, SendsNoWebhooks, HasNoDisputes, TellsNoFees):
    """What `Cash` and `Terminal` share: satisfies `PaymentStrategy` and `TakesByHand`.

    `whose` stands for the provider's own account: payments by it can be given back by any account
    of the till that has the same.
    """

    provider = ""
    requests_made = 0

    def __init__(
        self, account: str, *, whose: str, method: Method, live: bool, clock: Clock
    ) -> None:
        self.account = account
        self.live = live
        self.provider_account = whose
        self.credential_digest = f"{self.provider}:{whose}"
        self._clock = clock
        self.capabilities = Capabilities(
            currencies=frozenset(EXPONENTS),
            minimum_minor={},
            maximum_minor=MAX_MINOR,
            amount_step={},
            max_lines=1,
            max_lines_recurring=0,
            session_lifetime=_FOR_EVER,
            key_lifetime=_FOR_EVER,
            page_hosts=frozenset(),
            methods=frozenset({method}),
            shows=Shows.NOTHING,
        )

    async def identify(self) -> ProviderAccount:
        return ProviderAccount(self.provider_account, self.live)

    def adopt(self, provider_account: str) -> None:
        """It is known from the settings."""

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        return {
            "reference": str(request.reference),
            "amount_minor": request.amount.minor,
            "currency": request.amount.currency,
        }

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        return OpenedSession(
            session_id=parameters["reference"],
            url="",
            amount=Money(parameters["amount_minor"], parameters["currency"]),
            expires_at=self._clock.now() + _FOR_EVER,
        )

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        return self._seen(session_id, SessionState.OPEN, source, self._clock.now())

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        at = self._clock.now()
        return self._seen(session_id, SessionState.EXPIRED, Source.CLOSE, at, is_final=True)

    def due(self, amount: Money) -> Money:
        """Say what is to be taken for an amount."""
        return amount

    def payment_id(self, session_id: str, reference: str) -> str:
        """Name the payment that the operator confirms."""
        return session_id

    def confirmed(
        self, session_id: str, amount: Money, *, reference: str, at: datetime
    ) -> Observation:
        """Put the operator's word into the form of any other news."""
        taken = SeenPayment(self.payment_id(session_id, reference), amount)
        return self._seen(
            session_id, SessionState.PAID, Source.OPERATOR, at, payments=(taken,), is_final=True
        )

    def prepare_refund(self, request: RefundRequest) -> dict[str, Any]:
        return {
            "payment": request.payment_id,
            "amount_minor": request.amount.minor,
            "currency": request.amount.currency,
            "key": request.key,
        }

    def handed_out(self, parameters: Mapping[str, Any]) -> SeenRefund:
        """Say that money was given back: by who asks for it, at once."""
        return SeenRefund(
            refund_id=parameters["key"],
            payment_id=parameters["payment"],
            amount=Money(parameters["amount_minor"], parameters["currency"]),
            state=RefundState.SUCCEEDED,
            key=parameters["key"],
        )

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        return self.handed_out(parameters)

    async def fetch_refund(self, refund_id: str) -> SeenRefund:
        raise Rejected(Message("There is no such refund"), status=404)

    async def list_refunds(self, payment_id: str) -> AsyncIterator[SeenRefund]:
        nothing: tuple[SeenRefund, ...] = ()
        for refund in nothing:
            yield refund

    async def refunds_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[SeenRefund]:
        nothing: tuple[SeenRefund, ...] = ()
        for refund in nothing:
            yield refund

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation]:
        nothing: tuple[Observation, ...] = ()
        for seen in nothing:
            yield seen

    def clock_off(self) -> timedelta | None:
        return None

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def _seen(
        self,
        session_id: str,
        state: SessionState,
        source: Source,
        at: datetime,
        *,
        payments: tuple[SeenPayment, ...] = (),
        is_final: bool = False,
    ) -> Observation:
        if Reference.parse(session_id) is None:
            raise Rejected(Message("There is no such session"), status=404)
        return Observation(
            source=source,
            provider=self.provider,
            provider_account=self.provider_account,
            live=self.live,
            reference=session_id,
            session_id=session_id,
            state=state,
            observed_at=at,
            payments=payments,
            is_final=is_final,
        )
