"""The command `scantill verify`: check the books, and what money depends on."""

import argparse
import http.client
import json
import sqlite3
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from app.cli_options import add_data_dir, add_mode
from app.errors import ConfigError, StoreError
from app.providers.pages import is_loopback
from app.settings import Mode, default_root
from app.store.connection import BOOKS, open_reader, store_error
from app.store.schema import are_older
from app.store.verify import Check, Outcome, TakenPayment, verify

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


def add_verify(commands: Any) -> None:
    """Add the command to those of `app.cli`."""
    check = commands.add_parser("verify", help="check the books and what money depends on")
    add_data_dir(check)
    add_mode(check, "only the books of this mode", dest="only")
    check.add_argument("--sandbox", metavar="URL", help="compare with this simulator's books")
    check.set_defaults(run=_verify, sandbox=None, only=None)


def _verify(arguments: argparse.Namespace) -> int:
    root = (arguments.data_dir or default_root()).absolute()
    modes = [arguments.only] if arguments.only else list(Mode)
    found = [mode for mode in modes if (root / mode.value / BOOKS).exists()]
    if not found:
        raise ConfigError(f"There are no books in {root}", action="Name another --data-dir.")
    all_clean = True
    for mode in found:
        path = root / mode.value / BOOKS
        print(f"{mode.value} books: {path}")
        checks = verified(path, arguments.sandbox if mode is Mode.TRAINING else None)
        for check in checks:
            print(f"  {check}")
        all_clean = all_clean and is_clean(checks)
    print("clean" if all_clean else "NOT CLEAN: see the lines marked VIOLATED")
    return 0 if all_clean else 1


def verified(path: Path, sandbox: str | None) -> list[Check]:
    """Check one file of books, beside the simulator's where one is named.

    What is on its way between two sets of books is given some time. Raises StoreError, ConfigError.
    """
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
        if taken is None or is_clean(checks):
            break
        time.sleep(pause)
    return checks


def is_clean(checks: list[Check]) -> bool:
    """Say whether nothing was found."""
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
                provider=account["provider"],
                account=name,
            )
            for name, account in books["accounts"].items()
            for payment in account["payments"]
        ]
    except _NO_SIMULATOR as error:
        detail = f"{type(error).__name__}: {error}."
        raise ConfigError(f"No simulator answers at {url}", detail) from error
