"""What the settings say of choosing an account: the shop's rules, and each account's terms."""

from collections.abc import Iterator, Sequence

from app.domain.capabilities import Method
from app.domain.money import EXPONENTS
from app.errors import ConfigError, Message
from app.routing import Rule
from app.settings import SETTINGS_FILE, RuleTable, Settings
from app.ways import Terms, minor_of

_Fault = tuple[str, Message]
"""A key of the settings, and what is wrong with it."""


def terms_of(settings: Settings) -> dict[str, Terms]:
    """Give the terms of each account that the settings name."""
    return {
        name: Terms(table.enabled, table.fee_percent, table.fee_fixed)
        for name, table in settings.file.accounts.items()
    }


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """Give the shop's rules, as `check_rules` lets them pass."""
    return tuple(map(_rule, settings.file.routing.rules))


def check_rules(settings: Settings, accounts: Sequence[str], currency: str = "") -> None:
    """Raise ConfigError where a rule or a fee cannot mean what it says, with every such key.

    `accounts` are those that are set up. `currency` is the shop's, which fees are written in;
    without it they are not looked at.
    """
    unknown = tuple(_unknown(settings, accounts))
    faults = (*unknown, *_inexact(settings, currency))
    if not faults:
        return
    lines = [f"{{place{at}}}: {{problem{at}}}" for at in range(len(faults))]
    given: dict[str, object] = {}
    for at, (key, problem) in enumerate(faults):
        given |= {
            f"place{at}": f"{settings.root.joinpath(SETTINGS_FILE)}: {key}",
            f"problem{at}": problem,
        }
    title = Message("The settings cannot be used")
    if len(unknown) == len(faults):
        title = Message("The settings name an account that is not set up")
    action = Message("Name one of these, or set that one up: {names}.", names=", ".join(accounts))
    template = "\n".join(lines)
    raise ConfigError(title, Message(template, **given), action=action if unknown else "")


def _unknown(settings: Settings, accounts: Sequence[str]) -> Iterator[_Fault]:
    for number, table in enumerate(settings.file.routing.rules, start=1):
        for key, names in (("use", table.use), ("avoid", table.avoid)):
            for name in names:
                if name not in accounts:
                    problem = Message("there is no account {name}", name=name)
                    yield f"routing.rules no. {number}.{key}", problem


def _inexact(settings: Settings, currency: str) -> Iterator[_Fault]:
    """Find amounts that no coin of their currency can make: they would be rounded unseen."""
    amounts: list[tuple[str, str | None, str]] = []
    for name, account in settings.file.accounts.items():
        amounts.append((f"accounts.{name}.fee_fixed", account.fee_fixed, currency))
    for number, rule in enumerate(settings.file.routing.rules, start=1):
        for key, text in (("least", rule.least), ("most", rule.most)):
            amounts.append((f"routing.rules no. {number}.{key}", text, rule.currency))
    for key, text, code in amounts:
        if text is not None and code and len(text.partition(".")[2]) > EXPONENTS[code]:
            yield (
                key,
                Message(
                    "{text} has more decimals than {currency} has: {count}",
                    text=repr(text),
                    currency=code,
                    count=EXPONENTS[code],
                ),
            )


def _rule(table: RuleTable) -> Rule:
    return Rule(
        use=tuple(table.use),
        avoid=tuple(table.avoid),
        currency=table.currency,
        method=None if table.method is None else Method(table.method),
        least_minor=minor_of(table.least, table.currency) if table.least is not None else 0,
        most_minor=minor_of(table.most, table.currency) if table.most is not None else None,
        recurring=table.recurring,
    )
