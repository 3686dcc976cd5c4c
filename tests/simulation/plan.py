"""What chance decides of a day, every decision under a name of its own.

Decisions do not depend on one another: a day can be lived again with some of them left out, and
the others stay as they were. That is what makes a failing day replayable in pieces.
"""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from math import inf
from typing import Any, Final

from app.failpoints import FAILPOINTS, Failpoint
from tests.simulation.acts import Act, Spell, Verb, Weather
from tests.simulation.later import drawn_later
from tests.simulation.shop import Ways, drawn_ways

_HOUR: Final = 3600.0
_DAY_S: Final = 24 * _HOUR


@dataclass
class Plan:
    """A day as it was drawn from `seed`; with `only`, just those decisions of it.

    `happened` tells the decisions that came into play, each by its code: acts by their number,
    weather by w and a number, the till's death at a failpoint by f, all else by `code_of` its name.
    With `is_updated` the day begins with the books of an older program. `ways` are those in which
    the shop takes money. Once the power is gone, it is off for `longest_off_s` at most.
    """

    seed: int
    only: frozenset[str] | None = None
    acts: list[Act] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    roughness: float = 1.0
    dies_at: tuple[str, int] = ("", 0)
    is_updated: bool = False
    longest_off_s: float = inf
    ways: Ways = field(default_factory=Ways)
    happened: dict[str, str] = field(default_factory=dict)

    def chance(self, *of: object) -> float:
        """Draw a number between 0 and 1 for one question, whatever else was asked."""
        text = f"{self.seed}/{of}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest()) / (1 << 56)

    def may(self, name: str, told: str) -> bool:
        """Say whether a decision that was drawn is to come true, and note that it did."""
        code = name if name.isalnum() else code_of(name)
        if self.only is not None and code not in self.only:
            return False
        self.happened[code] = told
        return True

    @property
    def ends(self) -> float:
        """Give when the last of the day is done."""
        return max((act.at for act in self.acts), default=0.0)


@cache
def code_of(name: str) -> str:
    """Give a short code for a decision that has a long name, as it is written after `--only`."""
    return "x" + hashlib.blake2b(name.encode(), digest_size=4).hexdigest()


def drawn(seed: int, only: Iterable[str] | None = None) -> Plan:
    """Draw a day, or what of it is named in `only`."""
    chance = random.Random(f"day {seed}")
    plan = Plan(seed, None if only is None else frozenset(only))
    plan.roughness = chance.choice((0.0, 0.4, 1.0, 1.0, 2.0, 4.0))
    at = 30.0
    for sale in range(chance.randint(3, 9)):
        at += chance.choice((1.0, 20.0, 120.0, 400.0)) * (0.5 + chance.random())
        _draw_sale(plan.acts, chance, sale, at)
    _draw_the_rest(plan.acts, chance, at)
    _draw_the_computer(plan.acts, chance, at)
    weather = _draw_weather(chance, at)
    if chance.random() < 0.12:
        # A session is being made, and nobody hears of it for more than a day.
        made = chance.choice([act.at for act in plan.acts if act.verb is Verb.SALE])
        weather.append((Weather.OUTAGE, made + 0.1 + 0.9 * chance.random(), 100_000.0))
    seldom = random.Random(f"seldom {seed}")
    is_overtaken = seldom.random() < 0.12
    if is_overtaken:
        weather.append(_draw_overtaken(plan.acts, seldom))
    more = drawn_ways(seed, at)
    later = drawn_later(seed, more.ways, at)
    plan.ways = later.ways
    plan.acts += more.acts + later.acts
    for kind, begins, lasts in weather:
        if kind is Weather.OUTAGE and lasts > _DAY_S:
            # The day lasts long enough for somebody to be told of the silence.
            plan.acts.append(Act("", begins + lasts, Verb.CHECK, 0))
    plan.acts = [
        Act(str(place), act.at, act.verb, act.sale, act.amounts, act.seconds)
        for place, act in enumerate(sorted(plan.acts, key=lambda act: act.at), start=1)
    ]
    plan.spells = (
        [
            Spell(f"w{place}", weather, begins, begins + lasts)
            for place, (weather, begins, lasts) in enumerate(weather, start=1)
        ]
        + more.spells
        + later.spells
    )
    if later.acts and seed % 4:
        _shorten(plan)
    if chance.random() < 0.6:
        plan.dies_at = chance.choice(FAILPOINTS), chance.choice((1, 1, 2, 3, 6))
    plan.dies_at = more.dies_at or plan.dies_at
    plan.is_updated = seldom.random() < 0.08
    if seldom.random() < 0.25:
        plan.dies_at = seldom.choice(_AT_WORST), seldom.choice((1, 1, 2, 4, 8))
    seldom_passed = _seldom_passed(plan, is_overtaken=is_overtaken)
    if seldom_passed and seldom.random() < 0.6:
        point = seldom.choice(seldom_passed)
        plan.dies_at = point, seldom.choice((1, 1, 2, 5)) if point in _PASSED_OFTEN else 1
    plan.dies_at = later.dies_at or plan.dies_at
    return plan


