"""The commands that need no window, with serve, sandbox and catalog check.

Larger ones have a module each (`app.cli_money` and its like); `ui.cli` adds the window and the
demo. Every command says in words what went wrong and exits with 1 (something is wrong) or 2 (it was
called wrongly).
"""

import argparse
import asyncio
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from app.catalog_file import load_catalog
from app.cli_backup import add_backup_commands
from app.cli_cards import add_cards_commands
from app.cli_money import add_money_commands
from app.cli_options import add_data_dir, add_till_options, settings_of
from app.cli_parser import Parser, without_keys
from app.cli_pipe import outliving_its_readers
from app.cli_provider import add_provider
from app.cli_reconcile import add_reconcile
from app.cli_secrets import add_secrets
from app.cli_subscriptions import add_subscriptions_commands
from app.cli_verify import add_verify
from app.errors import CatalogError, ConfigError, MoneyMoved, ScantillError, StoreError
from app.heap import keep_together
from app.settings import Mode, default_root
from app.store.connection import private_directory

_MONEY: Final = {
    MoneyMoved.NO: "No money moved.",
    MoneyMoved.UNKNOWN: "Whether money moved is not known yet.",
    MoneyMoved.YES: "Money moved.",
}

_MOST_PORT: Final = 65535

Command = Callable[[argparse.Namespace], int]


class _Version(argparse.Action):
    """Prints the version, which is looked up only then: that takes as long as half the parser."""

    def __init__(self, option_strings: Sequence[str], dest: str, **named: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **named)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"{parser.prog} {version(parser.prog)}")
        parser.exit()


