"""What Square refuses, with its status, its code and the way to the field."""

from typing import Any

import pytest

from app.sandbox.square import location_of
from tests.integration.sandbox.square.shop import LINKS, SquareShop, line


@pytest.mark.parametrize("header", ["", "Bearer EAAA", "Bearer sk_test_x", "Basic RUFBQQ=="])
def test_who_has_no_token_is_not_let_in(merchant: SquareShop, header: str) -> None:
    headers = {"Authorization": header}
    refusal = merchant.refused("GET", "/v2/locations", headers=headers)
    assert refusal == (401, "UNAUTHORIZED", None)


@pytest.mark.parametrize(
    "changes, code, field",
    [
        ({"location_id": None}, "MISSING_REQUIRED_PARAMETER", "order.location_id"),
        ({"location_id": "LNOBODYS"}, "NOT_FOUND", "order.location_id"),
        ({"reference_id": "x" * 41}, "VALUE_TOO_LONG", "order.reference_id"),
        ({"reference_id": 7}, "EXPECTED_STRING", "order.reference_id"),
        ({"metadata": {"k" * 61: "v"}}, "MAP_KEY_LENGTH_TOO_LONG", "order.metadata"),
        ({"metadata": {"k": "v" * 256}}, "VALUE_TOO_LONG", "order.metadata.k"),
        (
            {"metadata": {str(n): "v" for n in range(11)}},
            "TOO_MANY_MAP_ENTRIES",
            "order.metadata",
        ),
        ({"line_items": []}, "BAD_REQUEST", "order.line_items"),
        ({"line_items": {}}, "EXPECTED_ARRAY", "order.line_items"),
        ({"surprise": 1}, "UNKNOWN_BODY_PARAMETER", "order.surprise"),
        ({"line_items": [line(amount=0)]}, "VALUE_TOO_LOW", "order.line_items"),
        (
            {"line_items": [line(quantity=1)]},  # type: ignore[arg-type]
            "EXPECTED_STRING",
            "order.line_items[0].quantity",
        ),
        ({"line_items": [line(quantity="0")]}, "INVALID_VALUE", "order.line_items[0].quantity"),
        (
            {"line_items": [{"name": "Tea", "quantity": "1"}]},
            "MISSING_REQUIRED_PARAMETER",
            "order.line_items[0].base_price_money",
        ),
        (
            {"line_items": [line(), line(currency="USD")]},
            "INVALID_VALUE",
            "order.line_items[1].base_price_money.currency",
        ),
        (
            {"line_items": [line(currency="KWD")]},
            "INVALID_VALUE",
            "order.line_items[0].base_price_money.currency",
        ),
        (
            {"line_items": [line(amount=-1)]},
            "VALUE_TOO_LOW",
            "order.line_items[0].base_price_money.amount",
        ),
        (
            {"line_items": [line(amount="380")]},  # type: ignore[arg-type]
            "EXPECTED_INTEGER",
            "order.line_items[0].base_price_money.amount",
        ),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    merchant: SquareShop, changes: Any, code: str, field: str
) -> None:
    refusal = merchant.refused("POST", LINKS, merchant.link_body(**changes))
    assert refusal[1:] == (code, field)
    assert merchant.api("GET", LINKS) == {}


@pytest.mark.parametrize(
    "changes, code, field",
    [
        ({"idempotency_key": "k" * 193}, "VALUE_TOO_LONG", "idempotency_key"),
        ({"idempotency_key": 5}, "EXPECTED_STRING", "idempotency_key"),
        ({"payment_note": "n" * 501}, "VALUE_TOO_LONG", "payment_note"),
        ({"order": None}, "BAD_REQUEST", "order"),
        (
            {"checkout_options": {"redirect_url": "ftp://x"}},
            "INVALID_VALUE",
            "checkout_options.redirect_url",
        ),
        (
            {"checkout_options": {"allow_tipping": True}},
            "NOT_IMPLEMENTED",
            "checkout_options.allow_tipping",
        ),
        (
            {"pre_populated_data": {"buyer_email": "nobody"}},
            "INVALID_EMAIL_ADDRESS",
            "pre_populated_data.buyer_email",
        ),
    ],
)
def test_a_link_that_cannot_be_is_refused(
    merchant: SquareShop, changes: Any, code: str, field: str
) -> None:
    refusal = merchant.refused("POST", LINKS, {**merchant.link_body(), **changes})
    assert refusal[1:] == (code, field)


def test_a_location_that_was_closed_sells_nothing(merchant: SquareShop) -> None:
    old = location_of(merchant.merchant, 2)
    refusal = merchant.refused("POST", LINKS, merchant.link_body(location_id=old))
    assert refusal == (400, "INVALID_LOCATION", "order.location_id")


@pytest.mark.parametrize(
    "body",
    ["{", "[1]", '"x"', "[" * 5000, '{"a": "\\ud800"}', '{"a": 1' + "0" * 5000 + "}"],
    ids=["cut", "a list", "a text", "deep", "half a surrogate", "a long number"],
)
def test_a_body_that_is_no_json_object_is_refused(merchant: SquareShop, body: str) -> None:
    headers = {"Authorization": f"Bearer {merchant.token}", "Content-Type": "application/json"}
    response = merchant.http.post(f"/square{LINKS}", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "EXPECTED_JSON_BODY"


def test_paths_and_methods_that_are_not_there_are_refused(merchant: SquareShop) -> None:
    assert merchant.refused("GET", "/v2/nothing")[:2] == (404, "NOT_FOUND")
    assert merchant.refused("PUT", "/v2/locations")[:2] == (405, "METHOD_NOT_ALLOWED")
    assert merchant.refused("GET", "/v2/locations?x=1")[:2] == (400, "UNKNOWN_QUERY_PARAMETER")
    for path in ("orders", "payments", "refunds", "disputes", "locations", "merchants"):
        assert merchant.refused("GET", f"/v2/{path}/NOBODYS")[:2] == (404, "NOT_FOUND")


def test_a_version_that_is_no_date_is_refused(merchant: SquareShop) -> None:
    headers = {"Square-Version": "newest"}
    refusal = merchant.refused("GET", "/v2/locations", headers=headers)
    assert refusal == (400, "INVALID_SQUARE_VERSION_FORMAT", None)
    headers = {"Square-Version": "2025-08-20"}
    answer = merchant.ask("GET", "/v2/locations", headers=headers)
    assert answer.headers["Square-Version"] == "2025-08-20"


def test_anothers_objects_are_not_there(merchant: SquareShop) -> None:
    other = SquareShop(merchant.origin, merchant.token + "other")
    link = merchant.sold()
    payment = merchant.payment_of(link)
    for path in (f"{LINKS}/{link['id']}", f"/v2/orders/{link['order_id']}"):
        assert other.refused("GET", path)[:2] == (404, "NOT_FOUND")
    refusal = other.refused("POST", "/v2/refunds", other.refund_body(payment))
    assert refusal == (404, "NOT_FOUND", "payment_id")
    other.close()


def test_too_many_requests_are_refused_with_a_time_to_wait(square: SquareShop) -> None:
    square.control("POST", "limits", {"per_second": 1})
    square.api("GET", "/v2/locations")
    response = square.ask("GET", "/v2/locations")
    assert response.status_code == 429 and int(response.headers["Retry-After"]) >= 1
    assert response.json()["errors"][0]["category"] == "RATE_LIMIT_ERROR"
