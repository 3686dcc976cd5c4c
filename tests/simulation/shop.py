"""In which ways a day's shop takes money, and what befalls those: drawn apart from all else.

So the rest of a day stays what it was drawn as, whatever is added here.
"""

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.failpoints import Failpoint
from tests.simulation.acts import Act, Spell, Verb, Weather
from tests.simulation.terms import Terms

ACCOUNTS: Final = ("fake", "second")
"""The till's own names for its accounts, in the order of the settings."""


class Taking(StrEnum):
    """Who takes the money that a customer agreed to."""

    BANK = "the provider takes it"
    TILL = "the till takes it"


@dataclass(frozen=True, slots=True)
class Ways:
    """How each account takes money, the default first, and whether operators take it by hand.

    `terms` are those of each one's subscriptions; without any there are none.
    """

    takings: tuple[Taking, ...] = (Taking.BANK,)
    by_hand: bool = False
    terms: tuple[Terms, ...] = ()
    saves_cards: bool = False

    @property
    def accounts(self) -> tuple[str, ...]:
        return ACCOUNTS[: len(self.takings)]

    @property
    def captures(self) -> bool:
        """Say whether the till takes money itself anywhere."""
        return Taking.TILL in self.takings


@dataclass
class Drawn:
    """What is drawn for a day because of the ways in which its shop takes money."""

    ways: Ways
    acts: list[Act] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    dies_at: tuple[Failpoint, int] | None = None


_Told = tuple[float, Verb, tuple[int, ...]]
_BANK, _TILL = Taking.BANK, Taking.TILL
_TAKINGS: Final = ((_BANK,), (_TILL,), (_BANK, _TILL), (_TILL, _BANK), (_BANK, _BANK))
_CAPTURE: Final[tuple[Failpoint, ...]] = ("capture.intended", "capture.calling", "capture.called")
_FIRST_CAPTURED: Final = 60
_FIRST_QUEUED: Final = 70
_FIRST_BY_HAND: Final = 85
"""The numbers of the sales that are drawn here."""


def drawn_ways(seed: int, end: float) -> Drawn:
    """Draw the ways of a day whose sales are over by `end`, and what comes of them."""
    chance = random.Random(f"ways {seed}")
    takings = chance.choices(_TAKINGS, weights=(45, 20, 13, 11, 11))[0]
    drawn = Drawn(Ways(takings, by_hand=chance.random() < 0.35))
    if drawn.ways.captures:
        _draw_captures(drawn, chance, end)
    if len(takings) > 1:
        _draw_trouble(drawn, chance, end)
    if drawn.ways.by_hand:
        _draw_by_hand(drawn, chance, end)
    return drawn


def _draw_captures(drawn: Drawn, chance: random.Random, end: float) -> None:
    """Draw sales whose customers agree late, at the wrong moment, in vain, or while all is down."""
    for sale in range(_FIRST_CAPTURED, _FIRST_CAPTURED + chance.randint(1, 4)):
        begins = chance.random() * end
        paid = 5.0 + 60.0 * chance.random()
        again = paid + 3.0 * chance.random() - 1.5
        later = paid + chance.choice((20.0, 400.0, 4_000.0)) * (0.5 + chance.random())
        story: list[tuple[float, Verb]] = chance.choices(
            (
                [(paid, Verb.PAY), (again, Verb.CANCEL)],
                [(paid, Verb.PAY), (again, Verb.WITHDRAW), (later, Verb.CHARGE)],
                [(paid, Verb.PAY_SLOWLY), (again, Verb.CANCEL), (later, Verb.SUCCEED)],
                [(paid, Verb.PAY_SLOWLY), (later, Verb.FAIL)],
                [(paid, Verb.DECLINE), (paid + 12.0, Verb.PAY), (again + 12.0, Verb.CANCEL)],
                [(paid, Verb.CANCEL), (again, Verb.PAY_CLOSED)],
                [(paid, Verb.CANCEL), (later, Verb.PAY_CLOSED), (later + 5.0, Verb.CHECK)],
                [(890.0 + 40.0 * chance.random(), Verb.PAY)],
                [(905.0 + 900.0 * chance.random(), Verb.PAY_CLOSED)],
                [(paid, Verb.PAY), (again + 4.0, Verb.CANCEL), (later, Verb.CHECK)],
            ),
            weights=(4, 2, 2, 1, 2, 3, 2, 2, 2, 3),
        )[0]
        _add(drawn, begins, sale, Verb.SALE, chance.choice((350, 900, 1999)))
        for after, verb in story:
            _add(drawn, begins + after, sale, verb)
        trouble = chance.random()
        if trouble < 0.25:
            # The answer to the capture is lost, and for a while nobody can be asked.
            lasts = chance.choice((8.0, 60.0, 2_000.0))
            _lies(drawn, Weather.OUTAGE, begins + paid + 0.2 + 4.0 * chance.random(), lasts, "")
        elif trouble < 0.6:
            lasts = chance.choice((20.0, 60.0, 300.0))
            _lies(drawn, Weather.UNHEARD_CAPTURES, begins, paid + lasts, "")
    if chance.random() < 0.4:
        drawn.dies_at = chance.choice(_CAPTURE), chance.choice((1, 1, 2, 3))


