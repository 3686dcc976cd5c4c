"""The network between till and provider: late, lossy, repeating itself, and sometimes away.

A request lives on its own: what was sent takes effect even where the sender has lost its power or
its patience meanwhile. Fates are drawn per call, by verb, subject and count, so that one call's
fate does not hang on what befell another.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, Final

from app.clock import Clock
from app.errors import Protocol, Rejected, Unavailable
from tests.simulation.acts import Spell, Weather
from tests.simulation.down import Outcomes
from tests.simulation.loop import VirtualLoop
from tests.simulation.plan import Plan

PATIENCE_S: Final = 10.0
"""After so long the till's transport gives up."""


class Network:
    """Carries calls to the provider. `label` names what a call is about, `tell` logs a line."""

    def __init__(
        self,
        loop: VirtualLoop,
        plan: Plan,
        *,
        label: Callable[[str, str, tuple[Any, ...]], str],
        tell: Callable[[str, str], None],
    ) -> None:
        self.is_calm = False
        self.calls = 0
        self._loop = loop
        self._plan = plan
        self._label = label
        self._tell = tell
        self._counts: Counter[tuple[str, str]] = Counter()

    def lies(self, weather: Weather, account: str = "") -> Spell | None:
        """Give the spell of some weather that lies over the network now, or over one account."""
        now = self._loop.time()
        for spell in self._plan.spells:
            is_now = spell.weather is weather and spell.begins <= now < spell.ends
            is_now = is_now and spell.account in ("", account)
            if is_now and not self.is_calm and self._plan.may(spell.name, weather.value):
                return spell
        return None

    async def exchange(
        self, account: str, verb: str, act: Callable[[], Awaitable[Any]], args: Any
    ) -> Any:
        """Carry a call and its answer. Raises what the transport and the provider would."""
        self.calls += 1
        subject = self._label(account, verb, args)
        count = self._counts[verb, subject]
        self._counts[verb, subject] = count + 1
        reply: asyncio.Future[Any] = self._loop.create_future()
        call = f"{verb} {subject} #{count}"
        if self.is_calm:
            carried = self._carry(act, reply, there=0.05, back=0.05)
        else:
            carried = self._fate(account, call, act, reply)
        self._loop.spawn(carried)
        return await reply

    def _fate(
        self,
        account: str,
        call: str,
        act: Callable[[], Awaitable[Any]],
        reply: asyncio.Future[Any],
    ) -> Any:
        """Draw how a call goes."""
        chance, may = self._plan.chance, self._plan.may
        slowness = 5.0 if self.lies(Weather.SLOW) else 0.5
        there, back = slowness * chance(call, "there"), slowness * chance(call, "back")
        if self.lies(Weather.OUTAGE) or self.lies(Weather.DOWN, account):
            wait = 0.1 if chance(call, "fast") < 0.5 else PATIENCE_S
            return self._fail(reply, wait, Unavailable("no network"))
        if self.lies(Weather.UNAUTHORISED) or self.lies(Weather.KEYS_REFUSED, account):
            return self._fail(reply, there, Rejected("the keys are refused", status=401))
        if self.lies(Weather.BUSY):
            return self._fail(reply, there, Unavailable("429", retry_after_s=8.0))
        unheard = _UNHEARD.get(call.partition(" ")[0])
        if unheard is not None and self.lies(unheard):
            name = "late" if chance(call, "unheard") < 0.6 else "answer lost"
            self._tell("network", f"{call} {MISFORTUNES[name]}")
            return self._misfortune(name, call, act, reply, there, back)
        luck, left = chance(call), 0.0
        for name, weight in _FATES.items():
            left += weight * self._plan.roughness
            if luck < left:
                is_so = name != "refused" or call.startswith("open_session")
                if is_so and may(f"{name}: {call}", f"{call} {MISFORTUNES[name]}"):
                    self._tell("network", f"{call} {MISFORTUNES[name]}")
                    return self._misfortune(name, call, act, reply, there, back)
                break
        return self._carry(act, reply, there=there, back=back)

    def _misfortune(
        self,
        name: str,
        call: str,
        act: Callable[[], Awaitable[Any]],
        reply: asyncio.Future[Any],
        there: float,
        back: float,
    ) -> Any:
        wait = PATIENCE_S if self._plan.chance(call, "noticed") < 0.5 else there + back
        if name == "lost":
            return self._fail(reply, wait, Unavailable("no answer"))
        if name == "busy":
            after = 1.0 + 60.0 * self._plan.chance(call, "after")
            return self._fail(reply, there, Unavailable("503", retry_after_s=after))
        if name == "refused":
            return self._fail(reply, there, Rejected("not today", status=400))
        if name == "gibberish":
            return self._lose(act, reply, there, there + back, Protocol("gibberish"))
        if name == "late":
            late = PATIENCE_S + 60.0 * self._plan.chance(call, "late")
            return self._lose(act, reply, late, PATIENCE_S, Unavailable("no answer in time"))
        return self._lose(act, reply, there, max(wait, there), Unavailable("the answer is lost"))

    async def _carry(
        self,
        act: Callable[[], Awaitable[Any]],
        reply: asyncio.Future[Any],
        *,
        there: float,
        back: float,
    ) -> None:
        await asyncio.sleep(there)
        try:
            answer = await act()
        except Exception as error:  # noqa: BLE001 - it is the answer
            await asyncio.sleep(back)
            if not reply.done():
                reply.set_exception(error)
                # Whoever waited for it may have lost its power since.
                reply.exception()
            return
        await asyncio.sleep(back)
        if not reply.done():
            reply.set_result(answer)

    async def _fail(self, reply: asyncio.Future[Any], wait: float, error: Exception) -> None:
        await asyncio.sleep(wait)
        if not reply.done():
            reply.set_exception(error)
            # Whoever waited for it may have lost its power since.
            reply.exception()

    async def _lose(
        self,
        act: Callable[[], Awaitable[Any]],
        reply: asyncio.Future[Any],
        there: float,
        wait: float,
        error: Exception,
    ) -> None:
        """Have a call take effect after `there`, and its sender hear `error` after `wait`."""
        self._loop.spawn(self._fail(reply, wait, error))
        await asyncio.sleep(there)
        try:
            await act()
        except Rejected:
            # Nobody hears of the refusal, either.
            return


