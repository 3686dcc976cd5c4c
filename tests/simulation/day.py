"""A day at the counter, from one seed: everything wired together, lived through, and told."""

import asyncio
import hashlib
import shutil
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from app.domain.decision import Decision
from app.domain.delivery import Delivery
from app.domain.order import Order
from app.domain.reconciliation import Report
from app.events import Fact
from app.store.decided import decisions_of
from tests.parts.provider import FakeSession
from tests.simulation.acts import Act, Verb
from tests.simulation.banks import Banks
from tests.simulation.counter import Counter as People
from tests.simulation.courier import Courier
from tests.simulation.ear import listening
from tests.simulation.invariants import Invariants, Violation
from tests.simulation.loop import PowerCut, SimClock, VirtualLoop
from tests.simulation.luck import Luck
from tests.simulation.machine import Machine
from tests.simulation.memory import Memory
from tests.simulation.names import Names
from tests.simulation.network import Network
from tests.simulation.past import Past
from tests.simulation.plan import Plan, drawn
from tests.simulation.screen import Screen

_MOST_TURNS: Final = 400_000
_MEMORY_DISK: Final = Path("/dev/shm")
_OFF_FOR_S: Final = (5.0, 5.0, 60.0, 900.0, 95_000.0)
_AT_WORST: Final = ("after open_session", "after capture")
_CALM_FOR_S: Final = 3 * 3_600.0
_CALM_LATER_S: Final = 31 * 3_600.0
"""A subscription is looked at once a day, and after looks in vain up to six hours later."""
_DEADLINE_AND_MORE_S: Final = 18 * 60.0
_WATCHED: Final = (
    "SELECT 1 FROM attempts WHERE is_final = 0 "
    "AND (provider NOT IN ('cash', 'terminal') OR close_reason IS NOT NULL) "
    "UNION SELECT 1 FROM refunds WHERE state IN ('requested', 'pending')"
)
_FOUND: Final = ("sessions", "events", "payments", "refunds", "disputes")


