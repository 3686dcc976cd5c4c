"""Razorpay's rigs of the contract suite: its payment links and its UPI codes at the simulator."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

import httpx

from app.clock import SystemClock
from app.domain.dispute import DisputeState
from app.providers.kinds.razorpay import RazorpayLinks
from app.providers.kinds.razorpay_upi import RazorpayUpi
from app.providers.razorpay.account import RazorpayAccount
from app.providers.strategy import PaymentStrategy, WebhookRequest
from app.sandbox import SandboxServer
from app.sandbox.razorpay import SANDBOX_KEY_ID, SANDBOX_KEY_SECRET
from tests.contract.ways import DUE, DisputeWays, Ways
from tests.integration.sandbox.shop import Receiver

_ANYTHING: Final = "/razorpay/v1/*"
_WORDS: Final = {
    DisputeState.UNDER_REVIEW: "under_review",
    DisputeState.WON: "won",
    DisputeState.LOST: "lost",
}


class RazorpayRig:
    """Either kind beside the simulator, over real sockets."""

    ways = Ways(ends_with_its_promise=False)
    currency = "EUR"
    kind: Callable[..., PaymentStrategy] = RazorpayLinks
    told_of_payment = b"payment_link.paid"
    declining: ClassVar[dict[str, Any]] = {"card": "4000000000000002"}

    def __init__(self, directory: Path) -> None:
        self._server = SandboxServer(books_path=directory / "sandbox.db")
        self._origin = self._server.start()
        self._http = httpx.Client(base_url=self._origin, timeout=10)

    def strategy(self) -> PaymentStrategy:
        options: dict[str, Any] = {"clock": SystemClock(), "api_base": f"{self._origin}/razorpay"}
        return self.kind("main", SANDBOX_KEY_ID, SANDBOX_KEY_SECRET, **options)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def pay(self, session_id: str) -> None:
        self._customer(session_id, "paid")

    def decline(self, session_id: str) -> None:
        self._customer(session_id, "declined", **self.declining)

    def challenge(self, session_id: str) -> None:
        self._customer(session_id, "requires_action", card="4000002500003155")

    def pay_slowly(self, session_id: str) -> None:
        self._customer(session_id, "processing", delayed=True)

    def decide(self, session_id: str, *, succeeded: bool) -> None:
        self.control("POST", f"sessions/{session_id}/settle", succeeded=succeeded)

    def expire(self, session_id: str) -> None:
        self.control("POST", f"sessions/{session_id}/expire")

    def lose_the_next_answer(self) -> None:
        self.fault({"method": "POST", "path": _ANYTHING}, drop="after_effect")

    def cut_the_line(self) -> None:
        self.fault({"path": _ANYTHING}, times=None, drop="before")

    def sessions_made(self) -> int:
        accounts = self.control("GET", "books")["accounts"].values()
        return sum(len(account["sessions"]) for account in accounts)

    async def delivery(self, strategy: PaymentStrategy, session_id: str) -> WebhookRequest:
        return await self.told(strategy, self.told_of_payment, self.pay, session_id)

    async def told(
        self, strategy: PaymentStrategy, what: bytes, do: Any, about: str
    ) -> WebhookRequest:
        """Do something and give the delivery that tells of it."""
        receiver = Receiver()
        try:
            assert isinstance(strategy, RazorpayAccount)
            await strategy.register_webhook(receiver.url, owner="t")
            await asyncio.to_thread(do, about)
            for number in range(1, 10):
                await asyncio.to_thread(receiver.wait, number)
                headers, body = receiver.received[number - 1]
                if what in body:
                    lowered = {name.lower(): value for name, value in headers.items()}
                    return WebhookRequest(lowered, body, datetime.now(UTC))
        finally:
            receiver.close()
        raise AssertionError(f"nobody told of {what!r}")

    def close(self) -> None:
        self._http.close()
        self._server.stop()

    def fault(self, match: dict[str, str], *, times: int | None = 1, **fault: Any) -> None:
        self.control("POST", "faults", match=match, fault=fault, times=times)

    def let_pass(self, time: timedelta) -> None:
        self.control("POST", "clock", advance_s=int(time.total_seconds()))

    def control(self, method: str, path: str, **body: Any) -> Any:
        answer = self._http.request(method, f"/_control/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _customer(self, session_id: str, outcome: str, **order: Any) -> None:
        done = self.control("POST", f"sessions/{session_id}/pay", **order)
        assert done["outcome"] == outcome


class LinkRig(RazorpayRig):
    """Payment links."""


class CodeRig(RazorpayRig):
    """UPI codes: what was tried in vain, and what is promised, no look at a code tells."""

    ways = Ways(tells_declines=False, tells_promises=False, ends_with_its_promise=False)
    currency = "INR"
    kind = RazorpayUpi
    told_of_payment = b"qr_code.credited"
    declining: ClassVar[dict[str, Any]] = {"declined": True}

    def challenge(self, session_id: str) -> None:
        """Nobody is asked for a proof who pays by UPI: the app has asked before."""


class _Disputes(RazorpayRig):
    """The simulator's disputes and fees: 2 % and 18 % of tax on these, half to even."""

    dispute_ways = DisputeWays(
        withdraws_at_once=False, word="open", fee_minor=0, payment_fee_minor=24
    )

    def dispute(self, payment_id: str, *, is_inquiry: bool = False) -> str:
        phase = "retrieval" if is_inquiry else "chargeback"
        order = {"reason": "duplicate", "due_by": int(DUE.timestamp()), "phase": phase}
        return str(self.control("POST", f"payments/{payment_id}/dispute", **order)["dispute_id"])

    def decide_dispute(self, dispute_id: str, state: DisputeState) -> None:
        self.control("POST", f"disputes/{dispute_id}/move", status=_WORDS[state])

    def tell_fees_later(self) -> None:
        self.control("POST", "fees", provider="razorpay", after_s=600)

    def tell_fees_now(self) -> None:
        self.control("POST", "clock", advance_s=600)

    async def dispute_delivery(self, strategy: PaymentStrategy, payment_id: str) -> WebhookRequest:
        return await self.told(strategy, b"payment.dispute.created", self.dispute, payment_id)


class LinkDisputes(_Disputes, LinkRig):
    """Disputes of payments by link."""


class CodeDisputes(_Disputes, CodeRig):
    """Disputes of payments by UPI code."""
