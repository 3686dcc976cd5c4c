"""Which page addresses may become a QR code: exact hosts over https, or a named origin."""

from urllib.parse import urlsplit

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
