"""JSON from outside: strict, and never a crash."""

import json

import pytest

from app.errors import WebhookRejected
from app.providers.envelope import strict_object


def test_an_object_is_read_as_it_is() -> None:
    event = {"id": "evt_1", "n": 1, "deep": {"list": [1, 2.5, None, True, "\u00e9\U0001f600"]}}
    assert strict_object(json.dumps(event).encode()) == event
    assert strict_object(json.dumps(event, ensure_ascii=False).encode()) == event


HOSTILE = {
    "nothing": b"",
    "no JSON": b"<html>",
    "a list": b"[]",
    "a number": b"1",
    "a text": b'"x"',
    "null": b"null",
    "two documents": b"{}{}",
    "cut": b'{"a": ',
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": Infinity}',
    "minus infinity": b'{"a": [-Infinity]}',
    "a key twice": b'{"a": 1, "a": 2}',
    "a key twice, deep": b'{"a": {"b": 1, "b": 1}}',
    "a lone surrogate": b'{"a": "\\ud800"}',
    "a lone low surrogate": b'{"a": "\\udc00x"}',
    "a lone surrogate as key": b'{"\\ud800": 1}',
    "bad UTF-8": b'{"a": "\xff"}',
    "surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "a NUL": b'{"a": "\x00"}',
    "100,000 lists": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "100,000 lists, cut": b"[" * 100_000,
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "a negative number of 5,000 digits": b'{"a": -' + b"9" * 5_000 + b"}",
    "a comment": b'{"a": 1 /* x */}',
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_anything_else_is_refused_cleanly(body: bytes) -> None:
    with pytest.raises(WebhookRejected) as refused:
        strict_object(body)
    assert 400 <= refused.value.status < 500


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": -Infinity}'])
def test_the_second_reader_refuses_what_is_no_number_by_itself_too(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.providers.envelope.from_json", lambda body, **options: None)
    with pytest.raises(WebhookRejected):
        strict_object(body)
