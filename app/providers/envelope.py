"""Strict JSON for what comes in from outside, after its signature was verified.

Refused are what the standard reader lets through: NaN and infinities, a key given twice, lone
surrogates, nesting beyond any event's, and numbers of thousands of digits.
"""

import json
from typing import Any, Final

from pydantic_core import from_json

from app.errors import WebhookRejected

_UNREADABLE: Final = "The delivery is not readable JSON"


def strict_object(body: bytes) -> dict[str, Any]:
    """Read one JSON object. Raises WebhookRejected for anything else."""
    try:
        # The first reader bounds depth and refuses bad text; the second sees keys given twice.
        from_json(body, allow_inf_nan=False)
        document = json.loads(
            body, object_pairs_hook=_without_twins, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise WebhookRejected(_UNREADABLE) from error
    if not isinstance(document, dict):
        raise WebhookRejected(_UNREADABLE)
    return document


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key is given twice")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