_UNHEARD: Final = {
    "capture": Weather.UNHEARD_CAPTURES,
    "cancel_subscription": Weather.UNHEARD_ENDS,
}
_FATES: Final = {
    "lost": 0.03,
    "answer lost": 0.04,
    "late": 0.02,
    "busy": 0.02,
    "gibberish": 0.01,
    "refused": 0.01,
}

MISFORTUNES: Final = {
    "lost": "does not arrive",
    "answer lost": "takes effect, its answer does not arrive",
    "late": "takes effect after the till has given up",
    "busy": "is asked to come back later",
    "gibberish": "takes effect, its answer is gibberish",
    "refused": "is refused",
}


class Wire:
    """A strategy whose verbs go over the network; `reach` is where the power may go.

    `clock` is that of the computer at this end; `outcomes` hears how each call ended there.
    """

    def __init__(
        self,
        strategy: Any,
        network: Network,
        reach: Callable[[str], None],
        clock: Clock,
        outcomes: Outcomes,
    ) -> None:
        self.account: str = strategy.account
        self._strategy = strategy
        self._clock = clock
        self._outcomes = outcomes
        self._told: tuple[datetime, float] | None = None
        self._network = network
        self._reach = reach
        self._verbs: dict[str, Any] = {}

    def clock_off(self) -> timedelta | None:
        """Say how far the wall clock is ahead of the provider's, reckoned from its last answer."""
        if self._told is None:
            return None
        told, elapsed = self._told
        return self._clock.now() - told - timedelta(seconds=self._clock.elapsed() - elapsed)

    def _answered(self, name: str) -> None:
        self._told = self._strategy.books.now(), self._clock.elapsed()
        self._reach(f"after {name}")

    def __getattr__(self, name: str) -> Any:
        verb = self._verbs.get(name)
        if verb is None:
            found = getattr(self._strategy, name)
            if name == "aclose":
                return found
            if iscoroutinefunction(found):
                verb = self._carried(name, found)
            elif isasyncgenfunction(found):
                verb = self._listed(name, found)
            else:
                return found
            self._verbs[name] = verb
        return verb

    def _carried(self, name: str, verb: Callable[..., Awaitable[Any]]) -> Any:
        async def carried(*args: Any, **options: Any) -> Any:
            self._reach(f"before {name}")
            with self._outcomes.of(name):
                answer = await self._network.exchange(
                    self.account, name, lambda: verb(*args, **options), args
                )
            self._answered(name)
            return answer

        return carried

    def _listed(self, name: str, verb: Callable[..., AsyncIterator[Any]]) -> Any:
        async def listed(*args: Any, **options: Any) -> AsyncIterator[Any]:
            async def whole() -> list[Any]:
                return [each async for each in verb(*args, **options)]

            self._reach(f"before {name}")
            with self._outcomes.of(name):
                found = await self._network.exchange(self.account, name, whole, args)
            self._answered(name)
            for each in found:
                yield each

        return listed


class CapturingWire(Wire):
    """To a provider where the till takes the money."""

    async def capture(self, session_id: str, *, key: str) -> Any:
        return await self._carried("capture", self._strategy.capture)(session_id, key=key)
