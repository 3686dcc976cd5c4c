"""What the settings say of choosing an account: the shop's rules, and each account's terms."""

from collections.abc import Iterable

from app.domain.capabilities import Method
from app.errors import ConfigError, Message
from app.routing import Rule
from app.settings import SETTINGS_FILE, RuleTable, Settings
from app.ways import Terms, minor_of


def terms_of(settings: Settings) -> dict[str, Terms]:
    """Give the terms of each account that the settings name."""
    return {
        name: Terms(table.enabled, table.fee_percent, table.fee_fixed)
        for name, table in settings.file.accounts.items()
    }


def rules_of(settings: Settings, accounts: Iterable[str]) -> tuple[Rule, ...]:
    """Give the shop's rules. Raises ConfigError for each account in them that is not set up."""
    known = tuple(accounts)
    tables = settings.file.routing.rules
    lines: list[str] = []
    given: dict[str, object] = {}
    for number, table in enumerate(tables, start=1):
        for key, names in (("use", table.use), ("avoid", table.avoid)):
            for name in names:
                if name not in known:
                    at = len(lines)
                    lines.append(f"{{place{at}}}: {{problem{at}}}")
                    given[f"place{at}"] = _place(settings, number, key)
                    given[f"problem{at}"] = Message("there is no account {name}", name=name)
    if lines:
        template = "\n".join(lines)
        raise ConfigError(
            Message("The settings name an account that is not set up"),
            Message(template, **given),
            action=Message(
                "Name one of these, or set that one up: {names}.", names=", ".join(known)
            ),
        )
    return tuple(map(_rule, tables))


def _place(settings: Settings, number: int, key: str) -> str:
    return f"{settings.root.joinpath(SETTINGS_FILE)}: routing.rules no. {number}.{key}"


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
