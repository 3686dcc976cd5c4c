"""The log: lines of JSON, kept to their owner, with every secret scrubbed out."""

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import logs
from app.logs import LOG_FILE, log_to, scrubbed
from tests.conftest import ExpectedLogs

SECRETS = [
    "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "rk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "pk_test_TYooMQauvdEDq54NiTphI7jx",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH",
    "seti_1Mm8s8LkdIwHu7ix0OXBfTRG_secret_NXDICkPqPeiBTAFqWmkbff09lRmSVXe",
    "EAAAl2qJ1Lc9Q2mVvHh8tZkq4Yb7Rr5Xs0WnPd3Ug6Ei1Ja_Ko-LmTzCvBx",
    "A21AAFEpH4PsADK7qSS7pSRsgzfENtu-Q1ysgEDVDESseMHBYXVJYE8ovjj68elIDy8nF26AwPhf",
    "Basic QWRhOkxvdmVsYWNlIGFuZCBoZXIgc2VjcmV0",
    "Bearer abc.def-123_456~789+/==",
    "bearer    abcdef",
    "4242424242424242",
    "4242 4242 4242 4242",
    "3782-822463-10005",
]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    log_to(tmp_path)
    yield tmp_path / LOG_FILE
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def entries(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def test_an_entry_is_one_line_of_json_with_time_level_and_name(log: Path) -> None:
    logging.getLogger("app.till").info("order %s\nplaced", 7)
    (entry,) = entries(log)
    assert (entry["event"], entry["level"], entry["logger"]) == (
        "order 7\nplaced",
        "info",
        "app.till",
    )
    assert entry["timestamp"].endswith("Z")


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_a_message_is_masked(log: Path, secret: str) -> None:
    logging.getLogger("app").info("the key %s was refused", secret)
    assert entries(log)[0]["event"] == "the key [hidden] was refused"


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_a_traceback_is_masked(
    log: Path, secret: str, expected_logs: ExpectedLogs
) -> None:
    try:
        raise ValueError(f"cannot use {secret}") from KeyError(secret)
    except ValueError:
        logging.getLogger("app").exception("it failed")
    text = log.read_text("utf-8")
    assert "Traceback" in text and "cannot use [hidden]" in text
    assert secret not in text
    expected_logs.take("it failed")


@given(st.text(max_size=9), st.sampled_from(SECRETS[:5]), st.sampled_from(["", " ", "\n", '"']))
def test_a_secret_is_masked_wherever_it_stands(before: str, secret: str, after: str) -> None:
    assert secret not in scrubbed(before + secret + after)


def test_a_card_number_is_masked_even_beside_letters() -> None:
    assert scrubbed("card4242424242424242x") == "card[hidden]x"


def test_secrets_are_masked_in_whatever_holds_them() -> None:
    held = {"a": ["sk_test_abc", ("whsec_abc", 5)], "b": {"c": "Bearer x"}, "d": None, "e": 1.5}
    assert scrubbed(held) == {
        "a": ["[hidden]", ["[hidden]", 5]],
        "b": {"c": "[hidden]"},
        "d": None,
        "e": 1.5,
    }


@pytest.mark.parametrize(
    "text",
    [
        "order 1234567 of 2026-03-02",
        "t11111-0rder0000001-1",
        "12.34 EUR",
        "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "1772452800",
    ],
)
def test_ordinary_words_and_numbers_stay(text: str) -> None:
    assert scrubbed(text) == text


def test_the_log_is_its_owners_alone_even_after_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_MAX_BYTES", 400)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    (tmp_path / LOG_FILE).touch(mode=0o644)
    log_to(tmp_path)
    try:
        for number in range(20):
            logging.getLogger("app").info("line %s of the log, long enough to fill it", number)
    finally:
        for handler in [handler for handler in root.handlers if handler not in before]:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
    files = list(tmp_path.iterdir())
    assert len(files) == 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_chatty_libraries_are_kept_quiet(log: Path) -> None:
    for name in ("httpx", "stripe", "httpcore"):
        logging.getLogger(name).info("request to https://api.example")
    assert entries(log) == []


def test_a_stranger_who_sends_nonsense_writes_nothing_into_the_log(
    log: Path, expected_logs: ExpectedLogs
) -> None:
    server = logging.getLogger("uvicorn.error")
    for _ in range(3):
        server.warning("Invalid HTTP request received.")
    server.error("Exception in ASGI application")
    assert [entry["event"] for entry in entries(log)] == ["Exception in ASGI application"]
    expected_logs.take_all("Invalid HTTP")
    expected_logs.take("Exception in ASGI")
