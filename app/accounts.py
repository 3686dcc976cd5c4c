"""Which accounts the settings ask for, and where their customers' phones come back to.

A key is looked for in the account's own variable (`SHOP_STRIPE_SECRET_KEY` for an account `shop`),
then in the system's key store, then under the name that people know (`STRIPE_SECRET_KEY`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.checkout import ReturnPages
from app.clock import Clock
from app.errors import ConfigError, Message
from app.key_store import KeyStore
from app.providers.kind import AccountSetup, KeyField, Kind
from app.providers.kinds import KINDS
from app.providers.pages import is_loopback
from app.providers.strategy import HasOwnPage, PaymentStrategy
from app.sandbox import SANDBOX_KEYS, SANDBOX_PATHS
from app.settings import AccountTable, Mode, Settings

_DEFAULT: Final = "stripe_checkout"
_WHICH: Final = {"stripe": "?session={CHECKOUT_SESSION_ID}"}
"""How a provider is asked to name the session in the address that phones come back to."""
_NO_LETTER: Final = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the settings ask for, by name, the default first.

    `unready` are accounts that cannot be used as they are set up, with the reason. `with_secret`
    are those whose webhooks somebody registered: what they are signed with is among the keys.
    """

    strategies: dict[str, PaymentStrategy] = field(default_factory=dict)
    unready: dict[str, Message] = field(default_factory=dict)
    with_secret: set[str] = field(default_factory=set)


def loopback_base(settings: Settings) -> str:
    """Give the API address of an offline double on this computer, if one is set."""
    base = settings.variables.first(KINDS[_DEFAULT].base_variable)
    return base if is_loopback(base) else ""


def return_pages(settings: Settings, sandbox_url: str, provider: str = "stripe") -> ReturnPages:
    """Say where phones go after paying: our public address, or a loopback double's own pages."""
    base = sandbox_url or loopback_base(settings) or settings.public_url
    if is_loopback(base) and not (sandbox_url or loopback_base(settings)):
        raise ConfigError(
            Message("BASE_URL is {base}, which no customer's phone can reach", base=base),
            action=Message("Name the address under which the world reaches the till, or none."),
        )
    if not base:
        return ReturnPages()
    # The simulator's own page says whether the money has come or is on its way.
    which = _WHICH.get(provider, "") if sandbox_url else ""
    return ReturnPages(f"{base}/success{which}", f"{base}/cancelled")


def serve_pages(
    settings: Settings, strategies: Mapping[str, PaymentStrategy], door: str
) -> dict[str, str]:
    """Say where customers find the till's own pages: at its public address, else at its `door`.

    Customers of a live till are never sent to this computer itself. Gives the accounts that have
    such pages, each with that origin.
    """
    origin = settings.public_url or ("" if settings.mode is Mode.LIVE else door)
    served: dict[str, str] = {}
    for name, strategy in strategies.items():
        if origin and isinstance(strategy, HasOwnPage):
            strategy.serve_pages(origin)
            served[name] = origin
    return served


def accounts_of(
    settings: Settings, sandbox_url: str, clock: Clock, store: KeyStore | None = None
) -> Accounts:
    """Build the strategies by account name; without a key there are none.

    Raises ConfigError for a key of the wrong kind, an unknown kind of account, an unsafe address.
    """
    store = store or KeyStore(settings.root, settings.mode.value)
    accounts = Accounts()
    for name, (kind, table) in wanted_accounts(settings).items():
        keys = _keys(settings, sandbox_url, name, kind, store)
        lacking = [each for each in kind.fields if each.is_needed and each.name not in keys]
        if lacking:
            accounts.unready[name] = Message("It lacks a key: {key}.", key=lacking[0].label)
            continue
        check_mode(settings.mode, name, kind, keys)
        base = _base(settings, sandbox_url, kind, table)
        if not is_loopback(base):
            # An offline double takes keys of any kind.
            for each in kind.fields:
                for part in filter(None, keys.get(each.name, "").split(",")):
                    check_prefix(name, each, part.strip())
                    check_mode_of_key(settings.mode, name, each, part.strip())
        setup = AccountSetup(
            name,
            keys,
            clock,
            is_live=settings.mode is Mode.LIVE,
            api_base=_checked_base(base, kind),
            page_host=table.page_host,
            webhook_urls=_webhook_urls(settings.public_url, name, kind.provider),
            script_url=_checked_base(table.script_url, kind),
            round_to=settings.file.cash.steps,
        )
        accounts.strategies[name] = kind.build(setup)
        if any(each.may_be_two and each.name in keys for each in kind.fields):
            accounts.with_secret.add(name)
    return accounts


def kind_named(account: str, kind: str) -> Kind:
    """Give a kind by its name. Raises ConfigError where there is none, naming the account."""
    known = KINDS.get(kind)
    if known is None:
        raise ConfigError(
            Message(
                "The account {name} is of a kind that this till does not know: {kind}",
                name=account,
                kind=kind,
            ),
            action=Message(
                "Write one of these as its kind: {kinds}.", kinds=", ".join(sorted(KINDS))
            ),
        )
    return known


