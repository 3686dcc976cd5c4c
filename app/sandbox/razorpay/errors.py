"""Razorpay's error replies, as the values the rest of this package raises.

Wording follows the error lists of Razorpay's API reference where it has one.
"""

from collections.abc import Sequence

from app.sandbox.books import JsonObject
from app.sandbox.refusal import Refusal


class RazorpayRefusal(Refusal):
    """A request is answered with an error body.

    `stored` says whether a refund's key replays it: a refusal never is, since nothing was given
    back and the next try may succeed.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "BAD_REQUEST_ERROR",
        field: str | None = None,
        reason: str = "input_validation_failed",
        source: str = "business",
        step: str = "payment_initiation",
    ) -> None:
        super().__init__(status, message)
        self.code = code
        self.field = field
        self.reason = reason
        self.source = source
        self.step = step

    def body(self) -> JsonObject:
        error: JsonObject = {
            "code": self.code,
            "description": self.message,
            "source": self.source,
            "step": self.step,
            "reason": self.reason,
            "metadata": {},
        }
        if self.field is not None:
            error["field"] = self.field
        return {"error": error}


def bad_request(message: str, field: str | None = None) -> RazorpayRefusal:
    return RazorpayRefusal(400, message, field=field)


def required(name: str) -> RazorpayRefusal:
    return bad_request(f"The {name} field is required.", name)


def not_required(names: Sequence[str]) -> RazorpayRefusal:
    return bad_request(f"{', '.join(names)} is/are not required and should not be sent", names[0])


def unknown_id() -> RazorpayRefusal:
    return bad_request("The id provided does not exist")


def unknown_subscription() -> RazorpayRefusal:
    return bad_request("The ID provided is invalid or could not be found.")


def malformed_id(id: str) -> RazorpayRefusal:
    return bad_request(f"{id} is not a valid id")


def not_allowed(message: str) -> RazorpayRefusal:
    """The request is well formed, but the object's state does not permit it."""
    return RazorpayRefusal(400, message, reason="NA", source="NA", step="NA")


def not_simulated(what: str, field: str | None = None) -> RazorpayRefusal:
    """Razorpay would take it; pretending to would give a wrong sum or a wrong promise."""
    return bad_request(f"The Scantill simulator does not have {what}.", field)


def unauthorized(message: str = "Authentication failed") -> RazorpayRefusal:
    return RazorpayRefusal(401, message, reason="NA", source="NA", step="NA")


def unrecognized() -> RazorpayRefusal:
    return RazorpayRefusal(
        400,
        "The requested URL was not found on the server.",
        reason="NA",
        source="NA",
        step="NA",
    )


def plain(status: int) -> RazorpayRefusal:
    """Give the refusal that Razorpay words so whatever was asked: 403 elsewhere, 413, 429, 5xx."""
    if status in (502, 503, 504):
        return RazorpayRefusal(
            status,
            "The gateway request timed out. Please try again after some time.",
            code="GATEWAY_ERROR",
            reason="gateway_technical_error",
            source="gateway",
        )
    if status >= 500:
        return RazorpayRefusal(
            status,
            "We are facing some trouble completing your request at the moment. Please try again"
            " shortly.",
            code="SERVER_ERROR",
            reason="server_error",
            source="internal",
        )
    words = {
        403: "The simulator's API is for this computer only.",
        413: "Request entity too large",
        429: "Too many requests",
    }
    # The code says nothing of the status: a client that sees the code alone takes 429 for 400.
    return RazorpayRefusal(status, words.get(status, "Bad request"), reason="NA", step="NA")
