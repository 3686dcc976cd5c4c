"""Which accounts the settings ask for, and where their customers' phones come back to."""

from typing import Final

from app.checkout import ReturnPages
from app.clock import Clock
from app.errors import ConfigError, Message
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.pages import is_loopback
from app.providers.stripe.client import API_BASE, is_live_key
from app.sandbox import SANDBOX_KEY
from app.settings import Mode, Settings

_STRIPE_CHECKOUT: Final = "stripe_checkout"


def loopback_base(settings: Settings) -> str:
    """Give the API address of an offline double on this computer, if one is set."""
    base = settings.environment.stripe_api_base or ""
    return base if is_loopback(base) else ""


def return_pages(settings: Settings, sandbox_url: str) -> ReturnPages:
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
    which = "?session={CHECKOUT_SESSION_ID}" if sandbox_url else ""
    return ReturnPages(f"{base}/success{which}", f"{base}/cancelled")


def strategies_of(settings: Settings, sandbox_url: str, clock: Clock) -> dict[str, StripeCheckout]:
    """Build the strategies by account name; without a key there are none.

    Raises ConfigError for a key of the wrong kind, an unknown kind of account, an unsafe address.
    """
    environment = settings.environment
    key = environment.stripe_secret_key
    secret_key = key.get_secret_value() if key is not None else ""
    if settings.mode is Mode.TRAINING and not loopback_base(settings):
        secret_key = SANDBOX_KEY
    secret_key = secret_key or (SANDBOX_KEY if sandbox_url else "")
    if not secret_key:
        return {}
    _check_key(settings.mode, secret_key)
    secret = environment.stripe_webhook_secret
    # Old and new, parted by a comma, while the secret is being changed.
    given = "" if secret is None else secret.get_secret_value()
    secrets = tuple(part.strip() for part in given.split(",") if part.strip())
    tables = settings.file.accounts
    names = {name: table.kind or name for name, table in tables.items()}
    strategies = {}
    for name, kind in (names or {_STRIPE_CHECKOUT: _STRIPE_CHECKOUT}).items():
        if kind != _STRIPE_CHECKOUT:
            raise ConfigError(
                Message(
                    "The account {name} is of a kind that this till does not know: {kind}",
                    name=name,
                    kind=kind,
                ),
                action=Message('Write kind = "{kind}".', kind=_STRIPE_CHECKOUT),
            )
        own_base = tables[name].api_base if name in tables else ""
        strategies[name] = StripeCheckout(
            name,
            secret_key,
            clock=clock,
            webhook_secrets=secrets,
            api_base=_checked_base(
                sandbox_url or own_base or environment.stripe_api_base or API_BASE
            ),
            custom_host=tables[name].page_host if name in tables else "",
        )
    return strategies


def _checked_base(base: str) -> str:
    """Refuse to send a key over plain http to anywhere but this computer."""
    if not (base.startswith("https://") or (base.startswith("http://") and is_loopback(base))):
        raise ConfigError(
            Message("The API address {base} is not https", base=base),
            action=Message("Mend STRIPE_API_BASE or leave it out."),
        )
    return base


def _check_key(mode: Mode, secret_key: str) -> None:
    """Refuse a key of the wrong kind, so that test money and real money never meet."""
    if is_live_key(secret_key) is not (mode is Mode.LIVE):
        wanted, other = ("sk_live_", "test") if mode is Mode.LIVE else ("sk_test_", "live")
        raise ConfigError(
            Message(
                "STRIPE_SECRET_KEY is a {other} key, and this till is in {mode} mode",
                other=other,
                mode=mode.value,
            ),
            action=Message(
                "Use a key that begins with {wanted}, or start with another --mode.", wanted=wanted
            ),
        )
