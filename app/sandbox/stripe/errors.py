"""Stripe's error replies, as the values the rest of this package raises.

Wording and codes follow Stripe's API reference (errors, error codes).
"""

from collections.abc import Sequence

from app.sandbox.books import JsonObject
from app.sandbox.refusal import Refusal

_DOCS = "https://docs.stripe.com/error-codes#"


class StripeRefusal(Refusal):
    """A request is answered with an error body.

    `stored` says whether the refusal is what an idempotency key replays: checks of
    parameters and conflicts are not, since nothing had begun.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str = "invalid_request_error",
        stored: bool = False,
    ) -> None:
        super().__init__(status, message, stored=stored)
        self.code = code
        self.param = param
        self.type = type

    def body(self, *, account: str | None, request_id: str, at: int) -> JsonObject:
        error: JsonObject = {}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = _DOCS + self.code.replace("_", "-")
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        if account is not None:
            error["request_log_url"] = (
                f"https://dashboard.stripe.com/{account}/test/workbench/logs"
                f"?object={request_id}&t={at}"
            )
        error["type"] = self.type
        return {"error": error}


def bad_parameter(message: str, param: str, code: str | None = None) -> StripeRefusal:
    return StripeRefusal(400, message, code=code, param=param)


def unknown_parameters(names: Sequence[str]) -> StripeRefusal:
    plural = "s" if len(names) > 1 else ""
    return bad_parameter(
        f"Received unknown parameter{plural}: {', '.join(names)}", names[0], "parameter_unknown"
    )


def missing_parameter(name: str) -> StripeRefusal:
    return bad_parameter(f"Missing required param: {name}.", name, "parameter_missing")


def no_such(kind: str, id: str, param: str) -> StripeRefusal:
    return StripeRefusal(
        404, f"No such {kind}: '{id}'", code="resource_missing", param=param, stored=True
    )


def not_allowed(
    message: str, *, code: str | None = None, param: str | None = None
) -> StripeRefusal:
    """The request is well formed, but the object's state does not permit it."""
    return StripeRefusal(400, message, code=code, param=param, stored=True)


def not_simulated(what: str, param: str | None = None) -> StripeRefusal:
    """Stripe would take it; pretending to would give a wrong sum or a wrong promise."""
    return StripeRefusal(400, f"The Scantill simulator does not have {what}.", param=param)


def rate_limited() -> StripeRefusal:
    return StripeRefusal(
        429,
        "Request rate limit exceeded. You can learn more about rate limits here"
        " https://stripe.com/docs/rate-limits.",
        code="rate_limit",
    )


def unauthorized(message: str) -> StripeRefusal:
    return StripeRefusal(401, message)


def unrecognized(method: str, path: str) -> StripeRefusal:
    return StripeRefusal(
        404,
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove"
        " the trailing slash. If you are trying to retrieve an object, make sure you passed a"
        " valid (non-empty) identifier in your code. Please see https://stripe.com/docs or we"
        " can help at https://support.stripe.com/.",
    )


def key_in_use(key: str) -> StripeRefusal:
    return StripeRefusal(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably"
        " means you submitted twice, and the other request is still going through):"
        f" {key}. Please try again later.",
        code="idempotency_key_in_use",
        type="idempotency_error",
    )


def key_reused(key: str, detail: str) -> StripeRefusal:
    return StripeRefusal(
        400,
        f"Keys for idempotent requests can only be used {detail}. Try using a key other than"
        f" '{key}' if you meant to execute a different request.",
        type="idempotency_error",
    )
