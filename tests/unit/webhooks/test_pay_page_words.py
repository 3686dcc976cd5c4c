"""The pages at the public door in the customer's language: every word, and nothing but words."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from app.errors import Rejected, Unavailable
from app.webhooks.languages import Languages
from tests.conftest import ExpectedLogs
from tests.parts.own_page import SETUP, PagedStrategy
from tests.parts.pay_door import SHOP, Door, minimal, sold
from tests.parts.pseudo_language import bracketed, from_the_right, write_language
from tests.parts.till import Counter

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.8"}
HEBREW = {"Accept-Language": "he"}
NBSP = "\N{NO-BREAK SPACE}"
WITHOUT_WORDS = {"style", "script"}
NEVER_ENDED = {"meta", "link", "br", "input"}


class Reader(HTMLParser):
    """Reads what a person would of a page, by the tags around it, and each tag's attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in NEVER_ENDED:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and not WITHOUT_WORDS & set(self._open):
            self.texts.append((tuple(self._open), data.strip()))

    def attributes(self, tag: str) -> dict[str, str | None]:
        return next(found for name, found in self.tags if name == tag)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, strategy=PagedStrategy, shop=SHOP)
    yield till
    till.close()


@pytest.fixture
def door(till: Counter, tmp_path: Path) -> Door:
    folder = write_language(tmp_path / "locale", "de", bracketed)
    return Door(till, Languages(write_language(folder, "he", from_the_right)))


def test_every_word_of_the_page_is_in_the_customers_language(till: Counter, door: Door) -> None:
    _, _, path = sold(till, 123450, 250)
    answer = door.ask("GET", path, headers=GERMAN)
    read = Reader(answer.text)
    english = [
        text
        for tags, text in read.texts
        if not (text.startswith("⟦") or text.endswith("⟧")) and tags[-1] not in {"bdi", "span"}
    ]
    assert english == []
    named = [text for tags, text in read.texts if tags[-1] in {"bdi", "span"}]
    amounts = [f"1.237,00{NBSP}€", f"1.234,50{NBSP}€", f"2,50{NBSP}€", f"1.237,00{NBSP}€"]
    assert [text for text in named if "€" in text] == amounts
    form = read.attributes("form")
    said = {name: text for name, text in form.items() if name.startswith("data-")}
    assert set(said) == {"data-bank", "data-again", "data-back"}
    assert all(text and text.startswith("⟦") for text in said.values())
    assert read.attributes("html") == {"lang": "de", "dir": "ltr"}
    assert answer.headers["Content-Language"] == "de"


def test_the_page_is_turned_around_where_it_is_read_from_the_right(
    till: Counter, door: Door
) -> None:
    _, _, path = sold(till)
    read = Reader(door.ask("GET", path, headers=HEBREW).text)
    assert read.attributes("html") == {"lang": "he", "dir": "rtl"}
    title = next(text for tags, text in read.texts if tags[-1] == "title")
    # In a title no element keeps the shop's name together.
    assert f"\N{FIRST STRONG ISOLATE}{SHOP.name}\N{POP DIRECTIONAL ISOLATE}" in title
    mixed = [text for tags, text in read.texts if SHOP.name in text and tags[-1] != "title"]
    assert mixed == [SHOP.name]


def test_a_name_that_turns_the_title_around_is_shielded_in_english_too(
    till: Counter, door: Door
) -> None:
    _, _, path = sold(till)
    assert "<title>Pay \N{FIRST STRONG ISOLATE}Café" in door.ask("GET", path).text


def test_a_plain_name_stands_in_the_title_as_it_is(tmp_path: Path) -> None:
    till = Counter(tmp_path, strategy=PagedStrategy, shop=replace(SHOP, name="Café 24 & Son"))
    try:
        _, _, path = sold(till)
        assert "<title>Pay Café 24 &amp; Son</title>" in Door(till).ask("GET", path).text
    finally:
        till.close()


@pytest.mark.parametrize("path", ["/success", "/cancelled", "/pay/" + "0" * 32])
def test_the_small_pages_speak_it_too(door: Door, path: str) -> None:
    read = Reader(door.ask("GET", path, headers=GERMAN).text)
    assert len(read.texts) == 3
    assert all(text.startswith("⟦") for _, text in read.texts)
    assert read.attributes("html") == {"lang": "de", "dir": "ltr"}


@pytest.mark.parametrize("headers", [GERMAN, HEBREW, {}])
def test_a_language_changes_nothing_of_what_the_page_may_load(
    till: Counter, door: Door, headers: dict[str, str]
) -> None:
    _, _, path = sold(till)
    plain = door.ask("GET", path).headers["Content-Security-Policy"]
    answer = door.ask("GET", path, headers=headers)
    assert answer.headers["Content-Security-Policy"] == plain
    assert not any("style" in attributes for _, attributes in Reader(answer.text).tags)


def test_a_translation_is_text_and_no_markup(till: Counter, tmp_path: Path) -> None:
    folder = write_language(
        tmp_path / "locale", "fr", lambda text: f'<script>"{text}"</script> \' onload=x'
    )
    door = Door(till, Languages(folder))
    _, _, path = sold(till)
    for page in (path, "/success"):
        answer = door.ask("GET", page, headers={"Accept-Language": "fr"})
        tags = Reader(answer.text).tags
        assert sum(tag == "script" for tag, _ in tags) == (1 if page == path else 0)
        assert not any("onload" in attributes for _, attributes in tags)


def errors(door: Door, path: str, **told: object) -> str:
    answer = door.ask("POST", path, headers=GERMAN, json=told)
    assert answer.status_code >= 400
    return str(answer.json()["error"])


def test_what_is_refused_is_said_in_the_language(
    till: Counter, door: Door, expected_logs: ExpectedLogs
) -> None:
    minimal(till)
    order, _, path = sold(till)
    till.strategy.answers["confirm"] = [Rejected("Refused", status=402)]
    assert errors(door, f"{path}/confirm", payment_method="pm_1") == (
        bracketed("The card was declined.")
    )
    # What a bank says is passed on as it is.
    assert errors(door, f"{path}/confirm", payment_method="pm_declined") == (
        "Your card was declined."
    )
    till.strategy.answers["client_secret"] = [Unavailable("The line is cut")]
    assert errors(door, f"{path}/intent") == (
        bracketed("The payment provider does not answer; try again")
    )
    till.strategy.answers["client_secret"] = [Rejected("No such key", status=401)]
    assert errors(door, f"{path}/intent").startswith("⟦This cannot be paid here")
    expected_logs.take("keys of fake are refused")
    expected_logs.take("refused by its provider")
    assert errors(door, f"{path}/intent", amount=1).startswith("⟦Only the order itself")
    asyncio.run(till.checkout.cancel(order.id))
    assert errors(door, f"{path}/intent") == bracketed("This cannot be paid any more")


def test_the_providers_script_is_told_the_language(till: Counter, door: Door) -> None:
    till.strategy.setup = replace(  # type: ignore[attr-defined]
        SETUP, script_locales=("de", "en-GB", "en")
    )
    _, _, path = sold(till)

    def told(accepted: str) -> object:
        answer: httpx.Response = door.ask(
            "GET", f"{path}/config", headers={"Accept-Language": accepted}
        )
        return json.loads(answer.text)["locale"]

    assert [told(each) for each in ("de-AT", "en-GB", "he", "tlh")] == ["de", "en-GB", "auto", "en"]
