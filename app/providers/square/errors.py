"""Square's refusals in our words: the one translator.

Source: Square's API reference, ErrorCode and ErrorCategory, and its document on handling errors.
Which statuses are worth asking again for the till's JSON API knows; here are the codes that say so
under another status.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.errors import Message, Protocol, ProviderError, Rejected, Unavailable
from app.providers.square.documents import each_of


class Words(NamedTuple):
    """What a refusal is called, and what to do."""

    title: str
    action: str


def refused(status: int, document: Mapping[str, Any]) -> ProviderError:
    """Give our error for a refusal; its first error says what it is.

    One without any error is not Square's own: it proves nothing, a 404 least of all.
    """
    first = next(each_of(document, "errors"), None)
    if first is None:
        return Protocol(
            Message("Square's answer cannot be understood"),
            Message("HTTP {status}.", status=status),
        )
    code, detail = str(first.get("code") or ""), _detail(first)
    if code in LATER:
        return Unavailable(Message("Square asks to try again later"), detail, code=code)
    if code in OF_THE_TILL:
        return Protocol(OF_THE_TILL[code], detail, code=code)
    title, action = REFUSALS.get(code, _REFUSED)
    return Rejected(title, detail, action=action, code=code, status=status)


def _detail(error: Mapping[str, Any]) -> str:
    detail, field = str(error.get("detail") or ""), str(error.get("field") or "")
    return f"{detail} ({field})" if field else detail


_KEY: Final = Message("Check the account's access token in the settings, then try again.")
_LOCATION: Final = Message("Check the account's location in the settings and at Square.")
_ASK: Final = Message("Take another way of payment; tell whoever set up the till.")
_CARD: Final = Message("Let the customer take another card.")
_LEAVE: Final = Message("Nothing was given back. Look the payment up at Square.")

_REFUSED: Final = Words(Message("Square refused the request"), _ASK)

_GROUPS: Final[tuple[tuple[Words, str], ...]] = (
    (
        Words(Message("Square does not accept the till's access token"), _KEY),
        "UNAUTHORIZED ACCESS_TOKEN_EXPIRED ACCESS_TOKEN_REVOKED CLIENT_DISABLED "
        "APPLICATION_DISABLED V1_APPLICATION V1_ACCESS_TOKEN BAD_CERTIFICATE",
    ),
    (
        Words(Message("Square does not let this access token do that"), _KEY),
        "FORBIDDEN INSUFFICIENT_SCOPES INSUFFICIENT_PERMISSIONS",
    ),
    (
        Words(Message("The Square location cannot take this payment"), _LOCATION),
        "CARD_PROCESSING_NOT_ENABLED INVALID_LOCATION LOCATION_MISMATCH CURRENCY_MISMATCH "
        "UNSUPPORTED_COUNTRY UNSUPPORTED_CURRENCY PAYMENT_SOURCE_NOT_ENABLED_FOR_TARGET",
    ),
    (
        Words(Message("The Square account may not do this"), _ASK),
        "MERCHANT_SUBSCRIPTION_NOT_FOUND SANDBOX_NOT_SUPPORTED",
    ),
    (
        Words(Message("Square does not have that"), _ASK),
        "NOT_FOUND GONE CUSTOMER_NOT_FOUND APPLE_PAYMENT_PROCESSING_CERTIFICATE_HASH_NOT_FOUND",
    ),
    (
        Words(
            Message("Square does not take that amount"),
            Message("Take it in parts or another way."),
        ),
        "AMOUNT_TOO_HIGH PAYMENT_LIMIT_EXCEEDED TRANSACTION_LIMIT",
    ),
    (
        Words(Message("Square refused the card"), _CARD),
        "CARD_EXPIRED INVALID_EXPIRATION INVALID_EXPIRATION_YEAR INVALID_EXPIRATION_DATE "
        "UNSUPPORTED_CARD_BRAND UNSUPPORTED_ENTRY_METHOD INVALID_ENCRYPTED_CARD INVALID_CARD "
        "GENERIC_DECLINE CVV_FAILURE ADDRESS_VERIFICATION_FAILURE INVALID_ACCOUNT "
        "INSUFFICIENT_FUNDS CARDHOLDER_INSUFFICIENT_PERMISSIONS VOICE_FAILURE PAN_FAILURE "
        "EXPIRATION_FAILURE CARD_NOT_SUPPORTED READER_DECLINED INVALID_PIN MISSING_PIN "
        "MISSING_ACCOUNT_TYPE INVALID_POSTAL_CODE MANUALLY_ENTERED_PAYMENT_NOT_SUPPORTED "
        "GIFT_CARD_AVAILABLE_AMOUNT ACCOUNT_UNUSABLE BUYER_REFUSED_PAYMENT CARD_TOKEN_EXPIRED "
        "CARD_TOKEN_USED UNSUPPORTED_INSTRUMENT_TYPE INVALID_CARD_DATA SOURCE_USED "
        "SOURCE_EXPIRED CARD_PRESENCE_REQUIRED UNSUPPORTED_SOURCE_TYPE CARD_MISMATCH "
        "PLAID_ERROR PLAID_ERROR_ITEM_LOGIN_REQUIRED CARD_DECLINED VERIFY_CVV_FAILURE "
        "VERIFY_AVS_FAILURE CARD_DECLINED_CALL_ISSUER CARD_DECLINED_VERIFICATION_REQUIRED "
        "BAD_EXPIRATION CHIP_INSERTION_REQUIRED ALLOWABLE_PIN_TRIES_EXCEEDED "
        "RESERVATION_DECLINED APPLE_TTP_PIN_TOKEN CART_INELIGIBLE_FOR_EBT "
        "PLAID_ERROR_INSUFFICIENT_CREDENTIALS PLAID_ERROR_INVALID_ACCESS_TOKEN "
        "PLAID_ERROR_INVALID_ACCOUNT_ID PLAID_ERROR_ITEM_NOT_FOUND PLAID_ERROR_ITEM_NOT_SUPPORTED "
        "PLAID_ERROR_NO_ACCOUNTS PLAID_ERROR_PRODUCT_NOT_READY",
    ),
    (
        Words(Message("Square says that the payment is over"), _ASK),
        "DELAYED_TRANSACTION_EXPIRED DELAYED_TRANSACTION_CANCELED DELAYED_TRANSACTION_CAPTURED "
        "DELAYED_TRANSACTION_FAILED CHECKOUT_EXPIRED",
    ),
    (
        Words(Message("Square does not give that amount back"), _LEAVE),
        "REFUND_AMOUNT_INVALID",
    ),
    (
        Words(
            Message("Square is still giving an earlier amount back"),
            Message("Nothing more was given back. Try again once that is done."),
        ),
        "REFUND_ALREADY_PENDING",
    ),
    (
        Words(Message("Square does not give this payment back"), _LEAVE),
        "PAYMENT_NOT_REFUNDABLE REFUND_DECLINED ORDER_UNPAID_NOT_RETURNABLE",
    ),
    (
        Words(
            Message("The customer's bank disputes this payment"),
            Message("Nothing was given back. Answer the dispute at Square first."),
        ),
        "PAYMENT_NOT_REFUNDABLE_DUE_TO_DISPUTE",
    ),
    (
        Words(
            Message("The payment is not complete yet"),
            Message("Nothing was given back. Try again once the money has come."),
        ),
        "REFUND_ERROR_PAYMENT_NEEDS_COMPLETION",
    ),
    (
        Words(Message("This access token may not give money back"), _KEY),
        "INSUFFICIENT_PERMISSIONS_FOR_REFUND",
    ),
    (
        _REFUSED,
        "BAD_REQUEST MISSING_REQUIRED_PARAMETER INCORRECT_TYPE INVALID_TIME INVALID_TIME_RANGE "
        "INVALID_VALUE INVALID_CURSOR UNKNOWN_QUERY_PARAMETER CONFLICTING_PARAMETERS "
        "EXPECTED_JSON_BODY INVALID_SORT_ORDER VALUE_REGEX_MISMATCH VALUE_TOO_SHORT "
        "VALUE_TOO_LONG VALUE_TOO_LOW VALUE_TOO_HIGH VALUE_EMPTY ARRAY_LENGTH_TOO_LONG "
        "ARRAY_LENGTH_TOO_SHORT ARRAY_EMPTY EXPECTED_BOOLEAN EXPECTED_INTEGER EXPECTED_FLOAT "
        "EXPECTED_STRING EXPECTED_OBJECT EXPECTED_ARRAY EXPECTED_MAP "
        "EXPECTED_BASE64_ENCODED_BYTE_ARRAY INVALID_ARRAY_VALUE INVALID_ENUM_VALUE "
        "INVALID_CONTENT_TYPE INVALID_FORM_VALUE ONE_INSTRUMENT_EXPECTED NO_FIELDS_SET "
        "TOO_MANY_MAP_ENTRIES MAP_KEY_LENGTH_TOO_SHORT MAP_KEY_LENGTH_TOO_LONG "
        "CUSTOMER_MISSING_NAME CUSTOMER_MISSING_EMAIL INVALID_PAUSE_LENGTH INVALID_DATE "
        "PAYMENT_AMOUNT_MISMATCH INVALID_FEES UNSUPPORTED_LOYALTY_REWARD_TIER UNEXPECTED_VALUE "
        "INVALID_EMAIL_ADDRESS INVALID_PHONE_NUMBER INVALID_SQUARE_VERSION_FORMAT "
        "API_VERSION_INCOMPATIBLE UNKNOWN_BODY_PARAMETER METHOD_NOT_ALLOWED NOT_ACCEPTABLE "
        "REQUEST_ENTITY_TOO_LARGE UNSUPPORTED_MEDIA_TYPE UNPROCESSABLE_ENTITY NOT_IMPLEMENTED "
        "AMOUNT_TOO_LOW PARTIAL_PAYMENT_DELAY_CAPTURE_NOT_SUPPORTED",
    ),
)

REFUSALS: Final[dict[str, Words]] = {
    code: words for words, codes in _GROUPS for code in codes.split()
}
"""What each refusal is called, by Square's code."""

LATER: Final = frozenset(
    "INTERNAL_SERVER_ERROR REQUEST_TIMEOUT CONFLICT RATE_LIMITED PLAID_ERROR_RATE_LIMIT "
    "BAD_GATEWAY SERVICE_UNAVAILABLE TEMPORARY_ERROR GATEWAY_TIMEOUT".split()
)
"""Codes that say "later", whatever the status: whether it took effect is not known."""

OF_THE_TILL: Final[dict[str, str]] = {
    "IDEMPOTENCY_KEY_REUSED": Message("Square holds another request under the same key"),
}
"""Our own fault, which proves nothing of the request that was made before."""
