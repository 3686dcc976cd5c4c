"""UPI QR codes: made, shown as a picture that can be read, paid once, closed."""

import time
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image

from tests.integration.sandbox.razorpay.shop import Shop, code, opened
from tests.integration.sandbox.shop import Receiver

TWO_HOURS = 7200


def _text_of(shop: Shop, made: Any) -> str:
    """What a phone reads in the picture behind `image_url`."""
    reply = shop.http.get(made["image_url"])
    assert reply.headers["content-type"] == "image/png"
    found = zxingcpp.read_barcodes(Image.open(BytesIO(reply.content)))
    assert len(found) == 1
    return str(found[0].text)


def _fields(text: str) -> dict[str, str]:
    assert text.startswith("upi://pay?")
    return {name: value[0] for name, value in parse_qs(urlsplit(text).query).items()}


def test_a_new_code_is_active_for_two_hours_and_has_no_page(new_shop: Shop) -> None:
    made = new_shop.show()
    assert made["id"].startswith("qr_") and made["entity"] == "qr_code"
    assert (made["status"], made["close_reason"], made["closed_at"]) == ("active", None, None)
    assert (made["payment_amount"], made["payments_count_received"]) == (38000, 0)
    assert made["close_by"] - made["created_at"] == TWO_HOURS
    assert "image_content" not in made
    assert new_shop.get(f"payments/qr_codes/{made['id']}") == made


def test_the_picture_is_a_poster_with_a_code_that_says_whom_to_pay_and_how_much(
    new_shop: Shop,
) -> None:
    made = new_shop.show(payment_amount=38005)
    fields = _fields(_text_of(new_shop, made))
    assert (fields["am"], fields["cu"]) == ("380.05", "INR")
    assert fields["pn"] == "Training shop" and "@" in fields["pa"]
    assert fields["tr"] == f"RZP{made['id'].removeprefix('qr_')}qrv2"
    picture = Image.open(BytesIO(new_shop.http.get(made["image_url"]).content))
    assert picture.size == (600, 800) and picture.format == "PNG"


def test_the_text_of_the_code_is_told_where_that_was_switched_on(shop: Shop) -> None:
    order = {"image_content": True}
    assert shop.control("POST", "razorpay/features", order)["image_content"] is True
    made = shop.show()
    assert made["image_content"] == _text_of(shop, made)


def test_without_the_feature_there_is_no_such_address(shop: Shop) -> None:
    made = shop.show()
    shop.control("POST", "razorpay/features", {"qr_codes": False})
    for method, path, body in (
        ("POST", "payments/qr_codes", code()),
        ("GET", f"payments/qr_codes/{made['id']}", None),
    ):
        error = shop.refused(method, path, body)
        assert error["description"] == "The requested URL was not found on the server."


def test_a_payment_by_upi_closes_a_code_for_one_use(shop: Shop, receiver: Receiver) -> None:
    shop.listen(receiver, "qr_code.credited", "qr_code.closed")
    made = shop.show()
    line = shop.control("POST", f"sessions/{made['id']}/pay", {})
    assert (line["outcome"], line["reference"]) == ("paid", "till1-7-1")
    after = shop.get(f"payments/qr_codes/{made['id']}")
    assert (after["status"], after["close_reason"]) == ("closed", "paid")
    assert (after["payments_amount_received"], after["payments_count_received"]) == (38000, 1)
    [payment] = shop.get(f"payments/qr_codes/{made['id']}/payments")["items"]
    assert (payment["method"], payment["status"]) == ("upi", "captured")
    assert payment["order_id"] is None and payment["notes"] == {"reference": "till1-7-1"}
    receiver.wait(2)
    credited, closed = sorted(opened(receiver), key=lambda event: -len(event["contains"]))
    assert credited["contains"] == ["payment", "qr_code"]
    assert credited["payload"]["qr_code"]["entity"]["notes"] == {"reference": "till1-7-1"}
    assert closed["payload"]["qr_code"]["entity"]["close_reason"] == "paid"
    again = shop.control("POST", f"sessions/{made['id']}/pay", {})
    assert again["outcome"] == "already_complete"


