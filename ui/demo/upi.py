"""The customer of a UPI code: an app that reads the text and pays at its bank, the simulator.

It knows nothing but the text: payee, amount and the reference by which the bank finds the code.
"""

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx

from ui.demo.purse import Means
from ui.demo.steps import StepFailed

_SUCCEEDED: Final = "paid"
_REFERENCE: Final = re.compile(r"RZP([A-Za-z0-9]{14})qrv2")
"""What Razorpay's simulator writes as the reference of a code; the id is between."""


class UpiCustomer:
    """A UPI app: what it has read is all that it pays by."""

    name = "a UPI app that reads the code's text"

    def __init__(self, bank: str) -> None:
        self._client = httpx.AsyncClient(base_url=bank, trust_env=False, timeout=10)
        self._code = ""

    async def open(self, url: str) -> str:
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != ("upi", "pay"):
            raise StepFailed(f"no UPI app opens this: {url}")
        told = {name: values[0] for name, values in parse_qs(parts.query).items()}
        reference = _REFERENCE.fullmatch(told.get("tr", ""))
        amount = _rupees(told)
        if reference is None or not told.get("pa") or not told.get("pn"):
            raise StepFailed(f"the UPI text does not say who is paid, and for what: {url}")
        self._code = f"qr_{reference[1]}"
        return f"Pay INR {amount} to {told['pn']}"

    async def fill(self, means: Means) -> None:
        return

    async def pay(self, means: Means) -> str:
        reply = await self._client.post(
            f"/_control/sessions/{self._code}/pay", json={"vpa": means.typed["vpa"]}
        )
        told = reply.json()
        if reply.status_code != 200:
            raise StepFailed(f"the bank does not answer: {reply.text}")
        if told["outcome"] == _SUCCEEDED:
            return "Payment successful"
        return str(told["message"] or f"This code is {told['outcome']}")

    async def answer_bank(self, *, is_me: bool) -> str:
        raise StepFailed("a UPI app is asked by no bank")

    async def go_back(self) -> str:
        return ""

    async def give_up(self, means: Means) -> None:
        return

    async def picture(self, path: Path) -> bool:
        return False

    async def close(self) -> None:
        await self._client.aclose()


def _rupees(told: dict[str, str]) -> Decimal:
    try:
        amount = Decimal(told.get("am", ""))
    except InvalidOperation:
        amount = Decimal(0)
    if told.get("cu") != "INR" or amount <= 0:
        raise StepFailed(f"the UPI text names no amount in rupees: {told}")
    return amount