def _shorten(plan: Plan) -> None:
    """Have nothing last so long that who comes back later finds nobody: they come all day."""
    plan.longest_off_s = _LONGEST_S
    plan.acts = [
        replace(act, seconds=min(act.seconds, _LONGEST_S)) if act.verb in _SHORTENED else act
        for act in plan.acts
    ]
    plan.spells = [
        replace(spell, ends=min(spell.ends, spell.begins + _LONGEST_S))
        if spell.weather in (Weather.OUTAGE, Weather.UNAUTHORISED)
        else spell
        for spell in plan.spells
    ]


_LONGEST_S: Final = 900.0
_SHORTENED: Final = (Verb.CUT, Verb.SLEEP)
_AT_WORST: Final[tuple[Failpoint, ...]] = (
    "refund.called",
    "refund.called",
    "reconcile.page_read",
    "settle.payment_written",
)
"""Where the provider's word is known and not written down."""
_PASSED_OFTEN: Final = ("migration.begun", "migration.running", "migration.done")


def _seldom_passed(plan: Plan, *, is_overtaken: bool) -> list[str]:
    """Give the failpoints that this day comes by and few others do: it is likely to end there."""
    stages = {
        "migration.": plan.is_updated,
        "sweep.": is_overtaken,
        "backup.": any(act.verb is Verb.BACK_UP for act in plan.acts),
        "restore.": any(act.verb is Verb.RESTORE for act in plan.acts),
    }
    begun = tuple(stage for stage, is_passed in stages.items() if is_passed)
    return [point for point in FAILPOINTS if begun and point.startswith(begun)]


def _draw_overtaken(acts: list[Act], chance: random.Random) -> tuple[Weather, float, float]:
    """Draw, after all else, a payment that is told of while its session cannot be closed.

    Then the power goes: what waits for an answer that no longer matters is put in order at the
    next start.
    """
    begins = max(act.at for act in acts) + 60.0 + 600.0 * chance.random()
    closes = begins + 15.0 + 30.0 * chance.random()
    pays = closes + 0.5 + 2.0 * chance.random()
    cut = pays + 8.0 + 30.0 * chance.random()
    acts += [
        Act("", begins, Verb.SALE, 98, (350, 900)),
        Act("", closes, Verb.CANCEL, 98),
        Act("", pays, Verb.PAY, 98),
        Act("", cut, Verb.CUT, -1, (chance.randint(0, 5),), chance.choice((5.0, 40.0))),
    ]
    return Weather.BUSY, closes - 0.1, cut + 5.0 - closes


