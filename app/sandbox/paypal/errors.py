"""PayPal's error replies, as the values the rest of this package raises.

Names, issues and descriptions are those of its API descriptions (Orders v2, Payments v2, Webhooks
v1, Subscriptions v1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.sandbox.books import JsonObject
from app.sandbox.refusal import Refusal

_DOCS = "https://developer.paypal.com/api/rest/reference/"
_NAMES = {
    400: (
        "INVALID_REQUEST",
        "Request is not well-formed, syntactically incorrect, or violates schema.",
    ),
    401: (
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to missing authorization header, or invalid authentication"
        " credentials.",
    ),
    403: ("NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    409: ("RESOURCE_CONFLICT", "The server has detected a conflict while processing this request."),
    413: ("REQUEST_ENTITY_TOO_LARGE", "The request is larger than the server is willing to take."),
    415: (
        "UNSUPPORTED_MEDIA_TYPE",
        "The server does not support the request payload's media type.",
    ),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or failed business"
        " validation.",
    ),
    429: ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
    503: ("SERVICE_UNAVAILABLE", "Service Unavailable."),
}
_DESCRIPTIONS = {
    "INVALID_ARRAY_MAX_ITEMS": "The number of items in an array parameter is too large.",
    "INVALID_ARRAY_MIN_ITEMS": "The number of items in an array parameter is too small.",
    "INVALID_PARAMETER_SYNTAX": "The value of a field does not conform to the expected format.",
    "INVALID_PARAMETER_VALUE": "A parameter value is not valid.",
    "INVALID_STRING_LENGTH": "The value of a field is either too short or too long",
    "MALFORMED_REQUEST_JSON": "The request JSON is not well formed.",
    "MISSING_REQUIRED_PARAMETER": "A required parameter is missing.",
    "PAYPAL_REQUEST_ID_REQUIRED": "A PayPal-Request-Id is required if you are trying to process"
    " payment for an Order. Please specify a PayPal-Request-Id or Create the Order without a"
    " 'payment_source' specified.",
    "INVALID_RESOURCE_ID": "Specified resource ID does not exist. Please check the resource ID and"
    " try again.",
    "PREVIOUS_REQUEST_IN_PROGRESS": "A previous request on this resource is currently in progress."
    " Please wait for sometime and try again. It is best to space out the initial and the"
    " subsequent request(s) to avoid receiving this error.",
    "AMOUNT_MISMATCH": "Should equal item_total + tax_total + shipping + handling + insurance -"
    " shipping_discount - discount.",
    "CANNOT_BE_NEGATIVE": "Must be greater than or equal to 0. If the currency supports decimals,"
    " only two decimal place precision is supported.",
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero. If the currency supports decimals,"
    " only two decimal place precision is supported.",
    "DECIMAL_PRECISION": "If the currency supports decimals, only two decimal place precision is"
    " supported.",
    "DUPLICATE_INVOICE_ID": "Duplicate Invoice ID detected. To avoid a potential duplicate"
    " transaction your account setting requires that Invoice Id be unique for each transaction.",
    "INVALID_CURRENCY_CODE": "Currency code is invalid or is not currently supported. Please refer"
    " https://developer.paypal.com/api/rest/reference/currency-codes/ for list of supported"
    " currency codes.",
    "ITEM_TOTAL_MISMATCH": "Should equal sum of (unit_amount * quantity) across all items for a"
    " given purchase_unit.",
    "ITEM_TOTAL_REQUIRED": "If item details are specified (items.unit_amount and items.quantity)"
    " corresponding amount.breakdown.item_total is required.",
    "MAX_VALUE_EXCEEDED": "Should be less than or equal to 999999999999999.99.",
    "MULTI_CURRENCY_ORDER": "Multiple differing values of currency_code are not supported. Entire"
    " Order request must have the same currency_code.",
    "TAX_TOTAL_MISMATCH": "Should equal sum of (tax * quantity) across all items for a given"
    " purchase_unit.",
    "TAX_TOTAL_REQUIRED": "If item details are specified (items.tax_total and items.quantity)"
    " corresponding amount.breakdown.tax_total is required.",
    "INSTRUMENT_DECLINED": "The instrument presented  was either declined by the processor or"
    " bank, or it can't be used for this payment.",
    "ORDER_ALREADY_CAPTURED": "Order already captured.If 'intent=CAPTURE' only one capture per"
    " order is allowed.",
    "ORDER_NOT_APPROVED": "Payer has not yet approved the Order for payment. Please redirect the"
    " payer to the 'rel':'approve' url returned as part of the HATEOAS links within the Create"
    " Order call or provide a valid `payment_source` in the request.",
    "PAYER_ACTION_REQUIRED": "Transaction cannot complete successfully, instruct the buyer to"
    " return to PayPal.",
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "PENDING_CAPTURE": "Cannot initiate a refund as the capture is pending. Capture is typically"
    " pending when the payer has funded the transaction using e-check/bank funded.",
    "REFUND_AMOUNT_EXCEEDED": "The refund amount must be less than or equal to the capture amount"
    " that has not yet been refunded.",
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture",
    "REFUND_NOT_ALLOWED": "Capture cannot be refunded.",
    "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK": "Refunds are not allowed on this capture due to a"
    " chargeback on the card or bank. Please contact the payee to resolve the chargeback.",
    "REFUND_TIME_LIMIT_EXCEEDED": "You are over the time limit to perform a refund on this capture",
    "TRANSACTION_REFUSED": "The request was refused.",
}


@dataclass(frozen=True)
class Detail:
    """One thing that is wrong: PayPal's issue, and where it is."""

    issue: str
    field: str | None = None
    value: str | None = None
    location: str = "body"
    description: str | None = None

    def as_json(self) -> JsonObject:
        place: JsonObject = {}
        if self.field is not None:
            place = {"field": self.field, "location": self.location}
            if self.value is not None:
                place["value"] = self.value
        words = self.description or _DESCRIPTIONS.get(self.issue, self.issue)
        return {**place, "issue": self.issue, "description": words}


