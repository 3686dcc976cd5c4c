"""What goes on after a sale: subscriptions and cards that are kept, drawn apart from all else.

So the days without any stay what they were drawn as.
"""

import random
from dataclasses import dataclass, field, replace
from typing import Final

from app.failpoints import FAILPOINTS
from tests.simulation.acts import Act, Spell, Verb, Weather
from tests.simulation.shop import Taking, Ways
from tests.simulation.terms import APPROVING, WHERE_THE_BANK_TAKES

_FIRST_MEMBER: Final = 110
_FIRST_CARD: Final = 130
"""The numbers of the sales, and of the cards, that are drawn here."""
_PERIODS_S: Final = (900.0, 1_800.0, 5_400.0, 12_000.0)
_OF_MEMBERS: Final = ("subscription.", "unsubscribe.", "plan.")
_PRESSES: Final = ((0,), (0,), (1,))


@dataclass
class Later:
    """What is drawn for a day because its shop has subscriptions, or keeps cards."""

    ways: Ways
    acts: list[Act] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    dies_at: tuple[str, int] | None = None


def drawn_later(seed: int, ways: Ways, end: float) -> Later:
    """Draw what goes on later on a day whose sales are over by `end`."""
    chance = random.Random(f"later {seed}")
    later = Later(ways)
    if chance.random() < 0.25:
        period = chance.choice(_PERIODS_S)
        terms = tuple(
            replace(
                APPROVING if taking is Taking.TILL else chance.choice(WHERE_THE_BANK_TAKES),
                period_s=period,
            )
            for taking in ways.takings
        )
        later.ways = replace(later.ways, terms=terms)
        for sale in range(_FIRST_MEMBER, _FIRST_MEMBER + chance.randint(2, 4)):
            _draw_member(later, chance, sale, 0.5 * end * chance.random(), period)
    if chance.random() < 0.2 and Taking.BANK in ways.takings:
        later.ways = replace(later.ways, saves_cards=True)
        for card in range(_FIRST_CARD, _FIRST_CARD + chance.randint(1, 4)):
            _draw_card(later, chance, card, 0.7 * end * chance.random())
    if later.acts:
        _draw_trouble(later, chance)
    return later


def _draw_member(
    later: Later, chance: random.Random, sale: int, begins: float, period: float
) -> None:
    """Draw a customer who subscribes, and what becomes of that over some intervals."""
    paid = 5.0 + 60.0 * chance.random()
    again = paid + 3.0 * chance.random()
    soon = paid + chance.choice((30.0, 400.0))
    story: list[tuple[float, Verb]] = chance.choices(
        (
            [(paid, Verb.PAY)],
            [(paid, Verb.DECLINE), (paid + 12.0, Verb.PAY)],
            [(paid, Verb.PAY_SLOWLY), (soon, Verb.SUCCEED)],
            [(paid, Verb.PAY_SLOWLY), (again, Verb.CANCEL), (soon, Verb.SUCCEED)],
            [(paid, Verb.PAY_SLOWLY), (soon, Verb.FAIL)],
            [(paid, Verb.PAY), (again, Verb.CANCEL)],
            [(paid, Verb.CANCEL), (again, Verb.PAY_CLOSED)],
            [(paid, Verb.PAY_OFF)],
            [(paid, Verb.CHANGE), (paid + 20.0, Verb.PAY), (soon + 20.0, Verb.PAY_OLD)],
            [(paid, Verb.KILL_PLAN), (again, Verb.CHANGE), (paid + 20.0, Verb.PAY)],
            [],
        ),
        weights=(20, 2, 2, 1, 1, 2, 2, 1, 1, 1, 1),
    )[0]
    prices = chance.choice(((1_190,), (1_190,), (450,), (1_190, 595)))
    _add(later, begins, sale, Verb.SUBSCRIBE, *prices)
    for after, verb in story:
        _add(later, begins + after, sale, verb, *((100,) if verb is Verb.PAY_OFF else ()))
    lives = period * (0.3 + 3.5 * chance.random())
    if chance.random() < 0.7:
        _draw_end(later, chance, sale, begins + paid, lives)
    for verb, likely in ((Verb.END_THERE, 0.3), (Verb.RESUME, 0.25), (Verb.LOOK, 0.4)):
        if chance.random() < likely:
            at = begins + paid + lives * chance.random()
            _add(
                later, at, sale, verb, *(chance.choice(_PRESSES) if verb is Verb.END_THERE else ())
            )
    if chance.random() < 0.2:
        _add(later, begins + paid + lives * (0.7 + 0.5 * chance.random()), sale, Verb.CHARGE_LATE)
    _add(later, begins + paid + lives, sale, Verb.LOOK)


