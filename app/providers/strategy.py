"""What every payment provider can be asked: the protocol, and the values that go in and out.

Having read one strategy you can read any. A strategy speaks to one account with one credential;
it holds no state of the till. Every verb raises only `Unavailable`, `Rejected` or `Protocol`;
declined, expired and late are values.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from app.domain.attempt import Reference
from app.domain.capabilities import Capabilities
from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation
from app.domain.fee import SeenFee
from app.domain.money import Money
from app.domain.observation import Observation, Source
from app.domain.presentation import PresentedLine
from app.domain.refund import RefundObservation, SeenRefund
from app.providers.subscribing import SubscriptionNews


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """The provider's own account behind a credential."""

    id: str
    live: bool


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """What a session is to ask for: `lines` sum to `amount`.

    `plan_id` is the provider's plan that a subscription is made by, where it needs one.
    """

    reference: Reference
    amount: Money
    lines: tuple[PresentedLine, ...]
    success_url: str
    cancel_url: str
    plan_id: str = ""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session that exists: its page may be shown until `expires_at`.

    `url` is empty where there is no page, or one that is not the provider's own.
    """

    session_id: str
    url: str
    amount: Money
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to be given back: `key` makes it happen once."""

    payment_id: str
    amount: Money
    key: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class Recheck:
    """An event that says something happened to `reference` but not enough to judge money by.

    Where it does not say our reference, `session_id` is the provider's own name of what it is
    about. `amount` is what it seems to be about, where it says so.
    """

    reference: str
    amount: Money | None = None
    session_id: str = ""


Seen = Observation | RefundObservation | DisputeObservation | Recheck | SubscriptionNews


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A delivery as it came in: header names in lower case, `body` untouched."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime


