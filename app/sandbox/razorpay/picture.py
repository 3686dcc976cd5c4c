"""The picture that a QR code's `image_url` leads to: a poster with the code in it, as PNG."""

import struct
import zlib

WIDTH, HEIGHT = 600, 800
_BAND = 120
_INK, _PAPER, _TINT = 0, 255, 96
_QUIET = 4


def poster(text: str) -> bytes:
    """A grey picture of `WIDTH` by `HEIGHT` pixels: a band, and below it the code for this text."""
    modules = _modules(text)
    size = len(modules) + 2 * _QUIET
    scale = WIDTH // size
    left = (WIDTH - size * scale) // 2 + _QUIET * scale
    code = [_row(row, scale, left) for row in modules for _ in range(scale)]
    blank = bytes([_PAPER]) * WIDTH
    above = (HEIGHT - _BAND - len(code)) // 2
    rows = [bytes([_TINT]) * WIDTH] * _BAND + [blank] * above + code
    return _png(rows + [blank] * (HEIGHT - len(rows)))


def _modules(text: str) -> list[list[bool]]:
    # It brings a library of pictures along, for which no till's start is to wait.
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return [[bool(dark) for dark in row] for row in code.get_matrix()]


def _row(modules: list[bool], scale: int, left: int) -> bytes:
    ink = b"".join(bytes([_INK if dark else _PAPER]) * scale for dark in modules)
    return (bytes([_PAPER]) * left + ink).ljust(WIDTH, bytes([_PAPER]))


def _png(rows: list[bytes]) -> bytes:
    """Eight bits of grey for each pixel, unfiltered (RFC 2083)."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