class PayPalRefusal(Refusal):
    """A request is answered with an error body; `links` are ways on for the caller.

    No refusal is kept for a request id: PayPal answers a repeated one with how things stand.
    """

    def __init__(
        self,
        status: int,
        *details: Detail,
        name: str | None = None,
        message: str | None = None,
        links: Sequence[JsonObject] = (),
    ) -> None:
        known_name, known_message = _NAMES.get(status, _NAMES[500])
        super().__init__(status, message or known_message)
        self.name = name or known_name
        self.details = details
        self.links = links

    @property
    def words(self) -> str:
        """What is wrong, for people."""
        return "; ".join(f"{each.issue}: {each.as_json()['description']}" for each in self.details)

    def body(self, debug_id: str) -> JsonObject:
        issue = self.details[0].issue if self.details else self.name
        body: JsonObject = {"name": self.name, "message": self.message, "debug_id": debug_id}
        if self.details:
            body["details"] = [each.as_json() for each in self.details]
        about = {"href": f"{_DOCS}#error-{issue}", "rel": "information_link", "method": "GET"}
        body["links"] = [*self.links, about]
        return body


class OAuthRefusal(PayPalRefusal):
    """A refusal of the OAuth server, or of a token: it has a form of its own (RFC 6749)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(status, name=error, message=description)

    def body(self, debug_id: str) -> JsonObject:
        return {"error": self.name, "error_description": self.message}


def not_found(field: str = "id") -> PayPalRefusal:
    return PayPalRefusal(404, Detail("INVALID_RESOURCE_ID", field, location="path"))


def unprocessable(
    issue: str,
    field: str | None = None,
    value: str | None = None,
    *,
    links: Sequence[JsonObject] = (),
) -> PayPalRefusal:
    """The request is well formed, but cannot be done."""
    return PayPalRefusal(422, Detail(issue, field, value), links=links)


def bad_request(issue: str, field: str | None = None, value: str | None = None) -> PayPalRefusal:
    return PayPalRefusal(400, Detail(issue, field, value))


def not_simulated(what: str, field: str) -> PayPalRefusal:
    """PayPal would take it; pretending to would give a wrong sum or a wrong promise."""
    words = f"The Scantill simulator does not have {what}."
    return PayPalRefusal(422, Detail("INCOMPATIBLE_PARAMETER_VALUE", field, description=words))
