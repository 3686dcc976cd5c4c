"""Rules for parameters, each with the refusal that Stripe gives."""

from typing import Any

import pytest

from app.sandbox.stripe.errors import StripeRefusal
from app.sandbox.stripe.parameters import (
    Absent,
    Choice,
    Email,
    Fields,
    Flag,
    Listed,
    Metadata,
    Rule,
    Span,
    Text,
    WebAddress,
    Whole,
    check_all,
)


@pytest.mark.parametrize(
    "rule,value,expected",
    [
        (Text(), "x", "x"),
        (Whole(), "7", 7),
        (Whole(-5), "-5", -5),
        (Flag(), "true", True),
        (Flag(), "false", False),
        (Choice(["a", "b"]), "b", "b"),
        (WebAddress(), "http://127.0.0.1:80/x?y={CHECKOUT_SESSION_ID}", None),
        (Email(), "ada@example.com", None),
        (Listed(Whole()), {"10": "3", "9": "2"}, [2, 3]),
        (Metadata(), {"0": "a", "k": ""}, {"0": "a"}),
        (Metadata(), "", {}),
        (Span(), "5", [("=", 5)]),
        (Span(), {"gte": "5", "lt": "9"}, [(">=", 5), ("<", 9)]),
    ],
)
def test_what_fits_is_taken(rule: Rule, value: Any, expected: Any) -> None:
    assert rule.check(value, "p") == (value if expected is None else expected)


@pytest.mark.parametrize(
    "rule,value,code",
    [
        (Text(), {"a": "b"}, None),
        (Text(), "", "parameter_invalid_empty"),
        (Text(3), "four", None),
        (Whole(), "1.0", "parameter_invalid_integer"),
        (Whole(), "1e3", "parameter_invalid_integer"),
        (Whole(), "٣", "parameter_invalid_integer"),
        (Whole(), "9" * 5000, "parameter_invalid_integer"),
        (Whole(1), "0", "parameter_invalid_integer"),
        (Whole(0, 5), "6", "parameter_invalid_integer"),
        (Flag(), "yes", None),
        (Choice(["a"]), "b", None),
        (WebAddress(), "ftp://x", "url_invalid"),
        (WebAddress(), "https://", "url_invalid"),
        (WebAddress(), "https://x:99999/", "url_invalid"),
        (WebAddress(), "https://x/\r\nSet-Cookie: a", "url_invalid"),
        (WebAddress(), "https://[x", "url_invalid"),
        (Email(), "a@b", "email_invalid"),
        (Listed(Whole()), "x", None),
        (Listed(Whole()), {"a": "1"}, None),
        (Listed(Whole(), most=1), {"0": "1", "1": "2"}, None),
        (Metadata(), "x", None),
        (Metadata(), {"k": {"n": "v"}}, None),
        (Fields({}), "x", None),
        (Fields({"a": Text()}), {"b": "1"}, "parameter_unknown"),
        (Fields({"a": Text()}, ("a",)), {}, "parameter_missing"),
        (Absent("discounts"), "x", None),
    ],
)
def test_what_does_not_fit_is_refused(rule: Rule, value: Any, code: str | None) -> None:
    with pytest.raises(StripeRefusal) as refusal:
        rule.check(value, "p")
    assert refusal.value.status == 400
    assert refusal.value.code == code
    assert not refusal.value.stored


def test_all_unknown_names_are_named_before_anything_else_is_checked() -> None:
    with pytest.raises(StripeRefusal, match="unknown parameters: b, c"):
        check_all({"a": "", "b": "1", "c": "2"}, {"a": Text()}, ("d",))
