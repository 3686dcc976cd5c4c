"""What every command may be called with: where the books are, and what a running till takes."""

import argparse
from pathlib import Path

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
