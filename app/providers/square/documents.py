"""Reading Square's documents: texts that must be there, lists that may be, and times."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from app.errors import Message, Protocol


def text_of(document: Mapping[str, Any], key: str) -> str:
    """Give a text of Square's that must be there. Raises Protocol where it is not."""
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise Protocol(Message("Square sent an object without {key}", key=key))
    return value


def object_of(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Give an object of Square's that must be there. Raises Protocol where it is not."""
    value = document.get(key)
    if not isinstance(value, Mapping):
        raise Protocol(Message("Square sent an object without {key}", key=key))
    return value


def each_of(document: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    """Give the objects of a list; Square leaves an empty one out."""
    listed = document.get(key)
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping):
            yield each


def moment_from(told: Any) -> datetime | None:
    """Read a time of Square's (RFC 3339); None where it is none."""
    try:
        moment = datetime.fromisoformat(told)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):
        return None


def stamp(moment: datetime) -> str:
    """Write a time as Square does, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
