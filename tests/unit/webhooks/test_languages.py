"""In which language a phone is spoken to, and how money is written for its owner."""

import asyncio
from pathlib import Path

import pytest

from app.domain.money import Money
from app.errors import Message
from app.text_catalogs import catalog_of, languages_in
from app.webhooks.languages import Language, Languages
from tests.parts.pseudo_language import bracketed, from_the_right, write_language

NBSP = "\N{NO-BREAK SPACE}"
STRIPE = ("de", "en", "en-GB", "fr", "fr-CA", "pt", "pt-BR", "he")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("de", "fr", "pt_BR"):
        write_language(tmp_path, name, bracketed)
    return write_language(tmp_path, "he", from_the_right)


def chosen(folder: Path, accepted: str) -> Language:
    return asyncio.run(Languages(folder).of(accepted))


@pytest.mark.parametrize(
    "accepted, name",
    [
        ("de", "de"),
        ("de-AT,en;q=0.8", "de"),
        ("DE-at", "de"),
        ("de-Latn-CH-1996", "de"),
        ("es-MX,es;q=0.9,fr;q=0.5,en;q=0.4", "fr"),
        ("en;q=0.5, de;q=0.9", "de"),
        ("en; q=0.5 , de ; q=1.0", "de"),
        ("de;q=0, fr", "fr"),
        ("de;q=0.000", "en"),
        ("fr,de", "fr"),
        ("pt-BR", "pt_BR"),
        ("pt", "en"),
        ("en-US,de;q=0.9", "en"),
        ("tlh", "en"),
        ("*", "en"),
        ("", "en"),
        (";;;,,,q=1", "en"),
        ("de;q=2", "en"),
        ("de;q=0.12345", "en"),
        ("../../etc/passwd", "en"),
        ("de/../fr", "en"),
        ("\N{LATIN SMALL LETTER DOTLESS I}de", "en"),
        ("de" * 5_000, "en"),
        (",".join(f"x{n}" for n in range(50)) + ",de", "en"),
    ],
)
def test_the_first_language_of_the_phone_that_has_a_catalog_is_spoken(
    folder: Path, accepted: str, name: str
) -> None:
    assert chosen(folder, accepted).name == name


@pytest.mark.parametrize(
    "accepted, text",
    [
        ("de", f"1.234,50{NBSP}€"),
        ("de-AT", f"€{NBSP}1.234,50"),
        ("de-Latn-CH", f"EUR{NBSP}1\N{RIGHT SINGLE QUOTATION MARK}234.50"),
        ("en", "€1,234.50"),
        ("en-IN", "€1,234.50"),
        ("fr-CA", f"1{NBSP}234,50{NBSP}€"),
        ("pt-BR", f"€{NBSP}1.234,50"),
        # A country without that language, one that is none, and another script.
        ("de-JP", f"1.234,50{NBSP}€"),
        ("de-XX", f"1.234,50{NBSP}€"),
        ("es-MX", "€1,234.50"),
    ],
)
def test_money_is_written_as_in_the_readers_country(folder: Path, accepted: str, text: str) -> None:
    written = chosen(folder, accepted).money(Money(123450, "EUR"))
    assert written.replace("\N{NARROW NO-BREAK SPACE}", NBSP) == text


def test_a_currency_keeps_its_own_decimals(folder: Path) -> None:
    german = chosen(folder, "de")
    assert german.money(Money(1240, "JPY")) == f"1.240{NBSP}¥"
    assert german.money(Money(12345, "KWD")) == f"12,345{NBSP}KWD"


def test_a_language_says_from_where_it_is_read_and_what_html_calls_it(folder: Path) -> None:
    assert [
        (one.tag, one.direction) for one in (chosen(folder, "he-IL"), chosen(folder, "de"))
    ] == [
        ("he", "rtl"),
        ("de", "ltr"),
    ]
    assert chosen(folder, "pt-BR").tag == "pt-BR"


@pytest.mark.parametrize(
    "accepted, told",
    [
        ("de-AT", "de"),
        ("en-GB", "en-GB"),
        ("en-US", "en"),
        ("fr-CA", "fr-CA"),
        ("fr-FR", "fr"),
        ("pt-BR", "pt-BR"),
        ("he", "he"),
        # The field speaks as the page does, not as the phone would like.
        ("pt-PT", "en"),
    ],
)
def test_the_providers_script_speaks_as_the_page_does(
    folder: Path, accepted: str, told: str
) -> None:
    assert chosen(folder, accepted).script_locale(STRIPE) == told


def test_a_script_that_does_not_know_the_language_chooses_itself(folder: Path) -> None:
    assert chosen(folder, "de").script_locale(("en",)) == "auto"
    assert chosen(folder, "de").script_locale(()) == "auto"


def test_what_is_filled_in_is_said_in_the_language_too(folder: Path) -> None:
    german = chosen(folder, "de")
    text = Message(
        "Order {number}, {count} items", number=Message("Total"), count=Money(100, "EUR")
    )
    assert german.say(text).startswith(f"⟦Order ⟦Total~~⟧, 1,00{NBSP}€ items")
    assert german.say(Message("Order {number}, part payment", number=7)).startswith("⟦Order 7,")
    assert german.say("Total") == "Total"


def test_a_catalog_is_read_once_and_english_never(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = catalog_of

    def counted(name: str, place: Path) -> object:
        read.append(name)
        return real(name, place)

    monkeypatch.setattr("app.webhooks.languages.catalog_of", counted)
    languages = Languages(folder)

    async def ask() -> None:
        for accepted in ("de", "de-AT", "en", "xx", "de-CH"):
            await languages.of(accepted)

    asyncio.run(ask())
    assert read == ["de"]


def test_what_is_no_catalog_is_no_language(tmp_path: Path) -> None:
    write_language(tmp_path, "de", bracketed)
    (tmp_path / "not-a-language" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "not-a-language" / "LC_MESSAGES" / "scantill.po").touch()
    (tmp_path / "fr").mkdir()
    assert languages_in(tmp_path) == ("en", "de")
    assert languages_in(tmp_path / "missing") == ("en",)
