"""PayPal's refusals in our words: every issue of its descriptions, walked."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import MoneyMoved, Rejected, Unavailable
from app.providers.paypal.documents import moment_from
from app.providers.paypal.errors import ISSUES, KEY, REQUEST, UNDER_WAY, refusal_of

SPECS = os.environ.get("SCANTILL_API_SPECS")
DOCUMENTS = (
    "checkout_orders_v2",
    "payments_payment_v2",
    "notifications_webhooks_v1",
    "billing_subscriptions_v1",
    "catalogs_products_v1",
)


def issues_in(document: Any) -> Iterator[str]:
    """Give every issue that a description names, wherever it stands."""
    if isinstance(document, dict):
        issue = document.get("issue")
        if isinstance(issue, str):
            yield issue
        elif isinstance(issue, dict):
            yield from (str(word) for word in issue.get("enum", ()))
        for value in document.values():
            yield from issues_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from issues_in(value)


def described() -> set[str]:
    if SPECS is None:
        pytest.skip("SCANTILL_API_SPECS is not set")
    folder = Path(SPECS) / "paypal"
    return {
        issue
        for name in DOCUMENTS
        for issue in issues_in(json.loads((folder / f"{name}.json").read_text("utf-8")))
    }


def test_every_issue_of_the_official_descriptions_is_mapped() -> None:
    found = described()
    assert len(found) > 250
    assert found - set(ISSUES) == set()


@pytest.mark.parametrize("issue", sorted(ISSUES))
def test_every_issue_says_what_happened_that_no_money_moved_and_what_to_do(issue: str) -> None:
    body = {
        "name": "UNPROCESSABLE_ENTITY",
        "message": "The requested action could not be performed.",
        "details": [{"issue": issue, "description": "the reason"}],
    }
    error = refusal_of(422, body)
    if issue in UNDER_WAY:
        assert isinstance(error, Unavailable)
        return
    assert isinstance(error, Rejected)
    assert (error.code, error.status, error.money) == (issue, 422, MoneyMoved.NO)
    assert error.title == ISSUES[issue].title and error.detail == "the reason" and error.action


@pytest.mark.parametrize(
    "status, body, title",
    [
        (401, {"error": "invalid_client", "error_description": "no"}, KEY.title),
        (401, {"name": "AUTHENTICATION_FAILURE", "message": "no"}, KEY.title),
        (403, {"name": "NOT_AUTHORIZED", "message": "no"}, "does not let this account"),
        (404, {"name": "RESOURCE_NOT_FOUND", "message": "no"}, "does not know this"),
        (422, {"name": "NEW_NAME", "details": [{"issue": "NEW_ISSUE"}]}, REQUEST.title),
        (400, {"name": "INVALID_REQUEST", "details": "oddly"}, REQUEST.title),
        (400, {"details": [7, None]}, REQUEST.title),
        (400, {}, REQUEST.title),
    ],
)
def test_a_refusal_that_says_little_or_something_new_is_a_plain_no(
    status: int, body: dict[str, Any], title: str
) -> None:
    error = refusal_of(status, body)
    assert isinstance(error, Rejected)
    assert title in error.title and error.status == status


def test_a_refusal_of_the_keys_says_so() -> None:
    error = refusal_of(401, {"error": "invalid_token", "error_description": "expired"})
    assert isinstance(error, Rejected)
    assert error.is_of_the_key and error.code == "invalid_token" and "expired" in error.detail


def test_a_time_before_all_times_is_none() -> None:
    assert moment_from("0001-01-01T00:00:00+01:00") is None
