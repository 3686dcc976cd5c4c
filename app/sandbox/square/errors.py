"""Square's error replies, as the values the rest of this package raises.

Categories and codes are those of Square's API reference.
"""

from dataclasses import dataclass

from app.sandbox.books import JsonObject
from app.sandbox.refusal import Refusal

INVALID = "INVALID_REQUEST_ERROR"


@dataclass(frozen=True)
class Problem:
    """One of Square's errors, in a refusal or beside a payment that failed."""

    category: str
    code: str
    detail: str
    field: str | None = None

    def body(self) -> JsonObject:
        body = {"category": self.category, "code": self.code, "detail": self.detail}
        return body if self.field is None else {**body, "field": self.field}


class SquareRefusal(Refusal):
    """A request is answered with a list of one error."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(status, problem.detail)
        self.problem = problem

    def body(self) -> JsonObject:
        return {"errors": [self.problem.body()]}


def invalid(code: str, detail: str, field: str | None = None) -> SquareRefusal:
    return SquareRefusal(400, Problem(INVALID, code, detail, field))


def missing(field: str) -> SquareRefusal:
    return invalid("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", field)


def bad_request(detail: str, field: str | None = None) -> SquareRefusal:
    """The request is well formed, but the state of things does not permit it."""
    return invalid("BAD_REQUEST", detail, field)


def not_found(what: str, id: str, field: str | None = None) -> SquareRefusal:
    detail = f"Could not find {what} with id: {id}"
    return SquareRefusal(404, Problem(INVALID, "NOT_FOUND", detail, field))


def no_such_resource() -> SquareRefusal:
    return SquareRefusal(404, Problem(INVALID, "NOT_FOUND", "Resource not found."))


def no_such_method() -> SquareRefusal:
    problem = Problem(INVALID, "METHOD_NOT_ALLOWED", "This endpoint does not take this method.")
    return SquareRefusal(405, problem)


def not_simulated(what: str, field: str | None = None) -> SquareRefusal:
    """Square would take it; pretending to would give a wrong sum or a wrong promise."""
    detail = f"The Scantill simulator does not have {what}."
    return SquareRefusal(501, Problem("API_ERROR", "NOT_IMPLEMENTED", detail, field))


def refund_error(code: str, detail: str, field: str | None = None) -> SquareRefusal:
    return SquareRefusal(400, Problem("REFUND_ERROR", code, detail, field))


def unauthorized() -> SquareRefusal:
    detail = "This request could not be authorized."
    return SquareRefusal(401, Problem("AUTHENTICATION_ERROR", "UNAUTHORIZED", detail))


def key_reused() -> SquareRefusal:
    return invalid(
        "IDEMPOTENCY_KEY_REUSED",
        "Different request parameters used for the same idempotency_key.",
        "idempotency_key",
    )


def key_in_use() -> SquareRefusal:
    detail = "Another request with this idempotency_key is still being processed."
    return SquareRefusal(409, Problem(INVALID, "CONFLICT", detail, "idempotency_key"))


def plain(status: int) -> SquareRefusal:
    """What Square's doors say before anybody has looked into the request."""
    category, code, detail = _PLAIN.get(status, _PLAIN[500] if status >= 500 else _PLAIN[400])
    return SquareRefusal(status, Problem(category, code, detail))


_PLAIN = {
    400: (INVALID, "BAD_REQUEST", "Bad request."),
    401: ("AUTHENTICATION_ERROR", "UNAUTHORIZED", "This request could not be authorized."),
    403: ("AUTHENTICATION_ERROR", "FORBIDDEN", "The simulator's API is for this computer only."),
    404: (INVALID, "NOT_FOUND", "Resource not found."),
    409: (INVALID, "CONFLICT", "A conflict occurred."),
    413: (INVALID, "REQUEST_ENTITY_TOO_LARGE", "The request entity is too large."),
    429: ("RATE_LIMIT_ERROR", "RATE_LIMITED", "Rate limited: too many requests."),
    500: ("API_ERROR", "INTERNAL_SERVER_ERROR", "An internal server error has occurred."),
    501: ("API_ERROR", "NOT_IMPLEMENTED", "This is not implemented."),
    502: ("API_ERROR", "BAD_GATEWAY", "Bad gateway."),
    503: ("API_ERROR", "SERVICE_UNAVAILABLE", "The service is unavailable."),
    504: ("API_ERROR", "GATEWAY_TIMEOUT", "The gateway timed out."),
}