@dataclass
class Lived:
    """How a day went. `log` tells it; `violation` is empty where all held.

    `reached` counts the places at which the power might have gone, `went_at` is the failpoint at
    which it did. `decisions` are why each session went to its account, as the last books have it.
    """

    plan: Plan
    log: list[str] = field(default_factory=list)
    violation: str = ""
    trace: str = ""
    steps: int = 0
    checks: int = 0
    calls: int = 0
    facts: set[str] = field(default_factory=set)
    reached: Counter[str] = field(default_factory=Counter)
    went_at: str = ""
    found: Counter[str] = field(default_factory=Counter)
    decisions: list[Decision] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Give a digest of the whole log: the same seed is the same day, byte for byte."""
        return hashlib.sha256("\n".join(self.log).encode()).hexdigest()


class Day:
    """One day. Everything that it is made of is made here."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self.plan = plan
        self.lived = Lived(plan)
        self.loop = VirtualLoop(f"turns {plan.seed}", most_turns=_MOST_TURNS)
        self.memory = Memory()
        self.banks = Banks(plan.ways, SimClock(self.loop), self._post, self._end_later)
        self.orders: dict[int, list[Order]] = {}
        self.names = Names(self.banks, self.orders)
        self.names.card_of = self._label_of
        self.network = Network(self.loop, plan, label=self.names.subject, tell=self._tell)
        self.banks.shared.luck = Luck(
            plan, self._later, lambda: self.network.is_calm, self.names.attempt, self._tell
        )
        for bank in self.banks.each:
            # Some providers keep with a refund what it was asked for under, others do not.
            bank.refunds.keeps_keys = plan.chance("keeps keys") < 0.6
        self.machine = Machine(
            directory,
            self.loop,
            plan.seed,
            banks=self.banks,
            by_hand=plan.ways.by_hand,
            network=self.network,
            reach=self._reach,
            on_fact=self._on_fact,
            on_report=self._on_report,
            is_updated=plan.is_updated,
        )
        self.past = Past(self.machine, self.memory)
        self.screen = Screen(self.machine, self.banks, self.memory.paid)
        self.courier = Courier(
            self.loop,
            plan,
            self.network,
            self._receive,
            label=self.names.event,
            tell=self._tell,
        )
        self.counter = People(
            self.machine, self.banks, self.screen, self.memory, self._tell, self.orders
        )
        self.invariants = Invariants(
            self.machine, self.banks, self.screen, self.memory, self.courier
        )
        self._cut_at_turn = 0
        self._off_for_s = 5.0
        self._is_shut = True
        self._troubles: list[str] = []
        self._calm_since = 0.0
        self._is_skewed = False
        self._is_restored = False
        self._closing: list[asyncio.Task[None]] = []
        self._starting: asyncio.Task[None] | None = None

    def live(self) -> Lived:
        """Live through the day and tell how it went."""
        self.loop.after_turn = self._after_turn
        try:
            with listening(self._troubles), self.machine.failpoints():
                self.loop.run(self._live())
        except Exception as error:  # noqa: BLE001 - it is what was looked for
            self.lived.violation = str(error) or type(error).__name__
            self.lived.trace = traceback.format_exc()
            self._tell("VIOLATION", self.lived.violation)
        finally:
            self.loop.after_turn = lambda: None
            self.machine.fall()
        self.lived.steps = self.loop.turns
        self.lived.checks = self.invariants.checks
        self.lived.calls = self.network.calls
        return self.lived

    async def _live(self) -> None:
        await self._boot()
        for act in self.plan.acts:
            await asyncio.sleep(max(0.0, act.at - self.loop.time()))
            if self.plan.may(act.name, str(act)):
                self._begin(act)
        await asyncio.sleep(60.0)
        await self._calm_down()

    def _begin(self, act: Act) -> None:
        if self.counter.takes(act):
            self.loop.spawn(self.counter.do(act))
        elif act.verb is Verb.SKEW:
            self.machine.clock.skew_s += act.seconds
            self._is_skewed = True
            self._tell("clock", str(act))
        elif act.verb is Verb.CUT and self.machine.is_on:
            # Some turns later, in the middle of whatever goes on then.
            self._cut_at_turn = self.machine.power.turns + act.amounts[0] + 1
            self._off_for_s = act.seconds
        elif act.verb is Verb.SLEEP and self.machine.is_awake:
            self._tell("operator", str(act))
            self.machine.suspend(act.seconds)
        elif act.verb is Verb.BACK_UP and self.machine.is_on:
            self._tell("operator", f"{act}: {self.past.keep()}")
        elif act.verb is Verb.RESTORE and self.past.is_kept and not self._closing:
            self._closing.append(self.loop.spawn(self._restore(act)))
        elif act.verb is Verb.CLOSE and self.machine.is_on:
            self._is_shut = True
            self._tell("operator", str(act))
            self._closing.append(self.loop.spawn(self._close()))
        elif act.verb is Verb.OPEN and not self.machine.is_on and not self._closing:
            self._tell("operator", str(act))
            self.loop.spawn(self._boot())

    # --- on and off -----------------------------------------------------------------------------

    async def _boot(self) -> None:
        """Start the till; the power may go while it starts."""
        if self.machine.is_on:
            return
        self._is_shut = False
        try:
            self.machine.open_books()
        except PowerCut:
            return
        if self._is_restored:
            self._is_restored = False
            self.invariants.look_anew()
        self.memory.till_id = self.machine.store.till_id
        self._tell("till", f"starts, for the {self.machine.boots}. time")
        self.invariants.whole()
        await self.machine.start()

    async def _close(self) -> None:
        await self.machine.stop()
        self._down()
        self._closing.clear()

    async def _restore(self, act: Act) -> None:
        """Close the till, put its books back to how they were, and open it again."""
        was_on = self.machine.is_on
        self._is_shut = was_on or self._is_shut
        if was_on:
            await self.machine.stop()
            self._down()
        is_restored, told = self.past.restore()
        self._is_restored |= is_restored
        self._tell("operator", f"{act}: {told}")
        self._closing.clear()
        if was_on:
            await asyncio.sleep(5.0)
            await self._boot()

    def _down(self) -> None:
        self.machine.fall()
        self.screen.go_dark()

    def _reach(self, point: str) -> None:
        """Come to a failpoint: now and then the power goes here."""
        count = self.lived.reached[point]
        self.lived.reached[point] = count + 1
        if self.network.is_calm:
            return
        if "." in point:
            is_here = self.plan.dies_at == (point, count + 1)
            if is_here and self.plan.may("f", f"the power goes at {point}"):
                self._off_for_s = _OFF_FOR_S[self.plan.seed % len(_OFF_FOR_S)]
                self._tell("power", f"goes at {point}")
                self.lived.went_at = point
                self.machine.power.cut()
            return
        # Where a call has taken effect and its answer is not written down yet, most is at stake.
        is_worst = point in _AT_WORST
        name, likely = f"cut: {point} #{count}", 0.02 if is_worst else 0.0015
        is_drawn = self.plan.chance(name) < likely * self.plan.roughness
        if is_drawn and self.plan.may(name, f"the power goes {point}"):
            lasts = _OFF_FOR_S[-2:] if is_worst else _OFF_FOR_S
            self._off_for_s = lasts[int(self.plan.chance(name, "off") * len(lasts))]
            self._tell("power", f"goes {point}")
            self.machine.power.cut()

    def _after_turn(self) -> None:
        """Between two turns: see to the power, to what was logged, and to all invariants."""
        machine = self.machine
        if self._cut_at_turn and machine.is_on and machine.power.turns >= self._cut_at_turn:
            self._cut_at_turn = 0
            self._tell("power", "goes")
            machine.power.cut()
        if not machine.is_on and not self._is_shut:
            self._is_shut = True
            self._down()
            self._starting = self.loop.spawn(
                self._boot_later(min(self._off_for_s, self.plan.longest_off_s))
            )
        if self._troubles or self.loop.troubles:
            raise Violation("; ".join(self._troubles + self.loop.troubles))
        self.screen.tick()
        self.invariants.after_turn()

    async def _boot_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._boot()

    # --- the end --------------------------------------------------------------------------------

    async def _calm_down(self) -> None:
        """Nothing goes wrong any more; what can be known comes to be known by polling alone."""
        self.network.is_calm = True
        self._cut_at_turn = 0
        self._tell("network", "is calm from now on")
        await asyncio.gather(*self._closing, *filter(None, (self._starting,)))
        while not self.machine.is_awake:
            await self._boot()
            await asyncio.sleep(60.0)
        self._calm_since = self.loop.time()
        for session in self.banks.undecided():
            succeeded = self.plan.chance("decided", self.names.attempt(session.reference)) < 0.5
            self.banks.of(session.id).decide(session.id, succeeded=succeeded)
        for bank in self.banks.each:
            bank.decide_refunds()
            bank.setups.decide()
            bank.tell_fees()
        end = self.loop.time() + (_CALM_LATER_S if self.banks.go_on else _CALM_FOR_S)
        while self.loop.time() < end:
            await asyncio.sleep(120.0)
            watched = self.machine.store.connection.execute(_WATCHED).fetchone()
            if watched is None and self.invariants.is_at_peace():
                break
        self.invariants.at_peace()
        # What the lists have is found without a single webhook.
        for _ in range(2):
            report = await self.machine.run(lambda: self.machine.reconciler.run("by hand"))
            self._tell("till", f"reconciles: {report.counts() if report else 'the power went'}")
            await asyncio.sleep(30.0)
        self.invariants.all_found()
        await self.courier.bring_all()
        await asyncio.sleep(600.0)
        self.invariants.at_the_end()
        db = self.machine.store.connection
        for row in db.execute("SELECT id FROM orders").fetchall():
            self.lived.decisions += decisions_of(db, row[0]).values()

    # --- names and the story --------------------------------------------------------------------

    def _tell(self, who: str, text: str) -> None:
        self.lived.log.append(f"{self.loop.time():10.3f}  {who:<9} {text}")

    def _on_fact(self, fact: Fact) -> None:
        self.screen.on_fact(fact)
        kind = str(fact.data.get("kind", ""))
        self.lived.facts.add(f"{fact.name} {kind}".rstrip())
        about = f"{kind} {fact.data.get('detail', '')}" if kind else ""
        order = self.names.order(fact.order_id)
        self._tell("books", f"{order}: {fact.name} {about}".rstrip())

    def _on_report(self, report: Report) -> None:
        counts = report.counts()
        self.lived.found.update({name: counts[name] for name in _FOUND})

    # --- the wires between the parts ------------------------------------------------------------

    def _post(self, delivery: Delivery) -> None:
        self.courier.take(delivery)

    def _end_later(self, seconds: float, session_id: str) -> None:
        async def end() -> None:
            await asyncio.sleep(seconds)
            session = self.banks.sessions.get(session_id)
            bank = self.banks.owner_of(session_id)
            if bank is None:
                return
            if session_id in bank.refunds.rows:
                bank.decide_refund(session_id)
            elif session is None:
                bank.tell_fee(session_id)
            else:
                self._ran_out(session)
                bank.close(session_id)

        self.loop.spawn(end())

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        async def do() -> None:
            await asyncio.sleep(seconds)
            work()

        self.loop.spawn(do())

    def _label_of(self, reference: str) -> str:
        row = self.machine.store.connection.execute(
            "SELECT label FROM card_setups WHERE reference = ?", (reference,)
        ).fetchone()
        return str(row[0]) if row is not None else "a lost card"

    def _ran_out(self, session: FakeSession) -> None:
        """A till that could have closed a shown session at its deadline has done so."""
        # Only since then the till has surely been on, and nothing stood in its way.
        since = self._calm_since or self.loop.time()
        could = self.loop.time() - since > _DEADLINE_AND_MORE_S
        was_shown = any(
            shown.session_id == session.id
            for orders in self.orders.values()
            for order in orders
            for shown in self.screen.shown_of(order.id)
        )
        if could and was_shown and self.banks.is_payable(session) and not self._is_skewed:
            label = self.names.attempt(session.reference)
            self.loop.broken = Violation(f"{label} ran out, nobody closed it in time")

    async def _receive(self, delivery: Delivery) -> int:
        status = await self.machine.receive(delivery)
        if status == 200:
            self.memory.received(delivery.event_id)
        return status


def live(seed: int, only: Iterable[str] | None = None) -> Lived:
    """Live through the day of a seed, or through what of it is named in `only`."""
    place = _MEMORY_DISK if _MEMORY_DISK.is_dir() else None
    directory = Path(mkdtemp(prefix="scantill-day-", dir=place))
    try:
        return Day(drawn(seed, only), directory).live()
    finally:
        shutil.rmtree(directory)
