"""How a command asks the till that holds the books: through its private door, with its token."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.errors import CheckoutRefused, Message, MoneyMoved, ProviderError, StoreError
from app.providers.pages import is_loopback

_SAID: Final[Mapping[int, type[CheckoutRefused | ProviderError]]] = {
    409: CheckoutRefused,
    502: ProviderError,
}
"""What the till's private door answers where it declines, and where the provider does."""


def ask_the_running(
    directory: Path,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    patience_s: float,
    otherwise: str,
) -> dict[str, Any]:
    """POST to the till that runs on a data directory, and give what it answers.

    Raises CheckoutRefused or ProviderError in the till's own words where it or the provider
    declines, and StoreError where it cannot be asked; `otherwise` says what to do then.
    """
    from app.api.token import ADDRESS_FILE, token_of

    try:
        address = (directory / ADDRESS_FILE).read_text("ascii").strip()
        if not (address.startswith("http://") and is_loopback(address)):
            raise ValueError(address)
        request = urllib.request.Request(  # noqa: S310 - loopback http, checked above
            f"{address}{path}",
            method="POST",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {token_of(directory)}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=patience_s) as reply:  # noqa: S310 - as above
            done: dict[str, Any] = json.load(reply)
        return done
    except (OSError, ValueError) as error:
        raise _refusal(error) or StoreError(
            Message("A till runs on these books and could not be asked"),
            f"{type(error).__name__}: {error}.",
            action=otherwise,
        ) from error


def _refusal(error: Exception) -> CheckoutRefused | ProviderError | None:
    """Read what the till says where something was declined; None for any other answer, or none."""
    if not isinstance(error, urllib.error.HTTPError) or error.code not in _SAID:
        return None
    try:
        said = json.load(error)
        return _SAID[error.code](
            str(said["title"]),
            str(said["detail"]),
            money=MoneyMoved(said["money"]),
            action=str(said["action"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
