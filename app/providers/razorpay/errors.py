"""Razorpay's refusals in our words: the one translator.

Source: the error lists of Razorpay's API reference. Its codes say little: 400, 401 and 429 share
one, and what is not there is no 404. So the status and the description decide.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.errors import Message, Protocol, ProviderError, Rejected, Unavailable

BAD_REQUEST: Final = "BAD_REQUEST_ERROR"
NOT_FOUND: Final = 404

_LATER: Final = frozenset({"GATEWAY_ERROR", "SERVER_ERROR"})
"""Codes that blame the bank or Razorpay itself: whether it took effect is not known."""
_OTHER_BODY: Final = "different request body"
_UNDER_WAY: Final = "operation is in progress"
"""Razorpay is busy with the same subscription: what was asked for had no effect yet."""
_NOT_THERE: Final = (
    "the id provided does not exist",
    "the id provided is invalid or could not be found",
    "is not a valid id",
)
_NO_SUCH_ADDRESS: Final = "the requested url was not found on the server"

_KEY: Final = Message("Check the account's keys in the settings, then try again.")
_ASK: Final = Message("Take another way of payment; tell whoever set up the till.")

_SWITCHED_OFF: Final = Message("Razorpay has this switched off for the account")
REFUSALS: Final[dict[int, tuple[str, str]]] = {
    400: (Message("Razorpay refused the request"), _ASK),
    401: (Message("Razorpay does not accept the till's keys"), _KEY),
    403: (Message("Razorpay does not let these keys do that"), _KEY),
    404: (Message("Razorpay has nothing of that id"), _ASK),
}
"""What each refusal is called; another status is called as 400 is."""


def refusing(status: int, body: Mapping[str, Any]) -> ProviderError:
    """Give our error for a refusal of Razorpay's; what is not there is a 404 to the till."""
    error = body.get("error")
    if not isinstance(error, Mapping) or not isinstance(error.get("code"), str):
        return Protocol(
            Message("Razorpay's answer cannot be understood"),
            Message("HTTP {status}.", status=status),
        )
    code, words = str(error["code"]), str(error.get("description") or "")
    said = words.lower()
    if code in _LATER or (status == 400 and _UNDER_WAY in said):
        return Unavailable(
            Message("Razorpay asks to try again later"),
            Message("HTTP {status}. {detail}", status=status, detail=words),
            code=code,
        )
    if _OTHER_BODY in said:
        return Protocol(
            Message("Razorpay holds another request under the same key"), words, code=code
        )
    if status == 400 and _NO_SUCH_ADDRESS in said:
        return Rejected(
            _SWITCHED_OFF,
            words,
            action=Message("Ask Razorpay's support to switch it on, or take another way."),
            code=code,
            status=status,
        )
    if status == 400 and said.rstrip(".").endswith(_NOT_THERE):
        status = NOT_FOUND
    title, action = REFUSALS.get(status, REFUSALS[400])
    return Rejected(title, words, action=action, code=code, status=status)


def is_switched_off(refused: Rejected) -> bool:
    """Say whether the account lacks what was asked for, so that it has nothing of the kind."""
    return refused.title == _SWITCHED_OFF
