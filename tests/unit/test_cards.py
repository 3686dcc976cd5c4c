"""Cards for later: what is asked, under which key, what is known of it, and that it is no money."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.card_setup import CardState, KeptCard
from app.domain.observation import Source
from app.errors import (
    CheckoutRefused,
    InvariantError,
    MoneyMoved,
    Protocol,
    ProviderError,
    Rejected,
    StoreError,
    Unavailable,
)
from app.providers.saving import SetupState
from tests.conftest import ExpectedLogs
from tests.parts.giving_back import LOST
from tests.parts.provider import FakeStrategy
from tests.parts.saving import CardCounter, asked, looked, stand_unknown

S = CardState


@pytest.fixture
def till(tmp_path: Path) -> Iterator[CardCounter]:
    till = CardCounter(tmp_path)
    yield till
    faults = till.violations()
    money = [till.count(table) for table in ("orders", "payments", "exceptions")]
    posted = till.count("ledger_transactions")
    till.close()
    assert faults == [] and money == [0, 0, 0] and posted == 0


# --- begun and shown -----------------------------------------------------------------------------


def test_a_page_is_asked_for_and_shown_and_a_card_kept(till: CardCounter) -> None:
    setup = asked(till)
    assert (setup.state, setup.label, setup.asked_by) == (S.OPEN, "Ada L.", "Bea")
    assert setup.url == "https://pay.fake.example/fset_1" and setup.shown_at is not None
    assert setup.deadline_at - setup.created_at == timedelta(minutes=15)
    assert len(setup.key("close-99")) <= 40 and setup.reference.startswith(till.store.till_id)
    assert looked(till) is S.OPEN
    till.provider.give()
    assert looked(till) is S.SAVED
    saved = till.setup()
    assert saved.card == KeptCard("fcus_fset_1", "fpm_fset_1", "visa", "4242", 12, 2029)
    assert str(saved.card) == "Visa ···· 4242, 12/29"
    assert saved.saved_at is not None and saved.looked_at is not None
    assert till.facts() == ["wanted", "open", "shown", "saved"]
    assert till.calls_with_effect() == [("create", "done")]
    assert asyncio.run(till.cards.page()) == [saved]
    assert asyncio.run(till.cards.page(before=1)) == []


def test_no_record_that_stays_for_ever_names_the_customer_or_the_card(till: CardCounter) -> None:
    asked(till, "Ada Lovelace")
    till.provider.give()
    looked(till)
    kept = till.rows("SELECT data || name FROM journal UNION SELECT data || subject FROM audit")
    text = " ".join(row[0] for row in kept)
    assert "Ada" not in text and "4242" not in text and "fcus_fset_1" in text
    actors = till.rows("SELECT actor, action FROM audit WHERE action LIKE 'card.%' ORDER BY seq")
    assert actors == [
        ("Bea", "card.wanted"),
        ("provider:fakepay", "card.open"),
        ("Bea", "card.shown"),
        ("provider:fakepay", "card.saved"),
    ]


@pytest.mark.parametrize(
    "card, words",
    [
        (KeptCard("c", "m", "visa", "4242"), "Visa ···· 4242"),
        (KeptCard("c", "m", "", "4242", 1, 2031), "···· 4242, 01/31"),
        (KeptCard("c", "m", "link"), "Link"),
        (KeptCard("c", "m", expiry_month=3, expiry_year=2030), "03/30"),
    ],
)
def test_a_card_is_told_by_what_is_known_of_it(card: KeptCard, words: str) -> None:
    assert str(card) == words


def test_the_first_account_that_saves_cards_is_taken_or_the_one_that_is_named(
    tmp_path: Path,
) -> None:
    till = CardCounter(tmp_path, others=("second",))
    till.strategy.capabilities = replace(till.strategy.capabilities, saves_cards=False)
    assert till.cards.accounts == ("second",)
    assert asked(till).account == "second"
    with pytest.raises(CheckoutRefused, match="fake cannot save a card"):
        asked(till, account="fake")
    with pytest.raises(CheckoutRefused, match="not set up"):
        asked(till, account="nobody")
    assert till.count("card_setups") == 1
    till.close()


def test_where_no_account_saves_cards_that_is_said(tmp_path: Path) -> None:
    till = CardCounter(tmp_path, strategy=_Plain)
    with pytest.raises(CheckoutRefused, match="No account of this till can save a card"):
        asked(till)
    till.close()


class _Plain(FakeStrategy):
    """Keeps no cards."""


@pytest.mark.parametrize("label", ["a" * 101, "two\nlines"])
def test_what_is_no_name_is_refused(till: CardCounter, label: str) -> None:
    with pytest.raises(CheckoutRefused, match="name is not usable"):
        asked(till, label)
    assert till.count("card_setups") == 0


@pytest.mark.parametrize(
    "label", ["4242424242424242", "Ada 4242 4242 4242 4242", "5555-5555-5555-4444 Ada"]
)
def test_a_card_number_in_place_of_a_name_is_refused_and_kept_nowhere(
    till: CardCounter, label: str
) -> None:
    with pytest.raises(CheckoutRefused, match="a card's number") as refused:
        asked(till, label)
    assert refused.value.money is MoneyMoved.NO and label not in str(refused.value)
    assert till.count("card_setups") == till.count("journal") == till.count("intents") == 0


def test_somebody_has_to_save_it_and_a_name_may_be_empty(till: CardCounter) -> None:
    with pytest.raises(CheckoutRefused, match="Nobody is named"):
        asyncio.run(till.cards.begin("Ada", by=" "))
    assert asked(till, "").label == ""


def test_without_a_page_to_come_back_to_nothing_is_begun(till: CardCounter) -> None:
    till.shop = replace(till.shop, success_url="")
    with pytest.raises(CheckoutRefused, match="no page for the customer"):
        asked(till)
    assert till.strategy.calls == []


def test_in_trouble_nothing_is_begun(till: CardCounter, monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = StoreError("The disk is full", "No room.", action="Make room.")
    monkeypatch.setattr(type(till.store), "trouble", trouble)
    with pytest.raises(CheckoutRefused, match="disk is full"):
        asked(till)
    monkeypatch.undo()


def test_a_provider_that_cannot_be_asked_leaves_no_row(till: CardCounter) -> None:
    till.strategy.answers["prepare_setup"] = [Unavailable("down")]
    with pytest.raises(CheckoutRefused, match="No card was asked for"):
        asked(till)
    assert till.count("card_setups") == till.count("intents") == 0


def test_a_refusal_is_raised_and_the_set_up_has_failed(till: CardCounter) -> None:
    till.strategy.answers["open_setup"] = [Rejected("no", status=400)]
    with pytest.raises(Rejected):
        asked(till)
    assert till.setup().state is S.FAILED
    assert till.calls_with_effect() == [("create", "rejected")]
    assert looked(till) is S.FAILED and len(till.strategy.keys_of("open_setup")) == 1


@pytest.mark.parametrize("page", ["", "https://evil.example/pay"])
def test_a_page_that_is_not_the_providers_own_is_never_shown_and_closed(
    till: CardCounter, page: str
) -> None:
    till.strategy.page = page
    with pytest.raises(Protocol, match="must not be shown") as error:
        asked(till)
    assert error.value.money is MoneyMoved.NO
    assert (till.setup().url, till.setup().is_open) == ("", False)
    with pytest.raises(CheckoutRefused):
        asyncio.run(till.cards.mark_shown(1))
    asyncio.run(till.card_watch.tick())
    assert till.setup().state is S.CANCELLED and till.setup().shown_at is None


def test_a_page_whose_host_is_not_allowed_any_more_is_not_shown(till: CardCounter) -> None:
    setup = asyncio.run(till.cards.begin("Ada", by="Bea"))
    till.strategy.capabilities = replace(till.strategy.capabilities, page_hosts=frozenset())
    with pytest.raises(CheckoutRefused, match="must not be shown"):
        asyncio.run(till.cards.mark_shown(setup.id))


def test_it_is_shown_once_and_not_after_its_deadline(till: CardCounter) -> None:
    setup = asked(till)
    assert asyncio.run(till.cards.mark_shown(1)) == setup
    till.clock.advance(901)
    with pytest.raises(CheckoutRefused, match="must not be shown any more"):
        asyncio.run(till.cards.mark_shown(1))
    assert till.facts().count("shown") == 1


def test_what_is_not_in_the_books_is_said(till: CardCounter) -> None:
    for ask in (till.cards.one(9), till.cards.look(9, Source.POLL), till.cards.close(9)):
        with pytest.raises(CheckoutRefused, match="not in the books"):
            asyncio.run(ask)
    with pytest.raises(InvariantError, match="Card set-up 9 is gone"):
        till.setup(9)


# --- without an answer ---------------------------------------------------------------------------


def test_a_lost_answer_is_asked_for_again_under_the_same_key(till: CardCounter) -> None:
    stand_unknown(till)
    till.provider.give()
    till.restart()
    assert looked(till) is S.SAVED
    assert len(till.provider.setups) == 1 == len(set(till.strategy.keys_of("open_setup")))
    assert till.calls_with_effect() == [("create", "done")]


def test_while_nobody_answers_it_stays_unknown(
    till: CardCounter, expected_logs: ExpectedLogs
) -> None:
    stand_unknown(till)
    till.strategy.answers["open_setup"] = [Unavailable("down")] * 100
    assert looked(till) is S.UNKNOWN
    # A key that is refused says nothing of the call that was lost.
    till.strategy.answers["open_setup"] = [Rejected("key", status=401)]
    assert looked(till) is S.UNKNOWN
    expected_logs.take("keys of fake are refused")


def test_who_shows_it_at_once_is_told_and_it_is_closed_as_soon_as_it_is_heard_of(
    till: CardCounter,
) -> None:
    till.strategy.answers["open_setup"] = [LOST] * 200
    with pytest.raises(ProviderError, match="did not answer") as error:
        asked(till)
    assert error.value.money is MoneyMoved.NO
    till.strategy.answers["open_setup"] = []
    assert till.setup().state is S.UNKNOWN and till.setup().is_closing
    asyncio.run(till.card_watch.tick())
    assert till.setup().state is S.CANCELLED
    assert till.provider.setups["fset_1"].state is SetupState.EXPIRED


def test_what_its_provider_has_forgotten_is_over(till: CardCounter) -> None:
    stand_unknown(till)
    till.clock.advance(24 * 3600)
    assert looked(till) is S.EXPIRED
    assert till.calls_with_effect() == [("create", "superseded")]


def test_a_look_without_an_answer_changes_nothing(till: CardCounter) -> None:
    asked(till)
    before = till.setup()
    for answer in (Unavailable("down"), Rejected("no", status=400)):
        till.strategy.answers["fetch_setup"] = [answer]
        with pytest.raises(ProviderError):
            looked(till)
    assert till.setup() == before


def test_what_the_provider_does_not_have_has_failed_and_a_kept_card_stays(
    till: CardCounter,
) -> None:
    asked(till)
    till.provider.give()
    assert looked(till) is S.SAVED
    asked(till)
    till.provider.setups.clear()
    assert looked(till) is S.SAVED
    assert asyncio.run(till.cards.look(2, Source.POLL)).state is S.FAILED
