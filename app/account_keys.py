"""The keys of accounts as people hand them in: which there are, which fit, and where they are."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.accounts import (
    check_mode,
    check_mode_of_key,
    check_prefix,
    own_variables,
    wanted_accounts,
)
from app.env_file import forget_in, keep_in
from app.errors import ConfigError, Message
from app.key_store import KeyStore
from app.providers.kind import KeyField, Kind
from app.settings import Settings

_OTHERS: Final = stat.S_IRGRP | stat.S_IROTH
_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class NamedKey:
    """One key of one account."""

    account: str
    kind: Kind
    field: KeyField

    @property
    def name(self) -> str:
        """Name it as `scantill secrets` does."""
        return f"{self.account}.{self.field.name}"


def keys_of(settings: Settings) -> tuple[NamedKey, ...]:
    """Give every key that the accounts of the settings can have, in their order."""
    return tuple(
        NamedKey(account, kind, field)
        for account, (kind, _) in wanted_accounts(settings).items()
        for field in kind.fields
    )


def key_named(settings: Settings, text: str) -> NamedKey:
    """Find a key by ACCOUNT.KEY, where KEY may be its variable's name, too.

    Raises ConfigError; what was typed is not repeated.
    """
    keys = keys_of(settings)
    for key in keys:
        if text in {key.name, *(f"{key.account}.{each}" for each in key.field.variables)}:
            return key
    raise ConfigError(
        Message("There is no key of that name"),
        action=Message("Name one of these: {names}.", names=", ".join(key.name for key in keys)),
    )


def checked(settings: Settings, key: NamedKey, value: str, store: KeyStore) -> str:
    """Give a value as it is to be kept. Raises ConfigError where it cannot be this key's."""
    text = value.strip()
    parts = [part.strip() for part in text.split(",")] if key.field.may_be_two else [text]
    for part in parts:
        if not part or not part.isascii() or not part.isprintable() or " " in part:
            raise ConfigError(
                Message("That is no key: it is empty, or has blanks or odd characters in it"),
                Message("Nothing was kept."),
                action=Message("Copy it again, whole and by itself."),
            )
        check_prefix(key.account, key.field, part)
        check_mode_of_key(settings.mode, key.account, key.field, part)
    found = {
        field.name: known
        for field in key.kind.fields
        if (known := value_of(settings, NamedKey(key.account, key.kind, field), store))
    }
    found[key.field.name] = text
    are_all_there = all(field.name in found for field in key.kind.fields if field.is_needed)
    if are_all_there:
        check_mode(settings.mode, key.account, key.kind, found)
    return text


def env_file_of(settings: Settings) -> Path:
    """Give the file that keys go into on a computer without a key store to be trusted."""
    return settings.root / ".env"


def keep(settings: Settings, key: NamedKey, value: str, store: KeyStore) -> None:
    """Keep a value in the key store, or in a `.env` file that nobody else may read.

    Raises ConfigError where it cannot be this key's, or cannot be kept.
    """
    right = checked(settings, key, value, store)
    if store.name:
        store.set(key.account, key.field.name, right)
    else:
        keep_in(env_file_of(settings), own_variables(key.account, key.field)[0], right)


def forget(settings: Settings, key: NamedKey, store: KeyStore) -> bool:
    """Forget what `keep` kept, wherever it stands; False where there was nothing of it.

    Raises ConfigError where the key store or the file cannot be written.
    """
    was_in_store = bool(store.name) and store.remove(key.account, key.field.name)
    variable = own_variables(key.account, key.field)[0]
    return was_in_store or forget_in(env_file_of(settings), variable)


def value_of(settings: Settings, key: NamedKey, store: KeyStore) -> str:
    """Give a key as the till takes it, or nothing where there is none."""
    account, field = key.account, key.field
    own = settings.variables.first(*own_variables(account, field))
    return own or store.get(account, field.name) or settings.variables.first(*field.variables)


def hint_of(field: KeyField, value: str) -> str:
    """Give of a key what may be seen: how all of its sort begin, and its last four characters."""
    return ", ".join(_hidden(field, part.strip()) for part in value.split(",") if part.strip())


def place_of(settings: Settings, key: NamedKey, store: KeyStore) -> Message | None:
    """Say where a key is taken from, as the till does; None where there is none."""
    own = own_variables(key.account, key.field)
    for variables in (own, key.field.variables):
        if variables is key.field.variables and store.get(key.account, key.field.name):
            return Message("in {store}", store=store.name)
        for place, source in _sources(settings):
            for variable in variables:
                if (source.get(variable) or "").strip():
                    return Message("{variable} in {place}", variable=variable, place=place)
    return None


def exposed_files(settings: Settings) -> tuple[Path, ...]:
    """Give the `.env` files with keys in them that other users of this computer can read."""
    if os.name != "posix":
        return ()
    names = {
        variable
        for key in keys_of(settings)
        for variable in (*own_variables(key.account, key.field), *key.field.variables)
    }
    exposed = []
    for path, source in zip(settings.env_files, settings.variables.sources[1:], strict=False):
        has_keys = any((source.get(name) or "").strip() for name in names)
        if has_keys and path.exists() and path.stat().st_mode & _OTHERS:
            exposed.append(path.absolute())
    return tuple(dict.fromkeys(exposed))


def exposed_words(settings: Settings) -> Message | None:
    """Say that others can read keys, and what to do; None where nobody can."""
    paths = exposed_files(settings)
    if not paths:
        return None
    return Message(
        "Others on this computer can read keys in {files}. Make them yours alone: chmod 600.",
        files=", ".join(map(str, paths)),
    )


def _hidden(field: KeyField, part: str) -> str:
    prefix = field.prefix_of(part)
    secret = part[len(prefix) :]
    # Of a short one the last four would be too much of it.
    last = secret[-_SHOWN:] if len(secret) >= _SHOWN * 3 else ""
    return f"{prefix}\N{HORIZONTAL ELLIPSIS}{last}"


def _sources(settings: Settings) -> list[tuple[object, Mapping[str, str | None]]]:
    places: list[object] = [Message("the environment"), *settings.env_files]
    return list(zip(places, settings.variables.sources, strict=False))