def test_a_refused_payment_is_not_among_those_of_the_code(new_shop: Shop) -> None:
    made = new_shop.show()
    line = new_shop.control("POST", f"sessions/{made['id']}/pay", {"declined": True})
    assert (line["outcome"], line["code"]) == ("declined", "payment_declined")
    assert new_shop.get(f"payments/qr_codes/{made['id']}/payments")["items"] == []
    assert new_shop.get(f"payments/qr_codes/{made['id']}")["status"] == "active"


def test_a_closed_code_takes_no_money_and_cannot_be_closed_again(new_shop: Shop) -> None:
    made = new_shop.show()
    gone = new_shop.post(f"payments/qr_codes/{made['id']}/close")
    assert (gone["status"], gone["close_reason"]) == ("closed", "on_demand")
    assert new_shop.control("POST", f"sessions/{made['id']}/pay", {})["outcome"] == "expired"
    error = new_shop.refused("POST", f"payments/qr_codes/{made['id']}/close")
    assert error["description"] == "QR Code is already closed"


def test_money_may_arrive_after_the_close_all_the_same(new_shop: Shop) -> None:
    made = new_shop.show()
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"delayed": True})
    assert new_shop.get(f"payments/qr_codes/{made['id']}/payments")["items"] == []
    new_shop.post(f"payments/qr_codes/{made['id']}/close")
    new_shop.control("POST", f"sessions/{made['id']}/settle", {})
    after = new_shop.get(f"payments/qr_codes/{made['id']}")
    assert (after["close_reason"], after["payments_amount_received"]) == ("on_demand", 38000)


def test_a_code_closes_by_itself_without_a_reason(shop: Shop) -> None:
    made = shop.show(close_by=int(time.time()) + 130)
    shop.advance(140)
    after = shop.get(f"payments/qr_codes/{made['id']}")
    assert (after["status"], after["close_reason"]) == ("closed", None)
    assert after["closed_at"] > 0


def test_the_time_that_counts_is_the_one_that_is_answered(new_shop: Shop) -> None:
    now = int(time.time())
    made = new_shop.show(close_by=now + 10 * TWO_HOURS)
    assert made["close_by"] <= now + TWO_HOURS + 5


def test_a_code_for_many_uses_stays_open(new_shop: Shop) -> None:
    made = new_shop.show(usage="multiple_use", fixed_amount=False, payment_amount=None)
    assert made["close_by"] is None and made["payment_amount"] is None
    assert "am" not in _fields(_text_of(new_shop, made))
    for amount in (500, 700):
        order = {"amount_minor": amount, "vpa": "success@razorpay"}
        new_shop.control("POST", f"sessions/{made['id']}/pay", order)
    after = new_shop.get(f"payments/qr_codes/{made['id']}")
    assert (after["status"], after["payments_amount_received"]) == ("active", 1200)
    listed = new_shop.get(f"payments/qr_codes/{made['id']}/payments", count=1)
    assert [one["amount"] for one in listed["items"]] == [700]
    assert [one["id"] for one in new_shop.get("payments/qr_codes")["items"]] == [made["id"]]


def test_no_card_pays_a_code(new_shop: Shop) -> None:
    made = new_shop.show()
    response = new_shop.http.post(
        f"/_control/sessions/{made['id']}/pay", json={"card": "4111111111111111"}
    )
    assert response.status_code == 400 and "UPI" in response.json()["error"]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"type": None}, "The type field is required."),
        ({"type": "bharat_qr"}, "does not have Bharat QR codes"),
        ({"usage": None}, "The usage field is required."),
        ({"usage": "twice"}, "The usage is invalid"),
        ({"payment_amount": None}, "The payment_amount field is required."),
        ({"payment_amount": 99}, "atleast INR 1.00"),
        ({"fixed_amount": False}, "payment_amount is taken with fixed_amount only."),
        ({"close_by": 1}, "close_by should be at least 2 minutes after current time"),
        ({"currency": "INR"}, "currency is/are not required"),
        ({"notes": {"a": "x" * 256}}, "must not be greater than 255."),
    ],
)
def test_what_a_code_cannot_be_is_refused_in_words(
    new_shop: Shop, changes: dict[str, Any], words: str
) -> None:
    error = new_shop.refused("POST", "payments/qr_codes", code(**changes))
    assert words in error["description"]