def wanted_accounts(settings: Settings) -> dict[str, tuple[Kind, AccountTable]]:
    """Say which accounts there are to be: those of the file, or one of the default kind."""
    tables = settings.file.accounts or {_DEFAULT: AccountTable()}
    return {name: (kind_named(name, table.kind or name), table) for name, table in tables.items()}


def _keys(
    settings: Settings, sandbox_url: str, name: str, kind: Kind, store: KeyStore
) -> dict[str, str]:
    if kind.is_by_hand:
        return {}
    if settings.mode is Mode.TRAINING and not loopback_base(settings):
        # Training moves no money, whatever keys lie about.
        variables = settings.variables
        secrets = {
            each.name: variables.first(*own_variables(name, each))
            or variables.first(*each.variables)
            for each in kind.fields
            if each.may_be_two
        }
        kept = {key: value for key, value in secrets.items() if value}
        return {**kept, **SANDBOX_KEYS[kind.provider]}
    found = {each.name: _key(settings, name, each, store) for each in kind.fields}
    keys = {key: value for key, value in found.items() if value}
    return keys or (dict(SANDBOX_KEYS[kind.provider]) if sandbox_url else {})


def own_variables(account: str, wanted: KeyField) -> tuple[str, ...]:
    """Name the variables of an account's very own, which count before everything else."""
    prefix = _NO_LETTER.sub("_", account.upper())
    return tuple(f"{prefix}_{each}" for each in wanted.variables)


def _key(settings: Settings, name: str, wanted: KeyField, store: KeyStore) -> str:
    own = settings.variables.first(*own_variables(name, wanted))
    if own:
        return own
    if settings.mode is not Mode.TRAINING and (kept := store.get(name, wanted.name)):
        return kept
    return settings.variables.first(*wanted.variables)


def _base(settings: Settings, sandbox_url: str, kind: Kind, table: AccountTable) -> str:
    if kind.is_by_hand:
        return ""
    if sandbox_url:
        return f"{sandbox_url}{SANDBOX_PATHS[kind.provider]}"
    named = settings.variables.first(kind.base_variable) if kind.base_variable else ""
    return table.api_base or named


def _webhook_urls(public_url: str, name: str, provider: str) -> tuple[str, ...]:
    """Give the addresses that an owner may have named to the provider: both lead here."""
    both = dict.fromkeys((name, provider)) if public_url else {}
    return tuple(f"{public_url}/webhooks/{each}" for each in both)


def _checked_base(base: str, kind: Kind) -> str:
    """Refuse to send a key over plain http to anywhere but this computer."""
    is_safe = base.startswith("https://") or (base.startswith("http://") and is_loopback(base))
    if base and not is_safe:
        raise ConfigError(
            Message("The API address {base} is not https", base=base),
            action=Message("Mend {variable} or leave it out.", variable=kind.base_variable),
        )
    return base


def check_prefix(account: str, wanted: KeyField, value: str) -> None:
    """Raise ConfigError where a key does not begin as its provider's do; it is not repeated."""
    if wanted.prefixes and not value.startswith(wanted.prefixes):
        raise ConfigError(
            Message(
                "What is given as {label} of {account} is none",
                label=wanted.label,
                account=account,
            ),
            action=Message("It begins with {prefixes}.", prefixes=" / ".join(wanted.prefixes)),
        )


def check_mode(mode: Mode, name: str, kind: Kind, keys: Mapping[str, str]) -> None:
    """Refuse a key of the wrong kind, so that test money and real money never meet."""
    is_live = kind.is_live(keys)
    if is_live is None or is_live is (mode is Mode.LIVE):
        return
    wanted = kind.live_hint if mode is Mode.LIVE else kind.test_hint
    raise _of_other_money(mode, name, kind.fields[0], wanted)


def check_mode_of_key(mode: Mode, account: str, wanted: KeyField, value: str) -> None:
    """Refuse one key of the wrong kind, whatever the account's others are."""
    is_live = wanted.is_live(value)
    if is_live is None or is_live is (mode is Mode.LIVE):
        return
    prefixes = wanted.live_prefixes if mode is Mode.LIVE else wanted.test_prefixes
    raise _of_other_money(mode, account, wanted, " / ".join(prefixes))


def _of_other_money(mode: Mode, name: str, key: KeyField, wanted: str) -> ConfigError:
    return ConfigError(
        Message(
            "{variable} of the account {name} is a {other} key, and this till is in {mode} mode",
            variable=key.variables[0],
            name=name,
            other="test" if mode is Mode.LIVE else "live",
            mode=mode.value,
        ),
        action=Message(
            "Use a key that begins with {wanted}, or start with another --mode.", wanted=wanted
        )
        if wanted
        else Message("Use a key of the other kind, or start with another --mode."),
    )
