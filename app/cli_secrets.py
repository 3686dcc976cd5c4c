"""The command `scantill secrets`: keys of accounts in the system's own key store.

Where there is none to be trusted they go into a `.env` file that is the user's alone.

A value comes from the terminal without echo, or from standard input; never from the command line,
where other programs can read it.
"""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING, Any, Final

from app.cli_options import add_data_dir, add_mode, settings_of
from app.errors import ConfigError, Message
from app.settings import Mode, Settings

if TYPE_CHECKING:
    from app.account_keys import NamedKey
    from app.key_store import KeyStore

_MOST: Final = 4096


def add_secrets(commands: Any) -> None:
    """Add the command to the parser's commands."""
    secrets = commands.add_parser("secrets", help="keep the accounts' keys in the system's store")
    verbs = secrets.add_subparsers(dest="secrets_command", metavar="COMMAND", required=True)
    for name, run, words in (
        ("set", _set, "keep a key; its value is asked for, or read from standard input"),
        ("remove", _remove, "forget a key"),
        ("list", _list, "say which keys there are, and where; never what they are"),
    ):
        verb = verbs.add_parser(name, help=words)
        add_data_dir(verb)
        add_mode(verb, "test or live", default=argparse.SUPPRESS)
        if run is not _list:
            verb.add_argument("name", metavar="ACCOUNT.KEY", help="as `list` says it")
            # Taken so that it can be refused in words that do not repeat it.
            verb.add_argument("value", nargs="*", default=[], help=argparse.SUPPRESS)
        verb.set_defaults(run=run)


def _refuse_a_value(arguments: argparse.Namespace) -> None:
    if arguments.value or "=" in arguments.name:
        raise ConfigError(
            Message("A key is never given on the command line, where others can read it"),
            Message("Nothing was kept."),
            action=Message(
                "Call it without the value and type it when asked. The one that was given may "
                "stand in your shell's history: take it out there, or have a new one made."
            ),
        )


def _set(arguments: argparse.Namespace) -> int:
    _refuse_a_value(arguments)
    from app.account_keys import env_file_of, keep, key_named

    settings, store = _opened(arguments)
    key = key_named(settings, arguments.name)
    keep(settings, key, _asked_for(key), store)
    if store.name:
        print(f"{key.name} is kept in {store.name} for {settings.mode.value} mode.")
    else:
        print("This computer has no key store that Scantill trusts.")
        print(
            f"{key.name} is kept in {env_file_of(settings)}, which only your own user may read. "
            "It is not encrypted there."
        )
    _say_what_counts(arguments, key, store)
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    _refuse_a_value(arguments)
    from app.account_keys import forget, key_named, place_of

    settings, store = _opened(arguments)
    key = key_named(settings, arguments.name)
    if not forget(settings, key, store):
        place = place_of(settings, key, store)
        print(f"{key.name} stands elsewhere: {place}." if place else f"There is no {key.name}.")
        return 1
    print(f"{key.name} is forgotten.")
    _say_what_counts(arguments, key, store)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from app.account_keys import keys_of, place_of

    settings, store = _opened(arguments)
    print(f"key store: {store.name or 'none that Scantill trusts'}")
    keys = keys_of(settings)
    width = max(len(key.name) for key in keys)
    for key in keys:
        place = place_of(settings, key, store)
        missing = "missing" if key.field.is_needed else "none"
        print(f"{key.name:<{width}}  {place or missing}")
    return 0


def _opened(arguments: argparse.Namespace) -> "tuple[Settings, KeyStore]":
    from app.key_store import KeyStore

    if arguments.mode is Mode.TRAINING:
        raise ConfigError(
            Message("Training moves no money and needs no keys"),
            action=Message("Call it with --mode test or --mode live."),
        )
    settings = settings_of(arguments)
    return settings, KeyStore(settings.root, settings.mode.value)


def _asked_for(key: "NamedKey") -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"{key.field.label} of {key.account} (not shown): ")
    return sys.stdin.read(_MOST)


def _say_what_counts(arguments: argparse.Namespace, key: "NamedKey", store: "KeyStore") -> None:
    """Say where else the key is taken from, with the settings as they are after the change."""
    from app.account_keys import env_file_of, place_of
    from app.accounts import own_variables
    from app.store.lock import is_running

    settings = settings_of(arguments)
    here = {
        f"in {store.name}",
        f"{own_variables(key.account, key.field)[0]} in {env_file_of(settings)}",
    }
    place = place_of(settings, key, store)
    if place is not None and str(place) not in here:
        print(f"What counts is another one: {place}.")
    if is_running(settings.directory):
        print("A till runs on these books: start it again to use what was changed.")