def _draw_trouble(drawn: Drawn, chance: random.Random, end: float) -> None:
    """Draw an account that is of no use for hours, and a queue of customers meanwhile."""
    sale = _FIRST_QUEUED
    for _ in range(chance.choice((1, 1, 2))):
        weather = chance.choice((Weather.DOWN, Weather.DOWN, Weather.KEYS_REFUSED))
        account = chance.choice((*drawn.ways.accounts, drawn.ways.accounts[0]))
        begins = chance.random() * end
        lasts = chance.choice((200.0, 3_000.0, 15_000.0))
        _lies(drawn, weather, begins, lasts, account)
        at = begins - 20.0 + 30.0 * chance.random()
        # Most come at once; some when nobody has asked that account for a while.
        waits = [chance.choice((2.0, 9.0, 25.0, 80.0)) for _ in range(chance.randint(3, 6))]
        waits += [lasts * chance.random() for _ in range(chance.randint(0, 2))]
        for wait in waits:
            at += wait * (0.5 + chance.random())
            _add(drawn, max(0.0, at), sale, Verb.SALE, chance.choice((350, 900)))
            last = at + 25.0 + 30.0 * chance.random()
            verb = chance.choices(
                (Verb.PAY, Verb.CANCEL, Verb.WITHDRAW, Verb.CHARGE), weights=(6, 2, 1, 1)
            )[0]
            for after, deed in _ends_of(verb, chance):
                _add(drawn, max(0.0, last + after), sale, deed)
            sale += 1


def _ends_of(verb: Verb, chance: random.Random) -> list[tuple[float, Verb]]:
    if verb is Verb.WITHDRAW:
        return [(0.0, verb), (2.0, Verb.CHARGE), (20.0, Verb.PAY)]
    if verb is Verb.CHARGE:
        return [(-20.0 * chance.random(), verb), (8.0, Verb.PAY)]
    if verb is Verb.CANCEL:
        # While the till is still asking one account after the other, or later.
        return [(-30.0 * chance.random(), verb)]
    return [(0.0, verb)]


def _draw_by_hand(drawn: Drawn, chance: random.Random, end: float) -> None:
    """Draw sales that the operator takes in cash or by a card machine beside the till."""
    for sale in range(_FIRST_BY_HAND, _FIRST_BY_HAND + chance.randint(2, 5)):
        begins = chance.random() * end
        way, slip = chance.randint(0, 1), chance.randint(1, 3)
        begun, said = 2.0 + 20.0 * chance.random(), 30.0 + 30.0 * chance.random()
        given = chance.choice((0, 0, 5, 1_000, -100))
        again = said + 2.0 * chance.random() - 1.0
        takes: _Told = (begun, Verb.BY_HAND, (way,))
        says: _Told = (said, Verb.CONFIRM, (given, slip))
        story: list[_Told] = chance.choices(
            (
                [takes, says],
                [takes, says, (again, Verb.CONFIRM, (given, slip))],
                [takes, says, (again, Verb.CONFIRM, (given + 5, slip + 1))],
                [takes, says, (again, Verb.CANCEL, ())],
                [takes, (said, Verb.CANCEL, ())],
                [takes, (said, Verb.WITHDRAW, ()), (said + 9.0, Verb.CHARGE, ())],
                [takes, (again, Verb.PAY_OLD, ()), says],
                [takes, (said, Verb.BY_HAND, (1 - way,)), (said + 9.0, Verb.CONFIRM, (0, slip))],
                [takes],
            ),
            weights=(4, 3, 2, 2, 1, 1, 2, 2, 1),
        )[0]
        _add(drawn, begins, sale, Verb.SALE, *chance.choice(((350,), (1999,), (333, 2), (901,))))
        for after, verb, amounts in story:
            _add(drawn, begins + after, sale, verb, *amounts)
        for press in range(chance.choice((0, 0, 1, 2))):
            back = said + chance.choice((30.0, 4_000.0)) * (0.5 + chance.random())
            _add(drawn, begins + back, sale, Verb.REFUND, chance.choice((30, 50, 100)), press)


def _add(drawn: Drawn, at: float, sale: int, verb: Verb, *amounts: int) -> None:
    drawn.acts.append(Act("", at, verb, sale, amounts))


def _lies(drawn: Drawn, weather: Weather, begins: float, lasts: float, account: str) -> None:
    name = f"w{100 + len(drawn.spells)}"
    drawn.spells.append(Spell(name, weather, begins, begins + lasts, account))
