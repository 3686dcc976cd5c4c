"""Why a customer's try was refused, by each provider's own code, in words for the counter.

Sources: Stripe's decline codes, the issues of PayPal's Orders v2 and the reasons
of its Subscriptions v1, Square's error codes of payments,
Razorpay's error reasons. A code that is not known says only that it was declined.
"""

from typing import Final

from ui.i18n import _, _n

_NO_FUNDS: Final = _n("The card does not have enough money.")
_EXPIRED: Final = _n("The card has expired.")
_WRONG_CVC: Final = _n("The security code was wrong.")
_NOT_CONFIRMED: Final = _n("The customer did not confirm with the bank.")
_TROUBLE: Final = _n("The bank had a problem with the card.")
_DECLINED: Final = _n("The card was declined.")
_NOT_PAID: Final = _n("It was declined.")
_PAYPALS_CHOICE: Final = _n("What the customer chose at PayPal was declined.")
_PAYPALS_CUSTOMER: Final = _n("PayPal does not let this customer pay.")
_PAYPALS_SHOP: Final = _n("PayPal does not let the shop take this; look at its account there.")
_REFUSED_BY_PAYPAL: Final = _n("PayPal refused the payment.")
_WORDS: Final = {
    # Stripe
    "insufficient_funds": _NO_FUNDS,
    "expired_card": _EXPIRED,
    "incorrect_cvc": _WRONG_CVC,
    "invalid_cvc": _WRONG_CVC,
    "payment_intent_authentication_failure": _NOT_CONFIRMED,
    "authentication_required": _n("The bank wanted a confirmation that did not come."),
    "processing_error": _TROUBLE,
    # PayPal
    "instrument_declined": _PAYPALS_CHOICE,
    "payer_cannot_pay": _PAYPALS_CUSTOMER,
    "redirect_payer_for_alternate_funding": _n(
        "What the customer chose at PayPal was declined; another choice may do."
    ),
    "transaction_refused": _REFUSED_BY_PAYPAL,
    # PayPal's subscriptions: what was not begun, and what was not paid.
    "payment_denied": _PAYPALS_CHOICE,
    "payer_account_restricted": _PAYPALS_CUSTOMER,
    "subscriber_account_closed": _PAYPALS_CUSTOMER,
    "subscriber_account_locked": _PAYPALS_CUSTOMER,
    "subscriber_account_restricted": _PAYPALS_CUSTOMER,
    "user_account_closed": _PAYPALS_CUSTOMER,
    "sending_limit_exceeded": _n("The customer has reached a limit at PayPal."),
    "payee_account_restricted": _PAYPALS_SHOP,
    "transaction_receiving_limit_exceeded": _PAYPALS_SHOP,
    "currency_mismatch": _REFUSED_BY_PAYPAL,
    "internal_server_error": _REFUSED_BY_PAYPAL,
    "subscription_cannot_be_activated": _REFUSED_BY_PAYPAL,
    "subscription_status_invalid": _REFUSED_BY_PAYPAL,
    # Square
    "card_expired": _EXPIRED,
    "cvv_failure": _WRONG_CVC,
    "card_declined_verification_required": _NOT_CONFIRMED,
    "temporary_error": _TROUBLE,
    "invalid_account": _NOT_PAID,
    # Razorpay
    "insufficient_balance": _NO_FUNDS,
    "incorrect_card_expiry_date": _EXPIRED,
    "incorrect_cvv": _WRONG_CVC,
    "authentication_failed": _NOT_CONFIRMED,
    "payment_timed_out": _NOT_CONFIRMED,
    "payment_declined": _n("The customer declined it."),
    "payment_cancelled": _n("The customer broke it off."),
    "gateway_technical_error": _TROUBLE,
    "bank_technical_error": _TROUBLE,
    "payment_failed": _NOT_PAID,
    "invalid_vpa": _n("That UPI address does not exist."),
}
"""By the code in small letters: Square's are capitals."""


def decline_words(code: str) -> str:
    """Say in words why the customer's last try was refused."""
    return _(_WORDS.get(code.lower(), _DECLINED))
