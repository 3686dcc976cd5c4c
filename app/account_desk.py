"""What a person does about the accounts of a till while it runs: look, set keys, test them.

The running till keeps the strategies that it was started with: what is open goes on with the keys
that it was begun with, and what is set here counts from the next start.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.account_keys import (
    NamedKey,
    env_file_of,
    exposed_words,
    forget,
    hint_of,
    keep,
    key_named,
    keys_of,
    place_of,
    value_of,
)
from app.account_rules import check_rules
from app.accounts import Accounts, accounts_of, own_variables, wanted_accounts
from app.clock import Clock
from app.domain.ids import Ids
from app.errors import ConfigError, Message
from app.key_store import KeyStore
from app.provider_check import Finding, Trial, examine
from app.settings import Mode, Settings, variables_of

NOT_IN_TRAINING: Final = Message("Training moves no money and needs no keys")


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """One key of an account: where it is taken from, and what may be seen of it; never the key.

    `place` is empty where there is none. `kept` is where one stands that was set here, which may
    not be the one that counts; only that can be removed here.
    """

    name: str
    label: Message
    is_needed: bool
    may_be_two: bool = False
    place: str = ""
    hint: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """An account as the settings and keys have it now; `problem` says why it cannot be used.

    `is_changed` says that a key was set or removed since the till was started.
    """

    account: str
    kind: Message
    is_by_hand: bool = False
    is_enabled: bool = True
    problem: str = ""
    keys: tuple[KeyStanding, ...] = ()
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class AccountsStanding:
    """All accounts, and where a key is kept that is set here.

    `store` is what people call the system's key store, empty where there is none to be trusted:
    then keys go into `env_file`. `why_fixed` says why no key can be set, if so.
    """

    mode: Mode
    store: str
    env_file: Path
    accounts: tuple[AccountStanding, ...]
    why_fixed: str = ""


class AccountDesk:
    """Serves one data directory. What it does waits for the disk and the key store in a thread.

    `currency` gives the shop's. `exposed` says which files with keys others can read, as it was
    when the desk last looked. Raises ConfigError in words; no key is ever in them.
    """

    def __init__(
        self,
        settings: Settings,
        sandbox_url: str,
        *,
        clock: Clock,
        ids: Ids,
        currency: Callable[[], str],
        store: KeyStore | None = None,
    ) -> None:
        self._as_started = settings
        self._sandbox_url = sandbox_url
        self._clock = clock
        self._ids = ids
        self._currency = currency
        self._store = store or KeyStore(settings.root, settings.mode.value)
        self._env_file = env_file_of(settings)
        self.exposed = exposed_words(settings)
        self._changed: set[str] = set()
        self._turn = asyncio.Lock()

    async def look(self) -> AccountsStanding:
        """Say how the accounts stand now, from the keys as they are now."""
        async with self._turn:
            return await self._look()

    async def keep(self, account: str, key: str, value: str) -> AccountsStanding:
        """Keep a key, in place of an older one, and say how the accounts stand then."""
        async with self._turn:
            await asyncio.to_thread(self._keep, account, key, value)
            self._changed.add(account)
            return await self._look()

    async def forget(self, account: str, key: str) -> AccountsStanding:
        """Forget a key that was kept here, and say how the accounts stand then."""
        async with self._turn:
            if await asyncio.to_thread(self._forget, account, key):
                self._changed.add(account)
            return await self._look()

    async def test(self, account: str) -> AsyncIterator[Finding]:
        """Look at what of an account works, with the keys as they are now; nothing is charged."""
        built = await asyncio.to_thread(self._built, self._settings(), account)
        if account in built.unready:
            yield Finding("key", built.unready[account], is_good=False)
            return
        strategy = built.strategies[account]
        try:
            async for finding in examine(strategy, Trial(self._currency(), ""), self._ids):
                yield finding
        finally:
            await strategy.aclose()

    async def check(self, settings: Settings) -> None:
        """Raise ConfigError where a till would not start with these settings and its keys."""
        async with self._turn:
            built = await asyncio.to_thread(self._accounts, settings)
            for strategy in built.strategies.values():
                await strategy.aclose()

    def _accounts(self, settings: Settings) -> Accounts:
        built = accounts_of(settings, self._sandbox_url, self._clock, self._store)
        check_rules(settings, (*built.strategies, *built.unready), self._currency())
        return built

    def _settings(self) -> Settings:
        """Give the settings with the environment and the `.env` files as they are now."""
        variables = variables_of(self._as_started.env_files)
        return self._as_started.model_copy(update={"variables": variables})

    def _built(self, settings: Settings, account: str) -> Accounts:
        """Build one account, so that a fault of another is not told as its own."""
        _, table = wanted_accounts(settings)[account]
        file = settings.file.model_copy(update={"accounts": {account: table}})
        one = settings.model_copy(update={"file": file})
        return accounts_of(one, self._sandbox_url, self._clock, self._store)

    async def _look(self) -> AccountsStanding:
        standing, built = await asyncio.to_thread(self._looked)
        for each in built:
            for strategy in each.strategies.values():
                await strategy.aclose()
        return standing

    def _looked(self) -> tuple[AccountsStanding, list[Accounts]]:
        settings = self._settings()
        self.exposed = exposed_words(settings)
        found: list[AccountStanding] = []
        all_built: list[Accounts] = []
        for account, (kind, table) in wanted_accounts(settings).items():
            problem: str
            try:
                built = self._built(settings, account)
            except ConfigError as error:
                problem = error.words
            else:
                all_built.append(built)
                problem = built.unready.get(account) or ""
            keys = () if self._is_training else self._keys_of(settings, account)
            found.append(
                AccountStanding(
                    account,
                    kind.label,
                    is_by_hand=kind.is_by_hand,
                    is_enabled=table.enabled,
                    problem=problem,
                    keys=keys,
                    is_changed=account in self._changed,
                )
            )
        standing = AccountsStanding(
            settings.mode,
            self._store.name,
            self._env_file,
            tuple(found),
            NOT_IN_TRAINING if self._is_training else "",
        )
        return standing, all_built

    def _keys_of(self, settings: Settings, account: str) -> tuple[KeyStanding, ...]:
        return tuple(
            KeyStanding(
                key.field.name,
                key.field.label,
                key.field.is_needed,
                key.field.may_be_two,
                place_of(settings, key, self._store) or "",
                hint_of(key.field, value_of(settings, key, self._store)),
                self._kept(settings, key),
            )
            for key in keys_of(settings)
            if key.account == account
        )

    def _kept(self, settings: Settings, key: NamedKey) -> str:
        """Say where a key stands that can be removed here, or nothing."""
        if self._store.get(key.account, key.field.name):
            return Message("in {store}", store=self._store.name)
        variable = own_variables(key.account, key.field)[0]
        for path, source in zip(settings.env_files, settings.variables.sources[1:], strict=False):
            if path == self._env_file and (source.get(variable) or "").strip():
                return Message("{variable} in {place}", variable=variable, place=path)
        return ""

    @property
    def _is_training(self) -> bool:
        return self._as_started.mode is Mode.TRAINING

    def _named(self, account: str, key: str) -> tuple[Settings, NamedKey]:
        if self._is_training:
            raise ConfigError(
                NOT_IN_TRAINING,
                Message("Nothing was changed."),
                action=Message("Start the till with --mode test or --mode live."),
            )
        settings = self._settings()
        return settings, key_named(settings, f"{account}.{key}")

    def _keep(self, account: str, key: str, value: str) -> None:
        settings, named = self._named(account, key)
        keep(settings, named, value, self._store)

    def _forget(self, account: str, key: str) -> bool:
        settings, named = self._named(account, key)
        return forget(settings, named, self._store)
