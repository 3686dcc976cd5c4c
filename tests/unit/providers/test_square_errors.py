"""Every error code of Square's description and package, in our words; a new one fails here."""

import asyncio
import json
import typing
from typing import Any

import httpx
import pytest
from square.types.error_code import ErrorCode

from app.domain.observation import Source
from app.errors import MoneyMoved, Protocol, ProviderError, Rejected, Unavailable
from app.providers.square.errors import LATER, OF_THE_TILL, REFUSALS, refused
from tests.integration.sandbox.square.description import description
from tests.parts.square import refusal, strategy
from tests.parts.stripe import Raw, Wire


def of_the_package() -> set[str]:
    """Give the codes of Square's own package, which is newer than its description."""
    (words, _) = typing.get_args(ErrorCode)
    return set(typing.get_args(words))


def every_code() -> list[str]:
    described = description()["components"]["schemas"]["ErrorCode"]["enum"]
    assert len(described) > 150 and len(of_the_package()) > 150
    return sorted({*described, *of_the_package()})


def told(code: str, status: int = 400, **more: Any) -> ProviderError:
    error = {"category": "INVALID_REQUEST_ERROR", "code": code, "detail": "because", **more}
    return refused(status, {"errors": [error]})


def test_every_code_of_the_description_and_the_package_is_mapped_deliberately_and_once() -> None:
    codes = every_code()
    mapped = [*REFUSALS, *LATER, *OF_THE_TILL]
    assert sorted(mapped) == codes
    for code in codes:
        error = told(code)
        assert error.title and error.code == code and str(error)
        expected = Unavailable if code in LATER else Protocol if code in OF_THE_TILL else Rejected
        assert type(error) is expected
        if isinstance(error, Rejected):
            assert error.action and error.money is MoneyMoved.NO and error.status == 400


def test_a_code_that_is_new_is_a_plain_refusal_with_squares_own_words() -> None:
    error = told("SOMETHING_NEW", 422, field="order.location_id")
    assert isinstance(error, Rejected) and (error.code, error.status) == ("SOMETHING_NEW", 422)
    assert error.detail == "because (order.location_id)"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_another_request_under_the_same_key_is_no_refusal(status: int) -> None:
    """By which status Square says so, it does not document."""
    error = asked(refusal(status, "IDEMPOTENCY_KEY_REUSED"))
    assert not isinstance(error, Rejected) and error.money is MoneyMoved.UNKNOWN


def asked(*answers: Any) -> ProviderError:
    till = strategy(Wire(*answers))
    with pytest.raises(ProviderError) as error:
        asyncio.run(till.fetch("order-1", source=Source.POLL))
    return error.value


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_a_status_that_says_later_is_never_a_refusal(status: int) -> None:
    error = asked(refusal(status, "NOT_FOUND"))
    assert isinstance(error, Unavailable) and error.money is MoneyMoved.UNKNOWN


@pytest.mark.parametrize("code", sorted(LATER))
def test_a_code_that_says_later_counts_whatever_the_status(code: str) -> None:
    assert isinstance(asked(refusal(400, code)), Unavailable)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_says_what_to_do(status: int) -> None:
    error = asked(refusal(status, "UNAUTHORIZED" if status == 401 else "INSUFFICIENT_SCOPES"))
    assert isinstance(error, Rejected) and error.is_of_the_key
    assert "access token" in error.action


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"nothing here", b"[]", b'{"errors": []}', b'{"errors": ["x"]}']
)
def test_a_404_that_is_not_squares_own_never_says_that_an_order_is_gone(body: bytes) -> None:
    assert isinstance(asked(Raw(404, body)), Protocol)


def test_an_error_within_a_200_is_an_error() -> None:
    body = json.dumps({"errors": [{"category": "API_ERROR", "code": "NOT_FOUND"}]})
    assert isinstance(asked(Raw(200, body.encode())), Rejected)


def test_nothing_secret_is_in_what_it_says() -> None:
    for error in (asked(refusal(401, "UNAUTHORIZED")), asked(httpx.ConnectError("down"))):
        assert "EAAA" not in f"{error} {error!r} {error.words}"
