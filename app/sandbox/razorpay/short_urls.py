"""Short addresses, as at rzp.io: behind each is a page to pay on, or the picture of a QR code."""

from app.sandbox.books import Record
from app.sandbox.razorpay.workbench import Workbench

KIND = "razorpay.short_url"
PAGE_PATH = "/razorpay/i/"

_LENGTH = 7


def add(bench: Workbench, account: str, kind: str, id: str) -> str:
    """Give an object an address; answers what stands behind the last slash."""
    slug = bench.new_id(KIND, "", _LENGTH)
    bench.keep(account, KIND, {"kind": kind, "id": id}, id=slug)
    return slug


def find(bench: Workbench, slug: str) -> Record | None:
    """The object behind an address."""
    short = bench.books.get(KIND, slug)
    return None if short is None else bench.books.get(short.body["kind"], short.body["id"])


def url(bench: Workbench, slug: str) -> str:
    return f"{bench.origin()}{PAGE_PATH}{slug}"
