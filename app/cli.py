"""The commands that need no window: serve, sandbox, verify, catalog check.

`app.cli_money` adds those for money that needs a person, `ui.cli` the window and the demo. Every
command says in words what went wrong and exits with 1 (something is wrong) or 2 (it was called
wrongly).
"""

import argparse
import asyncio
import http.client
import json
import logging
import signal
import sqlite3
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from app.catalog_file import load_catalog
from app.cli_backup import add_backup_commands
from app.cli_pipe import outliving_its_readers
from app.cli_reconcile import add_reconcile
from app.errors import CatalogError, ConfigError, MoneyMoved, ScantillError, StoreError
from app.logs import log_to
from app.providers.pages import is_loopback
from app.settings import Mode, Settings, default_root, load_settings
from app.store.connection import BOOKS, open_reader, private_directory, store_error
from app.store.schema import are_older
from app.store.verify import Check, Outcome, TakenPayment, verify

_MONEY: Final = {
    MoneyMoved.NO: "No money moved.",
    MoneyMoved.UNKNOWN: "Whether money moved is not known yet.",
    MoneyMoved.YES: "Money moved.",
}

_NO_SIMULATOR: Final = (
    OSError,
    http.client.HTTPException,
    ValueError,
    AttributeError,
    LookupError,
    TypeError,
)
"""What reading the books of something else than a simulator may raise."""

