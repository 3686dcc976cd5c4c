"""Whether an account works, in words: key, account, mode, currency, clock, and a session if asked.

Nothing of it touches the books; the session that is made asks for the least there is, is shown to
nobody and is closed again.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from app.domain.attempt import Reference
from app.domain.capabilities import Capabilities, Demand, objection
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH, Ids
from app.domain.money import Money
from app.domain.observation import SessionState
from app.domain.presentation import PresentedLine
from app.errors import Message, ProviderError, Rejected, ScantillError, Unavailable
from app.providers.strategy import PaymentStrategy, ProviderAccount, SessionRequest
from app.status import CLOCK_WRONG_S

_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, in words: a Message. `is_good` is None for what was not."""

    subject: str
    words: str
    is_good: bool | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried: the shop's currency, and where a customer would come back to.

    `with_session` says that a session is to be made and closed again.
    """

    currency: str
    success_url: str
    with_session: bool = False


async def examine(strategy: PaymentStrategy, trial: Trial, ids: Ids) -> AsyncIterator[Finding]:
    """Look at one thing after the other; without a key that is accepted the rest is left."""
    try:
        account = await strategy.identify()
    except ProviderError as error:
        yield Finding("key", _why(error), is_good=False)
        return
    yield Finding("key", Message("The provider accepts it."), is_good=True)
    yield _whose(strategy, account)
    yield _mode(strategy, account)
    currency = _currency(strategy.capabilities, trial.currency)
    yield currency
    yield _clock(strategy)
    if currency.is_good is False:
        yield Finding("session", Message("Not tried, for want of the currency."))
    elif not trial.with_session:
        yield Finding("session", Message("Not tried; --with-session opens a small one."))
    else:
        yield await _session(strategy, trial, ids)
    yield Finding("webhook", Message("Not looked at: payments are found without webhooks, too."))


def _why(error: ProviderError) -> Message:
    """Say what failed. A test asks once: what the till says of a payment would not be true here."""
    if not isinstance(error, Unavailable):
        return error.words
    action = Message(
        "No money moved. See that this computer is online, and test again in a few minutes."
    )
    return ScantillError(error.title, error.detail, action=action).words


def _whose(strategy: PaymentStrategy, account: ProviderAccount) -> Finding:
    strategy.adopt(account.id)
    if account.id.startswith("name:"):
        words = Message("This key may not ask whose it is; it is known by its name here.")
        return Finding("account", words, is_good=True)
    return Finding("account", Message("It is {account}.", account=account.id), is_good=True)


def _mode(strategy: PaymentStrategy, account: ProviderAccount) -> Finding:
    if account.live is not strategy.live:
        words = Message("The key and the provider do not say the same about real money.")
        return Finding("mode", words, is_good=False)
    words = Message("It moves real money.") if account.live else Message("It moves no real money.")
    return Finding("mode", words, is_good=True)


def least_of(takes: Capabilities, currency: str) -> Money:
    """Give the least amount that a session can be for, in steps that the provider takes."""
    step = takes.amount_step.get(currency, 1)
    least = takes.minimum_minor.get(currency, _WHOLE)
    return Money(-(-least // step) * step, currency)


def _currency(takes: Capabilities, currency: str) -> Finding:
    problem = objection(takes, Demand(least_of(takes, currency)))
    if problem:
        return Finding("currency", problem, is_good=False)
    return Finding("currency", Message("It takes {currency}.", currency=currency), is_good=True)


def _clock(strategy: PaymentStrategy) -> Finding:
    off = strategy.clock_off()
    if off is None:
        return Finding("clock", Message("The provider did not say what time it has."))
    off_s = round(off.total_seconds())
    if abs(off_s) < CLOCK_WRONG_S:
        return Finding("clock", Message("This computer's is right."), is_good=True)
    words = (
        Message("This computer's is {seconds} s fast; set it.", seconds=off_s)
        if off_s > 0
        else Message("This computer's is {seconds} s slow; set it.", seconds=-off_s)
    )
    return Finding("clock", words, is_good=False)


async def _session(strategy: PaymentStrategy, trial: Trial, ids: Ids) -> Finding:
    if not trial.success_url:
        words = Message(
            "There is no page for the customer to come back to: set success_url under [shop] in "
            "the catalog."
        )
        return Finding("session", words, is_good=False)
    amount = least_of(strategy.capabilities, trial.currency)
    # Of no till: should anything ever come of it, it is a stranger's to this one.
    reference = Reference(ids.new(TILL_ID_LENGTH), ids.new(ORDER_ID_LENGTH), 1)
    line = PresentedLine("Scantill", amount.minor)
    request = SessionRequest(reference, amount, (line,), trial.success_url, trial.success_url)
    try:
        parameters = await strategy.prepare_session(request)
        opened = await strategy.open_session(parameters, key=reference.key("create"))
    except ProviderError as error:
        if isinstance(error, Rejected) and error.is_of_the_key:
            words = Message("This key may not open one. {why}", why=error.words)
            return Finding("session", words, is_good=False)
        return Finding("session", _why(error), is_good=False)
    return await _closed(strategy, opened.session_id, reference, amount)


async def _closed(
    strategy: PaymentStrategy, session_id: str, reference: Reference, amount: Money
) -> Finding:
    given = {"amount": amount, "session": session_id}
    try:
        seen = await strategy.close_session(session_id, key=reference.key("close-1"))
    except ProviderError as error:
        words = Message(
            "{session} over {amount} was opened and could not be closed: {why} Nobody has seen it, "
            "and it ends by itself.",
            why=_why(error),
            **given,
        )
        return Finding("session", words, is_good=False)
    if seen.state not in {SessionState.EXPIRED, SessionState.FAILED}:
        words = Message(
            "{session} over {amount} was opened and closed, and the provider calls it {state}.",
            state=seen.state.value,
            **given,
        )
        return Finding("session", words, is_good=False)
    words = Message("{session} over {amount} was opened and closed again.", **given)
    return Finding("session", words, is_good=True)
