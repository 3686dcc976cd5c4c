"""Which of Square's hosts moves real money: a token does not say."""

from urllib.parse import urlsplit

from app.errors import ConfigError, Message
from app.providers.kind import AccountSetup
from app.providers.square.client import BASE_VARIABLE, LIVE_BASE, TEST_BASE


def check_mode(setup: AccountSetup, base: str) -> None:
    """Refuse the host of the other mode: a token does not say whether its money is real."""
    host = urlsplit(base).hostname
    other = urlsplit(TEST_BASE if setup.is_live else LIVE_BASE).hostname
    if host == other:
        raise ConfigError(
            Message(
                "{base} of the account {name} is not for this till's mode",
                base=base,
                name=setup.name,
            ),
            action=Message(
                "Leave {variable} out, or start with another --mode.", variable=BASE_VARIABLE
            ),
        )
