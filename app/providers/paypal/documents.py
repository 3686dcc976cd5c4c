"""What PayPal's objects have in common: texts, links, times, and pages of a list."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.errors import Message, Protocol
from app.providers.paypal.client import PayPalClient


def text_of(document: Mapping[str, Any], key: str) -> str:
    """Give a text of PayPal's that must be there. Raises Protocol where it is not."""
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise Protocol(Message("PayPal sent an object without {key}", key=key))
    return value


def objects_in(document: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """Give the objects of a list; nothing where there is none."""
    listed = document.get(key) if isinstance(document, Mapping) else None
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping):
            yield each


def link_of(document: Mapping[str, Any], *relations: str) -> str:
    """Give the address of the first link that has one of these relations, or an empty text."""
    for link in objects_in(document, "links"):
        if link.get("rel") in relations:
            return str(link.get("href") or "")
    return ""


def id_in_link(document: Mapping[str, Any], relation: str) -> str:
    """Give the id that a link ends in. Raises Protocol where there is no such link."""
    last = urlsplit(link_of(document, relation)).path.rpartition("/")[2]
    return text_of({relation: last}, relation)


def moment_from(value: Any) -> datetime | None:
    """Read a time of PayPal's; None where it is none."""
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def time_text(at: datetime) -> str:
    """Write a time as PayPal reads it, in whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def strange(what: str, state: Any) -> Protocol:
    """Make the error for a state that is none of PayPal's."""
    return Protocol(
        Message("PayPal sent something in a state that the till does not know"),
        f"{what}: {state!r}",
    )


def plain_url(url: str) -> str:
    """Take out what another provider would fill in; PayPal adds names of its own."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if "{" not in value]
    return urlunsplit(parts._replace(query=urlencode(kept)))


async def pages_of(
    client: PayPalClient, path: str, query: Mapping[str, str]
) -> AsyncIterator[dict[str, Any]]:
    """Give a list's pages. Of the address of the next only the query counts: it leads nowhere else.

    Raises Protocol for a list that leads back to itself.
    """
    seen: set[str] = set()
    while True:
        page = await client.get(path, query)
        yield page
        onward = urlsplit(link_of(page, "next")).query
        if not onward:
            return
        if onward in seen:
            raise Protocol(Message("PayPal's list does not end"))
        seen.add(onward)
        query = dict(parse_qsl(onward))
