"""What a person reads: marked in the source, complete in every language, right when shown."""

import copy
import gettext
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication

from app.domain.money import Money
from app.errors import (
    CheckoutRefused,
    InvariantError,
    Message,
    MoneyMoved,
    Rejected,
    StoreError,
)
from app.events import Fact
from app.settings import Mode, load_settings
from app.store.words import from_json, to_json
from tests.conftest import ExpectedLogs
from tests.parts.texts import (
    MARKS,
    ROOT,
    unmarked_in_errors,
    unmarked_in_the_books,
    unmarked_in_window,
)
from tests.ui.fakes import FakeTill
from tests.ui.helpers import button, tap
from ui import i18n
from ui.application import translate_qt
from ui.errors import error_words
from ui.format import Formats
from ui.orders.words import story_entry
from ui.start import speak
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
Speak = Callable[[str], None]

STYLE = {"ui/theme.py", "ui/fonts.py"}
"""Style sheets and typefaces' names, which read like prose to a machine."""
CATALOGS = sorted(i18n.FOLDER.glob("*/LC_MESSAGES/scantill.po"))
KEEPERS = [
    "app/domain/judgement.py",
    "app/settle.py",
    "app/sessions.py",
]
"""What writes words for a person into the books."""
LANGUAGES = [path.parts[-3] for path in CATALOGS]
COMPLETE = ["de"]


def modules(folder: str, *without: str) -> list[str]:
    found = (path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))
    return sorted(str(path) for path in found if not set(path.parts) & set(without))


