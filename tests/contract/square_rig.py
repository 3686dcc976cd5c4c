"""Square's rig: payment links beside the simulator, over real sockets."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from app.clock import SystemClock
from app.domain.dispute import DisputeState
from app.providers.kinds.square import Square
from app.providers.strategy import PaymentStrategy, WebhookRequest
from app.sandbox import SANDBOX_KEYS, SANDBOX_PATHS, SandboxServer
from tests.contract.ways import DUE, DisputeWays, Ways
from tests.integration.sandbox.shop import Receiver, eventually

_KEYS = SANDBOX_KEYS["square"]
_WORDS = {
    DisputeState.UNDER_REVIEW: "PROCESSING",
    DisputeState.WON: "WON",
    DisputeState.LOST: "LOST",
}


class SquareRig:
    """Lists know at once, refunds are decided at once and fees are told at once."""

    ways = Ways(
        tells_of_challenges=False,
        ends_with_its_promise=False,
        tells_fees_of_refunds=False,
    )
    dispute_ways = DisputeWays(word="EVIDENCE_REQUIRED", fee_minor=0)
    currency = "EUR"

    def __init__(self, directory: Path) -> None:
        self._server = SandboxServer(books_path=directory / "sandbox.db")
        self.origin = self._server.start()
        self._http = httpx.Client(base_url=self.origin, timeout=10, verify=False)
        self.control("POST", "square/lists", lag_s=0)
        self.control("POST", "refunds", provider="square", outcome="succeeds")
        self.control("POST", "fees", provider="square", after_s=0)

    def strategy(self) -> PaymentStrategy:
        return Square(
            "main",
            _KEYS["access_token"],
            _KEYS["location_id"],
            clock=SystemClock(),
            api_base=self.origin + SANDBOX_PATHS["square"],
        )

    def now(self) -> datetime:
        return datetime.now(UTC)

    def pay(self, session_id: str) -> None:
        self._customer(session_id, "4111111111111111", "paid")

    def decline(self, session_id: str) -> None:
        self._customer(session_id, "4000000000000002", "declined")

    def challenge(self, session_id: str) -> None:
        self._customer(session_id, "4000002500003155", "requires_action")

    def pay_slowly(self, session_id: str) -> None:
        self._customer(session_id, "4111111111111111", "processing", delayed=True)

    def decide(self, session_id: str, *, succeeded: bool) -> None:
        self.control("POST", f"sessions/{session_id}/settle", succeeded=succeeded)

    def expire(self, session_id: str) -> None:
        self.control("POST", f"sessions/{session_id}/expire")

    def lose_the_next_answer(self) -> None:
        self.fault(drop="after_effect")

    def cut_the_line(self) -> None:
        self.fault(drop="before", times=None)

    def sessions_made(self) -> int:
        accounts = self.control("GET", "books")["accounts"].values()
        return sum(len(account["sessions"]) for account in accounts)

    async def delivery(self, strategy: PaymentStrategy, session_id: str) -> WebhookRequest:
        return await self._told(strategy, self.pay, session_id, b'"status":"COMPLETED"')

    def dispute(self, payment_id: str, *, is_inquiry: bool = False) -> str:
        order: dict[str, Any] = {"reason": "DUPLICATE", "due_by": int(DUE.timestamp())}
        if is_inquiry:
            order["status"] = "INQUIRY_EVIDENCE_REQUIRED"
        made = self.control("POST", f"payments/{payment_id}/dispute", **order)
        return str(made["dispute_id"])

    def decide_dispute(self, dispute_id: str, state: DisputeState) -> None:
        self.control("POST", f"disputes/{dispute_id}/move", status=_WORDS[state])

    def tell_fees_later(self) -> None:
        self.control("POST", "fees", provider="square", after_s=600)

    def tell_fees_now(self) -> None:
        self.control("POST", "clock", advance_s=600)

    async def dispute_delivery(self, strategy: PaymentStrategy, payment_id: str) -> WebhookRequest:
        return await self._told(strategy, self.dispute, payment_id, b"dispute.created")

    def close(self) -> None:
        self._http.close()
        self._server.stop()

    def fault(self, *, times: int | None = 1, **fault: Any) -> None:
        self.control("POST", "faults", match={"path": "/square/*"}, fault=fault, times=times)

    def let_pass(self, time: timedelta) -> None:
        self.control("POST", "clock", advance_s=int(time.total_seconds()))

    def control(self, method: str, path: str, **body: Any) -> Any:
        answer = self._http.request(method, f"/_control/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def _told(
        self, strategy: PaymentStrategy, happens: Any, subject: str, wanted: bytes
    ) -> WebhookRequest:
        """Have something happen, and give the delivery that tells of it."""
        receiver = Receiver()
        try:
            assert isinstance(strategy, Square)
            await strategy.register_webhook(receiver.url, owner="t")
            await asyncio.to_thread(happens, subject)
            told = partial(_is_told, receiver, wanted)
            await asyncio.to_thread(eventually, told)
            headers, body = next(each for each in receiver.received if wanted in each[1])
        finally:
            receiver.close()
        lowered = {name.lower(): value for name, value in headers.items()}
        return WebhookRequest(lowered, body, datetime.now(UTC))

    def _customer(self, session_id: str, card: str, outcome: str, **more: Any) -> None:
        done = self.control("POST", f"sessions/{session_id}/pay", card=card, **more)
        assert done["outcome"] == outcome


def _is_told(receiver: Receiver, wanted: bytes) -> bool:
    return any(wanted in body for _, body in list(receiver.received))
