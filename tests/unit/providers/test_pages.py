"""Which addresses may become a QR code."""

from datetime import timedelta

import pytest

from app.domain.capabilities import Capabilities, Shows
from app.providers.pages import is_loopback, is_own_page, may_be_shown, origin_of, upi_fields

HOSTS = frozenset({"checkout.stripe.com", "pay.shop.example"})
ORIGIN = "http://127.0.0.1:4242"


@pytest.mark.parametrize(
    "url",
    [
        "https://checkout.stripe.com/c/pay/cs_test_a1#fidkdWxOYHwnPyd1",
        "https://checkout.stripe.com/",
        "https://checkout.stripe.com",
        "https://checkout.stripe.com?a=b@c",
        "https://pay.shop.example/c/pay/cs_live_1",
        "HTTPS://checkout.stripe.com/c",
    ],
)
def test_a_page_of_the_providers_own_may_be_shown(url: str) -> None:
    assert is_own_page(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "checkout.stripe.com/c/pay",
        "//checkout.stripe.com/c/pay",
        "https:checkout.stripe.com/c",
        "https:/checkout.stripe.com/c",
        "https:///checkout.stripe.com/c",
        "http://checkout.stripe.com/c/pay",
        "ftp://checkout.stripe.com/",
        "javascript://checkout.stripe.com/%0aalert(1)",
        "data:text/html,checkout.stripe.com",
        "https://checkout.stripe.com:443/c",
        "https://checkout.stripe.com:8443/c",
        "https://checkout.stripe.com:/c",
        "https://checkout.stripe.com:abc/c",
        "https://checkout.stripe.com:99999/c",
        "https://user@checkout.stripe.com/c",
        "https://user:word@checkout.stripe.com/c",
        "https://@checkout.stripe.com/c",
        "https://checkout.stripe.com@evil.example/c",
        "https://checkout.stripe.com%40evil.example/c",
        "https://evil.example\\@checkout.stripe.com/c",
        "https://checkout.stripe.com\\.evil.example/c",
        "https://evil.example/https://checkout.stripe.com/",
        "https://evil.example#checkout.stripe.com",
        "https://evil.example?checkout.stripe.com",
        "https://checkout.stripe.com.evil.example/c",
        "https://evil-checkout.stripe.com/c",
        "https://checkout-stripe.com/c",
        "https://stripe.com/c",
        "https://www.checkout.stripe.com/c",
        "https://checkout.stripe.com./c",
        "https://CHECKOUT.stripe.com/c",
        "https://Checkout.Stripe.Com/c",
        "https://checkout.str\u0131pe.com/c",
        "https://\u0441heckout.stripe.com/c",
        "https://xn--heckout-9fg.stripe.com/c",
        "https://checkout\u3002stripe\u3002com/c",
        "https://checkout.stripe.com\u2044c",
        "https://checkout.stripe.com/c\u202e",
        "https://check\tout.stripe.com/c",
        "https://checkout.stripe.com/c\n",
        " https://checkout.stripe.com/c",
        "https://checkout.stripe.com/a b",
        "\x01https://checkout.stripe.com/c",
        "https://checkout.stripe.com/\x7f",
        "https://checkout.stripe.com\x00.evil.example/c",
        "https://[::1]/c",
        "https://[checkout.stripe.com]/c",
        "https://[/c",
        "https://127.0.0.1/c",
        "https://checkout.stripe.com;evil.example/c",
        "https://checkout.stripe.com,evil.example/c",
        "http://127.0.0.1:4242/c/pay",
        "upi://pay?pa=x",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    assert not is_own_page(url, HOSTS)


@pytest.mark.parametrize(
    "url, own",
    [
        ("http://127.0.0.1:4242/c/pay/cs_1#x", True),
        ("http://127.0.0.1:4243/c/pay/cs_1", False),
        ("https://127.0.0.1:4242/c/pay/cs_1", False),
        ("http://localhost:4242/c/pay/cs_1", False),
        ("http://127.0.0.1:4242@evil.example/", False),
        ("http://x@127.0.0.1:4242/", False),
        ("http://127.0.0.1:42420/", False),
        ("https://checkout.stripe.com/c", True),
    ],
)
def test_one_named_origin_may_be_shown_beside_the_hosts(url: str, own: bool) -> None:
    assert is_own_page(url, HOSTS, ORIGIN) is own


@pytest.mark.parametrize(
    "url, loopback",
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("http://[::1]:80/x", True),
        ("http://LOCALHOST/", True),
        ("https://api.stripe.com", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost@evil.example", False),
        ("http://0.0.0.0", False),
        ("http://[bad", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_the_host_alone(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("http://127.0.0.1:4242/a/b?c#d") == ORIGIN


UPI = "upi://pay?pa=shop.rzp@icici&pn=Shop&am=500.00&cu=INR"


def takes(shows: Shows) -> Capabilities:
    return Capabilities(
        currencies=frozenset({"INR"}),
        minimum_minor={},
        maximum_minor=1,
        amount_step={},
        max_lines=1,
        max_lines_recurring=1,
        session_lifetime=timedelta(minutes=35),
        key_lifetime=timedelta(hours=23),
        page_hosts=HOSTS,
        page_origin=ORIGIN,
        shows=shows,
    )


def test_a_upi_payment_is_shown_for_a_provider_of_upi_and_for_no_other() -> None:
    assert may_be_shown(UPI, takes(Shows.UPI))
    assert not may_be_shown(UPI, takes(Shows.PAGE))
    assert not may_be_shown(UPI, takes(Shows.NOTHING))


def test_a_page_is_shown_for_a_provider_of_pages_and_for_no_other() -> None:
    for page in ("https://checkout.stripe.com/c", f"{ORIGIN}/pay"):
        assert may_be_shown(page, takes(Shows.PAGE))
        assert not may_be_shown(page, takes(Shows.UPI))
        assert not may_be_shown(page, takes(Shows.NOTHING))


def test_what_a_upi_payment_says_is_read() -> None:
    assert upi_fields(UPI) == {"pa": "shop.rzp@icici", "pn": "Shop", "am": "500.00", "cu": "INR"}
    assert upi_fields(f"{UPI}&tn=Payment to Shop") is not None
    assert upi_fields(UPI.replace("@", "%40")) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "upi://pay",
        "upi://pay?",
        "upi://pay?am=500.00",
        "UPI://pay?pa=a@icici",
        "upi://PAY?pa=ab@icici",
        "upi://pay/?pa=ab@icici",
        "upi://user@pay?pa=ab@icici",
        "upi://pay.evil.example?pa=ab@icici",
        "upi://mandate?pa=ab@icici",
        "upi:pay?pa=ab@icici",
        " upi://pay?pa=ab@icici",
        "https://evil.example/upi://pay?pa=ab@icici",
        "upi://pay?pa=ab",
        "upi://pay?pa=@icici",
        "upi://pay?pa=a b@icici",
        "upi://pay?pa=ab@ici\u200bci",
        "upi://pay?pa=\u0430b@icici",
        "upi://pay?pa=%D0%B0b@icici",
        "upi://pay?pa=ab@icici@evil",
        "upi://pay?pa=ab@icici&pa=thief@icici",
        "upi://pay?pa=ab@icici&p%61=thief@icici",
        "upi://pay?pa=ab@icici&PA=thief@icici",
        "upi://pay?pa=ab@icici&am",
        "upi://pay?pa=ab@icici#am=1",
        "upi://pay?pa=ab@icici\n&am=1",
        "upi://pay?pa=ab@icici&pn=<b>",
        "upi://pay?pa=ab@icici&pn=" + "x" * 1024,
    ],
)
def test_what_two_readers_could_take_for_two_payments_is_none(text: str) -> None:
    assert upi_fields(text) is None
    assert not may_be_shown(text, takes(Shows.UPI))
