"""Stripe's exceptions in our words: the one translator.

Which of them are worth asking again follows Stripe's documents on errors and idempotency: no
answer, 409 while the same key is in progress, 429 and 5xx. Everything else is a refusal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import stripe
from stripe import oauth_error

from app.errors import Message, Protocol, ProviderError, Rejected, Unavailable
from app.providers.budget import retry_after_s

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
        return Unavailable(Message("Stripe could not be reached"), detail, code=code)
    if status in _LATER or status >= 500 or isinstance(error, stripe.RateLimitError):
        return Unavailable(
            Message("Stripe asks to try again later"),
            Message("HTTP {status}. {detail}", status=status, detail=detail),
            code=code,
            retry_after_s=retry_after_s(error.headers or {}),
        )
    if isinstance(error, stripe.IdempotencyError):
        return Protocol(
            Message("Stripe holds another request under the same key"), detail, code=code
        )
    for kind, (title, action) in REFUSALS.items():
        if type(error) is kind:
            return Rejected(title, detail, action=action, code=code, status=status)
    return Protocol(_NOT_UNDERSTOOD, f"{type(error).__name__}: {detail}", code=code)


_NOT_UNDERSTOOD: Final = Message("Stripe's answer cannot be understood")
_KEY: Final = Message("Check the account's secret key in the settings, then try again.")
_ASK: Final = Message("Take another way of payment; tell whoever set up the till.")

REFUSALS: Final[dict[type[stripe.StripeError], tuple[str, str]]] = {
    stripe.AuthenticationError: (Message("Stripe does not accept the till's key"), _KEY),
    stripe.PermissionError: (Message("Stripe does not let this key do that"), _KEY),
    stripe.InvalidRequestError: (Message("Stripe refused the request"), _ASK),
    stripe.CardError: (
        Message("Stripe refused the card"),
        Message("Let the customer take another card."),
    ),
    oauth_error.OAuthError: (Message("Stripe refused the connection"), _KEY),
    oauth_error.InvalidClientError: (Message("Stripe refused the connection"), _KEY),
    oauth_error.InvalidGrantError: (Message("Stripe refused the connection"), _KEY),
    oauth_error.InvalidRequestError: (Message("Stripe refused the connection"), _KEY),
    oauth_error.InvalidScopeError: (Message("Stripe refused the connection"), _KEY),
    oauth_error.UnsupportedGrantTypeError: (Message("Stripe refused the connection"), _KEY),
    oauth_error.UnsupportedResponseTypeError: (Message("Stripe refused the connection"), _KEY),
    stripe.AlreadyCanceledError: (Message("Stripe says that it is cancelled already"), _ASK),
    stripe.BlockedByStripeError: (Message("Stripe has blocked this"), _ASK),
    stripe.CannotProceedError: (Message("Stripe cannot go on with this"), _ASK),
    stripe.CapabilityNotEnabledError: (Message("The Stripe account may not do this yet"), _ASK),
    stripe.ControlledByAlternateResourceError: (Message("Stripe governs this elsewhere"), _ASK),
    stripe.FeatureNotEnabledError: (Message("The Stripe account has this switched off"), _ASK),
    stripe.FinancialAccountNotOpenError: (
        Message("The financial account at Stripe is not open"),
        _ASK,
    ),
    stripe.FxQuoteNeedsRefreshError: (Message("Stripe's exchange rate has run out"), _ASK),
    stripe.InsufficientFundsError: (Message("Stripe says that the funds do not suffice"), _ASK),
    stripe.InvalidPaymentMethodError: (Message("Stripe refused the way of payment"), _ASK),
    stripe.InvalidPayoutMethodError: (Message("Stripe refused the way of payout"), _ASK),
    stripe.InvalidVaultedCredentialError: (Message("Stripe refused the stored credential"), _ASK),
    stripe.NotCancelableError: (Message("Stripe says that this cannot be cancelled"), _ASK),
    stripe.QuotaExceededError: (Message("The Stripe account's quota is used up"), _ASK),
    stripe.RecipientNotNotifiableError: (Message("Stripe cannot notify the recipient"), _ASK),
    stripe.TemporarySessionExpiredError: (Message("Stripe's temporary session has run out"), _ASK),
    stripe.VerificationAttemptFailedError: (Message("Stripe's verification failed"), _ASK),
    stripe.VerificationExpiredError: (Message("Stripe's verification has run out"), _ASK),
    stripe.VerificationNotInitiatedError: (Message("Stripe's verification was not begun"), _ASK),
}
"""What each refusal is called. The other classes are judged by their status above."""
