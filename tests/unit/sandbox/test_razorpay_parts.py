"""Razorpay's small parts: amounts, periods, ways to pay, the picture of a code."""

import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.sandbox.razorpay import currencies, parameters, picture, webhooks
from app.sandbox.razorpay.errors import RazorpayRefusal, plain
from app.sandbox.razorpay.periods import months_later, period_end
from app.sandbox.razorpay.ways import (
    CardEntry,
    Failure,
    Unusable,
    UpiEntry,
    read_card,
    read_upi,
)

NOW = 1_790_000_000  # in September 2026
JAN_31 = 1_769_817_600


@pytest.mark.parametrize(
    "amount, currency, words",
    [
        (38005, "INR", "₹380.05"),
        (100_000_00, "INR", "₹100,000.00"),
        (500, "JPY", "¥500"),
        (1230, "KWD", "KWD 1.230"),
    ],
)
def test_amounts_are_shown_with_their_currencys_decimals(
    amount: int, currency: str, words: str
) -> None:
    assert currencies.shown(amount, currency) == words


@pytest.mark.parametrize("amount, currency", [(100, "INR"), (1, "JPY"), (10, "OMR")])
def test_the_least_amounts_pass(amount: int, currency: str) -> None:
    currencies.check(amount, currency)


@pytest.mark.parametrize(
    "amount, currency", [(99, "INR"), (0, "USD"), (-5, "USD"), (11, "BHD"), (100, "inr")]
)
def test_other_amounts_are_refused(amount: int, currency: str) -> None:
    with pytest.raises(RazorpayRefusal):
        currencies.check(amount, currency)


def test_a_month_ends_where_the_calendar_says() -> None:
    assert months_later(JAN_31, 1) == JAN_31 + 28 * 86_400
    assert months_later(JAN_31, 12) == JAN_31 + 365 * 86_400
    assert period_end(JAN_31, "quarterly", 1) == months_later(JAN_31, 3)
    assert period_end(JAN_31, "weekly", 2) == JAN_31 + 14 * 86_400


def test_the_tries_of_a_notice_end_after_a_day() -> None:
    assert sum(webhooks.PAUSES_S) == 24 * 3600
    assert list(webhooks.PAUSES_S) == sorted(webhooks.PAUSES_S)
    assert webhooks.TIMEOUT_S == 5


def test_a_card_that_ran_out_is_refused_by_the_bank() -> None:
    verdict = read_card(CardEntry("4111 1111 1111 1111", "08/26", "123"), NOW)
    assert isinstance(verdict, tuple)
    way, failure = verdict
    assert way.last4 == "1111" and failure is not None and failure.reason == "card_expired"
    verdict = read_card(CardEntry("4111111111111111", "09/26", "123"), NOW)
    assert isinstance(verdict, tuple) and verdict[1] is None


def test_no_number_is_in_what_is_printed_of_an_entry() -> None:
    assert "4111" not in repr(CardEntry("4111111111111111", "12/34", "123"))


@given(st.text(max_size=30))
def test_no_other_address_pays(vpa: str) -> None:
    verdict = read_upi(UpiEntry(vpa))
    known = vpa.strip().lower() in ("success@razorpay", "late@razorpay", "failure@razorpay")
    assert isinstance(verdict, Unusable) is not known


def test_an_address_that_declines_is_a_failure_of_the_payer() -> None:
    verdict = read_upi(UpiEntry("Failure@Razorpay"))
    assert isinstance(verdict, tuple)
    assert isinstance(verdict[1], Failure) and verdict[1].source == "customer"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300))
def test_a_poster_can_be_read_whatever_it_says(text: str) -> None:
    image = Image.open(BytesIO(picture.poster(f"upi://pay?tn={text}")))
    assert image.size == (picture.WIDTH, picture.HEIGHT)
    assert [found.text for found in zxingcpp.read_barcodes(image)] == [f"upi://pay?tn={text}"]


def test_no_start_waits_for_a_library_of_pictures() -> None:
    """Drawing a code brings two along, which only who draws one needs."""
    program = (
        "import sys, app.sandbox.server;"
        "heavy = {'PIL', 'qrcode', 'zxingcpp'} & set(sys.modules); assert not heavy, heavy"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)


def test_a_code_has_its_quiet_zone_within_the_poster() -> None:
    image = Image.open(BytesIO(picture.poster("upi://pay?pa=ada@bank")))
    box = image.point(lambda grey: 255 * (grey == 0)).getbbox()
    assert box is not None
    left, top, right, bottom = box
    module = (right - left) / 25  # the smallest version that holds this text
    assert min(left, picture.WIDTH - right, picture.HEIGHT - bottom) >= 4 * module
    assert right - left == bottom - top and top > 120


@pytest.mark.parametrize("status", [400, 403, 413, 429])
def test_what_the_client_did_wrong_has_one_code_whatever_its_status(status: int) -> None:
    assert plain(status).body()["error"]["code"] == "BAD_REQUEST_ERROR"


def test_the_first_fault_of_a_request_is_told_with_its_field() -> None:
    with pytest.raises(RazorpayRefusal) as caught:
        parameters.read(parameters.NewPlan, {"period": "weekly", "interval": 1, "item": {}})
    assert re.fullmatch(r"The item\.\w+ field is required\.", caught.value.message)
