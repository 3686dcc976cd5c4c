"""The way from the use cases to the providers' accounts: the right keys, and their health noted.

Whoever asks a provider anything asks through here, so that it is known of each account whether it
answers, and so that nothing is asked with keys that belong to somebody else by now.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from app.breaker import Breaker, Standing
from app.clock import Clock
from app.domain.capabilities import Shows
from app.domain.payment import Payment
from app.errors import (
    CheckoutRefused,
    Message,
    Protocol,
    ProviderError,
    Rejected,
    ScantillError,
    Unavailable,
)
from app.failpoints import reach
from app.patience import in_time
from app.providers.strategy import PaymentStrategy
from app.status import AccountHealth, Health
from app.store import Store
from app.store.accounts import KnownAccount, known_for, remember

T = TypeVar("T")

_NO_SUCH_KEY: Final = 401

_log = logging.getLogger(__name__)


class Gateway:
    """Holds the strategies, the default account first, and a breaker for each."""

    def __init__(
        self,
        store: Store,
        strategies: Mapping[str, PaymentStrategy],
        *,
        clock: Clock,
        health: Health,
    ) -> None:
        self._store = store
        self._strategies = strategies
        self._clock = clock
        self._health = health
        self._breakers = {name: Breaker() for name in strategies}

    @property
    def accounts(self) -> tuple[str, ...]:
        """Give the names of the accounts that are set up, the default first."""
        return tuple(self._strategies)

    @property
    def requests_made(self) -> int:
        """Give how many requests were made so far, to all providers."""
        return sum(strategy.requests_made for strategy in self._strategies.values())

    def clock_off(self) -> timedelta | None:
        """Say how far this computer's clock is ahead of the providers', None while nobody told.

        The first account that answers counts.
        """
        told = (strategy.clock_off() for strategy in self._strategies.values())
        return next((off for off in told if off is not None), None)

    @property
    def health(self) -> tuple[AccountHealth, ...]:
        """Say of every account whether it answers, and whether it may have the next customer."""
        return tuple(
            replace(
                each,
                standing=self.standing(each.name),
                is_by_hand=self._strategies[each.name].capabilities.shows is Shows.NOTHING,
            )
            for each in self._health.accounts
        )

    def standing(self, account: str) -> Standing:
        """Say whether an account may be trusted with the next customer."""
        return self._breakers[account].standing(self._clock.monotonic())

    def tried(self, account: str) -> None:
        """Note that a customer is being sent to an account that may be down still."""
        self._breakers[account].tried(self._clock.monotonic())

    def strategy(self, account: str) -> PaymentStrategy:
        """Give the strategy of an account. Raises CheckoutRefused where it is not set up."""
        strategy = self._strategies.get(account)
        if strategy is None:
            raise CheckoutRefused(
                Message("The account {account} is not set up", account=account),
                action=Message("Put its keys back; payments that were begun with it need them."),
            )
        return strategy

    async def identified(self, strategy: PaymentStrategy) -> KnownAccount:
        """Learn the provider's own account once for each credential; the books remember it."""
        name, credential = strategy.account, strategy.credential_digest
        known = await self._store.read(lambda db: known_for(db, name, credential))
        if known is None:
            learned = await self.asked(name, strategy.identify)
            known = KnownAccount(name, strategy.provider, learned.id, learned.live, credential)
            learned_account = known
            await self._store.write(lambda tx: remember(tx, learned_account))
            reach("account.learned")
        strategy.adopt(known.provider_account)
        return known

    async def speaking_for(self, account: str, provider_account: str) -> PaymentStrategy:
        """Give the strategy of an account, sure that it speaks for `provider_account`.

        Raises Protocol where the keys are refused, and OtherKeys where they were changed for
        another account's: what is asked there would be about somebody else's money.
        """
        strategy = self.strategy(account)
        if not strategy.provider_account:
            try:
                await self.identified(strategy)
            except Rejected as refused:
                # It says nothing of what was to be asked.
                raise Protocol(refused.title, refused.detail, code=refused.code) from refused
        if strategy.provider_account != provider_account:
            raise OtherKeys(
                Message("The keys of {account} belong to another account now", account=account),
                Message(
                    "This payment was begun with {provider_account}.",
                    provider_account=provider_account,
                ),
                action=Message("Put the old keys back until it is over."),
            )
        return strategy

    async def speaking_for_payment(self, payment: Payment) -> PaymentStrategy:
        """Find the keys for a payment: its own account's first, then any of the same provider's.

        Money that was held for want of an order may have come by another name of the account.
        Raises CheckoutRefused or OtherKeys where nobody can be asked.
        """
        others = [name for name in self.accounts if name != payment.account]
        failure: ScantillError | None = None
        for name in (payment.account, *others):
            try:
                strategy = self.strategy(name)
                if strategy.provider == payment.provider and strategy.live == payment.live:
                    return await self.speaking_for(name, payment.provider_account)
            except (CheckoutRefused, OtherKeys) as error:
                failure = failure or error
        raise failure or CheckoutRefused(
            Message("The keys of {account} are for other money", account=payment.account),
            Message("This payment is live money.")
            if payment.live
            else Message("This payment is test money."),
            action=Message("Put the keys back with which it was taken."),
        )

    async def asked(self, account: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call and note whether the provider answered.

        Raises Unavailable where whoever waits at the counter has no patience left.
        """
        try:
            answer = await in_time(call, self._clock)
        except ProviderError as error:
            self._note(account, error)
            raise
        self._answered(account)
        return answer

    async def asked_if_needed(self, account: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call that may have nothing to ask; without a request no answer is noted."""
        strategy = self.strategy(account)
        made = strategy.requests_made
        try:
            answer = await in_time(call, self._clock)
        except ProviderError as error:
            if isinstance(error, Unavailable) or strategy.requests_made != made:
                self._note(account, error)
            raise
        if strategy.requests_made != made:
            self._answered(account)
        return answer

    def _note(self, account: str, error: ProviderError) -> None:
        """Note what a call without a usable answer says: a refusal of anything but the key is one.

        That the keys are refused is logged where it is news.
        """
        if not isinstance(error, Rejected):
            self._failed(account, error)
        elif not error.is_of_the_key:
            self._answered(account)
        elif self._failed(account, error):
            _log.error("the keys of %s are refused: %s", account, error)

    def _answered(self, account: str) -> None:
        self._health.answered(account, self._clock.now())
        self._breakers[account].answered(self._clock.monotonic())

    def _failed(self, account: str, error: ProviderError) -> bool:
        """Note a call without a usable answer; say whether it is news that the keys are refused."""
        # 403 is about one thing that the key may not do, as reading a list; it sells all the same.
        is_refused = isinstance(error, Rejected) and error.status == _NO_SUCH_KEY
        self._breakers[account].failed(self._clock.monotonic(), is_refused=is_refused)
        return self._health.failed(account, self._clock.now(), error)


class OtherKeys(Protocol):
    """The keys of an account were changed for another account's."""
