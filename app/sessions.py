"""A provider's session as the till handles it: create, look, close, each followed by settling.

Every call with an effect has its intent committed before it is made, and its answer after. An
answer that does not come leaves the attempt `unknown`; it is asked for again under the same key.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

from app.asking import answer_to
from app.clock import Clock
from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.judgement import Standing, Verdict
from app.domain.observation import Observation, SessionState, Source
from app.errors import (
    CheckoutRefused,
    Message,
    Protocol,
    ProviderError,
    Rejected,
    ScantillError,
)
from app.failpoints import reach
from app.gateway import Gateway, OtherKeys
from app.providers.retry import Jitter
from app.providers.strategy import Captures, OpenedSession, PaymentStrategy
from app.session_answers import (
    known_attempt,
    run_out,
    write_capture_intent,
    write_close_intent,
    write_doubt,
    write_never_made,
    write_opened,
)
from app.settle import out_of_reach, settle, want_closed
from app.silence import mind_silence
from app.store import Store, Transaction
from app.store.attempts import find_attempt, mark_attempt
from app.store.doubts import has_overtaken, supersede_overtaken
from app.store.intents import (
    Intent,
    Operation,
    Outcome,
    finish_intent,
    unanswered,
    was_done,
)
from app.turns import Turns

T = TypeVar("T")

CREATE_BUDGET_S: Final = 10.0
_NOT_FOUND: Final = 404
_CLOCKS_APART: Final = timedelta(hours=1)
"""How much earlier than by our clock a session may have been made by the provider's."""
_SEARCHED: Final = timedelta(days=30)
"""How far back a session is looked for whose time of making is not known."""

_log = logging.getLogger(__name__)