def catalog_in(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def forms(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def entries(catalog: Catalog) -> list[Entry]:
    return [entry for entry in catalog if entry.id]


def fields_of(texts: Any) -> set[str]:
    return {name for text in forms(texts) for name in i18n.placeholders(text)}


def in_the_source() -> set[tuple[Any, str | None]]:
    keywords = {**DEFAULT_KEYWORDS, "_n": None, "Message": None}
    return {
        (message, context)
        for folder in ("app", "ui")
        for _file, _line, message, _comments, context in extract_from_dir(
            ROOT / folder, keywords=keywords
        )
    }


@pytest.fixture
def catalog_file(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a small catalog of a language and give the folder it lies in."""

    def write(language: str, entries: str) -> Path:
        path = tmp_path / language / "LC_MESSAGES" / "scantill.po"
        path.parent.mkdir(parents=True)
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
        path.write_text(f"{head}\n{entries}\n", "utf-8")
        return tmp_path

    return write


# --- the source ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in modules("ui", "demo", "cli.py") if n not in STYLE])
def test_the_window_shows_no_text_that_is_not_marked(name: str) -> None:
    assert unmarked_in_window((ROOT / name).read_text("utf-8")) == []


COMMANDS = tuple(sorted(path.name for path in (ROOT / "app").glob("cli*.py")))


@pytest.mark.parametrize("name", modules("app", "sandbox", *COMMANDS))
def test_no_error_brings_an_unmarked_text_to_the_window(name: str) -> None:
    assert unmarked_in_errors((ROOT / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'label.setText("Paid")',
        'label.setText(f"{count} items")',
        'label.setText(_("Paid") if paid else "Open")',
        'label.setText("{count} items".format(count=3))',
        'Button(look, "Charge", Kind.PRIMARY)',
        'IconLabel(look, "lock", "Locked")',
        'notice.tell(_("Paid"), "Thank you", tone)',
        'words = {1: "Nothing was paid."}',
        'TITLE = "Orders"',
    ],
)
def test_an_unmarked_text_is_found(line: str) -> None:
    assert unmarked_in_window(line)


@pytest.mark.parametrize(
    "line",
    [
        'label.setText(_("Paid"))',
        'label.setText(_("{count} items").format(count=3))',
        'label.setText(f"{title} · {amount}")',
        'label.setObjectName("rail_sell")',
        'label.setText(data["kind"])',
        'raise ValueError("a rate is no float")',
        '"""A docstring of several words."""',
        'Button(look, _("Undo"), Kind.QUIET, icon="undo", key="F8")',
    ],
)
def test_what_is_no_text_is_left_alone(line: str) -> None:
    assert unmarked_in_window(line) == []


def test_an_unmarked_error_is_found() -> None:
    assert unmarked_in_errors('raise StoreError("The disk is full")')
    assert unmarked_in_errors('raise StoreError(title, action=f"Ask {name}.")')
    assert not unmarked_in_errors('raise StoreError(Message("The disk is full"), f"{error}.")')


def test_make_texts_extracts_by_the_same_marks() -> None:
    line = next(
        line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "--keywords" in line
    )
    added = set(line.split('"')[1].split())
    assert added | set(DEFAULT_KEYWORDS) >= MARKS
    assert added == {"_n", "Message"}


# --- the catalogs ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEEPERS)
def test_what_is_written_down_for_a_person_is_marked(name: str) -> None:
    assert unmarked_in_the_books((ROOT / name).read_text("utf-8")) == []


def test_unmarked_words_for_the_books_are_noticed() -> None:
    assert unmarked_in_the_books('return Kind.SURPLUS, "the order was paid already"')
    assert unmarked_in_the_books('_tell(tx, kind, attempt, f"account {name}, expected {other}")')
    assert not unmarked_in_the_books('tell(Message("It was paid already."), order.state)')


@pytest.mark.parametrize("path", CATALOGS, ids=LANGUAGES)
def test_a_catalog_is_up_to_date_with_the_source(path: Path) -> None:
    catalog = catalog_in(path)
    assert {(entry.id, entry.context) for entry in entries(catalog)} == in_the_source(), (
        "run `make texts`"
    )
    assert not catalog.obsolete, "run `make texts`"


@pytest.mark.parametrize("path", CATALOGS, ids=LANGUAGES)
def test_a_translation_fills_in_what_its_source_fills_in(path: Path) -> None:
    for entry in entries(catalog_in(path)):
        if any(forms(entry.string)):
            assert fields_of(entry.string) == fields_of(entry.id), entry.id
            assert all(text == text.strip() for text in forms(entry.string)), entry.id


@pytest.mark.parametrize("language", COMPLETE)
def test_a_language_that_is_called_complete_is(language: str) -> None:
    catalog = catalog_in(i18n.FOLDER / language / "LC_MESSAGES" / "scantill.po")
    assert [entry.id for entry in entries(catalog) if entry.fuzzy] == []
    assert [entry.id for entry in entries(catalog) if not all(forms(entry.string))] == []
    assert all(
        len(forms(entry.string)) == catalog.num_plurals
        for entry in entries(catalog)
        if entry.pluralizable
    )


# --- choosing --------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["de", "de_AT", "de-CH", "de_DE.UTF-8"])
def test_a_country_speaks_its_language(locale: str) -> None:
    assert i18n.catalog_of(locale).gettext("Paid") == "Bezahlt"


@pytest.mark.parametrize("locale", ["", "en", "C", "tlh_KX", "../../etc", "de/../de"])
def test_a_missing_language_is_english(locale: str) -> None:
    assert i18n.catalog_of(locale).gettext("Paid") == "Paid"


def test_a_dropped_in_file_is_enough(catalog_file: Callable[[str, str], Path]) -> None:
    folder = catalog_file("fr", 'msgid "Paid"\nmsgstr "Payé"')
    i18n.use_language("fr_CA", folder)
    assert i18n._("Paid") == "Payé"
    assert i18n._("Open") == "Open"
    assert i18n._("") == ""


@pytest.mark.parametrize("contents", [b"garbage", b'msgid "Paid"\nmsgstr "Pay\xff"'])
def test_a_file_that_cannot_be_read_never_keeps_the_till_from_opening(
    catalog_file: Callable[[str, str], Path], expected_logs: ExpectedLogs, contents: bytes
) -> None:
    folder = catalog_file("fr", "")
    (folder / "fr" / "LC_MESSAGES" / "scantill.po").write_bytes(contents)
    assert i18n.catalog_of("fr", folder).gettext("Paid") == "Paid"
    expected_logs.take("cannot be used")


@pytest.mark.parametrize("wrong", ["{nombre} payé", "{} payé", "{number payé", "{0} payé"])
def test_a_translation_that_could_not_be_filled_in_is_left_out(
    catalog_file: Callable[[str, str], Path], expected_logs: ExpectedLogs, wrong: str
) -> None:
    folder = catalog_file("fr", f'msgid "Order {{number}} is paid"\nmsgstr "{wrong}"')
    catalog = i18n.catalog_of("fr", folder)
    assert catalog.gettext("Order {number} is paid") == "Order {number} is paid"
    expected_logs.take("another placeholder")


def test_plurals_follow_the_language(catalog_file: Callable[[str, str], Path]) -> None:
    polish = catalog_file(
        "pl",
        'msgid "{count} item"\nmsgid_plural "{count} items"\n'
        'msgstr[0] "{count} towar"\nmsgstr[1] "{count} towary"\nmsgstr[2] "{count} towarów"',
    )
    path = polish / "pl" / "LC_MESSAGES" / "scantill.po"
    rule = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
    head, rest = path.read_text("utf-8").split("utf-8\\n", 1)
    path.write_text(f"{head}utf-8\\nPlural-Forms: {rule}\\n{rest}", "utf-8")
    i18n.use_language("pl", polish)
    said = [i18n.ngettext("{count} item", "{count} items", n).split()[1] for n in (1, 3, 5, 22)]
    assert said == ["towar", "towary", "towarów", "towary"]


def test_german_tells_one_from_many(language: Speak) -> None:
    language("de")
    said = [i18n.ngettext("{count} needs a person", "{count} need a person", n) for n in (1, 2)]
    assert said == ["{count} Fall zu klären", "{count} Fälle zu klären"]


def test_the_settings_choose_language_and_locale(tmp_path: Path) -> None:
    (tmp_path / "scantill.toml").write_text('[window]\nlocale = "de-AT"\n', "utf-8")
    assert speak(load_settings(tmp_path, Mode.TRAINING, working_directory=tmp_path)) == "de-AT"
    assert i18n._("Paid") == "Bezahlt"


def test_a_field_offers_its_menu_in_the_language(qapp: QApplication) -> None:
    translate_qt("de-AT")
    try:
        said = QCoreApplication.translate("QWidgetTextControl", "Select All")
        assert said == "Alles auswählen"
    finally:
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)


def test_every_language_of_the_folder_is_one_that_dates_and_money_know() -> None:
    assert [str(Formats(language).locale) for language in LANGUAGES] == LANGUAGES
    assert set(COMPLETE) <= set(LANGUAGES)


# --- errors ----------------------------------------------------------------------------------


def test_an_error_is_said_in_the_language_and_the_locale(language: Speak) -> None:
    language("de")
    error = CheckoutRefused(
        Message("{account} cannot take {amount}", account="Stripe", amount=Money(123450, "EUR")),
        Message("No payment was begun. {detail}", detail=Message("It takes no subscriptions.")),
        action=Message("Remove the line instead."),
    )
    words = error_words(error, Formats("de"))
    assert words.title == "Stripe kann 1.234,50\N{NO-BREAK SPACE}€ nicht annehmen"
    assert words.detail == "Es wurde keine Zahlung begonnen. Abonnements werden nicht angenommen."
    assert words.money == "Es ist kein Geld geflossen."
    assert words.action == "Entfernen Sie stattdessen die Position."
    assert str(error).startswith("Stripe cannot take 1234.50 EUR. No payment was begun.")


def test_what_the_books_say_in_english_is_said_in_the_language(language: Speak) -> None:
    language("de")
    said = Message("Paid {got}, asked for {asked}.", got=Money(340, "EUR"), asked=Money(1, "EUR"))
    written = to_json({"kind": "underpaid", "detail": said})
    fact = Fact(1, datetime.now(UTC), "exception.opened", "o", 1, from_json(written))
    euros = "\N{NO-BREAK SPACE}€"
    detail = story_entry(fact, Formats("de")).detail
    assert detail == f"Gezahlt 3,40{euros}, verlangt 0,01{euros}."


def test_a_goods_name_is_never_translated(language: Speak) -> None:
    language("de")
    assert Formats("de").message("Paid") == "Paid"
    message = Message("{name} is not on sale", name="Open")
    assert Formats("de").message(message) == "Open steht nicht zum Verkauf"


def test_our_own_bug_keeps_its_particulars_in_english(language: Speak) -> None:
    language("de")
    words = error_words(
        InvariantError("Attempt 7 is gone", money=MoneyMoved.UNKNOWN), Formats("de")
    )
    assert words.title == "In der Kasse ist etwas schiefgegangen"
    assert words.below_title == "Attempt 7 is gone. Es ist nicht bekannt, ob Geld geflossen ist."


@pytest.mark.parametrize(
    "said, shown",
    [
        ("At most €999,999.99", "At most €999,999.99."),
        ("Too much!", "Too much!"),
        ("Ends.", "Ends."),
    ],
)
def test_what_a_provider_says_is_ended_before_the_till_goes_on(said: str, shown: str) -> None:
    words = error_words(Rejected("The provider refuses the payment", said), Formats())
    assert words.below_title.startswith(f"{shown} No money has moved.")


def test_a_message_is_its_english_text() -> None:
    message = Message("{name} is not on sale", name="Tea {x}")
    assert message == "Tea {x} is not on sale"
    assert copy.copy(message) == message
    assert copy.copy(message).template == "{name} is not on sale"
    assert Message("100 {percent}").parameters == {}


def test_the_german_window_says_german_errors(
    run: Run, make_window: Make, till: FakeTill, language: Speak
) -> None:
    language("de")
    window = make_window(till, locale="de")

    async def sale() -> None:
        till.checkout.errors["place_order"] = StoreError(
            Message("The disk is full"), action=Message("Let the customer take another card.")
        )
        tap(window.sell.tiles, window.sell.tiles.rect_of("coffee").center())
        assert button(window, "charge").accessibleName() == "3,40\N{NO-BREAK SPACE}€ kassieren"
        button(window, "charge").click()
        await window.counter.tasks.settled()
        assert window.notice.title == "Der Datenträger ist voll"
        assert "Bitten Sie den Kunden um eine andere Karte." in window.notice.detail
        off = till.catalog.product("off")
        assert off is not None
        window.counter.add(off)
        assert window.notice.title == "Not on sale steht nicht zum Verkauf"

    run(sale())


def test_until_a_language_is_chosen_english_speaks_for_itself() -> None:
    i18n.install(gettext.NullTranslations())
    assert i18n.pgettext("state", "Paid") == "Paid"