def build_parser() -> tuple[argparse.ArgumentParser, Any]:
    """Build the parser and give it with its sub-commands, for `ui.cli` to add to."""
    parser = Parser(
        prog="scantill",
        description="A local-first till: show a QR code, get paid on the customer's phone.",
    )
    parser.add_argument("--version", action=_Version, help="print the version and end")
    # An option may stand before or after the command: only what was given overrides these.
    parser.set_defaults(
        data_dir=None, mode=Mode.TRAINING, catalog=None, sandbox="", no_webhooks=False
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the doors and the watch without a window")
    add_till_options(serve)
    serve.set_defaults(run=_serve)

    sandbox = commands.add_parser("sandbox", help="run the provider simulator on its own")
    add_data_dir(sandbox)
    sandbox.add_argument("--host", default="127.0.0.1", help="address to listen on")
    sandbox.add_argument("--port", type=_port, default=0, help="port; 0 takes a free one")
    sandbox.add_argument(
        "--rate-limit",
        type=int,
        metavar="N",
        help="refuse more than N requests of an account in a second (Stripe's sandbox: 25)",
    )
    sandbox.set_defaults(run=_sandbox)

    add_verify(commands)
    add_backup_commands(commands)
    add_reconcile(commands)

    catalog = commands.add_parser("catalog", help="work on the catalog file")
    catalogs = catalog.add_subparsers(dest="catalog_command", metavar="COMMAND", required=True)
    catalog_check = catalogs.add_parser("check", help="name every fault of a catalog file")
    add_data_dir(catalog_check)
    catalog_check.add_argument("file", type=Path, metavar="FILE")
    catalog_check.set_defaults(run=_catalog_check)
    add_money_commands(commands)
    add_subscriptions_commands(commands)
    add_cards_commands(commands)
    add_secrets(commands)
    add_provider(commands)
    return parser, commands


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _MOST_PORT):
        raise argparse.ArgumentTypeError(f"it must be a number up to {_MOST_PORT}")
    return int(text)


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse and run a command; an error becomes words on stderr and status 1.

    Who stops reading what it prints changes neither what it does nor its status. Ctrl+C ends it
    with status 130.
    """
    typed = sys.argv[1:] if argv is None else argv
    try:
        with outliving_its_readers():
            return _run(_parsed(parser, typed), typed)
    except KeyboardInterrupt:
        return 130


def _parsed(parser: argparse.ArgumentParser, typed: Sequence[str]) -> argparse.Namespace:
    arguments, left_over = parser.parse_known_args(typed)
    if left_over and hasattr(arguments, "value"):
        # It may be a key that stands behind an option: its command refuses it, unrepeated.
        arguments.value = left_over
    elif left_over:
        parser.error("there is more on the line than this command takes; see it with --help")
    return arguments


def _run(arguments: argparse.Namespace, typed: Sequence[str]) -> int:
    command: Command = arguments.run
    try:
        return command(arguments)
    except CatalogError as error:
        for fault in error.faults:
            print(without_keys(str(fault), typed), file=sys.stderr)
        return 1
    except ScantillError as error:
        words = without_keys(str(error), typed)
        log = logging.getLogger(__name__)
        # Before there is a log, Python would write the same words to stderr a second time.
        if log.hasHandlers():
            log.error("%s", words)
        print(f"scantill: {words}", file=sys.stderr)
        if error.money is not MoneyMoved.NO:
            print(_MONEY[error.money], file=sys.stderr)
        return 1


def _serve(arguments: argparse.Namespace) -> int:
    keep_together()
    asyncio.run(_serve_till(arguments))
    return 0


async def _serve_till(arguments: argparse.Namespace) -> None:
    from app.api import PrivateDoor
    from app.bootstrap import Till

    settings = settings_of(arguments)
    till = Till(
        settings,
        catalog_path=arguments.catalog,
        sandbox_url=arguments.sandbox,
        register_webhooks=not arguments.no_webhooks,
    )
    try:
        await till.start()
        private = PrivateDoor.of(till, port=settings.file.doors.private_port)
        address = await private.start()
        lines = {
            "mode": till.mode.value,
            "data": str(settings.directory),
            "private": address,
            "token": str(settings.directory / "api-token"),
            "public": till.door.address,
            "sandbox": till.sandbox_url,
            "phones": till.phones.state.address if till.phones is not None else "",
            "accounts": ", ".join(till.accounts) or "none",
        }
        for name, value in lines.items():
            if value:
                print(f"{name:<9}{value}", flush=True)
        for name, why in till.set_up.unready.items():
            print(
                f"{'':<9}{name} is not ready: {why} See: scantill provider test {name}", flush=True
            )
        if (exposed := till.account_desk.exposed) is not None:
            print(f"scantill: {exposed}", file=sys.stderr, flush=True)
        await _until_asked_to_stop()
        await private.stop()
    finally:
        await till.aclose()


async def _until_asked_to_stop() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, asked.set)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(asked.set))
    await asked.wait()


def _sandbox(arguments: argparse.Namespace) -> int:
    from app.sandbox import SANDBOX_KEY, SandboxServer
    from app.sandbox.books import BooksUnusable

    root = private_directory((arguments.data_dir or default_root()).absolute())
    server = SandboxServer(
        books_path=root / "sandbox.db",
        host=arguments.host,
        port=arguments.port,
        requests_per_second=arguments.rate_limit,
    )

    def say(origin: str) -> None:
        print(
            f"sandbox  {origin}\nkey      {SANDBOX_KEY}\nbooks    {root / 'sandbox.db'}", flush=True
        )

    try:
        server.serve(say)
    except OSError as error:
        raise ConfigError(
            f"The simulator cannot listen on {arguments.host}:{arguments.port}", f"{error}."
        ) from error
    except (BooksUnusable, sqlite3.Error) as error:
        raise StoreError(
            "The simulator's books cannot be used",
            f"{error} ({root / 'sandbox.db'}).",
            action="Close another simulator that uses them. If the file is damaged, move it away: "
            "the simulator begins anew.",
        ) from error
    return 0


def _catalog_check(arguments: argparse.Namespace) -> int:
    catalog = load_catalog(arguments.file)
    print(
        f"{arguments.file}: good. {_counted(len(catalog.products), 'product')} "
        f"({len(catalog.on_sale())} on sale) in "
        f"{_counted(len(catalog.categories()), 'category', 'categories')}, "
        f"{_counted(len(catalog.taxes), 'tax', 'taxes')}."
    )
    return 0


def _counted(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or f'{one}s'}"