class Sessions:
    """Speaks to the providers for the use cases and the watch: one call at a time per attempt."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        *,
        clock: Clock,
        jitter: Jitter,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._jitter = jitter
        self._turns = Turns()

    async def sweep(self) -> int:
        """Give up waiting for answers that were overtaken before the start; say how many.

        What is still without an answer is asked about by the watch: under its own key while that
        lives, by our reference after that.
        """
        if not await self._store.read(has_overtaken):
            return 0

        def write(tx: Transaction) -> int:
            count = supersede_overtaken(tx)
            reach("sweep.saving")
            return count

        count = await self._store.write(write)
        reach("sweep.saved")
        return count

    async def known(self, attempt_id: int) -> Attempt:
        """Give an attempt as the books have it. Raises CheckoutRefused where it is not in them."""
        return await self._find(attempt_id)

    async def create(self, attempt_id: int) -> Attempt:
        """Create an attempt's session from its intent; for whoever has just written that down.

        Raises Rejected where the provider refused; then the attempt has failed. Without an answer
        the attempt becomes `unknown`, and `look` asks again under the intent's key.
        """
        return await self._minded(attempt_id, lambda: self._create(attempt_id, is_first=True))

    async def look(self, attempt_id: int, source: Source) -> Attempt:
        """Ask the provider how a session stands and settle what it says.

        Raises ProviderError where no usable answer came; nothing was changed then.
        """
        return await self._minded(attempt_id, lambda: self._look(attempt_id, source))

    async def close(self, attempt_id: int) -> Attempt:
        """Close a session that is to be closed, and settle what it turned out to be.

        Without an answer the attempt becomes `unknown`; it is never called cancelled before that
        is known.
        """

        async def close() -> Attempt:
            attempt = await self._find(attempt_id)
            if attempt.session_id is None:
                attempt = await self._made_sure_of(attempt_id)
            elif await self._is_being_captured(attempt_id):
                # Money that was asked for may be moving: nothing is closed before that is known.
                attempt = await self._look(attempt_id, Source.CLOSE)
                if attempt.state is AttemptState.UNKNOWN:
                    return attempt
            if attempt.session_id is None or attempt.is_final:
                return attempt
            return await self._close(attempt)

        return await self._minded(attempt_id, close)

    async def _look(self, attempt_id: int, source: Source) -> Attempt:
        attempt = await self._find(attempt_id)
        if attempt.session_id is None:
            return await self._create(attempt_id)
        strategy = await self._strategy_of(attempt)
        session_id = attempt.session_id
        try:
            seen = await self._gateway.asked(
                attempt.account, lambda: strategy.fetch(session_id, source=source)
            )
        except Rejected as refused:
            if refused.status != _NOT_FOUND:
                raise
            return await self._gone(attempt, strategy, source)
        reach("look.called")
        attempt = await self._settled(attempt_id, seen)
        if seen.state is SessionState.APPROVED and isinstance(strategy, Captures):
            return await self._capture(attempt, strategy)
        if seen.state is SessionState.PAID and not seen.is_final:
            return await self._closed_to_others(attempt)
        return attempt

    async def _closed_to_others(self, attempt: Attempt) -> Attempt:
        """Close what was paid and can be paid again, so that nobody does; once, if it is heard."""
        if await self._store.read(lambda db: was_done(db, attempt.id, Operation.CLOSE)):
            return attempt
        return await self._close(attempt)

    async def _capture(self, attempt: Attempt, strategy: Captures) -> Attempt:
        """Take what the customer agreed to; what nobody wants any more is closed instead."""
        was_asked = await self._is_being_captured(attempt.id)
        intent = await self._store.write(lambda tx: write_capture_intent(tx, attempt.id))
        if intent is None:
            return await self._close(attempt)
        reach("capture.intended")
        session_id = attempt.session_id or ""

        async def call() -> Observation:
            reach("capture.calling")
            return await strategy.capture(session_id, key=intent.key)

        try:
            seen = await answer_to(
                call,
                gateway=self._gateway,
                account=attempt.account,
                clock=self._clock,
                jitter=self._jitter,
                budget_s=CREATE_BUDGET_S,
                was_asked=was_asked,
            )
        except Rejected as refused:
            result = {"code": refused.code, "detail": refused.detail}
            await self._store.write(
                lambda tx: finish_intent(tx, intent.id, Outcome.REJECTED, result)
            )
            raise
        except ProviderError as error:
            words = error.words
            return await self._store.write(lambda tx: write_doubt(tx, attempt.id, words))
        reach("capture.called")
        return await self._settled(attempt.id, seen, intent)

    async def _is_being_captured(self, attempt_id: int) -> bool:
        found = await self._store.read(lambda db: unanswered(db, attempt_id, Operation.CAPTURE))
        return found is not None

    async def _made_sure_of(self, attempt_id: int) -> Attempt:
        """Find out whether there is a session to be closed; a refusal says that there is none."""
        try:
            return await self._create(attempt_id)
        except ProviderError as error:
            _log.info("nothing to close for attempt %s: %s", attempt_id, error)
            return await self._find(attempt_id)

    async def _create(self, attempt_id: int, *, is_first: bool = False) -> Attempt:
        """Ask for the session of an unanswered intent; only who wrote it knows of a first call."""
        intent = await self._store.read(lambda db: unanswered(db, attempt_id, Operation.CREATE))
        attempt = await self._find(attempt_id)
        if intent is None:
            return attempt
        try:
            strategy = await self._strategy_of(attempt)
            if intent.may_be_forgotten(self._clock.now(), strategy.capabilities.key_lifetime):
                return await self._found_again(attempt, intent, strategy)
            was_asked = not is_first or attempt.state is not AttemptState.CREATING
            opened = await self._asked_to_open(attempt, intent, strategy, was_asked=was_asked)
        except Rejected as refused:
            words, result = refused.words, {"code": refused.code, "detail": refused.detail}

            def write(tx: Transaction) -> None:
                finish_intent(tx, intent.id, Outcome.REJECTED, result)
                write_never_made(tx, self._store.till_id, attempt_id, words)
                reach("create.refusing")

            await self._store.write(write)
            reach("create.refused")
            raise
        except ProviderError as error:
            _log.info("no answer about %s: %s", intent.key, error)
            words = error.words
            return await self._store.write(lambda tx: write_doubt(tx, attempt_id, words))
        reach("create.called")
        saved = await self._store.write(lambda tx: write_opened(tx, attempt_id, intent, opened))
        reach("create.saved")
        return saved

    async def _asked_to_open(
        self, attempt: Attempt, intent: Intent, strategy: PaymentStrategy, *, was_asked: bool
    ) -> OpenedSession:
        """Ask under one key; `was_asked` says that a crash may have cut off an earlier call."""

        async def call() -> OpenedSession:
            reach("create.calling")
            return await strategy.open_session(intent.parameters, key=intent.key)

        return await answer_to(
            call,
            gateway=self._gateway,
            account=attempt.account,
            clock=self._clock,
            jitter=self._jitter,
            budget_s=CREATE_BUDGET_S,
            was_asked=was_asked,
        )

    async def _found_again(
        self, attempt: Attempt, intent: Intent, strategy: PaymentStrategy
    ) -> Attempt:
        """Look a lost session up by our reference, since its key may be forgotten by now."""
        reference = str(attempt.reference)
        now = self._clock.now()
        # With a clock that was set back, either of the two times may be the wrong one.
        since = now - _SEARCHED if intent.is_from_ahead(now) else intent.created_at - _CLOCKS_APART

        async def search() -> Observation | None:
            async for seen in strategy.list_since(since, source=Source.SWEEP):
                if seen.reference == reference:
                    if isinstance(seen, Observation):
                        return seen
                    raise Protocol(Message("The provider's session cannot be understood"))
            return None

        seen = await self._gateway.asked(attempt.account, search)
        reach("search.called")

        def write(tx: Transaction) -> Attempt:
            found = self._write_found(tx, attempt.id, intent, seen)
            reach("search.saving")
            return found

        found = await self._store.write(write)
        reach("search.saved")
        return found

    def _write_found(
        self, tx: Transaction, attempt_id: int, intent: Intent, seen: Observation | None
    ) -> Attempt:
        finish_intent(tx, intent.id, Outcome.SUPERSEDED)
        if seen is None:
            return write_never_made(
                tx, self._store.till_id, attempt_id, Message("It never came to be.")
            )
        attempt = known_attempt(tx, attempt_id)
        attempt = mark_attempt(tx, attempt, session_id=seen.session_id)
        if attempt.close_reason is None:
            want_closed(tx, attempt, CloseReason.EXPIRED)
        settle(tx, self._store.till_id, seen)
        return known_attempt(tx, attempt_id)

    async def _close(self, attempt: Attempt) -> Attempt:
        session_id = attempt.session_id or ""
        strategy = None
        try:
            strategy = await self._strategy_of(attempt)
            intent = await self._store.write(lambda tx: write_close_intent(tx, attempt))
            reach("close.intended")

            async def call() -> Observation:
                reach("close.calling")
                return await strategy.close_session(session_id, key=intent.key)

            seen = await self._gateway.asked(attempt.account, call)
            reach("close.called")
        except ProviderError as error:
            is_unknown = isinstance(error, Rejected) and error.status == _NOT_FOUND
            if is_unknown and strategy is not None:
                return await self._gone(attempt, strategy, Source.CLOSE)
            words = error.words
            return await self._store.write(lambda tx: write_doubt(tx, attempt.id, words))
        return await self._settled(attempt.id, seen, intent)

    async def _settled(
        self, attempt_id: int, seen: Observation, intent: Intent | None = None
    ) -> Attempt:
        """Settle a look. Raises Protocol where it does not belong to the attempt at all."""

        def write(tx: Transaction) -> tuple[Attempt, Verdict]:
            if intent is not None:
                finish_intent(tx, intent.id, Outcome.DONE, {"state": seen.state.value})
            verdict = settle(tx, self._store.till_id, seen)
            supersede_overtaken(tx, attempt_id)
            reach("observed.saving")
            return known_attempt(tx, attempt_id), verdict

        attempt, verdict = await self._store.write(write)
        reach("observed.saved")
        if verdict.standing in (Standing.QUARANTINED, Standing.FOREIGN):
            raise Protocol(
                Message("What the provider answered does not belong to this payment"),
                verdict.detail or seen.reference,
                action=Message("Somebody has to look at it; it is on the list."),
            )
        return attempt

    async def _gone(self, attempt: Attempt, strategy: PaymentStrategy, source: Source) -> Attempt:
        """Write down that the provider, asked with the right keys, has no such session.

        Where it forgets what nobody paid, that is how one ends whose time was over.
        """
        takes, now = strategy.capabilities, self._clock.now()
        if takes.forgets_unpaid and now - attempt.created_at >= takes.session_lifetime:
            return await self._settled(attempt.id, run_out(attempt, source, now))
        words = Message("The provider has no such session any more.")
        return await self._store.write(
            lambda tx: write_never_made(tx, self._store.till_id, attempt.id, words)
        )

    async def _strategy_of(self, attempt: Attempt) -> PaymentStrategy:
        """Give the strategy that speaks for the attempt's own account.

        Raises Protocol where there is none any more; then a person is told at once.
        """
        try:
            return await self._gateway.speaking_for(attempt.account, attempt.provider_account)
        except (OtherKeys, CheckoutRefused) as error:
            # Keys that were taken out of the settings can ask as little as another account's.
            words = error.words
            await self._store.write(
                lambda tx: out_of_reach(tx, known_attempt(tx, attempt.id), words)
            )
            raise

    async def _find(self, attempt_id: int) -> Attempt:
        attempt = await self._store.read(lambda db: find_attempt(db, attempt_id))
        if attempt is None:
            raise CheckoutRefused(Message("That payment is not in the books"))
        return attempt

    async def _minded(self, attempt_id: int, work: Callable[[], Awaitable[Attempt]]) -> Attempt:
        """Do one thing at a time with an attempt, and mind for how long it had no answer."""
        async with self._turns.alone_with(attempt_id):
            try:
                attempt = await work()
            except ScantillError:
                await mind_silence(self._store, self._clock, attempt_id)
                raise
            if attempt.state is AttemptState.UNKNOWN:
                await mind_silence(self._store, self._clock, attempt_id)
            return attempt
