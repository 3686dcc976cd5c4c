"""The commands `backup` and `restore`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.backups import folder_of, person_at
from app.cli_options import add_data_dir, add_mode
from app.errors import ConfigError, StoreError
from app.settings import Mode, Settings, default_root, load_settings
from app.store.backup import Report, make_backup, readable
from app.store.connection import BOOKS, private_directory
from app.store.restore import restore_books


def add_backup_commands(commands: Any) -> None:
    """Give the parser's sub-commands `backup` and `restore`."""
    backup = commands.add_parser("backup", help="copy the books, beside a running till or without")
    add_data_dir(backup)
    add_mode(backup, "only the books of this mode", dest="only")
    backup.add_argument(
        "--to", type=Path, metavar="FILE|DIR", help="instead of the till's own folder of backups"
    )
    backup.set_defaults(run=_backup, only=None, to=None)

    restore = commands.add_parser("restore", help="put a backup in the place of the books")
    add_data_dir(restore)
    add_mode(restore, "refuse a backup of another mode", dest="only")
    restore.add_argument("file", type=Path, metavar="FILE", help="a file that backup has made")
    restore.set_defaults(run=_restore, only=None)


def _backup(arguments: argparse.Namespace) -> int:
    root = (arguments.data_dir or default_root()).absolute()
    modes = [arguments.only] if arguments.only else list(Mode)
    found = [mode for mode in modes if (root / mode.value / BOOKS).exists()]
    if not found:
        raise ConfigError(f"There are no books in {root}", action="Name another --data-dir.")
    to: Path | None = arguments.to
    if len(found) > 1 and to is not None and not to.is_dir():
        names = ", ".join(mode.value for mode in found)
        raise ConfigError(
            f"There are several books in {root}: {names}",
            action="Name one with --mode, or a directory with --to.",
        )
    reports = [_made(load_settings(root, mode), to) for mode in found]
    return 1 if any(report.violated for report in reports) else 0


def _made(settings: Settings, to: Path | None) -> Report:
    books = settings.directory / BOOKS
    target = folder_of(settings) if to is None else to.absolute()
    print(f"{settings.mode.value} books: {books}")
    report = make_backup(books, target, at=datetime.now(UTC))
    _print_report(report)
    return report


def _print_report(report: Report) -> None:
    known = report.known
    print(f"  backup   {report.path}")
    print(f"  size     {report.size:,} bytes")
    print(f"  orders   {report.orders}, receipts {report.receipts}, epoch {known.epoch}")
    for check in report.violated:
        print(f"  {check}")
    held = len(report.checks) - len(report.violated)
    verdict = "NOT CLEAN" if report.violated else "clean"
    print(f"  verdict  {verdict}: {held} of {len(report.checks)} checks hold")


def _restore(arguments: argparse.Namespace) -> int:
    root = (arguments.data_dir or default_root()).absolute()
    file: Path = arguments.file.absolute()
    if not file.is_file():
        raise StoreError(f"There is no file {file}", action="Name a file that backup has made.")
    mode = arguments.only or _mode_of(file)
    now = datetime.now(UTC)
    directory = private_directory(private_directory(root) / mode.value)
    done = restore_books(directory, file, mode=mode.value, at=now, actor=person_at("command line"))
    print(f"{mode.value} books: {directory / BOOKS}")
    _print_report(done.report)
    newest = done.report.known.newest_at
    print(f"  newest   {newest:%Y-%m-%d %H:%M:%S} UTC; what was sold after that is not in it")
    epoch = done.epoch
    print(
        f"  epoch    {epoch.number}: orders go on from {epoch.first_order}, "
        f"receipts from {epoch.first_receipt}"
    )
    if done.aside.exists():
        print(f"  before   {done.aside} keeps what lay there")
    print("Start the till: it asks the provider what is missing before it sells.")
    return 0


def _mode_of(file: Path) -> Mode:
    return Mode(readable(file).mode)
