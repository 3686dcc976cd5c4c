"""Texts in the books: what was said in English can be said again in another language."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.domain.money import Money
from app.errors import Message, Rejected
from app.store.words import from_json, to_json

PLAIN = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(min_size=7), inner),
)


@given(PLAIN)
def test_plain_data_comes_back_as_it_was(data: object) -> None:
    assert from_json(to_json(data)) == data


def test_a_message_comes_back_with_its_template_and_parameters() -> None:
    asked = Message("Paid {got}, asked for {asked}.", got=Money(1, "EUR"), asked=Money(2, "EUR"))
    back = from_json(to_json({"detail": asked}))["detail"]
    assert isinstance(back, Message)
    assert back == asked
    assert (back.template, back.parameters) == (asked.template, asked.parameters)


def test_a_message_inside_a_message_comes_back_as_one() -> None:
    refused = Rejected(Message("Stripe refused the card"), "no_such", action=Message("Try again."))
    back = from_json(to_json(refused.words))
    assert back == "Stripe refused the card. no_such. Try again." == str(refused)
    assert isinstance(back.parameters["title"], Message)
    assert not isinstance(back.parameters["detail"], Message)


def test_the_books_hold_the_english_too() -> None:
    assert json.loads(to_json(Message("{n} left", n=3)))["text"] == "3 left"


def test_a_value_of_another_kind_is_kept_as_its_text() -> None:
    assert from_json(to_json({"at": 1.5})) == {"at": "1.5"}


@pytest.mark.parametrize(
    "template, parameters",
    [
        ("{gone}", {}),
        ("{", {}),
        ("{0}", {"a": 1}),
        ("{a.b}", {"a": 1}),
        (None, {}),
        ("{a}", None),
        ("{a}", []),
    ],
)
def test_a_message_of_another_version_still_says_its_english(
    template: object, parameters: object
) -> None:
    text = json.dumps({"text": "said", "template": template, "parameters": parameters})
    assert from_json(text) == "said"


def test_money_of_an_unknown_currency_is_no_reason_to_fail() -> None:
    assert isinstance(from_json('{"minor": 1, "currency": "???"}'), str)