def _draw_sale(acts: list[Act], chance: random.Random, sale: int, at: float) -> None:
    def add(after: float, verb: Verb, *amounts: int) -> None:
        acts.append(Act("", at + after, verb, sale, amounts))

    def soon(least: float = 5.0, most: float = 90.0) -> float:
        return least + chance.random() * (most - least)

    prices = [chance.choice((0, 30, 350, 900, 1999)) for _ in range(chance.randint(1, 4))]
    add(0.0, Verb.SALE, *prices)
    paid = soon()
    for after, verb in _story(chance, paid, soon):
        off = (chance.choice((-100, -1, 1, 100)),) if verb is Verb.PAY_OFF else ()
        add(after, verb, *off)
    for verb, likely in _SPRINKLED.items():
        if chance.random() < likely:
            add(soon(0.0, 240.0), verb)
    if chance.random() < 0.45:
        back = paid + chance.choice((10.0, 200.0, 2_000.0, 40_000.0))
        for press in range(chance.randint(1, 3)):
            percent, at_once = chance.choice((30, 60, 100)), soon(0.0, 2.0)
            for _ in range(chance.randint(1, 2)):
                add(back + at_once, Verb.REFUND, percent, press)
    if chance.random() < 0.2:
        back = paid + chance.choice((30.0, 600.0, 40_000.0))
        parts = chance.randint(1, 3)
        for _ in range(parts):
            add(back + soon(0.0, 3.0), Verb.GIVE_BACK, chance.choice((1, 50, 100)))
        if chance.random() < 0.4:
            add(back + soon(0.0, 9_000.0), Verb.SEND_BACK)
    if chance.random() < 0.2:
        since = paid + chance.choice((30.0, 900.0, 50_000.0))
        add(since, Verb.DISPUTE, chance.choice((40, 100, 100)), chance.choice((0, 0, 1)))
        for _ in range(chance.randint(0, 5)):
            since += chance.choice((1.0, 400.0, 4_000.0, 30_000.0))
            add(since, Verb.PURSUE, chance.choice((0, 0, 1)))


_SPRINKLED: Final = {
    Verb.CHECK: 0.3,
    Verb.CHARGE: 0.15,
    Verb.RECHECK: 0.1,
    Verb.OTHER_ACCOUNT: 0.05,
    Verb.TEST_MODE: 0.05,
    Verb.FORGET: 0.02,
}


def _story(chance: random.Random, paid: float, soon: Any) -> list[tuple[float, Verb]]:
    """Draw what a customer and the operator do with one sale: seconds after it, and what."""
    later = paid + chance.choice((soon(1, 30), soon(60, 1_000), soon(1_000, 80_000)))
    again = paid + soon(-3, 3)
    return chance.choices(
        (
            [(paid, Verb.PAY)],
            [(paid, Verb.DECLINE), (paid + soon(), Verb.PAY)],
            [(paid, Verb.DECLINE), (again, Verb.CANCEL)],
            [(paid, Verb.PAY_SLOWLY), (later, Verb.SUCCEED)],
            [(paid, Verb.PAY_SLOWLY), (again, Verb.CANCEL), (later, Verb.FAIL)],
            [(paid, Verb.PAY_SLOWLY), (again, Verb.CANCEL), (later, Verb.SUCCEED)],
            [(paid, Verb.CANCEL)],
            [(paid, Verb.CANCEL), (again, Verb.CANCEL), (again + soon(-1, 1), Verb.PAY)],
            [(paid, Verb.CHANGE), (paid + soon(), Verb.PAY), (later, Verb.PAY_OLD)],
            [(paid, Verb.CANCEL), (later, Verb.PAY_OLD), (again, Verb.PAY_CLOSED)],
            [(paid, Verb.CANCEL), (paid + soon(), Verb.PAY_CLOSED)],
            [(0.0, Verb.CHARGE), (again, Verb.CHARGE), (paid + 4, Verb.PAY)],
            [],
            [(soon(890, 930), Verb.PAY)],
            [(soon(1_000, 1_500), Verb.CHARGE), (soon(1_500, 1_600), Verb.PAY)],
            [(soon(905, 1_400), Verb.PAY_CLOSED)],
            [(paid, Verb.PAY_OFF)],
            [(paid, Verb.PAY_OFF), (later, Verb.CHARGE), (later + soon(), Verb.PAY)],
            [(paid, Verb.PAY_CURRENCY), (later, Verb.CANCEL)],
            [(paid, Verb.PAY), (later, Verb.PAY_AGAIN)],
            [(paid, Verb.PAY), (again, Verb.CHANGE), (later, Verb.PAY)],
            [(0.3, Verb.CANCEL), (0.3, Verb.CHARGE), (0.6, Verb.CHANGE), (paid, Verb.PAY)],
            [(paid, Verb.CHARGE), (paid, Verb.CHECK), (paid, Verb.CANCEL), (again, Verb.PAY)],
            [(paid, Verb.WITHDRAW), (again + 4, Verb.CHARGE), (later + 8, Verb.PAY)],
            [(paid, Verb.WITHDRAW), (again, Verb.PAY), (later, Verb.PAY_CLOSED)],
        ),
        weights=(8, 3, 2, 2, 1, 1, 3, 3, 3, 2, 2, 2, 1, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 1),
    )[0]


