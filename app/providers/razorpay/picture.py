"""The text of the one QR code in Razorpay's picture of it; the picture itself is never shown."""

from typing import Final
from urllib.parse import urlsplit

from app.errors import Message, Protocol
from app.providers.pages import is_loopback, is_own_page, origin_of
from app.providers.razorpay.png import NotAPicture, read_png

HOSTS: Final = frozenset({"rzp.io"})
"""Whose pictures are fetched."""


def address_of(url: str, api_base: str) -> str:
    """Say where a picture is fetched; nothing where its address is not Razorpay's own.

    A simulator names its pages where phones find them; they are beside its API all the same.
    """
    if is_loopback(api_base):
        path = urlsplit(url).path
        return f"{origin_of(api_base)}{path}" if path.startswith("/") else ""
    return url if is_own_page(url, HOSTS) else ""


def text_in(picture: bytes) -> str:
    """Read a picture's code; takes a while. Raises Protocol where there is not exactly one."""
    # Decoding is for accounts alone that are told no text: others need not wait for it.
    import zxingcpp

    try:
        grey = read_png(picture)
    except NotAPicture as error:
        raise Protocol(
            Message("Razorpay's picture of the code cannot be read"), str(error)
        ) from error
    pixels = memoryview(grey.pixels).cast("B", shape=(grey.height, grey.width))
    found = zxingcpp.read_barcodes(
        pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    if len(found) != 1:
        raise Protocol(
            Message("Razorpay's picture does not have exactly one code"),
            Message("It has {count}.", count=len(found)),
        )
    return str(found[0].text)
