"""Charging: from one account to the next, until one has a session whose code can be shown.

Nobody has seen a code meanwhile. What was asked and gave no answer stays watched and is closed,
so that no two codes can ever be paid for one order.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.decision import Decision, Said
from app.errors import (
    AccountName,
    CheckoutRefused,
    Message,
    Protocol,
    ProviderError,
    Rejected,
    ScantillError,
)
from app.routing import Choice, Route
from app.ways import decision_for

_NONE_ANSWERS: Final = Message("No provider that could take this answers just now")
_NONE_TOOK_IT: Final = Message("No account took this payment")
_NO_ANSWER: Final = Message("It did not answer.")
_UNFIT: Final = Message("Its session did not fit the order.")
_GONE: Final = frozenset({AttemptState.FAILED, AttemptState.EXPIRED, AttemptState.CANCELLED})


class NotBegun(CheckoutRefused):
    """The provider could not even be asked: no attempt was written, and no money can move."""

    def __init__(self, error: ProviderError) -> None:
        super().__init__(
            error.title,
            Message("No payment was begun. {detail}", detail=error.detail),
            action=Message("Check the network and try again, or take another way of payment."),
        )
        self.reason = Message("{title}.", title=error.title)
        if isinstance(error, Rejected):
            self.reason = error.reason


class Unfit(Protocol):
    """The provider opened something else than was asked for; it is to be closed, and not shown."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(
            Message("The provider's session does not fit the order"),
            Message(
                "It is closed again and was not shown ({reference}).",
                reference=attempt.reference,
            ),
            action=Message("Try again, or take another way of payment."),
        )
        self.attempt = attempt


@dataclass(frozen=True, slots=True)
class Opens:
    """What charging needs: to open a session for a choice, read an attempt anew, and close one.

    `at` raises as `Checkout.open_session` does.
    """

    at: Callable[[Choice, Decision], Awaitable[Attempt]]
    reread: Callable[[int], Awaitable[Attempt]]
    close: Callable[[int], Awaitable[Attempt]]


async def charge_along(route: Route, opens: Opens, goes_on: Callable[[], bool]) -> Attempt:
    """Try the accounts that the till may choose by itself, the first first.

    Gives the first session that is open, or else the last attempt without an answer. Raises what
    the only one was refused for; CheckoutRefused with what each said where several were tried or
    none could be.
    """
    relay = _Relay(route, opens)
    for choice in route.by_itself:
        if relay.tried and (await relay.is_settled() or not goes_on()):
            break
        if await relay.passes(choice):
            break
    return relay.outcome()


class _Relay:
    """What came of the accounts that were tried so far."""

    def __init__(self, route: Route, opens: Opens) -> None:
        self._route = route
        self._opens = opens
        self.tried: list[Said] = []
        self._attempt: Attempt | None = None
        self._error: ScantillError | None = None
        self._were_none_begun = True

    async def is_settled(self) -> bool:
        """Say whether the one before needs no other: it answered late, or was cancelled."""
        if self._attempt is None:
            return False
        self._attempt = await self._opens.reread(self._attempt.id)
        is_cancelled = self._attempt.close_reason is CloseReason.CANCELLED
        return is_cancelled or self._attempt.is_payable

    async def passes(self, choice: Choice) -> bool:
        """Try an account; say whether this was the end of it. Raises where nothing may follow."""
        decision = decision_for(self._route, choice, self.tried)
        try:
            attempt = await self._opens.at(choice, decision)
        except NotBegun as error:
            # Nothing was written: an attempt of before is still the last one.
            self.tried.append(Said(choice.account, error.reason))
            if self._attempt is None:
                self._error = error
        except Rejected as error:
            self._go_on(choice, error.reason, None, error)
        except Unfit as error:
            self._go_on(choice, _UNFIT, await self._closed(error), error)
        except CheckoutRefused:
            # The watch may have had the answer to the one before in the meantime.
            if not await self.is_settled():
                raise
            return True
        else:
            if attempt.state is not AttemptState.UNKNOWN:
                self._attempt, self._error = attempt, None
                return True
            self._go_on(choice, _NO_ANSWER, attempt, None)
        return False

    def outcome(self) -> Attempt:
        """Give the last attempt, or raise why there is none."""
        if self._error is None and self._attempt is not None:
            return self._attempt
        if self._error is not None and len(self.tried) == 1:
            raise self._error
        title = _NONE_ANSWERS if self._were_none_begun else _NONE_TOOK_IT
        raise none_answers(self._route, self.tried, title) from self._error

    def _go_on(
        self,
        choice: Choice,
        reason: str,
        attempt: Attempt | None,
        error: ScantillError | None,
    ) -> None:
        self.tried.append(Said(choice.account, reason))
        self._were_none_begun = False
        self._attempt, self._error = attempt, error

    async def _closed(self, error: Unfit) -> Attempt:
        """Close what does not fit; nothing follows unless it is gone or in doubt, unseen."""
        if error.attempt.close_reason is not CloseReason.SUPERSEDED:
            raise error
        closed = await self._opens.close(error.attempt.id)
        if closed.state not in _GONE and closed.state is not AttemptState.UNKNOWN:
            raise error
        return closed


def none_answers(
    route: Route, tried: list[Said] | None = None, title: Message = _NONE_ANSWERS
) -> CheckoutRefused:
    """Say plainly that there is no way just now, why of each, and what can be done instead.

    `title` is for where there was one that might have been taken.
    """
    said = [*(tried or ()), *(Said(each.account, each.reason) for each in route.left_out)]
    by_hand = [choice.account for choice in route.choices if choice.is_by_hand]
    given: dict[str, object] = {}
    for number, each in enumerate(said):
        given |= {f"account{number}": AccountName(each.account), f"reason{number}": each.reason}
    lines = " ".join(f"{{account{number}}}: {{reason{number}}}" for number in range(len(said)))
    return CheckoutRefused(
        route.problem or title,
        Message(lines, **given) if lines else "",
        action=_instead(route, by_hand),
    )


def refuse_without_way(route: Route) -> None:
    """Refuse to sell where the settings alone leave no way to pay, with why of each account.

    What is down may be back, and what takes no such amount may take a part of it.
    """
    if route.is_none_set_up:
        raise none_answers(route)


def _instead(route: Route, by_hand: list[str]) -> Message:
    if by_hand:
        return Message("Take it another way: {ways}.", ways=_all_of(by_hand))
    if route.is_none_set_up:
        return Message(
            "Set one up under Settings (F4) or switch one on, then start the till again."
        )
    if route.method is not None:
        return Message("Choose another way to pay, or try again in a minute.")
    return Message("Try again in a minute, or change the cart.")


def _all_of(accounts: list[str]) -> Message:
    """Name accounts one after the other."""
    given: dict[str, object] = {f"account{n}": AccountName(name) for n, name in enumerate(accounts)}
    template = ", ".join(f"{{{part}}}" for part in given)
    return Message(template, **given)
