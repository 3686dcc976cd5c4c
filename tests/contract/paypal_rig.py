"""PayPal beside the simulator, over real sockets: its customers agree, and the till captures."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from app.clock import SystemClock
from app.domain.dispute import DisputeState
from app.domain.observation import SessionState
from app.providers.kind import AccountSetup
from app.providers.kinds.paypal import KIND, PayPal
from app.providers.strategy import PaymentStrategy, WebhookRequest
from app.sandbox import SANDBOX_KEYS, SANDBOX_PATHS, SandboxServer
from tests.contract.looks import looked
from tests.contract.ways import DUE, DisputeWays, Ways
from tests.integration.sandbox.shop import Receiver

_MOVES = {
    DisputeState.UNDER_REVIEW: "under_review",
    DisputeState.WON: "won",
    DisputeState.LOST: "lost",
}


class PayPalRig:
    """Satisfies `Rig` and `DisputeRig`."""

    ways = Ways()
    dispute_ways = DisputeWays(
        withdraws_at_once=False,
        word="WAITING_FOR_SELLER_RESPONSE",
        reason="DUPLICATE_TRANSACTION",
        payment_fee_minor=84,
        fees_come_later=False,
    )
    currency = "EUR"

    def __init__(self, directory: Path) -> None:
        self._server = SandboxServer(books_path=directory / "sandbox.db")
        self._origin = self._server.start()
        self._http = httpx.Client(base_url=self._origin, timeout=10)

    def strategy(self) -> PaymentStrategy:
        base = f"{self._origin}{SANDBOX_PATHS['paypal']}"
        keys = SANDBOX_KEYS["paypal"]
        return KIND.build(AccountSetup("main", keys, SystemClock(), api_base=base))

    def now(self) -> datetime:
        return datetime.now(UTC)

    def pay(self, session_id: str) -> None:
        self._agree(session_id, "balance")

    def decline(self, session_id: str) -> None:
        self._agree(session_id, "declines")

    def challenge(self, session_id: str) -> None:
        self._agree(session_id, "challenged")

    def pay_slowly(self, session_id: str) -> None:
        self._agree(session_id, "echeck")

    def decide(self, session_id: str, *, succeeded: bool) -> None:
        self.control("POST", f"sessions/{session_id}/settle", succeeded=succeeded)

    def expire(self, session_id: str) -> None:
        self.control("POST", f"sessions/{session_id}/expire")

    def lose_the_next_answer(self) -> None:
        self._fault("/paypal/v2/*", 1, drop="after_effect")

    def cut_the_line(self) -> None:
        self._fault("/paypal/*", None, drop="before")

    def sessions_made(self) -> int:
        accounts = self.control("GET", "books")["accounts"].values()
        return sum(len(account["sessions"]) for account in accounts)

    def let_pass(self, time: timedelta) -> None:
        self.control("POST", "clock", advance_s=int(time.total_seconds()))

    async def delivery(self, strategy: PaymentStrategy, session_id: str) -> WebhookRequest:
        async def pay() -> None:
            await asyncio.to_thread(self.pay, session_id)
            assert (await looked(strategy, session_id)).state is SessionState.PAID

        return await self._told(strategy, pay, b"PAYMENT.CAPTURE.COMPLETED", 2)

    def dispute(self, payment_id: str, *, is_inquiry: bool = False) -> str:
        order: dict[str, Any] = {
            "reason": self.dispute_ways.reason,
            "due_by": int(DUE.timestamp()),
        }
        if is_inquiry:
            order["status"] = "warning_needs_response"
        made = self.control("POST", f"payments/{payment_id}/dispute", **order)
        return str(made["dispute_id"])

    def decide_dispute(self, dispute_id: str, state: DisputeState) -> None:
        self.control("POST", f"disputes/{dispute_id}/move", status=_MOVES[state])

    def tell_fees_later(self) -> None:
        raise AssertionError("PayPal tells its fees at once")

    def tell_fees_now(self) -> None:
        raise AssertionError("PayPal tells its fees at once")

    async def dispute_delivery(self, strategy: PaymentStrategy, payment_id: str) -> WebhookRequest:
        async def dispute() -> None:
            await asyncio.to_thread(self.dispute, payment_id)

        return await self._told(strategy, dispute, b"CUSTOMER.DISPUTE.CREATED", 1)

    def close(self) -> None:
        self._http.close()
        self._server.stop()

    def control(self, method: str, path: str, **body: Any) -> Any:
        answer = self._http.request(method, f"/_control/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def _told(
        self, strategy: PaymentStrategy, happens: Any, wanted: bytes, count: int
    ) -> WebhookRequest:
        receiver = Receiver()
        try:
            assert isinstance(strategy, PayPal)
            await strategy.register_webhook(receiver.url, owner="t")
            await happens()
            await asyncio.to_thread(receiver.wait, count)
            headers, body = next(each for each in receiver.received if wanted in each[1])
        finally:
            receiver.close()
        lowered = {name.lower(): value for name, value in headers.items()}
        return WebhookRequest(lowered, body, datetime.now(UTC))

    def _agree(self, session_id: str, funding: str) -> None:
        done = self.control("POST", f"sessions/{session_id}/pay", funding=funding)
        assert done["outcome"] == "approved"

    def _fault(self, path: str, times: int | None, **fault: Any) -> None:
        self.control("POST", "faults", match={"path": path}, fault=fault, times=times)