def _draw_the_rest(acts: list[Act], chance: random.Random, end: float) -> None:
    """Draw what befalls the computer and the shop as a whole."""
    for _ in range(chance.choice((0, 0, 1, 2))):
        lasts = chance.choice((3.0, 40.0, 600.0, 4_000.0, 100_000.0))
        steps = chance.randint(0, 40)
        at = chance.random() * end * 1.2
        if chance.random() < 0.6:
            # Most is under way while something is being rung up.
            at = chance.choice([act.at for act in acts if act.verb is Verb.SALE])
            at += 1.2 * chance.random()
            steps = chance.randint(0, 12)
            lasts = chance.choice((40.0, 4_000.0, 100_000.0))
        acts.append(Act("", at, Verb.CUT, -1, (steps,), lasts))
    if chance.random() < 0.3:
        shut = end * (0.3 + chance.random())
        acts.append(Act("", shut, Verb.CLOSE))
        acts.append(Act("", shut + chance.choice((30.0, 1_500.0, 50_000.0, 90_000.0)), Verb.OPEN))
    if chance.random() < 0.25:
        seconds = chance.choice((-600.0, 600.0, -3_000.0, 3_600.0, 90_000.0, -200_000.0))
        acts.append(Act("", chance.random() * end, Verb.SKEW, seconds=seconds))
    for _ in range(chance.randint(0, 6)):
        at = end * (0.2 + 1.5 * chance.random())
        which, what = chance.randint(0, 9), chance.randint(0, 3)
        acts += [Act("", at, Verb.DECIDE, -1, (which, what))] * chance.randint(1, 2)
    if chance.random() < 0.2:
        # Somebody leaves without paying, at the very end.
        acts.append(Act("", max(act.at for act in acts) + 5.0, Verb.SALE, 99, (350, 900)))
    for verb in (Verb.GHOST, Verb.STRANGER):
        if chance.random() < 0.2:
            acts.append(Act("", chance.random() * end, verb))


def _draw_the_computer(acts: list[Act], chance: random.Random, end: float) -> None:
    """Draw what its owner does to the computer and to its books."""
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        lasts = chance.choice((20.0, 300.0, 1_500.0, 30_000.0))
        acts.append(Act("", chance.random() * end * 1.2, Verb.SLEEP, seconds=lasts))
    if chance.random() < 0.25:
        kept = chance.random() * end
        acts.append(Act("", kept, Verb.BACK_UP))
        for _ in range(chance.choice((1, 1, 1, 2))):
            lost = chance.choice((5.0, 300.0, 3_000.0, 90_000.0)) * (0.5 + chance.random())
            acts.append(Act("", kept + lost, Verb.RESTORE))


def _draw_weather(chance: random.Random, end: float) -> list[tuple[Weather, float, float]]:
    lasts = {
        Weather.OUTAGE: (20.0, 300.0, 3_000.0, 90_000.0),
        Weather.UNAUTHORISED: (60.0, _HOUR),
        Weather.BUSY: (20.0, 200.0),
        Weather.SLOW: (60.0, 1_000.0),
        Weather.NO_WEBHOOKS: (600.0, 90_000.0),
        Weather.LOST_WEBHOOKS: (600.0, 20_000.0, 200_000.0),
    }
    return [
        (weather, chance.random() * end, chance.choice(lasts[weather]))
        for weather in lasts
        if chance.random() < 0.2
    ]
