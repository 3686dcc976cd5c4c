"""Cards for later as they go on: looked at, heard of, closed, and cut off anywhere."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.card_setup import CARD_MOVES, CardClosing, CardSetup, CardState
from app.domain.observation import Source
from app.errors import (
    InvariantError,
    MoneyMoved,
    Protocol,
    ProviderError,
    Rejected,
    Unavailable,
)
from app.failpoints import FAILPOINTS, only_at, switched_on
from app.providers.saving import SetupState
from app.store.card_setups import hear_of_card, mark_card_setup, move_card_setup
from tests.parts.giving_back import LOST
from tests.parts.saving import CardCounter, asked, closed, looked, stand_unknown

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


# --- looked at -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd, words",
    [
        ({"provider": "otherpay"}, "Provider otherpay"),
        ({"provider_account": "acct_2"}, "Account acct_2"),
        ({"reference": "t00000-card-2"}, "Reference t00000-card-2"),
        ({"setup_id": "fset_9"}, "Session fset_9"),
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
    assert error.value.detail == "It is a test, expected a live one."


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
