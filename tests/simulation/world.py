"""A till, its customers and its provider in virtual time, driven from one number.

Everything by chance comes from the seed, nothing runs in threads and nothing leaves the process:
the same seed is the same story, step by step. The books are checked after every step.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from app.domain.attempt import Attempt, AttemptState
from app.domain.money import Money
from app.domain.observation import SessionState
from app.domain.order import Order
from app.errors import CartRefused, CheckoutRefused, Protocol, ProviderError, Rejected, Unavailable
from app.store.attempts import attempts_of, watched_attempts
from app.store.inbox import receive
from app.webhooks.inbox_worker import InboxWorker
from tests.parts.provider import LOST, Call
from tests.parts.till import Counter

STEPS = 30
_LONG_ENOUGH_S = 40 * 60


class Killed(BaseException):
    """The power went."""


class World:
    """One story. `log` tells it."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.chance = random.Random(seed)
        self.till = Counter(directory, seed=seed)
        self.provider = self.till.provider
        self.provider.hesitates_for = timedelta(minutes=10)
        self.orders: list[Order] = []
        self.log: list[str] = []
        self.is_rough = True
        self.till.strategy.before = self._fate

    def close(self) -> None:
        self.till.close()

    async def run(self) -> None:
        """Live through some steps, then through calm weather until all is known."""
        for _ in range(STEPS):
            await self._step()
        await self._calm_down()
        self._check_all()

    async def _step(self) -> None:
        step = self.chance.choices(
            [
                self._sell,
                self._open_again,
                self._customer_acts,
                self._cancel,
                self._poll,
                self._webhook,
                self._time_passes,
                self._watch,
                self._crash,
                self._provider_errs,
            ],
            weights=[5, 2, 8, 2, 3, 6, 4, 6, 1, 2],
        )[0]
        await self._survive(step.__name__.strip("_"), step)
        self._check_books()

    async def _survive(self, name: str, step: Callable[[], Awaitable[str]]) -> None:
        """Take a step; a power cut in it starts the till anew, a refusal is part of life."""
        try:
            told = await step()
        except Killed:
            self._start_again()
            told = "killed"
        except (CheckoutRefused, ProviderError, CartRefused) as error:
            told = f"{type(error).__name__}: {error.title}"
        self.log.append(f"{len(self.log)} {name}: {told}")

    # --- what may happen -----------------------------------------------------------------------

    async def _sell(self) -> str:
        pieces = [self.chance.randint(0, 900) for _ in range(self.chance.randint(1, 4))]
        order = await self.till.place(*pieces)
        self.orders.append(order)
        if self.chance.random() < 0.9:
            return f"order {order.number} of {order.total}, {await self._open(order)}"
        return f"order {order.number} of {order.total}"

    async def _open_again(self) -> str:
        return await self._open(self._some_order())

    async def _open(self, order: Order) -> str:
        attempt = await self.till.open(order)
        if attempt.is_payable and self.chance.random() < 0.9:
            await self.till.checkout.mark_shown(attempt.id)
        return f"{attempt.reference} {attempt.state.value}"

    async def _customer_acts(self) -> str:
        """A customer can only act on a code that was shown; some keep it for later."""
        seen = [a for a in self._attempts() if a.shown_at is not None and a.session_id]
        if not seen:
            return "nobody there"
        session_id = self.chance.choice(seen).session_id or ""
        act = self.chance.choices(
            ["pay", "decline", "pay slowly", "succeed", "fail"], weights=[6, 2, 2, 1, 1]
        )[0]
        acts: dict[str, Callable[[], bool]] = {
            "pay": lambda: self.provider.pay(session_id),
            "decline": lambda: self.provider.decline(session_id),
            "pay slowly": lambda: self.provider.pay_slowly(session_id),
            "succeed": lambda: self.provider.decide(session_id, succeeded=True),
            "fail": lambda: self.provider.decide(session_id, succeeded=False),
        }
        return f"{act} {session_id}: {acts[act]()}"

    async def _cancel(self) -> str:
        order = await self.till.checkout.cancel(self._some_order().id)
        return f"order {order.number} is {order.state.value}"

    async def _poll(self) -> str:
        attempts = self._attempts()
        if not attempts:
            return "nothing"
        looked = await self.till.look(self.chance.choice(attempts))
        return f"{looked.reference} {looked.state.value}"

    async def _webhook(self) -> str:
        """Deliver some events: new and old ones, in any order, some of them twice."""
        if not self.provider.events:
            return "none"
        count = self.chance.randint(1, 4)
        events = [self.chance.choice(self.provider.events) for _ in range(count)]
        for event in events:
            self.till.store.write_now(lambda tx, event=event: receive(tx, event))  # type: ignore[misc]
        if self.chance.random() < 0.8:
            await self._settle_inbox()
        return " ".join(event.event_id for event in events)

    async def _settle_inbox(self) -> None:
        worker = InboxWorker(
            self.till.store,
            {self.till.strategy.account: self.till.strategy},
            clock=self.till.clock,
            recheck=lambda attempt_id: None,
        )
        while await worker.settle_round():
            pass

    async def _time_passes(self) -> str:
        seconds = self.chance.choice([1, 5, 30, 120, 600, 1200, 1200, 90_000])
        self.till.clock.advance(seconds)
        return f"{seconds} s"

    async def _watch(self) -> str:
        """One round of the watch, with all the looks that it begins."""
        await self.till.watch.tick()
        turns = self.till.watch._turns.values()
        tasks = [turn.task for turn in turns if turn.task is not None]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self.till.watch._stale = True
        return f"{len(tasks)} looks"

    async def _crash(self) -> str:
        self._start_again()
        return "started again"

    async def _provider_errs(self) -> str:
        """A provider that takes another amount, or takes money on a session it called closed."""
        shown = [a for a in self._attempts() if a.shown_at is not None and a.session_id]
        if not shown:
            return "nothing"
        attempt = self.chance.choice(shown)
        session = self.provider.sessions[attempt.session_id or ""]
        if session.state is SessionState.OPEN:
            off = self.chance.choice([-1, 1, 100])
            amount = Money(session.amount.minor + off, session.amount.currency)
            return f"takes {amount} on {session.id}: {self.provider.pay(session.id, amount)}"
        if session.state is SessionState.EXPIRED and not self.provider.is_final(session):
            session.state, session.closed_at = SessionState.OPEN, None
            return f"takes money on the closed {session.id}: {self.provider.pay(session.id)}"
        return "does not"

    # --- fate ----------------------------------------------------------------------------------

    def _fate(self, call: Call) -> None:
        """Let a call fail before or after its effect, or the power go in it."""
        if not self.is_rough:
            return
        luck = self.chance.random()
        answers = self.till.strategy.answers[call.verb]
        if luck < 0.10:
            raise Unavailable("no answer")
        if luck < 0.20:
            answers.append(LOST)
        elif luck < 0.22:
            raise Protocol("gibberish")
        elif luck < 0.24 and call.verb == "open_session":
            raise Rejected("not today", status=400)
        elif luck < 0.28:
            raise Killed

    def _start_again(self) -> None:
        self.till.strategy.adopt("")
        self.till.strategy.answers.clear()
        self.till.restart()

    # --- the end -------------------------------------------------------------------------------

    async def _calm_down(self) -> None:
        """Nothing goes wrong any more; what can be known comes to be known by polling alone."""
        self.is_rough = False
        self.till.strategy.answers.clear()
        for session in self.provider.sessions.values():
            if session.state is SessionState.PROCESSING:
                self.provider.decide(session.id, succeeded=self.chance.random() < 0.5)
        end = self.till.clock.monotonic() + _LONG_ENOUGH_S
        while self.till.clock.monotonic() < end and self._watched():
            await self._survive("calm", self._watch)
            self.till.clock.advance(60)
        await self._settle_inbox()

    def _check_books(self) -> None:
        """Check I1, I3 and I4, and that the books hold nothing that the provider does not."""
        held = {row[0] for row in self.till.rows("SELECT payment_id FROM payments")}
        known = [taken for taken in self.provider.taken() if taken.payment_id in held]
        assert self.till.violations(known) == []

    def _check_all(self) -> None:
        """Check I2 whole, and that no doubt is left."""
        assert self._watched() == []
        assert self.till.violations() == []
        for attempt in self._attempts():
            assert attempt.is_final and not attempt.is_live, attempt
        open_exceptions = {
            row[0]
            for row in self.till.rows(
                "SELECT payment_id FROM exceptions WHERE resolved_at IS NULL AND payment_id <> ''"
            )
        }
        held = self.till.rows("SELECT payment_id FROM payments WHERE held_as IS NOT NULL")
        assert {row[0] for row in held} == open_exceptions, "held money is on the list"
        doubted = self.till.rows(
            "SELECT attempts.state FROM exceptions JOIN attempts ON attempts.id = attempt_id "
            "WHERE kind = 'unknown' AND resolved_at IS NULL"
        )
        assert all(state == "failed" for (state,) in doubted), "what is known is in doubt no more"

    def _watched(self) -> list[Attempt]:
        return self.till.store.read_now(watched_attempts)

    def _attempts(self) -> list[Attempt]:
        return [
            attempt
            for order in self.orders
            for attempt in self.till.store.read_now(lambda db, o=order: attempts_of(db, o.id))  # type: ignore[misc]
            if attempt.state is not AttemptState.CREATING
        ]

    def _some_order(self) -> Order:
        if not self.orders:
            raise CheckoutRefused("There is no order yet")
        return self.chance.choice(self.orders)


def story(seed: int, directory: Path) -> list[str]:
    """Live through the story of a seed and give its log; a fault tells the seed and the steps."""
    world = World(seed, directory)
    try:
        asyncio.run(world.run())
    except BaseException as error:
        told = "\n".join(world.log)
        raise AssertionError(f"seed {seed}: {error}\n{told}") from error
    finally:
        world.close()
    return world.log
