"""What every object of Razorpay's is read with."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from app.errors import Message, Protocol

_LAST_MOMENT: Final = 253_402_300_799
"""The end of the year 9999, the last that a date can have."""


def text_of(document: Mapping[str, Any], key: str) -> str:
    """Give a text of Razorpay's that must be there. Raises Protocol where it is not."""
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise Protocol(Message("Razorpay sent an object without {key}", key=key))
    return value


def note_of(document: Mapping[str, Any], name: str) -> str:
    """Give a note that the till left there, or nothing; empty notes are a list at Razorpay."""
    notes = document.get("notes")
    value = notes.get(name) if isinstance(notes, Mapping) else None
    return value if isinstance(value, str) else ""


def moment_from(seconds: Any) -> datetime | None:
    """Read a time of Razorpay's, whole seconds; None where it is none."""
    if type(seconds) is not int or not 0 < seconds <= _LAST_MOMENT:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def objects_in(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Give a list of objects; null is an empty one. Raises Protocol for anything else."""
    listed = document.get(key) or []
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise Protocol(Message("Razorpay sent a list that is none"), key)
    return listed
