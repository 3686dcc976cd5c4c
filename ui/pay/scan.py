"""What a code is scanned with, and where it leads: a page by the camera, a UPI text by its app."""

from urllib.parse import parse_qs, urlsplit

from ui.i18n import _

_UPI = "upi:"


def has_page(url: str | None) -> bool:
    """Say whether a code leads to a page, which any browser can open."""
    return url is not None and not url.startswith(_UPI)


def scan_words(url: str | None) -> str:
    """Say what the customer is to scan the code with."""
    if url is not None and not has_page(url):
        return _("Scan with your UPI app")
    return _("Scan with your phone's camera")


def leads_to(url: str | None) -> str:
    """Give what the customer's phone will show: the page's host, or the UPI address to be paid."""
    if not url:
        return ""
    parts = urlsplit(url)
    if has_page(url):
        return parts.netloc.rpartition("@")[2]
    return next(iter(parse_qs(parts.query).get("pa", ())), "")


def lead_icon(url: str | None) -> str:
    """Give a lock to a page that is encrypted; the simulator's is not, and UPI has none."""
    if url is None or url.startswith("https:"):
        return "lock"
    return "network" if has_page(url) else "card"
