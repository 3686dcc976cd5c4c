"""What a code is scanned with and why a try was refused, for every provider."""

import pytest

from app.providers.paypal.declines import CUSTOMERS_TURN
from app.status import PhonesState
from tests.ui.test_pay_state import model
from ui.demo.purse import PURSES
from ui.pay.declines import decline_words
from ui.pay.scan import has_page, lead_icon, leads_to, scan_words
from ui.pay.state import Action, Phase, wording

UPI = "upi://pay?pa=amsel%40razorpay&pn=Amsel&am=900.00&cu=INR&tr=EZV1"


def test_a_upi_code_is_for_a_upi_app_and_leads_to_an_address() -> None:
    assert scan_words(UPI) == "Scan with your UPI app"
    assert (leads_to(UPI), lead_icon(UPI), has_page(UPI)) == ("amsel@razorpay", "card", False)


def test_a_page_is_for_the_camera_and_leads_to_its_host() -> None:
    page = "https://user@checkout.stripe.com/c/pay/cs_1#x"
    assert scan_words(page) == scan_words(None) == "Scan with your phone's camera"
    assert (leads_to(page), lead_icon(page), has_page(page)) == (
        "checkout.stripe.com",
        "lock",
        True,
    )
    assert (leads_to(None), leads_to("upi://pay"), lead_icon("http://127.0.0.1:1/")) == (
        "",
        "",
        "network",
    )


def test_without_a_page_nothing_of_a_page_is_offered_in_training() -> None:
    phones = PhonesState()
    offered = {
        url: wording(model(Phase.WAITING, url=url, phones=phones), is_training=True).actions
        for url in (UPI, "http://127.0.0.1:1/pay")
    }
    of_pages = {Action.PAY_AS_CUSTOMER, Action.ALLOW_PHONES}
    assert of_pages.isdisjoint(offered.pop(UPI))
    assert of_pages <= set(*offered.values())


@pytest.mark.parametrize("kind", sorted(PURSES))
def test_what_a_kinds_customer_is_refused_for_is_said(kind: str) -> None:
    purse = PURSES[kind]
    codes = {means.decline for means in (purse.declined, purse.faulty) if means is not None}
    plain = {"", "generic_decline", "GENERIC_DECLINE"}
    assert all(decline_words(code) != decline_words("unheard_of") for code in codes - plain)


@pytest.mark.parametrize("code", sorted({code for code in CUSTOMERS_TURN.values() if code}))
def test_every_refusal_of_paypals_has_words_of_its_own(code: str) -> None:
    assert "PayPal" in decline_words(code)


@pytest.mark.parametrize(
    "code",
    [
        # Why PayPal will not begin a subscription,
        *("SUBSCRIBER_ACCOUNT_CLOSED", "SUBSCRIBER_ACCOUNT_LOCKED"),
        *("SUBSCRIBER_ACCOUNT_RESTRICTED", "USER_ACCOUNT_CLOSED"),
        *("SUBSCRIPTION_CANNOT_BE_ACTIVATED", "SUBSCRIPTION_STATUS_INVALID"),
        # and each `reason_code` of a payment that failed.
        *("PAYMENT_DENIED", "INTERNAL_SERVER_ERROR", "PAYEE_ACCOUNT_RESTRICTED"),
        *("PAYER_ACCOUNT_RESTRICTED", "PAYER_CANNOT_PAY", "SENDING_LIMIT_EXCEEDED"),
        *("TRANSACTION_RECEIVING_LIMIT_EXCEEDED", "CURRENCY_MISMATCH"),
    ],
)
def test_every_reason_of_paypals_subscriptions_has_words_of_its_own(code: str) -> None:
    assert "PayPal" in decline_words(code)


def test_squares_codes_are_capitals() -> None:
    assert decline_words("INSUFFICIENT_FUNDS") == "The card does not have enough money."
