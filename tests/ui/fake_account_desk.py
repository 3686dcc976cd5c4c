"""The desk of the accounts for tests of the window: no disk, no key store and no provider."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from app.account_desk import NOT_IN_TRAINING, AccountsStanding, AccountStanding, KeyStanding
from app.errors import ConfigError, Message
from app.provider_check import Finding
from app.settings import Mode, Settings

STORE = "Secret Service"
ENV_FILE = Path("/home/shop/.local/share/scantill/.env")
SECRET = KeyStanding("secret_key", Message("Secret key"), is_needed=True)
WEBHOOK = KeyStanding("webhook_secret", Message("Webhook secret"), False, may_be_two=True)
WORKS = (
    Finding("key", Message("The provider accepts it."), is_good=True),
    Finding("account", Message("It is {account}.", account="acct_1QxYz"), is_good=True),
    Finding("mode", Message("It moves no real money."), is_good=True),
    Finding("currency", Message("It takes {currency}.", currency="EUR"), is_good=True),
    Finding("clock", Message("This computer's is right."), is_good=True),
    Finding("session", Message("Not tried; --with-session opens a small one.")),
    Finding("webhook", Message("Not looked at: payments are found without webhooks, too.")),
)


def account(name: str, kind: str, *keys: KeyStanding, **more: object) -> AccountStanding:
    return AccountStanding(name, Message(kind), keys=keys, **more)  # type: ignore[arg-type]


class FakeAccountDesk:
    """Keeps what it is given; it waits for `gate`, and raises `error`, where a test sets one."""

    def __init__(self, mode: Mode) -> None:
        is_training = mode is Mode.TRAINING
        keys = () if is_training else (SECRET, WEBHOOK)
        lacks = "" if is_training else Message("It lacks a key: {key}.", key=Message("Secret key"))
        self.standing = AccountsStanding(
            mode,
            STORE,
            ENV_FILE,
            (account("stripe_checkout", "Stripe Checkout", *keys, problem=lacks),),
            NOT_IN_TRAINING if is_training else "",
        )
        self.kept: list[tuple[str, str, str]] = []
        self.forgotten: list[tuple[str, str]] = []
        self.findings: tuple[Finding, ...] = WORKS
        self.error: ConfigError | None = None
        self.gate: asyncio.Event | None = None

    def set_accounts(self, *accounts: AccountStanding, store: str = STORE) -> None:
        self.standing = replace(self.standing, accounts=accounts, store=store)

    async def look(self) -> AccountsStanding:
        await asyncio.sleep(0)
        return self.standing

    async def keep(self, account: str, key: str, value: str) -> AccountsStanding:
        await self._enter()
        self.kept.append((account, key, value))
        place = Message("in {store}", store=self.standing.store)
        self._change(account, key, place, f"sk_test_\N{HORIZONTAL ELLIPSIS}{value[-4:]}")
        return self.standing

    async def forget(self, account: str, key: str) -> AccountsStanding:
        await self._enter()
        self.forgotten.append((account, key))
        self._change(account, key, "", "")
        return self.standing

    async def check(self, settings: Settings) -> None:
        await self._enter()

    async def test(self, account: str) -> AsyncIterator[Finding]:
        for number, finding in enumerate(self.findings):
            if number == 2:
                await self._enter()
            await asyncio.sleep(0)
            yield finding

    async def _enter(self) -> None:
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error

    def _change(self, name: str, key: str, place: str, hint: str) -> None:
        def changed(each: AccountStanding) -> AccountStanding:
            keys = tuple(
                replace(one, place=place, kept=place, hint=hint) if one.name == key else one
                for one in each.keys
            )
            lacking = next((one.label for one in keys if one.is_needed and not one.place), None)
            problem = Message("It lacks a key: {key}.", key=lacking) if lacking else ""
            return replace(each, keys=keys, problem=problem, is_changed=True)

        accounts = self.standing.accounts
        self.standing = replace(
            self.standing,
            accounts=tuple(changed(one) if one.account == name else one for one in accounts),
        )
