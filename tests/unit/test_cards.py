"""Cards for later: what is asked, under which key, what is known of it, and that it is no money."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.card_setup import CARD_MOVES, CardClosing, CardSetup, CardState, KeptCard
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
from app.failpoints import FAILPOINTS, only_at, switched_on
from app.providers.saving import SetupState
from app.store.card_setups import hear_of_card, known_card_setup, mark_card_setup, move_card_setup
from tests.conftest import ExpectedLogs
from tests.parts.giving_back import LOST
from tests.parts.provider import FakeStrategy
from tests.parts.saving import CardCounter, FakeSaving

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


def asked(till: CardCounter, label: str = "Ada L.", account: str | None = None) -> CardSetup:
    return asyncio.run(till.ask(label, account))


def looked(till: CardCounter, source: Source = Source.POLL) -> CardState:
    return asyncio.run(till.cards.look(1, source)).state


def closed(till: CardCounter, **options: Any) -> CardState:
    return asyncio.run(till.cards.close(1, **{"by": "Bea", **options})).state


def stand_unknown(till: CardCounter) -> CardSetup:
    """Begin one whose answer is lost, so that the provider has it and the till does not know."""
    till.strategy.answers["open_setup"] = [LOST] * 100
    setup = asyncio.run(till.cards.begin("Ada L.", by="Bea"))
    till.strategy.answers["open_setup"] = []
    assert setup.state is S.UNKNOWN
    return setup


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


# --- looked at -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd, words",
    [
        ({"provider": "otherpay"}, "provider is otherpay"),
        ({"provider_account": "acct_2"}, "account is acct_2"),
        ({"reference": "t00000-card-2"}, "reference is"),
        ({"setup_id": "fset_9"}, "set-up is fset_9"),
        ({"live": True}, "It is a live one"),
    ],
)
def test_an_answer_about_another_is_not_written_down(
    till: CardCounter, odd: dict[str, Any], words: str
) -> None:
    asked(till)
    before = till.setup()
    till.provider.give()
    till.strategy.odd = odd
    with pytest.raises(Protocol, match="does not belong to this card") as error:
        looked(till)
    assert words in error.value.detail and error.value.money is MoneyMoved.NO
    assert till.setup() == before


def test_a_test_card_is_none_of_a_live_till(till: CardCounter) -> None:
    asked(till)
    till.store.write_now(lambda tx: mark_card_setup(tx, till.setup(), live=1))
    with pytest.raises(Protocol) as error:
        looked(till)
    assert error.value.detail == "It is a test."


def test_a_refused_card_is_told_once_and_another_is_taken(till: CardCounter) -> None:
    asked(till)
    till.provider.refuse()
    for _ in range(2):
        assert looked(till) is S.OPEN
    assert till.setup().decline == "card_declined"
    assert till.facts().count("declined") == 1
    till.provider.give()
    assert looked(till) is S.SAVED
    assert till.setup().decline == ""


def test_one_that_takes_its_time_or_fails_says_so(till: CardCounter) -> None:
    asked(till)
    till.provider.give(state=SetupState.PROCESSING)
    assert looked(till) is S.PROCESSING
    # What is older than that changes nothing.
    till.provider.setups["fset_1"].state = SetupState.OPEN
    assert looked(till) is S.PROCESSING
    till.provider.give(state=SetupState.FAILED)
    assert looked(till) is S.FAILED
    # A card that was kept after all counts.
    till.provider.setups["fset_1"].state = SetupState.SAVED
    assert looked(till) is S.SAVED


def test_other_keys_ask_nothing(till: CardCounter) -> None:
    asked(till)
    till.strategy.adopt("acct_other")
    with pytest.raises(ProviderError, match="belong to another account"):
        looked(till)
    assert closed(till) is S.UNKNOWN


def test_the_only_moves_are_those_that_exist(till: CardCounter) -> None:
    setup = asked(till)
    with pytest.raises(InvariantError, match="does not go from open to creating"):
        till.store.write_now(lambda tx: move_card_setup(tx, setup, S.CREATING))
    stale = replace(setup, version=1)
    with pytest.raises(InvariantError, match="changed by someone else"):
        till.store.write_now(lambda tx: move_card_setup(tx, stale, S.FAILED))
    assert all(S.CREATING not in ends for ends in CARD_MOVES.values())


# --- heard of ------------------------------------------------------------------------------------


def test_news_stands_until_a_look_came_after_it(till: CardCounter) -> None:
    asked(till)

    def hear() -> None:
        till.store.write_now(lambda tx: hear_of_card(tx, "fakepay", setup_id="", reference=ref))

    ref = till.setup().reference
    hear()
    till.strategy.answers["fetch_setup"] = [Unavailable("down")]
    with pytest.raises(Unavailable):
        looked(till)
    assert till.setup().heard == 1
    till.strategy.before = lambda call: hear()
    looked(till)
    till.strategy.before = lambda call: None
    assert till.setup().heard == 2
    looked(till)
    assert till.setup().heard == 0


def test_only_what_is_named_is_heard_of(till: CardCounter) -> None:
    stand_unknown(till)

    def heard(provider: str = "fakepay", **named: str) -> bool:
        names = {"setup_id": "", "reference": "", **named}
        return till.store.write_now(lambda tx: hear_of_card(tx, provider, **names))

    assert not heard() and not heard(setup_id="fset_1") and not heard(reference="web-7")
    reference = till.setup().reference
    assert not heard("otherpay", reference=reference) and heard(reference=reference)


# --- closed --------------------------------------------------------------------------------------


def test_cancelled_it_is_closed_and_who_did_it_is_known(till: CardCounter) -> None:
    asked(till)
    assert closed(till) is S.CANCELLED
    assert closed(till) is S.CANCELLED
    assert till.calls_with_effect() == [("create", "done"), ("close-1", "done")]
    line = till.rows("SELECT actor FROM audit WHERE action = 'card.closing'")
    assert line == [("Bea",)]
    assert till.provider.setups["fset_1"].state is SetupState.EXPIRED


def test_a_card_that_came_first_is_kept(till: CardCounter) -> None:
    asked(till)
    till.provider.give()
    assert closed(till) is S.SAVED


def test_the_first_reason_stays_and_ones_time_that_is_over_expires(till: CardCounter) -> None:
    asked(till)
    till.strategy.answers["close_setup"] = [Unavailable("down")]
    assert closed(till, reason=CardClosing.EXPIRED, by="") is S.UNKNOWN
    assert closed(till) is S.EXPIRED
    assert till.rows("SELECT actor FROM audit WHERE action = 'card.closing'") == [("till",)]


def test_without_an_answer_it_is_not_called_cancelled_and_each_call_is_its_own(
    till: CardCounter,
) -> None:
    asked(till)
    till.strategy.answers["close_setup"] = [LOST, Unavailable("down")]
    assert [closed(till), closed(till)] == [S.UNKNOWN, S.UNKNOWN]
    assert looked(till) is S.CANCELLED
    assert till.calls_with_effect() == [
        ("create", "done"),
        ("close-1", "superseded"),
        ("close-2", "superseded"),
    ]


def test_one_in_processing_can_only_be_waited_for(till: CardCounter) -> None:
    asked(till)
    till.provider.give(state=SetupState.PROCESSING)
    assert looked(till) is S.PROCESSING
    assert not till.cards.is_over(till.setup())
    till.strategy.answers["close_setup"] = [Unavailable("down")]
    assert closed(till) is S.PROCESSING
    assert not till.setup().is_closing


def test_closing_one_that_nobody_knows_of_finds_out_first(till: CardCounter) -> None:
    stand_unknown(till)
    assert closed(till) is S.CANCELLED
    stand_unknown(till)
    till.strategy.answers["open_setup"] = [Rejected("no", status=400)]
    assert asyncio.run(till.cards.close(2)).state is S.FAILED


def test_one_that_is_gone_has_failed(till: CardCounter) -> None:
    asked(till)
    till.provider.setups.clear()
    assert closed(till) is S.FAILED
    assert till.calls_with_effect()[1] == ("close-1", "superseded")


def test_a_refused_closing_leaves_it_to_be_closed(till: CardCounter) -> None:
    asked(till)
    till.strategy.answers["close_setup"] = [Rejected("no", status=400)]
    assert closed(till) is S.UNKNOWN
    assert looked(till) is S.OPEN and till.setup().is_closing


def test_a_closing_that_waits_its_turn_sees_what_came_before(till: CardCounter) -> None:
    asked(till)

    async def both() -> CardSetup:
        till.provider.give()
        looking = asyncio.create_task(till.cards.look(1, Source.POLL))
        await asyncio.sleep(0)
        closing = await till.cards.close(1, by="Bea")
        await looking
        return closing

    assert asyncio.run(both()).state is S.SAVED
    assert till.calls_with_effect() == [("create", "done")]


# --- cut off -------------------------------------------------------------------------------------


class PowerCut(BaseException):
    pass


def cut_off(point: str) -> Any:
    def die() -> None:
        raise PowerCut

    return switched_on(only_at(point, die))


POINTS = [name for name in FAILPOINTS if name.startswith(("card.", "writer.c"))]


@pytest.mark.parametrize("point", POINTS)
def test_cut_off_anywhere_there_is_one_page_under_one_key_and_it_is_known(
    tmp_path: Path, point: str
) -> None:
    till = CardCounter(tmp_path)

    async def live() -> None:
        setup = await till.ask()
        till.provider.give()
        await till.cards.look(setup.id, Source.POLL)
        await till.cards.close(setup.id, by="Bea")

    with pytest.raises(PowerCut), cut_off(point):
        asyncio.run(live())
    till.restart()
    was_begun = till.count("card_setups")
    for _ in range(3):
        asyncio.run(till.card_watch.tick())
        till.clock.advance(20)
        for setup_id in till.provider.setups:
            till.provider.give(setup_id)
    if was_begun:
        assert till.setup().state is S.SAVED
        assert len(set(till.strategy.keys_of("open_setup"))) == 1 == len(till.provider.setups)
        assert [outcome for _, outcome in till.calls_with_effect()] == ["done"]
    else:
        assert till.provider.setups == {}
    assert till.violations() == []
    till.close()


@pytest.mark.parametrize("point", POINTS)
def test_cut_off_anywhere_while_it_is_cancelled_it_ends(tmp_path: Path, point: str) -> None:
    till = CardCounter(tmp_path)
    asyncio.run(till.ask())
    with contextlib.suppress(PowerCut), cut_off(point):
        asyncio.run(till.cards.close(1, by="Bea"))
    till.restart()
    wanted = till.setup().close_reason is not None
    asyncio.run(till.card_watch.tick())
    assert (till.setup().state is S.CANCELLED) is wanted
    assert till.violations() == []
    till.close()


def test_the_books_say_what_no_longer_fits(till: CardCounter) -> None:
    """The check of saved cards finds a change that nobody was told of, and one by nobody."""
    asked(till)
    connection = till.store._writer._connection
    connection.execute("UPDATE card_setups SET version = 7, asked_by = 'Eve'")
    faults = " ".join(till.violations())
    assert "card 1: 7 changes, 2 rows" in faults and "card 1 was wanted by nobody" in faults
    connection.execute("UPDATE card_setups SET version = 2, asked_by = 'Bea'")
    assert till.violations() == []
    known = till.store.read_now(lambda db: known_card_setup(db, 1))
    assert isinstance(till.strategy, FakeSaving) and known.is_open
