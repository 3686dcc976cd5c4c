"""Every exception of Stripe's SDK, in our words; a new one in the package fails here."""

import inspect
import pkgutil
from typing import Any

import pytest
import stripe
from stripe import oauth_error

from app.errors import MoneyMoved, Protocol, ProviderError, Rejected, Unavailable
from app.providers.stripe.errors import REFUSALS, translated


def subclasses(kind: type[stripe.StripeError]) -> set[type[stripe.StripeError]]:
    found = {kind}
    for sub in kind.__subclasses__():
        found |= subclasses(sub)
    return found


def every_exception() -> list[type[stripe.StripeError]]:
    """Find every exception class of the package, wherever in it they stand."""
    for info in pkgutil.iter_modules(stripe.__path__, "stripe."):
        if "error" in info.name:
            __import__(info.name)
    found = subclasses(stripe.StripeError)
    for module in (stripe, stripe._error, oauth_error):
        found |= {
            value
            for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, stripe.StripeError)
        }
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__name__}")


BY_STATUS: dict[type[stripe.StripeError], type[ProviderError]] = {
    # A base class, or one that says nothing by itself: proves nothing.
    stripe.StripeError: Protocol,
    stripe._error.StripeErrorWithParamCode: Protocol,
    stripe.APIError: Protocol,
    # No answer: it may have taken effect.
    stripe.APIConnectionError: Unavailable,
    stripe.RateLimitError: Unavailable,
    # Another request under the same key: our bug, and it proves nothing of the first one.
    stripe.IdempotencyError: Protocol,
    # The door verifies by itself; nothing that a call may raise.
    stripe.SignatureVerificationError: Protocol,
}
"""What those are deliberately mapped to that are not refusals."""


def built(kind: type[stripe.StripeError], status: int, **more: Any) -> stripe.StripeError:
    """Build an exception whatever its signature."""
    values: dict[str, Any] = {"message": "because", "http_status": status, **more}
    if issubclass(kind, oauth_error.OAuthError):
        values = {"code": "x", "description": "because", "http_status": status, **more}
    parameters = inspect.signature(kind).parameters
    for name, parameter in parameters.items():
        is_asked_for = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if is_asked_for and parameter.default is inspect.Parameter.empty:
            values.setdefault(name, None)
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return kind(**{k: v for k, v in values.items() if takes_all or k in parameters})


@pytest.mark.parametrize("kind", every_exception(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_package_is_mapped_deliberately(
    kind: type[stripe.StripeError],
) -> None:
    assert (kind in REFUSALS) is not (kind in BY_STATUS), f"{kind} is new: say what it means"
    error = translated(built(kind, 400))
    assert type(error) is BY_STATUS.get(kind, Rejected)
    assert error.title and str(error)


def test_there_are_as_many_as_there_were() -> None:
    kinds = every_exception()
    assert set(REFUSALS) | set(BY_STATUS) == set(kinds)
    assert len(kinds) == len(REFUSALS) + len(BY_STATUS)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("kind", [stripe.APIError, stripe.InvalidRequestError, stripe.CardError])
def test_a_status_that_says_later_is_never_a_refusal(
    kind: type[stripe.StripeError], status: int
) -> None:
    error = translated(built(kind, status))
    assert isinstance(error, Unavailable) and error.money is MoneyMoved.UNKNOWN


def test_a_refusal_says_that_no_money_moved_and_what_to_do() -> None:
    error = translated(built(stripe.AuthenticationError, 401))
    assert isinstance(error, Rejected)
    assert (error.money, error.status) == (MoneyMoved.NO, 401)
    assert "secret key" in error.action


@pytest.mark.parametrize("status", [200, 302, 404])
def test_an_answer_that_is_no_json_proves_nothing(status: int) -> None:
    assert isinstance(translated(built(stripe.APIError, status)), Protocol)


@pytest.mark.parametrize(
    "header, seconds",
    [
        ("2", 2.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("Sat, 21 Nov 2026 09:00:00 GMT", None),
    ],
)
@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_the_wait_that_stripe_asks_for_is_read(
    header: str, seconds: float | None, name: str
) -> None:
    error = translated(built(stripe.RateLimitError, 429, headers={name: header}))
    assert isinstance(error, Unavailable) and error.retry_after_s == seconds


def test_stripes_own_code_is_kept_for_the_log() -> None:
    body = {"error": {"code": "amount_too_small", "message": "because"}}
    error = translated(built(stripe.InvalidRequestError, 400, json_body=body))
    assert error.code == "amount_too_small"
    assert translated(built(stripe.CardError, 402, code="card_declined")).code == "card_declined"
    assert translated(built(stripe.APIConnectionError, 0)).code == ""
