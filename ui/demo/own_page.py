"""The customer on a pay page of the till's own, whose card field is the provider's script.

Without a browser the plain client does what that script does: it asks the page's own questions,
and confirms at the provider with the publishable key.
"""

import asyncio
import time
from typing import Any, Final

import httpx

from ui.demo.browser import PATIENCE_MS, BrowserCustomer
from ui.demo.form import FormCustomer
from ui.demo.purse import Means
from ui.demo.steps import StepFailed

_FRAME: Final = "#field iframe"
_CARD: Final = ("card_number", "exp", "cvc")
_OVER: Final = {"paid": "Payment received", "failed": "Not paid", "closed": "This is over"}
"""What the page says of each end."""
_BANK_ASKS: Final = "Your bank asks: is it you who pays?"
_SEEN: Final = """() => {
  const shown = [...document.querySelectorAll('main h2, #problem')].find(
    each => each.checkVisibility() && each.textContent);
  const state = document.body.dataset.state;
  return state === 'open' && !shown ? document.title : shown ? shown.textContent : '';
}"""
"""What a person reads on the page: its last word, its complaint, or whom to pay."""
_SETTLED: Final = """() => {
  const problem = document.querySelector('#problem');
  return ['paid', 'failed', 'closed', 'broken'].includes(document.body.dataset.state)
    || (problem && !problem.hidden);
}"""


class BrowserOnOwnPage(BrowserCustomer):
    """Chromium on the till's own page: the card is typed into the frame of the provider's."""

    def _visit(self, url: str) -> str:
        self._page.goto(url, wait_until="load")
        self._page.wait_for_function("() => document.body.dataset.state !== 'loading'")
        return str(self._page.evaluate(_SEEN))

    def _fill_in(self, means: Means) -> None:
        frame = self._page.frame_locator(_FRAME)
        for name in _CARD:
            frame.locator(f"[name={name}]").fill(means.typed[name])

    def _send(self) -> str:
        self._page.tap("button.pay")
        return self._what_comes()

    def _answer(self, verdict: str) -> str:
        self._page.frame_locator(_FRAME).locator(f"#{verdict}").tap()
        return self._what_comes()

    def _what_comes(self) -> str:
        """Wait until the page or the bank has an answer."""
        bank = self._page.frame_locator(_FRAME).locator("#bank")
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < deadline:
            if self._page.evaluate(_SETTLED):
                return str(self._page.evaluate(_SEEN))
            if bank.is_visible():
                return _BANK_ASKS
            self._page.wait_for_timeout(20)
        raise StepFailed("the page does not say how the payment went")


class FormOnOwnPage(FormCustomer):
    """The plain client, doing what the provider's script would do."""

    name = "an HTTP client that does what the page's script does"

    def __init__(self) -> None:
        super().__init__()
        self._config: dict[str, Any] = {}
        self._secret = ""

    async def open(self, url: str) -> str:
        title = await super().open(url)
        state = (await self._ask("GET", "state"))["state"]
        if state in _OVER:
            return _OVER[state]
        self._config = await self._ask("GET", "config")
        self._secret = (await self._ask("POST", "intent"))["clientSecret"]
        return title

    async def pay(self, means: Means) -> str:
        month, _, year = means.typed["exp"].partition("/")
        return await self._confirmed(
            "confirm",
            {
                "payment_method_data[type]": "card",
                "payment_method_data[card][number]": means.typed["card_number"],
                "payment_method_data[card][exp_month]": month,
                "payment_method_data[card][exp_year]": f"20{year}",
                "payment_method_data[card][cvc]": means.typed["cvc"],
            },
        )

    async def answer_bank(self, *, is_me: bool) -> str:
        return await self._confirmed("authenticate", {"verdict": "complete" if is_me else "fail"})

    async def go_back(self) -> str:
        return ""

    async def _confirmed(self, step: str, fields: dict[str, str]) -> str:
        intent = self._secret.partition("_secret_")[0]
        reply = await self._client.post(
            f"{self._config['apiBase']}/v1/payment_intents/{intent}/{step}",
            data={"client_secret": self._secret, **fields},
            headers={"Authorization": f"Bearer {self._config['publishableKey']}"},
        )
        told = _read(reply)
        if "error" in told:
            return str(told["error"].get("message") or "")
        return _BANK_ASKS if told.get("status") == "requires_action" else await self._followed()

    async def _followed(self) -> str:
        """Ask the page how it went until it knows, as its script does."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < deadline:
            state = str((await self._ask("GET", "state?look"))["state"])
            if state in _OVER:
                return _OVER[state]
            await asyncio.sleep(0.5)
        raise StepFailed("the page does not say how the payment went")

    async def _ask(self, method: str, what: str) -> dict[str, Any]:
        url = f"{self._url}/{what}"
        reply = await self._client.request(method, url, json={} if method == "POST" else None)
        told = _read(reply)
        if reply.status_code != 200:
            raise StepFailed(f"the page does not answer {what}: {told.get('error', told)}")
        return told


def _read(reply: httpx.Response) -> dict[str, Any]:
    told: dict[str, Any] = reply.json()
    return told
