"""What a shop does with the simulator in these tests: sell, listen for notices, be a customer."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import stripe

from app.sandbox import SANDBOX_KEY

GOOD_CARD = "4242424242424242"
DECLINED = "4000000000000002"
NO_FUNDS = "4000000000009995"


def line(
    name: str = "Coffee", unit_amount: int | str = 380, quantity: int = 1, **price: Any
) -> Any:
    data = {"currency": "eur", "unit_amount": unit_amount, "product_data": {"name": name}, **price}
    return {"quantity": quantity, "price_data": data}


def order(**changes: Any) -> Any:
    params = {
        "mode": "payment",
        "line_items": [line()],
        "success_url": "http://127.0.0.1:9/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/back",
        "client_reference_id": "till1-7-1",
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


class Shop:
    """A shop's own view of the provider: the SDK, plain HTTP, and the control API."""

    def __init__(self, origin: str, key: str = SANDBOX_KEY) -> None:
        self.origin = origin
        self.key = key
        self._sdk_http = stripe.RequestsClient()
        self.client = stripe.StripeClient(
            key, base_addresses={"api": origin}, http_client=self._sdk_http
        )
        self.http = httpx.Client(base_url=origin, timeout=10, verify=False)

    def close(self) -> None:
        self.http.close()
        self._sdk_http.close()  # type: ignore[no-untyped-call]

    def sell(self, **changes: Any) -> stripe.checkout.Session:
        return self.client.v1.checkout.sessions.create(order(**changes))

    def sold(self, **changes: Any) -> stripe.checkout.Session:
        session = self.sell(**changes)
        assert self.pay(session.url).status_code == 303
        return self.read(session.id)

    def read(self, id: str, *expand: str) -> stripe.checkout.Session:
        return self.client.v1.checkout.sessions.retrieve(id, {"expand": list(expand)})

    def pay(self, url: str | None, card: str = GOOD_CARD, **form: str) -> httpx.Response:
        assert url is not None
        fields = {"card_number": card, "exp": "12/34", "cvc": "123", "name": "Ada", **form}
        return self.http.post(url, data=fields)

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"/_control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def listen(self, receiver: "Receiver", *types: str) -> stripe.WebhookEndpoint:
        params: Any = {"url": receiver.url, "enabled_events": list(types or ("*",))}
        endpoint = self.client.v1.webhook_endpoints.create(params)
        assert endpoint.secret is not None
        receiver.secret = endpoint.secret
        return endpoint

    def books(self) -> Any:
        accounts = self.control("GET", "books")["accounts"]
        assert len(accounts) == 1
        return next(iter(accounts.values()))


class _Door(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Receiver:
    """A webhook door that keeps what it was sent; `answers` are the next statuses, then 200."""

    def __init__(self) -> None:
        self.secret = ""
        self.answers: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(dict(self.headers.items()), body)
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

        self._server = _Door(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/stripe"

    def take(self, headers: dict[str, str], body: bytes) -> int:
        with self._lock:
            self.received.append((headers, body))
            return self.answers.pop(0) if self.answers else 200

    def events(self) -> list[stripe.Event]:
        """What came, each with its signature checked by the SDK."""
        return [
            stripe.Webhook.construct_event(body, headers["Stripe-Signature"], self.secret)
            for headers, body in list(self.received)
        ]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]

    def wait(self, count: int) -> None:
        eventually(lambda: len(self.received) >= count)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def eventually(holds: Callable[[], bool], *, within_s: float = 5) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
