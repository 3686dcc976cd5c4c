"""What a pay page of the till's own loads, frames and asks. Pure.

Sources: Stripe's document on content security policies, for js.stripe.com/v3, and the type
`StripeElementLocale` of its package for browsers.
"""

from typing import Final

from app.errors import ConfigError, Message
from app.providers.pages import origin_of
from app.providers.strategy import PageSetup
from app.providers.stripe.client import API_BASE, is_live_key
from app.providers.stripe.doubles import SCRIPT_PATH

_SCRIPT: Final = "https://js.stripe.com/v3/"
_SCRIPTS: Final = ("https://js.stripe.com", "https://*.js.stripe.com")
_LOCALES: Final = tuple(
    "ar bg cs da de el en en-AU en-CA en-GB en-NZ es es-419 es-ES et fi fil fr fr-CA fr-FR he hr hu"
    " id it it-IT ja ko lt lv ms mt nb nl no pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK"
    " zh-TW".split()
)
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
        return PageSetup(
            publishable_key,
            _SCRIPT,
            api_base,
            _SCRIPTS,
            _FRAMES,
            (API_BASE,),
            script_locales=_LOCALES,
        )
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
        script_locales=() if is_minimal else _LOCALES,
    )
