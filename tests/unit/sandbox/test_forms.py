"""Decoding Stripe's bracketed forms."""

import pytest

from app.sandbox.stripe.errors import StripeRefusal
from app.sandbox.stripe.forms import decode


def test_brackets_nest() -> None:
    assert decode(b"mode=payment&line_items[0][price_data][currency]=eur&line_items[1][q]=2") == {
        "mode": "payment",
        "line_items": {"0": {"price_data": {"currency": "eur"}}, "1": {"q": "2"}},
    }


def test_empty_brackets_append() -> None:
    assert decode(b"expand[]=a&expand[]=b") == {"expand": {"0": "a", "1": "b"}}


def test_percent_encoding_and_utf8_are_read() -> None:
    assert decode(b"metadata%5Bk%5D=caf%C3%A9+%F0%9F%8D%B0") == {"metadata": {"k": "café 🍰"}}


def test_an_empty_value_is_kept_apart_from_a_missing_one() -> None:
    assert decode(b"a=&b=1") == {"a": "", "b": "1"}


@pytest.mark.parametrize(
    "text",
    [
        b"a[b=1",
        b"a]b=1",
        b"=1",
        b"a=1&a[b]=2",
        b"a[b]=1&a=2",
        b"a=%ff",
        b"\xff=1",
        b"a" + b"[b]" * 20 + b"=1",
    ],
)
def test_nonsense_is_refused(text: bytes) -> None:
    with pytest.raises(StripeRefusal):
        decode(text)


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(StripeRefusal):
        decode(b"&".join(b"a%d=1" % n for n in range(10_001)))
