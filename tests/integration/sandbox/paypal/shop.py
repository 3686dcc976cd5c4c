"""What a shop does with the simulated PayPal in these tests: sell, listen, be a customer."""

from typing import Any

import httpx

from app.sandbox.paypal import ROOT, TRAINING_CLIENT_ID, TRAINING_SECRET
from tests.integration.sandbox.shop import Receiver


def money(value: str = "12.34", currency: str = "EUR") -> Any:
    return {"currency_code": currency, "value": value}


def order(value: str = "12.34", currency: str = "EUR", **unit: Any) -> Any:
    return {
        "intent": "CAPTURE",
        "purchase_units": [{"custom_id": "till1-7-1", "amount": money(value, currency), **unit}],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    "return_url": "http://127.0.0.1:9/thanks",
                    "cancel_url": "http://127.0.0.1:9/back?a=1",
                    "user_action": "PAY_NOW",
                    "shipping_preference": "NO_SHIPPING",
                }
            }
        },
    }


class PayPalShop:
    """A shop's own view of PayPal: plain HTTP with a token, and the control API."""

    def __init__(
        self, origin: str, client: str = TRAINING_CLIENT_ID, secret: str = TRAINING_SECRET
    ) -> None:
        self.origin = origin
        self.http = httpx.Client(base_url=origin, timeout=10, verify=False)
        self._auth = (client, secret)
        self._token = ""
        self._count = 0

    def close(self) -> None:
        self.http.close()

    def ask_token(self, **form: str) -> httpx.Response:
        data = form or {"grant_type": "client_credentials"}
        return self.http.post(f"{ROOT}/v1/oauth2/token", data=data, auth=self._auth)

    def renew(self) -> None:
        """Ask for a token again with the next call."""
        self._token = ""

    def api(
        self, method: str, path: str, body: Any = None, *, id: str | None = None, **headers: str
    ) -> httpx.Response:
        sent = {**self._authorized(), "Prefer": "return=representation"}
        if id is not None:
            sent["PayPal-Request-Id"] = id
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, ROOT + path, json=body, headers=sent)

    def raw(self, method: str, path: str, content: bytes) -> httpx.Response:
        headers = {**self._authorized(), "Content-Type": "application/json"}
        return self.http.request(method, ROOT + path, content=content, headers=headers)

    def http_get(self, path: str, query: dict[str, str]) -> httpx.Response:
        return self.http.get(ROOT + path, params=query or None, headers=self._authorized())

    def _authorized(self) -> dict[str, str]:
        self._token = self._token or self.ask_token().json()["access_token"]
        return {"Authorization": f"Bearer {self._token}"}

    def sell(self, value: str = "12.34", currency: str = "EUR", **unit: Any) -> Any:
        self._count += 1
        answer = self.api(
            "POST", "/v2/checkout/orders", order(value, currency, **unit), id=f"sell-{self._count}"
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def read(self, id: str) -> Any:
        answer = self.api("GET", f"/v2/checkout/orders/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def approve(self, order: Any, funding: str = "balance") -> httpx.Response:
        return self.http.post(page_of(order), data={"funding": funding})

    def capture(self, id: str, *, key: str | None = None) -> httpx.Response:
        return self.api("POST", f"/v2/checkout/orders/{id}/capture", {}, id=key or f"capture-{id}")

    def sold(self, value: str = "12.34", currency: str = "EUR", **unit: Any) -> Any:
        """A captured payment."""
        sold = self.sell(value, currency, **unit)
        assert self.approve(sold).status_code == 303
        captured = self.capture(sold["id"])
        assert captured.status_code == 201, captured.text
        return capture_of(captured.json())

    def refund(self, capture: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        return self.api("POST", f"/v2/payments/captures/{capture}/refund", body, id=key)

    def listen(self, receiver: Receiver, *types: str) -> Any:
        names = [{"name": name} for name in types or ("*",)]
        body = {"url": receiver.url, "event_types": names}
        answer = self.api("POST", "/v1/notifications/webhooks", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"/_control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def books(self) -> Any:
        accounts = self.control("GET", "books")["accounts"]
        assert len(accounts) == 1
        return next(iter(accounts.values()))


def page_of(order: Any) -> str:
    """The payer's page: a link that may be of either kind."""
    (page,) = [e["href"] for e in order["links"] if e["rel"] in ("payer-action", "approve")]
    return str(page)


def capture_of(order: Any) -> Any:
    (capture,) = order["purchase_units"][0]["payments"]["captures"]
    return capture


def issue_of(answer: httpx.Response) -> str:
    return str(answer.json()["details"][0]["issue"])
