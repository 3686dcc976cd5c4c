"""What a shop does with Razorpay's part of the simulator in these tests."""

import hashlib
import hmac
import json
from typing import Any

import httpx

from app.sandbox.razorpay import SANDBOX_KEY_ID, SANDBOX_KEY_SECRET
from tests.integration.sandbox.shop import Receiver

GOOD_CARD = "4111111111111111"
DECLINED = "4000000000000002"
CHALLENGED = "4000002500003155"
SUCCESS = "success@razorpay"
FAILURE = "failure@razorpay"
WEBHOOK_SECRET = "of the webhook"


def link(**changes: Any) -> Any:
    params = {
        "amount": 38000,
        "currency": "INR",
        "reference_id": "till1-7-1",
        "description": "Order 7",
        "notify": {"sms": False, "email": False},
        "notes": {"till": "1"},
        "callback_url": "http://127.0.0.1:9/thanks",
        "callback_method": "get",
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


def code(**changes: Any) -> Any:
    params = {
        "type": "upi_qr",
        "usage": "single_use",
        "fixed_amount": True,
        "payment_amount": 38000,
        "notes": {"reference": "till1-7-1"},
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


class Shop:
    """A shop's own view of the provider: its API by plain HTTP, its pages, and the control API."""

    def __init__(
        self, origin: str, key_id: str = SANDBOX_KEY_ID, secret: str = SANDBOX_KEY_SECRET
    ) -> None:
        self.origin = origin
        self.key_id = key_id
        self.secret = secret
        self.base = f"{origin}/razorpay"
        self.http = httpx.Client(base_url=origin, timeout=10)

    def close(self) -> None:
        self.http.close()

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.http.request(
            method, f"/razorpay/v1/{path}", json=body, auth=(self.key_id, self.secret), **options
        )

    def get(self, path: str, **params: Any) -> Any:
        return self._good(self.ask("GET", path, params=params))

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self._good(self.ask("POST", path, body, **options))

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The error of a request that is refused with 400."""
        response = self.ask(method, path, body, **options)
        assert response.status_code == 400, response.text
        return response.json()["error"]

    def sell(self, **changes: Any) -> Any:
        return self.post("payment_links", link(**changes))

    def sold(self, **changes: Any) -> Any:
        sold = self.sell(**changes)
        assert self.pay(sold["short_url"]).status_code in (200, 303)
        return self.read(sold)

    def read(self, of: Any) -> Any:
        return self.get(f"payment_links/{of['id']}")

    def payment(self, of: Any) -> Any:
        """The captured payment of a paid link, as the API shows it."""
        return self.get(f"payments/{of['payments'][-1]['payment_id']}")

    def show(self, **changes: Any) -> Any:
        return self.post("payments/qr_codes", code(**changes))

    def pay(self, url: str, card: str = GOOD_CARD, **form: str) -> httpx.Response:
        fields = {"method": "card", "card_number": card, "exp": "12/34", "cvc": "123", **form}
        return self.http.post(url, data=fields)

    def pay_upi(self, url: str, vpa: str = SUCCESS) -> httpx.Response:
        return self.http.post(url, data={"method": "upi", "vpa": vpa})

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"/_control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def advance(self, seconds: int) -> None:
        self.control("POST", "clock", {"advance_s": seconds})

    def listen(self, receiver: Receiver, *events: str, secret: str = WEBHOOK_SECRET) -> Any:
        order = {
            "key_id": self.key_id,
            "url": receiver.url,
            "secret": secret,
            "events": list(events or ("*",)),
        }
        return self.control("POST", "razorpay/webhooks", order)

    def told(self) -> list[str]:
        """The names of all events of this shop, oldest first."""
        account = self.account()
        every = self.control("GET", "razorpay/events")["events"]
        return [event["event"] for event in every if event["account"] == account]

    def account(self) -> str:
        return "acc_" + hashlib.sha256(self.key_id.encode()).hexdigest()[:14]

    def books(self) -> Any:
        return self.control("GET", "books")["accounts"][self.account()]

    def _good(self, response: httpx.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json()


def opened(receiver: Receiver, secret: str = WEBHOOK_SECRET) -> list[Any]:
    """What came, each with its signature checked."""
    found = []
    for headers, body in list(receiver.received):
        lower = {name.lower(): value for name, value in headers.items()}
        signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        assert lower["x-razorpay-signature"] == signed
        found.append({**json.loads(body), "id": lower["x-razorpay-event-id"]})
    return found
