"""What a shop does with Square's simulator in these tests: sell, listen, be a customer."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from app.sandbox.square import SANDBOX_TOKEN, location_of, merchant_of
from tests.integration.sandbox.shop import Receiver

GOOD_CARD = "4111111111111111"
DECLINED = "4000000000000002"
LATER_S = 60
"""After how long fees are known, refunds are decided and lists know of what is new."""
LINKS = "/v2/online-checkout/payment-links"


def line(name: str = "Coffee", amount: int = 380, quantity: str = "1", **more: Any) -> Any:
    price = {"amount": amount, "currency": more.pop("currency", "EUR")}
    return {"name": name, "quantity": quantity, "base_price_money": price, **more}


class SquareShop:
    """A merchant's own view of Square: plain HTTP, its page, and the control API."""

    def __init__(self, origin: str, token: str = SANDBOX_TOKEN) -> None:
        self.origin = origin
        self.token = token
        self.merchant = merchant_of(token)
        self.location = location_of(self.merchant)
        self.http = httpx.Client(base_url=origin, timeout=10)
        self.keys = 0

    def close(self) -> None:
        self.http.close()

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.http.request(method, f"/square{path}", json=body, headers=headers, **options)

    def api(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        response = self.ask(method, path, body, **options)
        assert response.status_code == 200, response.text
        return response.json()

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The status, code and field of a refusal."""
        response = self.ask(method, path, body, **options)
        assert response.status_code >= 400, response.text
        (error,) = response.json()["errors"]
        assert error["category"] and error["detail"]
        return response.status_code, error["code"], error.get("field")

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def order(self, **changes: Any) -> Any:
        said = {
            "location_id": self.location,
            "reference_id": "till1-7-1",
            "line_items": [line()],
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def link_body(self, *, key: str | None = None, **changes: Any) -> Any:
        options = changes.pop("checkout_options", {"redirect_url": "http://127.0.0.1:9/thanks"})
        body = {
            "idempotency_key": key or self.key(),
            "order": self.order(**changes),
            "checkout_options": options,
        }
        return {name: value for name, value in body.items() if value is not None}

    def sell(self, **changes: Any) -> Any:
        return self.api("POST", LINKS, self.link_body(**changes))["payment_link"]

    def sold(self, **changes: Any) -> Any:
        link = self.sell(**changes)
        assert self.pay(link).status_code == 303
        return link

    def pay(self, link: Any, card: str = GOOD_CARD, **form: str) -> httpx.Response:
        """Pay on the page to which the link's short address leads."""
        shown = self.http.get(link["url"])
        assert shown.status_code == 302, shown.text
        fields = {"card_number": card, "exp": "12/34", "cvc": "123", "name": "Ada", **form}
        return self.http.post(shown.headers["Location"], data=fields)

    def order_of(self, link: Any) -> Any:
        return self.api("GET", f"/v2/orders/{link['order_id']}")["order"]

    def payment_of(self, link: Any) -> Any:
        """The one payment that the link's order names."""
        (tender,) = self.order_of(link)["tenders"]
        return self.api("GET", f"/v2/payments/{tender['payment_id']}")["payment"]

    def refund_body(self, payment: Any, amount: int | None = None, **changes: Any) -> Any:
        money = payment["total_money"]
        return {
            "idempotency_key": self.key(),
            "payment_id": payment["id"],
            "amount_money": {**money, "amount": amount or money["amount"]},
            **changes,
        }

    def refund(self, payment: Any, amount: int | None = None, **changes: Any) -> Any:
        return self.api("POST", "/v2/refunds", self.refund_body(payment, amount, **changes))[
            "refund"
        ]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"/_control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def later(self, seconds: int = LATER_S + 1) -> None:
        self.control("POST", "clock", {"advance_s": seconds})

    def books(self) -> Any:
        return self.control("GET", "books")["accounts"][self.merchant]

    def listen(self, receiver: Receiver, *types: str) -> Any:
        subscription = {
            "name": "till",
            "event_types": list(types),
            "notification_url": receiver.url,
        }
        body = {"idempotency_key": self.key(), "subscription": subscription}
        made = self.api("POST", "/v2/webhooks/subscriptions", body)["subscription"]
        receiver.secret = made["signature_key"]
        return made


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
