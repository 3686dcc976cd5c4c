"""The control API: for this computer only, and what it tells."""

import httpx
import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.shop import DECLINED, Shop, line


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.7:80", "127.0.0.1.evil.example"])
def test_a_foreign_host_name_is_refused(shop: Shop, host: str) -> None:
    response = shop.http.get("/_control/books", headers={"Host": host})
    assert response.status_code == 403


def test_every_control_route_checks_the_host(shop: Shop) -> None:
    for path in ("health", "faults", "webhooks", "books", "requests", "clock"):
        assert shop.http.get(f"/_control/{path}").status_code == 200
        response = shop.http.get(f"/_control/{path}", headers={"Host": "evil.example"})
        assert response.status_code == 403


def test_the_books_name_every_payment_by_its_reference(shop: Shop) -> None:
    by_client = shop.sold(client_reference_id="r-1", metadata={"reference": "ignored"})
    by_metadata = shop.sold(client_reference_id=None, metadata={"reference": "r-2"})
    by_intent = shop.sold(
        client_reference_id=None, payment_intent_data={"metadata": {"reference": "r-3"}}
    )
    declined = shop.sell(client_reference_id="r-4")
    shop.pay(declined.url, DECLINED)
    books = shop.books()
    assert [(p["session_id"], p["reference"], p["captured_minor"]) for p in books["payments"]] == [
        (by_client.id, "r-1", 380),
        (by_metadata.id, "r-2", 380),
        (by_intent.id, "r-3", 380),
        (declined.id, "r-4", 0),
    ]
    assert books["payments"][0]["currency"] == "eur"
    assert {s["id"]: s["payment_status"] for s in books["sessions"]}[declined.id] == "unpaid"
    kept = {"balance", "disputes", "links", "payments", "refunds", "sessions"}
    assert set(books) == {"provider", *kept}


def test_paying_by_control_is_paying_by_the_page(shop: Shop) -> None:
    session = shop.sell(line_items=[line("Cake", 450)])
    path = f"sessions/{session.id}/pay"
    declined = shop.control("POST", path, {"card": DECLINED})
    assert (declined["outcome"], declined["code"]) == ("declined", "card_declined")
    assert declined["decline_code"] == "generic_decline"
    unusable = shop.control("POST", path, {"card": "4242424242424241"})
    assert (unusable["outcome"], unusable["code"]) == ("unusable", "incorrect_number")
    paid = shop.control("POST", path, {"card": "4242424242424242"})
    assert (paid["outcome"], paid["payment_status"]) == ("paid", "paid")
    again = shop.control("POST", path, {"card": "4242424242424242"})
    assert again["outcome"] == "already_complete"
    assert [p["captured_minor"] for p in shop.books()["payments"]] == [450]


def test_a_session_can_be_expired_by_control(shop: Shop) -> None:
    session = shop.sell()
    path = f"sessions/{session.id}/expire"
    assert shop.control("POST", path)["status"] == "expired"
    assert shop.control("POST", path)["status"] == "expired"
    assert shop.control("POST", f"sessions/{session.id}/pay", {})["outcome"] == "expired"
    assert shop.http.post("/_control/sessions/cs_test_x/expire").status_code == 404


def test_requests_are_noted_without_their_bodies(shop: Shop) -> None:
    shop.control("DELETE", "requests")
    shop.sell()
    shop.api("GET", "/v1/balance?expand[]=x")
    first, second = shop.control("GET", "requests")["requests"]
    assert (first["method"], first["path"]) == ("POST", "/v1/checkout/sessions")
    assert first["idempotency_key"] and first["status"] == 200 and first["account"]
    assert set(first) == {
        "method", "path", "query", "idempotency_key", "at", "account", "status", "replayed",
    }  # fmt: skip
    assert second["status"] == 400
    assert shop.control("DELETE", "requests") == {"cleared": 2}


@pytest.mark.parametrize(
    "path, body, status",
    [
        ("webhooks", b'{"mode": "eat"}', 400),
        ("webhooks", b'{"duplicate": 0}', 400),
        ("webhooks", b"nonsense", 400),
        ("webhooks", b"[1]", 400),
        ("events/evt_x/deliver", b"{}", 404),
        ("events/evt_x/deliver", b'{"changes": []}', 404),
        ("sessions/cs_x/pay", b"{}", 404),
        ("refunds/re_x/settle", b"{}", 404),
        ("refunds/re_x/settle", b'{"status": "odd"}', 400),
        ("faults", b"[" * 100_000, 400),
        ("faults", b" " * (1024 * 1024 + 1), 413),
    ],
)
def test_orders_that_make_no_sense_are_refused(
    shop: Shop, path: str, body: bytes, status: int
) -> None:
    response = shop.http.post(f"/_control/{path}", content=body)
    assert response.status_code == status and response.json()["error"]


@pytest.mark.parametrize("order", [{"amount_minor": 0}, {"currency": "EUR"}, {"force": 1}])
def test_an_odd_way_to_pay_that_makes_no_sense_is_refused(
    shop: Shop, order: dict[str, object]
) -> None:
    path = f"/_control/sessions/{shop.sell().id}/pay"
    response = shop.http.post(path, json=order)
    assert response.status_code == 400 and response.json()["error"]


def test_addresses_can_carry_another_origin_than_the_socket(server: SandboxServer) -> None:
    server.stop()
    lan = SandboxServer(books_path=server.books_path, public_origin="http://till.example:8400/")
    assert lan.start() == "http://till.example:8400"
    try:
        shop = Shop(f"http://127.0.0.1:{lan.listening_port}")
        url = shop.sell().url
        assert url is not None and url.startswith("http://till.example:8400/c/pay/cs_test_")
        shop.close()
    finally:
        lan.stop()


def test_phones_on_the_network_reach_the_pages_but_neither_api(
    server: SandboxServer, own_address: str
) -> None:
    server.stop()
    with SandboxServer(books_path=server.books_path, host="0.0.0.0") as lan:
        assert lan.origin.startswith("http://127.0.0.1:")
        phone = f"http://{own_address}:{lan.listening_port}"
        assert httpx.get(f"{phone}/success").status_code == 200
        assert httpx.get(f"{phone}/_control/books").status_code == 403
        assert httpx.get(f"{phone}/v1/account", auth=("sk_test_x", "")).status_code == 403
