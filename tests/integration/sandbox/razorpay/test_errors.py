"""How the API says no: keys, ids, addresses, bodies, limits, faults."""

from typing import Any

import httpx
import pytest

from tests.integration.sandbox.razorpay.shop import Shop


@pytest.mark.parametrize(
    "auth, words",
    [
        (None, "Please provide your api key"),
        (("rzp_test_abcdefgh", ""), "Authentication failed"),
        (("rzp_live_abcdefgh", "secret"), "Authentication failed"),
        (("sk_test_abcdefgh", "secret"), "Authentication failed"),
    ],
)
def test_a_key_that_is_none_is_refused(
    new_shop: Shop, auth: tuple[str, str] | None, words: str
) -> None:
    response = httpx.get(f"{new_shop.base}/v1/payments", auth=auth)
    assert response.status_code == 401
    error = response.json()["error"]
    assert error["code"] == "BAD_REQUEST_ERROR" and words in error["description"]


def test_a_key_has_one_secret_until_it_is_given_another(shop: Shop) -> None:
    shop.sell()
    other = Shop(shop.origin, shop.key_id, "wrong")
    assert other.ask("GET", "payments").status_code == 401
    order = {"key_id": shop.key_id, "key_secret": "wrong"}
    assert shop.control("POST", "razorpay/keys", order) == {"account": shop.account()}
    assert other.ask("GET", "payments").status_code == 200
    assert shop.ask("GET", "payments").status_code == 401
    other.close()


def test_a_new_key_of_the_same_account_finds_what_the_old_one_made(shop: Shop) -> None:
    made = shop.sell()
    new = Shop(shop.origin, "rzp_test_TheNewOne", "its secret")
    order = {"key_id": new.key_id, "key_secret": new.secret, "of": shop.key_id}
    assert shop.control("POST", "razorpay/keys", order) == {"account": shop.account()}
    assert new.read(made) == shop.read(made) == made
    new.close()


@pytest.mark.parametrize(
    "path, words",
    [
        ("payments/pay_AbCdEfGhIjKlMn", "The id provided does not exist"),
        ("payments/pay_x", "pay_x is not a valid id"),
        ("payment_links/plink_AbCdEfGhIjKlMn", "The id provided does not exist"),
        ("refunds/rfnd_AbCdEfGhIjKlMn", "The id provided does not exist"),
        ("orders/order_AbCdEfGhIjKlMn", "The id provided does not exist"),
        ("disputes/disp_AbCdEfGhIjKlMn", "The id provided does not exist"),
        ("payments/qr_codes/qr_AbCdEfGhIjKlMn", "The id provided does not exist"),
        ("nothing", "The requested URL was not found on the server."),
        ("payments?count=101", "The count is invalid"),
        ("payments?from=x", "The from must be an integer."),
        ("payments?odd=1", "odd is/are not required and should not be sent"),
    ],
)
def test_what_is_not_there_is_a_bad_request(new_shop: Shop, path: str, words: str) -> None:
    error = new_shop.refused("GET", path)
    assert error["code"] == "BAD_REQUEST_ERROR"
    assert error["description"] == words
    assert set(error) >= {"code", "description", "source", "step", "reason", "metadata"}


@pytest.mark.parametrize(
    "content, type",
    [
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"amount=100", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_object_is_refused(new_shop: Shop, content: bytes, type: str) -> None:
    response = new_shop.ask(
        "POST", "payment_links", content=content, headers={"Content-Type": type}
    )
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "BAD_REQUEST_ERROR"


@pytest.mark.parametrize(
    "status, code",
    [
        (429, "BAD_REQUEST_ERROR"),
        (500, "SERVER_ERROR"),
        (502, "GATEWAY_ERROR"),
        (504, "GATEWAY_ERROR"),
    ],
)
def test_faults_speak_as_the_provider_does(shop: Shop, status: int, code: str) -> None:
    fault = {"match": {"path": "/razorpay/v1/*"}, "fault": {"status": status}}
    shop.control("POST", "faults", fault)
    response = shop.ask("GET", "payments")
    assert response.status_code == status
    assert response.json()["error"]["code"] == code


def test_a_limit_is_told_without_the_status_in_the_body(shop: Shop) -> None:
    shop.control("POST", "limits", {"per_second": 1})
    assert shop.ask("GET", "payments").status_code == 200
    response = shop.ask("GET", "payments")
    assert response.status_code == 429 and response.headers["Retry-After"] == "1"
    assert response.json()["error"]["description"] == "Too many requests"


def test_a_reply_may_be_no_json_at_all(shop: Shop) -> None:
    fault = {"match": {"path": "/razorpay/*"}, "fault": {"status": 502, "text": "<html>"}}
    shop.control("POST", "faults", fault)
    assert shop.ask("GET", "payments").text == "<html>"


def test_lists_are_newest_first_and_cut_by_time(shop: Shop) -> None:
    ids = []
    for n in range(3):
        ids.append(shop.payment(shop.sold(reference_id=f"till1-{n}-1"))["id"])
        shop.advance(100)

    def listed(**params: Any) -> list[str]:
        return [one["id"] for one in shop.get("payments", **params)["items"]]

    assert listed() == ids[::-1]
    assert listed(count=1, skip=1) == [ids[1]]
    middle = shop.get(f"payments/{ids[1]}")["created_at"]
    assert listed(**{"from": middle}) == [ids[2], ids[1]]
    assert listed(to=middle) == [ids[1], ids[0]]
    page = shop.get("payments", **{"from": middle, "to": middle})
    assert (page["entity"], page["count"]) == ("collection", 1)
