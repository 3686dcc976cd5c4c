"""Razorpay's picture of a code: read strictly, by a reader of our own, and only for its text."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.errors import Protocol
from app.providers.razorpay.picture import text_in
from app.providers.razorpay.png import NotAPicture, read_png
from app.sandbox.razorpay.picture import HEIGHT, WIDTH, poster
from tests.parts.razorpay import UPI

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MODES = ("1", "L", "P", "LA", "RGB", "RGBA")


def saved(image: Image.Image, **options: Any) -> bytes:
    """Give a picture as Pillow writes it, filtered row by row as it thinks best."""
    out = BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int = 2, height: int = 1, depth: int = 8, kind: int = 0, *ways: int) -> bytes:
    packing, filtering, interlace = ways or (0, 0, 0)
    values = (width, height, depth, kind, packing, filtering, interlace)
    return chunk(b"IHDR", struct.pack(">IIBBBBB", *values))


def data(samples: bytes) -> bytes:
    return chunk(b"IDAT", zlib.compress(samples))


END = chunk(b"IEND", b"")
ROW = data(b"\x00\x00\xff")


def test_a_picture_is_read_row_by_row() -> None:
    grey = read_png(SIGNATURE + header() + ROW + END)
    assert (grey.width, grey.height, grey.pixels) == (2, 1, b"\x00\xff")


def ink_of(image: Image.Image) -> bytes:
    """Say what Pillow sees: green on white, whatever the kind of picture."""
    colours = image.convert("RGBA")
    green, alpha = colours.getchannel("G").tobytes(), colours.getchannel("A").tobytes()
    return bytes(255 - (255 - g) * a // 255 for g, a in zip(green, alpha, strict=True))


@given(
    mode=st.sampled_from(MODES),
    width=st.integers(1, 40),
    height=st.integers(1, 12),
    seed=st.randoms(use_true_random=False),
    smooth=st.booleans(),
)
def test_every_kind_of_picture_is_read_as_pillow_reads_it(
    mode: str, width: int, height: int, seed: Any, smooth: bool
) -> None:
    """Smooth ones are written with filters, the others mostly without."""
    if smooth:
        pixels = bytes((x * 3 + y * 5) % 256 for y in range(height) for x in range(width * 4))
    else:
        pixels = seed.randbytes(width * height * 4)
    image = Image.frombytes("RGBA", (width, height), pixels)
    if mode in {"1", "L", "P", "RGB"}:
        image = image.convert("RGB").convert(mode)
    else:
        image = image.convert(mode)
    assert read_png(saved(image)).pixels == ink_of(image)


@pytest.mark.parametrize("colours", [2, 4, 16, 256])
def test_a_palette_of_every_depth_is_read(colours: int) -> None:
    grey = Image.frombytes("L", (256, 2), bytes(range(256)) * 2)
    image = grey.convert("RGB").quantize(colours)
    assert read_png(saved(image)).pixels == ink_of(image)


@pytest.mark.parametrize("filtering", range(5))
def test_every_filter_is_undone(filtering: int) -> None:
    """The rows are filtered here by the book, the other way round."""
    rows = [bytes((x * y * 7 + 13 * x) % 256 for x in range(30)) for y in range(1, 6)]
    samples, above = bytearray(), bytes(30)
    for row in rows:
        samples.append(filtering)
        for at, value in enumerate(row):
            left, up = (row[at - 3] if at >= 3 else 0), above[at]
            corner = above[at - 3] if at >= 3 else 0
            guess = left + up - corner
            nearest = min((left, up, corner), key=lambda each: abs(guess - each))
            taken = (0, left, up, (left + up) // 2, nearest)[filtering]
            samples.append((value - taken) % 256)
        above = row
    read = read_png(SIGNATURE + header(10, 5, 8, 2) + data(bytes(samples)) + END)
    assert read.pixels == b"".join(row[1::3] for row in rows)


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"GIF89a",
        SIGNATURE,
        SIGNATURE + END,
        SIGNATURE + ROW + END,
        SIGNATURE + header() + ROW,
        SIGNATURE + header() + END,
        SIGNATURE + header() + header() + ROW + END,
        SIGNATURE + header() + chunk(b"IDAT", b"nonsense") + END,
        SIGNATURE + header() + data(b"\x00\x00") + END,
        SIGNATURE + header() + data(b"\x00\x00\xff\xff") + END,
        SIGNATURE + header() + data(bytes(5_000_000)) + END,
        SIGNATURE + header() + data(b"\x05\x00\xff") + END,
        SIGNATURE + header(0) + ROW + END,
        SIGNATURE + header(5000) + ROW + END,
        SIGNATURE + header(4096, 4096) + ROW + END,
        SIGNATURE + header(2**32 - 1, 2**32 - 1) + ROW + END,
        SIGNATURE + header(2, 1, 16) + ROW + END,
        SIGNATURE + header(2, 1, 3) + ROW + END,
        SIGNATURE + header(2, 1, 8, 1) + ROW + END,
        SIGNATURE + header(2, 1, 4, 2) + ROW + END,
        SIGNATURE + header(2, 1, 8, 3) + ROW + END,
        SIGNATURE + header(2, 1, 8, 3) + chunk(b"PLTE", b"ab") + ROW + END,
        SIGNATURE + header(2, 1, 8, 0, 0, 0, 1) + ROW + END,
        SIGNATURE + header(2, 1, 8, 0, 1, 0, 0) + ROW + END,
        SIGNATURE + header() + chunk(b"NEWP", b"") + ROW + END,
        SIGNATURE + header().replace(b"IHDR", b"IHDX") + ROW + END,
        SIGNATURE + header()[:-1] + b"\xff" + ROW + END,
        SIGNATURE + struct.pack(">I4s", 2**31, b"IHDR"),
    ],
)
def test_what_is_no_plain_picture_is_refused(picture: bytes) -> None:
    with pytest.raises(NotAPicture):
        read_png(picture)


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_a_picture_or_refused(rest: bytes) -> None:
    with pytest.raises(NotAPicture):
        read_png(SIGNATURE + rest)


@given(place=st.integers(0, 2000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(place: int, bit: int) -> None:
    picture = bytearray(poster(UPI))
    picture[place % len(picture)] ^= 1 << bit
    with pytest.raises(NotAPicture):
        read_png(bytes(picture))


def test_the_text_of_the_simulators_poster_is_read() -> None:
    assert text_in(poster(UPI)) == UPI


@pytest.mark.parametrize("mode", MODES)
def test_the_text_is_read_whatever_the_kind_of_picture(mode: str) -> None:
    image = Image.open(BytesIO(poster(UPI))).convert("RGB")
    assert text_in(saved(image.convert(mode))) == UPI


def test_a_code_in_colour_on_nothing_is_read() -> None:
    """Pictures with a clear ground show it white."""
    grey = Image.open(BytesIO(poster(UPI)))
    ink = grey.point(lambda shade: 255 if shade < 128 else 0)
    clear = Image.new("RGBA", grey.size, (20, 20, 120, 0))
    clear.putalpha(ink)
    assert text_in(saved(clear)) == UPI


def test_two_codes_or_none_are_refused() -> None:
    one = Image.open(BytesIO(poster(UPI)))
    two = Image.new("L", (2 * WIDTH, HEIGHT), 255)
    two.paste(one, (0, 0))
    two.paste(Image.open(BytesIO(poster(UPI.replace("shop", "thief")))), (WIDTH, 0))
    for picture in (two, Image.new("L", (WIDTH, HEIGHT), 255)):
        with pytest.raises(Protocol, match="exactly one code"):
            text_in(saved(picture))


def test_what_is_no_picture_is_not_understood() -> None:
    with pytest.raises(Protocol):
        text_in(b"<html>")
