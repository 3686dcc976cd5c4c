"""The rigs of the contract suite: a strategy beside a provider to practise on, one per provider."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx

from app.clock import SystemClock
from app.domain.attempt import Reference
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH, Ids
from app.domain.money import Money
from app.domain.presentation import PresentedLine
from app.errors import Unavailable
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.kinds.stripe_elements import StripeElements
from app.providers.kinds.stripe_links import StripeLinks
from app.providers.strategy import (
    PaymentStrategy,
    RegistersWebhooks,
    SessionRequest,
    WebhookRequest,
)
from app.sandbox import SANDBOX_KEY, SANDBOX_KEYS, SandboxServer
from tests.contract.paypal_rig import PayPalRig
from tests.contract.razorpay_rigs import CodeRig, LinkRig
from tests.contract.square_rig import SquareRig
from tests.contract.ways import Ways
from tests.integration.sandbox.shop import Receiver
from tests.parts.clock import VirtualClock
from tests.parts.provider import LOST, FakeProvider, FakeStrategy

PUBLISHABLE_KEY = SANDBOX_KEYS["stripe"]["publishable_key"]
IDS = Ids(random.Random(7))


VERBS = (
    *("identify", "open_session", "fetch", "close_session", "list_since", "events_since"),
    *("refund", "fetch_refund", "list_refunds", "refunds_since"),
    *("fetch_dispute", "list_disputes", "fetch_fees"),
)


class Rig(Protocol):
    """A strategy beside a provider to practise on, in a currency that it takes."""

    @property
    def ways(self) -> Ways: ...

    @property
    def currency(self) -> str: ...

    def strategy(self) -> PaymentStrategy: ...

    def now(self) -> datetime: ...

    def pay(self, session_id: str) -> None: ...

    def pay_slowly(self, session_id: str) -> None: ...

    def decide(self, session_id: str, *, succeeded: bool) -> None: ...

    def decline(self, session_id: str) -> None: ...

    def challenge(self, session_id: str) -> None: ...

    def expire(self, session_id: str) -> None: ...

    def lose_the_next_answer(self) -> None: ...

    def cut_the_line(self) -> None: ...

    def sessions_made(self) -> int: ...

    def let_pass(self, time: timedelta) -> None: ...

    async def delivery(self, strategy: PaymentStrategy, session_id: str) -> WebhookRequest: ...

    def close(self) -> None: ...


class StripeRig:
    """A kind of Stripe's beside the simulator, over real sockets."""

    kind: type[StripeCheckout | StripeLinks] = StripeCheckout
    made = "sessions"
    """What the simulator's books call what the till opens."""

    ways = Ways()
    currency = "EUR"

    def __init__(self, directory: Path) -> None:
        self._server = SandboxServer(books_path=directory / "sandbox.db")
        self._origin = self._server.start()
        self._http = httpx.Client(base_url=self._origin, timeout=10)

    def strategy(self) -> PaymentStrategy:
        return self.kind("main", SANDBOX_KEY, clock=SystemClock(), api_base=self._origin)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def pay(self, session_id: str) -> None:
        self._customer(session_id, "4242424242424242", "paid")

    def decline(self, session_id: str) -> None:
        self._customer(session_id, "4000000000000002", "declined")

    def challenge(self, session_id: str) -> None:
        self._customer(session_id, "4000002500003155", "requires_action")

    def pay_slowly(self, session_id: str) -> None:
        self._customer(session_id, "4242424242424242", "processing", delayed=True)

    def decide(self, session_id: str, *, succeeded: bool) -> None:
        self._control("POST", f"sessions/{session_id}/settle", succeeded=succeeded)

    def expire(self, session_id: str) -> None:
        self._control("POST", f"sessions/{session_id}/expire")

    def lose_the_next_answer(self) -> None:
        self._fault(drop="after_effect")

    def cut_the_line(self) -> None:
        self._fault(drop="before", times=None)

    def sessions_made(self) -> int:
        accounts = self._control("GET", "books")["accounts"].values()
        return sum(len(account[self.made]) for account in accounts)

    def let_pass(self, time: timedelta) -> None:
        self._control("POST", "clock", advance_s=int(time.total_seconds()))

    async def delivery(self, strategy: PaymentStrategy, session_id: str) -> WebhookRequest:
        receiver = Receiver()
        try:
            assert isinstance(strategy, RegistersWebhooks)
            await strategy.register_webhook(receiver.url, owner="t")
            await asyncio.to_thread(self.pay, session_id)
            await asyncio.to_thread(receiver.wait, 1)
            headers, body = receiver.received[0]
        finally:
            receiver.close()
        lowered = {name.lower(): value for name, value in headers.items()}
        return WebhookRequest(lowered, body, datetime.now(UTC))

    def close(self) -> None:
        self._http.close()
        self._server.stop()

    def _customer(self, session_id: str, card: str, outcome: str, **more: Any) -> None:
        done = self._control("POST", f"sessions/{session_id}/pay", card=card, **more)
        assert done["outcome"] == outcome

    def _fault(self, *, times: int | None = 1, **fault: Any) -> None:
        self._control("POST", "faults", match={"path": "/v1/*"}, fault=fault, times=times)

    def _control(self, method: str, path: str, **body: Any) -> Any:
        answer = self._http.request(method, f"/_control/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()


class StripeLinksRig(StripeRig):
    """Stripe Payment Links: whoever pays stands before the link's newest page."""

    kind = StripeLinks
    made = "links"


class ElementsRig(StripeRig):
    """Stripe Elements beside the simulator, over real sockets; its customers pay on our page."""

    def strategy(self) -> PaymentStrategy:
        strategy = StripeElements(
            "main", SANDBOX_KEY, PUBLISHABLE_KEY, clock=SystemClock(), api_base=self._origin
        )
        strategy.serve_pages("https://till.example")
        return strategy

    def pay_slowly(self, session_id: str) -> None:
        debit = {"iban": "DE08370400440532013003", "name": "Ada"}
        done = self._control("POST", f"sessions/{session_id}/pay", **debit)
        assert done["outcome"] == "processing"

    def sessions_made(self) -> int:
        accounts = self._control("GET", "books")["accounts"].values()
        return sum(len(account["payments"]) for account in accounts)


class FakeRig:
    """The in-memory fake of the other tests."""

    ways = Ways()
    currency = "EUR"

    def __init__(self, directory: Path) -> None:
        self._clock = VirtualClock()
        self._provider = FakeProvider(self._clock)
        self._strategy = FakeStrategy(self._provider)

    def strategy(self) -> PaymentStrategy:
        return self._strategy

    def now(self) -> datetime:
        return self._clock.now()

    def pay(self, session_id: str) -> None:
        assert self._provider.pay(session_id)

    def pay_slowly(self, session_id: str) -> None:
        assert self._provider.pay_slowly(session_id)

    def decide(self, session_id: str, *, succeeded: bool) -> None:
        assert self._provider.decide(session_id, succeeded=succeeded)

    def decline(self, session_id: str) -> None:
        assert self._provider.decline(session_id)

    def challenge(self, session_id: str) -> None:
        assert self._provider.challenge(session_id)

    def expire(self, session_id: str) -> None:
        self._provider.close(session_id)

    def lose_the_next_answer(self) -> None:
        self._strategy.answers["open_session"] = [LOST]
        self._strategy.answers["close_session"] = [LOST]
        self._strategy.answers["refund"] = [LOST]

    def cut_the_line(self) -> None:
        for verb in VERBS:
            self._strategy.answers[verb] = [Unavailable("the line is cut")]

    def sessions_made(self) -> int:
        return len(self._provider.sessions)

    def let_pass(self, time: timedelta) -> None:
        assert not time, "the fake's lists are never late"

    async def delivery(self, strategy: PaymentStrategy, session_id: str) -> WebhookRequest:
        self.pay(session_id)
        body = self._provider.events[-1].body
        return WebhookRequest({"x-signed": "yes"}, body, self._clock.now())

    def close(self) -> None:
        return


RIGS: dict[str, Callable[[Path], Rig]] = {
    "stripe_checkout": StripeRig,
    "stripe_links": StripeLinksRig,
    "square": SquareRig,
    "razorpay": LinkRig,
    "razorpay_upi": CodeRig,
    "stripe_elements": ElementsRig,
    "paypal": PayPalRig,
    "fake": FakeRig,
}


def a_request(minor: int = 1234, *, currency: str = "EUR", **changes: Any) -> SessionRequest:
    reference = Reference(IDS.new(TILL_ID_LENGTH), IDS.new(ORDER_ID_LENGTH), 1)
    values: dict[str, Any] = {
        "reference": reference,
        "amount": Money(minor, currency),
        "lines": (
            PresentedLine("2 x Kaffee \u00e0 la cr\u00e8me", minor - 1),
            PresentedLine("B", 1),
        ),
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/back",
    }
    return SessionRequest(**values | changes)


def tried(rig: Rig, story: Callable[[PaymentStrategy], Awaitable[Any]]) -> Any:
    """Run a story with a strategy of its own, which lets go of the network afterwards."""

    async def run() -> Any:
        strategy = rig.strategy()
        try:
            return await story(strategy)
        finally:
            await strategy.aclose()

    return asyncio.run(run())


async def opened(strategy: PaymentStrategy, request: SessionRequest | None = None) -> Any:
    if request is None:
        taken = strategy.capabilities.currencies
        request = a_request(currency="EUR" if "EUR" in taken else min(taken))
    parameters = await strategy.prepare_session(request)
    return await strategy.open_session(parameters, key=request.reference.key("create"))