def _draw_end(later: Later, chance: random.Random, sale: int, begun: float, lives: float) -> None:
    """Draw who wants it ended at the till: once or twice, now or later, heard of or not."""
    at = begun + lives * chance.random()
    press = chance.choice(_PRESSES)
    _add(later, at, sale, Verb.UNSUBSCRIBE, *press)
    again = chance.random()
    if again < 0.4:
        after = chance.choice((0.2, 12.0, 60.0, 3_000.0)) * (0.5 + chance.random())
        other = press if again < 0.3 else (1 - press[0],)
        _add(later, at + after, sale, Verb.UNSUBSCRIBE, *other)
    if again > 0.85:
        _add(later, at + 30.0, sale, Verb.RESUME)
    trouble = chance.random()
    lasts = chance.choice((20.0, 300.0, 4_000.0, 90_000.0))
    if trouble < 0.3:
        _lies(later, Weather.UNHEARD_ENDS, at - 1.0, lasts)
    elif trouble < 0.5:
        _lies(later, Weather.OUTAGE, at - 2.0 * chance.random(), lasts)


def _draw_card(later: Later, chance: random.Random, card: int, begins: float) -> None:
    """Draw a customer who gives a card to be kept, or does not."""
    given = 5.0 + 60.0 * chance.random()
    again = given + 3.0 * chance.random() - 1.5
    soon = given + chance.choice((30.0, 400.0, 4_000.0))
    story: list[tuple[float, Verb]] = chance.choices(
        (
            [(given, Verb.GIVE_CARD)],
            [(given, Verb.REFUSE_CARD), (given + 12.0, Verb.GIVE_CARD)],
            [(given, Verb.GIVE_SLOWLY), (soon, Verb.GIVE_CARD)],
            [(given, Verb.GIVE_SLOWLY), (again, Verb.CANCEL_CARD), (soon, Verb.FAIL_CARD)],
            [(given, Verb.GIVE_SLOWLY), (again, Verb.CANCEL_CARD), (soon, Verb.GIVE_CARD)],
            [(given, Verb.GIVE_CARD), (again, Verb.CANCEL_CARD)],
            [(given, Verb.CANCEL_CARD), (given + soon, Verb.GIVE_CARD)],
            [(given, Verb.FORGET_CARD), (again + 4.0, Verb.CANCEL_CARD)],
            [(890.0 + 40.0 * chance.random(), Verb.GIVE_CARD)],
            [(0.4, Verb.CANCEL_CARD)],
            [],
        ),
        weights=(5, 2, 2, 1, 1, 4, 2, 1, 3, 2, 2),
    )[0]
    _add(later, begins, card, Verb.SAVE_CARD)
    for after, verb in story:
        _add(later, begins + after, card, verb)
    if chance.random() < 0.25:
        lasts = chance.choice((20.0, 300.0, 4_000.0, 100_000.0))
        _lies(later, Weather.OUTAGE, begins + 1.5 * chance.random(), lasts)


def _draw_trouble(later: Later, chance: random.Random) -> None:
    """Draw where the power goes, webhooks that never come, and books that are put back."""
    ends = max(act.at for act in later.acts)
    if chance.random() < 0.25:
        begins = ends * chance.random()
        weather = chance.choice((Weather.NO_WEBHOOKS, Weather.LOST_WEBHOOKS))
        _lies(later, weather, begins, chance.choice((4_000.0, 200_000.0)))
    if chance.random() < 0.2:
        kept = ends * chance.random()
        lost = chance.choice((60.0, 2_000.0, 30_000.0)) * (0.5 + chance.random())
        _add(later, kept, -1, Verb.BACK_UP)
        _add(later, kept + lost, -1, Verb.RESTORE)
    if chance.random() < 0.4:
        begun = ("card.",) * later.ways.saves_cards + _OF_MEMBERS * bool(later.ways.terms)
        points = [point for point in FAILPOINTS if point.startswith(begun)]
        if later.ways.captures and later.ways.terms:
            points += [point for point in FAILPOINTS if point.startswith("capture.")]
        later.dies_at = chance.choice(points), chance.choice((1, 1, 2, 3))


def _add(later: Later, at: float, sale: int, verb: Verb, *amounts: int) -> None:
    later.acts.append(Act("", at, verb, sale, amounts))


def _lies(later: Later, weather: Weather, begins: float, lasts: float) -> None:
    later.spells.append(Spell(f"w{200 + len(later.spells)}", weather, begins, begins + lasts))
