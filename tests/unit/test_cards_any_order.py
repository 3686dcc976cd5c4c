"""Whatever happens to a card's set-up, in any order, the books end as the provider's do."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.card_setup import CardState
from app.domain.observation import Source
from app.errors import ScantillError, Unavailable
from app.providers.saving import SetupState
from app.store.card_setups import hear_of_card
from tests.parts.giving_back import LOST
from tests.parts.saving import CardCounter

S = CardState


def give(till: CardCounter) -> None:
    for setup_id in till.provider.setups:
        till.provider.give(setup_id)


def give_slowly(till: CardCounter) -> None:
    for setup_id in till.provider.setups:
        till.provider.give(setup_id, SetupState.PROCESSING)


def refuse(till: CardCounter) -> None:
    for setup_id in till.provider.setups:
        till.provider.refuse(setup_id)


def look(till: CardCounter) -> None:
    asyncio.run(till.cards.look(1, Source.MANUAL))


def close(till: CardCounter) -> None:
    asyncio.run(till.cards.close(1, by="Bea"))


def hear(till: CardCounter) -> None:
    reference = till.setup().reference
    till.store.write_now(lambda tx: hear_of_card(tx, "fakepay", setup_id="", reference=reference))


def lose(till: CardCounter) -> None:
    for verb in ("open_setup", "fetch_setup", "close_setup"):
        till.strategy.answers[verb] = [LOST]


def fail(till: CardCounter) -> None:
    for verb in ("open_setup", "fetch_setup", "close_setup"):
        till.strategy.answers[verb] = [Unavailable("down")]


def wait(till: CardCounter) -> None:
    till.clock.advance(240)


def tick(till: CardCounter) -> None:
    till.card_watch.wake()
    asyncio.run(till.card_watch.tick())


def restart(till: CardCounter) -> None:
    till.restart()


STEPS: Final[tuple[Callable[[CardCounter], None], ...]] = (
    give,
    give_slowly,
    refuse,
    look,
    close,
    hear,
    lose,
    fail,
    wait,
    tick,
    restart,
)
ENDS: Final = {
    SetupState.SAVED: {S.SAVED},
    SetupState.EXPIRED: {S.CANCELLED, S.EXPIRED},
}


@given(was_lost=st.booleans(), steps=st.lists(st.sampled_from(STEPS), max_size=12))
@settings(max_examples=40)
def test_in_any_order_the_books_end_as_the_provider_has_it(
    tmp_path_factory: pytest.TempPathFactory,
    was_lost: bool,
    steps: list[Callable[[CardCounter], None]],
) -> None:
    till = CardCounter(tmp_path_factory.mktemp("cards"))
    try:
        till.strategy.answers["open_setup"] = [LOST] * (60 if was_lost else 0)
        asyncio.run(till.cards.begin("Ada L.", by="Bea"))
        till.strategy.answers.clear()
        for step in steps:
            with contextlib.suppress(ScantillError):
                step(till)
        till.strategy.answers.clear()
        if till.provider.setups["fset_1"].state is SetupState.PROCESSING:
            till.provider.give()
        for _ in range(12):
            till.clock.advance(400)
            tick(till)
        ended = till.setup()
        assert ended.state in ENDS[till.provider.setups["fset_1"].state]
        assert ended.heard == 0 and (ended.card is not None) is (ended.state is S.SAVED)
        assert len(till.provider.setups) == 1 == len(set(till.strategy.keys_of("open_setup")))
        keys = till.strategy.keys_of("close_setup")
        assert len(keys) == len(set(keys))
        assert till.violations() == []
    finally:
        till.close()
