"""What a pay page of the till's own loads, frames and asks. Pure.

Source: Stripe's document on content security policies, for js.stripe.com/v3.
"""

from typing import Final

from app.errors import ConfigError, Message
from app.providers.pages import origin_of
from app.providers.strategy import PageSetup
from app.providers.stripe.client import API_BASE, is_live_key
from app.providers.stripe.doubles import SCRIPT_PATH

_SCRIPT: Final = "https://js.stripe.com/v3/"
_SCRIPTS: Final = ("https://js.stripe.com", "https://*.js.stripe.com")
_FRAMES: Final = (*_SCRIPTS, "https://hooks.stripe.com")


def check_publishable(account: str, key: str, *, is_live: bool) -> None:
    """Refuse what must never be sent to a browser, and a key of the other mode.

    Raises ConfigError.
    """
    if key.startswith("pk_") and is_live_key(key) is is_live:
        return
    raise ConfigError(
        Message("The publishable key of {account} cannot be used", account=account),
        Message("It has to begin with {wanted}.", wanted="pk_live_" if is_live else "pk_test_"),
        action=Message("Copy it anew from Stripe's dashboard; no secret key belongs there."),
    )


def setup_of(
    publishable_key: str, api_base: str, script_url: str, *, is_minimal: bool
) -> PageSetup:
    """Say what the page needs, for Stripe itself or for a double at `api_base`."""
    if api_base == API_BASE:
        return PageSetup(publishable_key, _SCRIPT, api_base, _SCRIPTS, _FRAMES, (API_BASE,))
    api = origin_of(api_base)
    script = script_url or f"{api}{SCRIPT_PATH if is_minimal else '/v3/'}"
    home = origin_of(script)
    return PageSetup(
        publishable_key,
        script,
        api_base,
        script_origins=(home,),
        frame_origins=(home,),
        connect_origins=tuple(dict.fromkeys((api, home))),
        is_minimal=is_minimal,
    )
