"""Every refusal of Razorpay's in our words: its codes say little, status and description decide."""

import asyncio
import itertools

import pytest

from app.errors import MoneyMoved, Protocol, ProviderError, Rejected, Unavailable
from app.providers.razorpay.errors import BAD_REQUEST, REFUSALS
from app.sandbox.razorpay import errors as simulated
from tests.parts.razorpay import links_over, refusal
from tests.parts.stripe import Raw, Wire

CODES = ("BAD_REQUEST_ERROR", "GATEWAY_ERROR", "SERVER_ERROR")
STATUSES = (400, 401, 403, 404, 408, 409, 413, 422, 425, 429, 500, 502, 503, 504)
LATER = {408, 409, 425, 429, 500, 502, 503, 504}


def told(answer: Raw) -> ProviderError:
    with pytest.raises(ProviderError) as error:
        asyncio.run(links_over(Wire(answer)).identify())
    return error.value


@pytest.mark.parametrize("status, code", list(itertools.product(STATUSES, CODES)))
def test_every_code_at_every_status_is_in_our_words(status: int, code: str) -> None:
    error = told(refusal(status, "because", code))
    if status in LATER or code in {"GATEWAY_ERROR", "SERVER_ERROR"}:
        assert isinstance(error, Unavailable) and error.money is MoneyMoved.UNKNOWN
    else:
        assert isinstance(error, Rejected) and error.money is MoneyMoved.NO
        assert (error.status, error.code, error.detail) == (status, BAD_REQUEST, "because")
        assert error.title and error.action
        assert error.is_of_the_key is (status in {401, 403})


def test_400_401_and_429_share_a_code_and_are_told_apart() -> None:
    kinds = [type(told(refusal(status))) for status in (400, 401, 429)]
    assert kinds == [Rejected, Rejected, Unavailable]
    assert REFUSALS[400][0] != REFUSALS[401][0]


@pytest.mark.parametrize(
    "refused",
    [
        simulated.unknown_id(),
        simulated.unknown_subscription(),
        simulated.malformed_id("plink_1"),
        simulated.malformed_id("qr_x"),
    ],
)
def test_what_is_not_there_is_not_found_though_razorpay_says_400(
    refused: simulated.RazorpayRefusal,
) -> None:
    error = told(refusal(refused.status, refused.message))
    assert isinstance(error, Rejected) and error.status == 404


@pytest.mark.parametrize(
    "words", ["The id provided does not exist on this plan", "Something does not exist", ""]
)
def test_only_those_words_mean_that_it_is_not_there(words: str) -> None:
    error = told(refusal(400, words))
    assert isinstance(error, Rejected) and error.status == 400


def test_a_feature_that_is_switched_off_is_not_taken_for_a_session_that_is_gone() -> None:
    error = told(refusal(400, simulated.unrecognized().message))
    assert isinstance(error, Rejected) and error.status == 400 and "support" in error.action


@pytest.mark.parametrize(
    "words",
    [
        "Request failed because another subscription operation is in progress.",
        "Another subscription operation is in progress",
        "Another operation is in progress for this subscription",
    ],
)
def test_a_subscription_that_razorpay_works_on_is_asked_for_again(words: str) -> None:
    assert isinstance(told(refusal(400, words)), Unavailable)
    assert isinstance(told(refusal(403, words)), Rejected)


@pytest.mark.parametrize(
    "words",
    [
        "Subscription is not cancellable in expired status.",
        "Subscription cannot be cancelled since no billing cycle is going on",
        "The subscription is in its final cycle and cannot be cancelled now.",
        "Exceeds the maximum total_count (1200) allowed for the given period and interval",
        "Link expire by cannot be lesser than the current time.",
        "Please try again later",
    ],
)
def test_what_is_refused_to_a_subscription_stays_refused(words: str) -> None:
    error = told(refusal(400, words))
    assert isinstance(error, Rejected) and (error.status, error.detail) == (400, words)


@pytest.mark.parametrize("status", [400, 422])
def test_another_body_under_a_used_key_is_our_bug_and_proves_nothing(status: int) -> None:
    words = "Different request body was passed with the same idempotency key."
    assert isinstance(told(refusal(status, words)), Protocol)


@pytest.mark.parametrize(
    "answer",
    [
        Raw(400, b""),
        Raw(400, b"<html>"),
        Raw(400, b"[]"),
        Raw(400, b'{"error": "no"}'),
        Raw(400, b'{"error": {"code": 7}}'),
        Raw(400, b'{"message": "no Route matched with those values"}'),
        Raw(302, b"{}"),
        Raw(200, b"<html>login</html>"),
        Raw(200, b"[]"),
    ],
)
def test_what_is_no_answer_of_razorpays_proves_nothing(answer: Raw) -> None:
    assert isinstance(told(answer), Protocol)


def test_it_waits_as_long_as_it_was_asked_to() -> None:
    error = told(Raw(429, refusal(429).body, {"Retry-After": "7"}))
    assert isinstance(error, Unavailable) and error.retry_after_s == 7
