"""A call with an effect, made under one key until there is an answer to it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.clock import Clock
from app.errors import Protocol, Rejected, Unavailable
from app.gateway import Gateway
from app.patience import budget_within
from app.providers.retry import Jitter, until_answered

T = TypeVar("T")


async def answer_to(
    call: Callable[[], Awaitable[T]],
    *,
    gateway: Gateway,
    account: str,
    clock: Clock,
    jitter: Jitter,
    budget_s: float,
    was_asked: bool,
) -> T:
    """Make a call again and again, for `budget_s` at most; it is to send the same key each time.

    Where there is less patience left than that, no longer than there is.

    A key that is refused (401, 403) after a call without an answer says nothing of that call:
    neither of one lost just now, nor of one that a crash cut off (`was_asked`). Raises Protocol
    for that, Rejected where the provider refuses, Unavailable where no answer comes.
    """
    is_one_lost = was_asked

    async def once() -> T:
        nonlocal is_one_lost
        try:
            return await call()
        except Unavailable:
            is_one_lost = True
            raise

    try:
        return await until_answered(
            lambda: gateway.asked(account, once),
            clock=clock,
            jitter=jitter,
            budget_s=budget_within(budget_s, clock),
        )
    except Rejected as refused:
        if is_one_lost and refused.is_of_the_key:
            raise Protocol(refused.title, refused.detail, code=refused.code) from refused
        raise
