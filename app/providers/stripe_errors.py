"""Stripe's exceptions in our words: the one translator.

Which of them are worth asking again follows Stripe's documents on errors and idempotency: no
answer, 409 while the same key is in progress, 429 and 5xx. Everything else is a refusal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import stripe
from stripe import oauth_error

from app.errors import Protocol, ProviderError, Rejected, Unavailable

_LATER: Final = frozenset({408, 409, 425, 429})


@contextmanager
def in_our_words() -> Iterator[None]:
    """Run calls of the SDK; what they raise comes out in our words.

    Over JSON that is none of Stripe's the SDK stumbles with Python's own errors: such an answer
    proves nothing.
    """
    try:
        yield
    except stripe.StripeError as error:
        raise translated(error) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Protocol(_NOT_UNDERSTOOD, f"{type(error).__name__}: {error}") from error


def translated(error: stripe.StripeError) -> ProviderError:
    """Give our error for one of Stripe's; the caller raises it `from` the original."""
    status = error.http_status or 0
    code = str(error.code or (error.error.code if error.error else "") or "")
    detail = str(error.user_message or "")
    if isinstance(error, stripe.APIConnectionError):
        return Unavailable("Stripe could not be reached", detail, code=code)
    if status in _LATER or status >= 500 or isinstance(error, stripe.RateLimitError):
        return Unavailable(
            "Stripe asks to try again later",
            f"HTTP {status}. {detail}",
            code=code,
            retry_after_s=_retry_after(error),
        )
    if isinstance(error, stripe.IdempotencyError):
        return Protocol("Stripe holds another request under the same key", detail, code=code)
    for kind, (title, action) in REFUSALS.items():
        if type(error) is kind:
            return Rejected(title, detail, action=action, code=code, status=status)
    return Protocol(_NOT_UNDERSTOOD, f"{type(error).__name__}: {detail}", code=code)


_NOT_UNDERSTOOD: Final = "Stripe's answer cannot be understood"
_KEY: Final = "Check the account's secret key in the settings, then try again."
_ASK: Final = "Take another way of payment; tell whoever set up the till."

REFUSALS: Final[dict[type[stripe.StripeError], tuple[str, str]]] = {
    stripe.AuthenticationError: ("Stripe does not accept the till's key", _KEY),
    stripe.PermissionError: ("Stripe does not let this key do that", _KEY),
    stripe.InvalidRequestError: ("Stripe refused the request", _ASK),
    stripe.CardError: ("Stripe refused the card", "Let the customer take another card."),
    oauth_error.OAuthError: ("Stripe refused the connection", _KEY),
    oauth_error.InvalidClientError: ("Stripe refused the connection", _KEY),
    oauth_error.InvalidGrantError: ("Stripe refused the connection", _KEY),
    oauth_error.InvalidRequestError: ("Stripe refused the connection", _KEY),
    oauth_error.InvalidScopeError: ("Stripe refused the connection", _KEY),
    oauth_error.UnsupportedGrantTypeError: ("Stripe refused the connection", _KEY),
    oauth_error.UnsupportedResponseTypeError: ("Stripe refused the connection", _KEY),
    stripe.AlreadyCanceledError: ("Stripe says that it is cancelled already", _ASK),
    stripe.BlockedByStripeError: ("Stripe has blocked this", _ASK),
    stripe.CannotProceedError: ("Stripe cannot go on with this", _ASK),
    stripe.CapabilityNotEnabledError: ("The Stripe account may not do this yet", _ASK),
    stripe.ControlledByAlternateResourceError: ("Stripe governs this elsewhere", _ASK),
    stripe.FeatureNotEnabledError: ("The Stripe account has this switched off", _ASK),
    stripe.FinancialAccountNotOpenError: ("The financial account at Stripe is not open", _ASK),
    stripe.FxQuoteNeedsRefreshError: ("Stripe's exchange rate has run out", _ASK),
    stripe.InsufficientFundsError: ("Stripe says that the funds do not suffice", _ASK),
    stripe.InvalidPaymentMethodError: ("Stripe refused the way of payment", _ASK),
    stripe.InvalidPayoutMethodError: ("Stripe refused the way of payout", _ASK),
    stripe.InvalidVaultedCredentialError: ("Stripe refused the stored credential", _ASK),
    stripe.NotCancelableError: ("Stripe says that this cannot be cancelled", _ASK),
    stripe.QuotaExceededError: ("The Stripe account's quota is used up", _ASK),
    stripe.RecipientNotNotifiableError: ("Stripe cannot notify the recipient", _ASK),
    stripe.TemporarySessionExpiredError: ("Stripe's temporary session has run out", _ASK),
    stripe.VerificationAttemptFailedError: ("Stripe's verification failed", _ASK),
    stripe.VerificationExpiredError: ("Stripe's verification has run out", _ASK),
    stripe.VerificationNotInitiatedError: ("Stripe's verification was not begun", _ASK),
}
"""What each refusal is called. The other classes are judged by their status above."""


def _retry_after(error: stripe.StripeError) -> float | None:
    text = next(
        (value for name, value in (error.headers or {}).items() if name.lower() == "retry-after"),
        "",
    )
    return float(text) if text.isdecimal() else None
