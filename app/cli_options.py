"""What every command may be called with: where the books are, and what a running till takes."""

import argparse
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from app.errors import ConfigError
from app.logs import log_to
from app.providers.pages import is_loopback
from app.settings import Mode, Settings, default_root, load_settings
from app.store.connection import private_directory


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    """Give a command its `--data-dir`."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help=f"where the till keeps its books and settings (default: {default_root()})",
    )


_Word = TypeVar("_Word", bound=StrEnum)


def one_of(kind: type[_Word]) -> Callable[[str], _Word]:
    """Read an option that takes one of a few words, and name these where it is none of them."""

    def read(text: str) -> _Word:
        try:
            return kind(text)
        except ValueError as error:
            words = ", ".join(kind)
            raise argparse.ArgumentTypeError(f"it must be one of these: {words}") from error

    return read


def add_mode(parser: argparse.ArgumentParser, words: str, **how: Any) -> None:
    """Give a command its `--mode`; `how` is passed on to argparse."""
    among = f"{{{','.join(Mode)}}}"
    parser.add_argument("--mode", type=one_of(Mode), metavar=among, help=words, **how)


def add_till_options(parser: argparse.ArgumentParser) -> None:
    """Give a command what every running till takes."""
    add_data_dir(parser)
    unset = argparse.SUPPRESS
    add_mode(parser, "default: training", default=unset)
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
        raise ConfigError(
            "--sandbox takes an address of this computer",
            action="Write it as the simulator says it when it starts: http://127.0.0.1:PORT.",
        )
    log_to(private_directory(settings.directory))
    return settings
