"""The command `scantill provider test`: says line by line what of an account works."""

import argparse
import asyncio
import random
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.cli_options import add_till_options, settings_of
from app.errors import ConfigError, Message
from app.settings import Mode, Settings

if TYPE_CHECKING:
    from app.domain.catalog import Shop
    from app.provider_check import Finding, Trial
    from app.providers.strategy import PaymentStrategy

_MARKS: Final = {True: "ok", False: "NOT OK", None: "-"}


def add_provider(commands: Any) -> None:
    """Add the command to the parser's commands."""
    provider = commands.add_parser("provider", help="look at the accounts with payment providers")
    verbs = provider.add_subparsers(dest="provider_command", metavar="COMMAND", required=True)
    test = verbs.add_parser("test", help="say what of an account works, and what does not")
    add_till_options(test)
    test.add_argument("name", metavar="NAME", help="the account, as the settings name it")
    test.add_argument(
        "--with-session", action="store_true", help="open a small session and close it again"
    )
    test.set_defaults(run=_test)


def _test(arguments: argparse.Namespace) -> int:
    from app.account_rules import check_rules
    from app.accounts import loopback_base, wanted_accounts
    from app.catalog_watch import catalog_watch_of
    from app.clock import SystemClock

    settings = settings_of(arguments)
    wanted = wanted_accounts(settings)
    if arguments.name not in wanted:
        # What was typed may be a key.
        raise ConfigError(
            Message("There is no account of that name"),
            action=Message("Choose one of these: {accounts}.", accounts=", ".join(wanted)),
        )
    shop = catalog_watch_of(settings, arguments.catalog, SystemClock()).catalog.shop
    check_rules(settings, tuple(wanted), shop.currency)
    if wanted[arguments.name][0].is_by_hand:
        print("It is taken by hand: there is no key, and nothing to test.")
        return 0
    with ExitStack() as stack:
        sandbox_url = ""
        if settings.mode is Mode.TRAINING:
            sandbox_url = arguments.sandbox or loopback_base(settings) or _simulator(stack)
        return _tested(settings, arguments, shop, sandbox_url.rstrip("/"))


def _simulator(stack: ExitStack) -> str:
    """Start one with books of its own: a till that runs has its own."""
    print("This is training: a simulator is asked, with its own keys and not with the shop's.")
    from app.sandbox import SandboxServer

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="scantill-"))
    return stack.enter_context(SandboxServer(books_path=Path(folder) / "sandbox.db")).origin


def _tested(
    settings: Settings, arguments: argparse.Namespace, shop: "Shop", sandbox_url: str
) -> int:
    from app.accounts import accounts_of, return_pages
    from app.clock import SystemClock
    from app.provider_check import Finding, Trial

    set_up = accounts_of(settings, sandbox_url, SystemClock())
    name = arguments.name
    if name in set_up.unready:
        _say(Finding("key", set_up.unready[name], is_good=False))
        _say_how_to_set(settings, name)
        return 1
    pages = return_pages(settings, sandbox_url)
    trial = Trial(shop.currency, shop.success_url or pages.success_url, arguments.with_session)
    return asyncio.run(_said(set_up.strategies[name], trial))


def _say_how_to_set(settings: Settings, account: str) -> None:
    from app.account_keys import keys_of, place_of
    from app.key_store import KeyStore

    store = KeyStore(settings.root, settings.mode.value)
    for key in keys_of(settings):
        if key.account == account and key.field.is_needed and not place_of(settings, key, store):
            print(
                f"Set {key.field.variables[0]}, or: scantill secrets set {key.name} "
                f"--mode {settings.mode.value}",
                flush=True,
            )


async def _said(strategy: "PaymentStrategy", trial: "Trial") -> int:
    from app.domain.ids import Ids
    from app.provider_check import examine

    is_good = True
    try:
        async for finding in examine(strategy, trial, Ids(random.SystemRandom())):
            _say(finding)
            is_good = is_good and finding.is_good is not False
    finally:
        await strategy.aclose()
    return 0 if is_good else 1


def _say(finding: "Finding") -> None:
    print(f"{finding.subject:<9} {_MARKS[finding.is_good]:<7} {finding.words}", flush=True)