class PaymentStrategy(Protocol):
    """One account at one provider."""

    @property
    def account(self) -> str:
        """Our name for the account."""
        ...

    @property
    def provider(self) -> str:
        """The provider's name, under which payment ids are unique."""
        ...

    @property
    def live(self) -> bool:
        """Whether this credential moves real money."""
        ...

    @property
    def provider_account(self) -> str:
        """The provider's own account behind this credential, or nothing before it is known."""
        ...

    @property
    def credential_digest(self) -> str:
        """A digest that tells credentials apart without revealing them."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the provider takes."""
        ...

    async def identify(self) -> ProviderAccount:
        """Ask the provider which account this credential belongs to."""
        ...

    def adopt(self, provider_account: str) -> None:
        """Take the provider's account id from the books, where asking is not needed."""
        ...

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        """Build the complete parameters of a session, plain JSON data, to be kept with the intent.

        May ask the provider's clock; has no effect there.
        """
        ...

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        """Create the session; under the same key it is the same session, however often."""
        ...

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        """Look at a session."""
        ...

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        """Close a session so that nobody can pay it, and look at it again.

        A refusal by the provider is answered with what the session is now: it may be paid.
        """
        ...

    def prepare_refund(self, request: RefundRequest) -> dict[str, Any]:
        """Build the complete parameters of a refund, plain JSON data, to be kept with the intent.

        The key is among them where the provider can keep it with the refund.
        """
        ...

    async def refund(self, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
        """Give money back; under the same key it is the same refund, however often."""
        ...

    async def fetch_refund(self, refund_id: str) -> SeenRefund:
        """Look at a refund."""
        ...

    def list_refunds(self, payment_id: str) -> AsyncIterator[SeenRefund]:
        """Look at every refund of a payment, whoever made it, newest first."""
        ...

    def refunds_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[SeenRefund]:
        """Look at every refund made since then and before `until`, newest first; strangers', too.

        Times are the provider's. One that cannot be understood is logged and left out.
        """
        ...

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        """Verify a delivery and read its envelope. Raises WebhookRejected; touches nothing."""
        ...

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        """Read what a verified delivery says of a session, refund or dispute; None for nothing."""
        ...

    def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        """Look at every session made since then, newest first; `until` is where it begins.

        Of one that cannot be understood only the reference is given. Times are the provider's.
        """
        ...

    def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        """Read the provider's own list of the events that it sends, as if each were delivered.

        Newest first; times are the provider's. What is older than `event_memory` is gone there.
        """
        ...

    @property
    def event_memory(self) -> timedelta:
        """How far back the provider lists its events for certain."""
        ...

    def clock_off(self) -> timedelta | None:
        """How far our wall clock is ahead of the provider's, or None while nothing is known."""
        ...

    @property
    def requests_made(self) -> int:
        """How many requests were made so far, in all."""
        ...

    async def fetch_dispute(self, dispute_id: str, *, source: Source) -> DisputeObservation:
        """Look at a dispute."""
        ...

    def list_disputes(
        self, since: datetime, *, source: Source
    ) -> AsyncIterator[DisputeObservation]:
        """Look at every dispute opened since then, newest first; those of strangers' sales, too."""
        ...

    async def fetch_fees(self, payment_id: str) -> tuple[SeenFee, ...] | None:
        """Give the fees of a payment and of its refunds; None where they are not told (yet)."""
        ...

    async def aclose(self) -> None:
        """Let go of the network."""
        ...


@runtime_checkable
class Captures(Protocol):
    """A provider where the customer's word moves no money: taking it is a call of the till's."""

    async def capture(self, session_id: str, *, key: str) -> Observation:
        """Take what the customer agreed to, once, however often under the same key.

        What was taken before, and what a bank declines, is an observation like any other.
        """
        ...


@dataclass(frozen=True, slots=True)
class PageSetup:
    """What a pay page of the till's own needs to speak to a provider; none of it is secret.

    The three lists are origins that the page may load scripts from, frame, and connect to.
    `is_minimal` says that the till confirms by itself, since the provider's script cannot.
    `script_locales` are the languages ("de", "fr-CA") that the provider's script can be told.
    """

    publishable_key: str
    script_url: str
    api_base: str
    script_origins: tuple[str, ...]
    frame_origins: tuple[str, ...]
    connect_origins: tuple[str, ...]
    is_minimal: bool = False
    script_locales: tuple[str, ...] = ()


@runtime_checkable
class HasOwnPage(Protocol):
    """A provider without a page for this: the till's public door has it."""

    def serve_pages(self, origin: str) -> None:
        """Say where the public door is for customers: new sessions get an address there."""
        ...

    async def page_setup(self) -> PageSetup:
        """Say what the page needs."""
        ...

    async def client_secret(self, session_id: str) -> str:
        """Ask for what a customer's browser pays with; nothing where nobody may pay any more."""
        ...

    async def confirm(self, session_id: str, method: str) -> None:
        """Pay with what the customer typed into the provider's own field.

        What came of it the next look tells. Raises Rejected with 402 where a bank declines.
        """
        ...


@runtime_checkable
class LearnsSigners(Protocol):
    """A provider whose deliveries are checked by what has to be fetched from it first."""

    async def learn_signer(self, request: WebhookRequest) -> None:
        """Fetch what a delivery is to be checked with, unless that is known.

        Asks a few times a minute at most and waits a few seconds; what cannot be genuine causes no
        question. Raises nothing of it: `read_webhook` says whether that sufficed.
        """
        ...


@runtime_checkable
class TakesByHand(Protocol):
    """A way to pay that nobody can be asked about: the operator takes the money and says so.

    Its session opens at once, with our reference as its id.
    """

    @property
    def needs_reference(self) -> bool:
        """Say whether a machine took the money, whose reference has to be given."""
        ...

    def due(self, amount: Money) -> Money:
        """Say what is to be taken for an amount: in cash the nearest that can be handed over."""
        ...

    def confirmed(
        self, session_id: str, amount: Money, *, reference: str, at: datetime
    ) -> Observation:
        """Put the operator's word that `amount` was taken into the form of any other news."""
        ...

    def handed_out(self, parameters: Mapping[str, Any]) -> SeenRefund:
        """Say that the money of a refund was given back, by whoever asks for it."""
        ...


@runtime_checkable
class RegistersWebhooks(Protocol):
    """A provider that can be told where to send its events."""

    async def register_webhook(self, url: str, *, owner: str) -> None:
        """Have events sent to `url` and accept what is signed for that."""
        ...


@runtime_checkable
class MovesPages(Protocol):
    """A provider whose pages can move: a simulator's, while phones may come."""

    def move_pages(self, origin: str) -> None:
        """Take pages at this origin, too; nothing ends it."""
        ...

    async def page_of(self, session_id: str) -> str:
        """Ask where a session's page is now; nothing where it has none that may be shown."""
        ...
