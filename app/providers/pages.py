"""What may become a QR code: exact hosts over https, a named origin, or a UPI payment's text.

The last only for a provider that shows nothing else.
"""

import re
from urllib.parse import parse_qsl, urlsplit

from app.domain.capabilities import Capabilities, Shows

_UPI = "upi://pay?"
_LONGEST_UPI = 1024
_PAYEE = re.compile(r"[A-Za-z0-9._-]{2,255}@[A-Za-z][A-Za-z0-9.-]{1,63}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_own_page(url: str, hosts: frozenset[str], *origins: str) -> bool:
    """Say whether `url` is a page of the provider's own.

    Refused are other hosts (look-alikes, punycode and trailing dots are other hosts), plain http,
    a named port, userinfo, and anything that two readers could take for two addresses.
    """
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return False
    if f"{parts.scheme}://{parts.netloc}" in filter(None, origins):
        return True
    return parts.scheme == "https" and port is None and parts.netloc in hosts


def may_be_shown(text: str, takes: Capabilities) -> bool:
    """Say whether a code may lead a customer to `text`, at a provider that takes this."""
    if takes.shows is Shows.UPI:
        return upi_fields(text) is not None
    return takes.shows is Shows.PAGE and is_own_page(
        text, takes.page_hosts, takes.page_origin, takes.phones_origin
    )


def upi_fields(text: str) -> dict[str, str] | None:
    """Read what a UPI payment's text says; None for anything else.

    Refused is what two readers could take for two payments: a field given twice, other spellings
    of the scheme, anything outside of plain ASCII, and a payee that is no UPI address.
    """
    if not (text.startswith(_UPI) and text.isascii() and text.isprintable()):
        return None
    if len(text) > _LONGEST_UPI or set(text) & set("#\\\"'<>"):
        return None
    try:
        pairs = parse_qsl(text[len(_UPI) :], keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    fields = dict(pairs)
    if len(fields) != len(pairs) or len({name.lower() for name in fields}) != len(pairs):
        return None
    return fields if _PAYEE.fullmatch(fields.get("pa", "")) else None


def is_loopback(url: str) -> bool:
    """Say whether an address leads to this very computer."""
    try:
        return (urlsplit(url).hostname or "") in _LOOPBACK
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Give scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