_SETTLING_S: Final = (0.5, 1.0, 0.0)

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
    from app.cli_money import add_money_commands

    parser = argparse.ArgumentParser(
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
    sandbox.add_argument("--port", type=int, default=0, help="port; 0 takes a free one")
    sandbox.add_argument(
        "--rate-limit",
        type=int,
        metavar="N",
        help="refuse more than N requests of an account in a second (Stripe's sandbox: 25)",
    )
    sandbox.set_defaults(run=_sandbox)

    check = commands.add_parser("verify", help="check the books and what money depends on")
    add_data_dir(check)
    check.add_argument(
        "--mode", dest="only", type=Mode, choices=list(Mode), help="only the books of this mode"
    )
    check.add_argument("--sandbox", metavar="URL", help="compare with this simulator's books")
    check.set_defaults(run=_verify, sandbox=None, only=None)

    add_backup_commands(commands, add_data_dir)
    add_reconcile(commands, add_till_options)

    catalog = commands.add_parser("catalog", help="work on the catalog file")
    catalogs = catalog.add_subparsers(dest="catalog_command", metavar="COMMAND", required=True)
    catalog_check = catalogs.add_parser("check", help="name every fault of a catalog file")
    add_data_dir(catalog_check)
    catalog_check.add_argument("file", type=Path, metavar="FILE")
    catalog_check.set_defaults(run=_catalog_check)
    add_money_commands(commands)
    return parser, commands


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    """Give a command its `--data-dir`."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help=f"where the till keeps its books and settings (default: {default_root()})",
    )


def add_till_options(parser: argparse.ArgumentParser) -> None:
    """Give a command what every running till takes."""
    add_data_dir(parser)
    unset = argparse.SUPPRESS
    parser.add_argument(
        "--mode", type=Mode, choices=list(Mode), default=unset, help="default: training"
    )
    parser.add_argument(
        "--catalog", type=Path, default=unset, metavar="FILE", help="another catalog.toml"
    )
    parser.add_argument(
        "--sandbox",
        default=unset,
        metavar="URL",
        help="a simulator that runs already (training)",
    )
    parser.add_argument(
        "--no-webhooks",
        action="store_true",
        default=unset,
        help="learn of payments by polling alone (training)",
    )


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Read the settings that a command was called with, and start its log."""
    root = (arguments.data_dir or default_root()).absolute()
    settings = load_settings(private_directory(root), arguments.mode)
    if arguments.sandbox and not is_loopback(arguments.sandbox):
        raise ConfigError("--sandbox takes an address of this computer", arguments.sandbox)
    log_to(private_directory(settings.directory))
    return settings


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse and run a command; an error becomes words on stderr and status 1.

    Who stops reading what it prints changes neither what it does nor its status.
    """
    with outliving_its_readers():
        return _run(parser.parse_args(argv))


def _run(arguments: argparse.Namespace) -> int:
    command: Command = arguments.run
    try:
        return command(arguments)
    except CatalogError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 1
    except ScantillError as error:
        log = logging.getLogger(__name__)
        # Before there is a log, Python would write the same words to stderr a second time.
        if log.hasHandlers():
            log.error("%s", error)
        print(f"scantill: {error}", file=sys.stderr)
        if error.money is not MoneyMoved.NO:
            print(_MONEY[error.money], file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _serve(arguments: argparse.Namespace) -> int:
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
            "accounts": ", ".join(till.accounts) or "none (set STRIPE_SECRET_KEY)",
        }
        for name, value in lines.items():
            if value:
                print(f"{name:<9}{value}", flush=True)
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


def _verify(arguments: argparse.Namespace) -> int:
    root = (arguments.data_dir or default_root()).absolute()
    modes = [arguments.only] if arguments.only else list(Mode)
    found = [mode for mode in modes if (root / mode.value / BOOKS).exists()]
    if not found:
        raise ConfigError(f"There are no books in {root}", action="Name another --data-dir.")
    is_clean = True
    for mode in found:
        path = root / mode.value / BOOKS
        print(f"{mode.value} books: {path}")
        checks = _verified(path, arguments.sandbox if mode is Mode.TRAINING else None)
        for check in checks:
            print(f"  {check}")
        is_clean = is_clean and _is_clean(checks)
    print("clean" if is_clean else "NOT CLEAN: see the lines marked VIOLATED")
    return 0 if is_clean else 1


def _verified(path: Path, sandbox: str | None) -> list[Check]:
    """Check one file of books. What is on its way between two sets of books is given some time."""
    checks: list[Check] = []
    for pause in _SETTLING_S:
        taken = None if sandbox is None else _taken_at(sandbox)
        db = open_reader(path)
        try:
            if are_older(db):
                raise StoreError(
                    "These books are from an older Scantill",
                    f"{path} was not changed.",
                    action="Start the till once: it brings them up to date. Then verify them.",
                )
            checks = verify(db, taken)
        except sqlite3.Error as error:
            raise store_error(error, path) from error
        finally:
            db.close()
        if taken is None or _is_clean(checks):
            break
        time.sleep(pause)
    return checks


def _is_clean(checks: list[Check]) -> bool:
    return all(check.outcome is not Outcome.VIOLATED for check in checks)


def _taken_at(url: str) -> list[TakenPayment]:
    """Read the simulator's own books."""
    if not is_loopback(url) or not url.startswith("http://"):
        raise ConfigError("--sandbox takes an http address of this computer", url)
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/_control/books", timeout=10) as reply:  # noqa: S310 - loopback http, checked above
            books = json.load(reply)
        return [
            TakenPayment(
                payment_id=payment["payment_id"],
                reference=payment["reference"] or "",
                currency=payment["currency"],
                captured_minor=payment["captured_minor"],
                refunded_minor=payment["refunded_minor"],
            )
            for account in books["accounts"].values()
            for payment in account["payments"]
        ]
    except _NO_SIMULATOR as error:
        detail = f"{type(error).__name__}: {error}."
        raise ConfigError(f"No simulator answers at {url}", detail) from error


def _catalog_check(arguments: argparse.Namespace) -> int:
    catalog = load_catalog(arguments.file)
    on_sale = len(catalog.on_sale())
    print(
        f"{arguments.file}: good. {len(catalog.products)} products ({on_sale} on sale) in "
        f"{len(catalog.categories())} categories, {len(catalog.taxes)} taxes."
    )
    return 0
