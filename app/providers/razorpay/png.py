"""A small, strict reader of PNG pictures, as far as a picture of a code may go.

Source: RFC 2083 and the PNG specification, third edition. Everything is checked before it is
unpacked: sizes, checksums, order. Interlaced pictures and 16-bit samples are refused, as is
whatever would take long to read.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_LONGEST_SIDE: Final = 4096
_MOST_BYTES: Final = 8 * 1024 * 1024
"""Of samples unpacked."""
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS: Final = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 4}
_DEPTHS: Final = {_GREY: {1, 2, 4, 8}, _PALETTE: {1, 2, 4, 8}}
_EIGHT: Final = {8}
_KNOWN_CRITICAL: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})


class NotAPicture(ValueError):
    """The bytes are no picture that this reader takes; the text says why."""


@dataclass(frozen=True, slots=True)
class Grey:
    """A picture: `pixels` row by row, one byte each, 0 black and 255 white."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    kind: int

    @property
    def row_bytes(self) -> int:
        return (self.width * self.depth * _CHANNELS[self.kind] + 7) // 8

    @property
    def pixel_bytes(self) -> int:
        return max(1, self.depth * _CHANNELS[self.kind] // 8)


def read_png(data: bytes) -> Grey:
    """Read a picture as shades of grey, what is transparent on white. Raises NotAPicture."""
    header, palette, packed = _parts(data)
    rows = _unfiltered(header, _unpacked(packed, (header.row_bytes + 1) * header.height))
    pixels = b"".join(_grey(header, palette, row) for row in rows)
    return Grey(header.width, header.height, pixels)


def _parts(data: bytes) -> tuple[_Header, bytes, bytes]:
    header: _Header | None = None
    palette, packed = b"", bytearray()
    for name, body in _chunks(data):
        if (name == b"IHDR") is (header is not None):
            raise NotAPicture("its header is not first, or not alone")
        if name == b"IHDR":
            header = _header(body)
        elif name == b"PLTE":
            palette = body
        elif name == b"IDAT":
            packed += body
        elif name not in _KNOWN_CRITICAL and not name[0] & 0x20:
            raise NotAPicture("it has a critical part that is not known")
    if header is None:
        raise NotAPicture("it has no header")
    if header.kind == _PALETTE and (not palette or len(palette) % 3 or len(palette) > 768):
        raise NotAPicture("it has no palette")
    return header, palette, bytes(packed)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not data.startswith(_SIGNATURE):
        raise NotAPicture("it is no PNG")
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            break
        body = data[at + 8 : end]
        if struct.unpack_from(">I", data, end)[0] != zlib.crc32(name + body):
            raise NotAPicture("a checksum is wrong")
        yield name, body
        if name == b"IEND":
            return
        at = end + 4
    raise NotAPicture("it is cut off")


def _header(body: bytes) -> _Header:
    if len(body) != 13:
        raise NotAPicture("its header is cut off")
    width, height, depth, kind, packing, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if not (0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE):
        raise NotAPicture("it is too large")
    if kind not in _CHANNELS or depth not in _DEPTHS.get(kind, _EIGHT):
        raise NotAPicture("its samples are of a kind that is not read")
    if packing or filtering or interlace:
        raise NotAPicture("it is packed or interlaced in a way that is not read")
    header = _Header(width, height, depth, kind)
    if (header.row_bytes + 1) * height > _MOST_BYTES:
        raise NotAPicture("it is too large")
    return header


def _unpacked(packed: bytes, size: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        samples = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise NotAPicture("it cannot be unpacked") from error
    if len(samples) != size:
        raise NotAPicture("it holds more or less than its size says")
    return samples


def _unfiltered(header: _Header, samples: bytes) -> Iterator[bytes]:
    step, size = header.pixel_bytes, header.row_bytes
    above = bytes(size)
    for at in range(0, len(samples), size + 1):
        above = _row(samples[at], samples[at + 1 : at + 1 + size], above, step)
        yield above


def _row(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """Undo one row's filter (RFC 2083, 6): what is left of the first pixel is 0."""
    if kind == 0:
        return row
    if kind == 2:
        return bytes((a + b) & 0xFF for a, b in zip(row, above, strict=True))
    out = bytearray(step) + row
    corner = bytes(step) + above
    if kind == 1:
        for at in range(step, len(out)):
            out[at] = (out[at] + out[at - step]) & 0xFF
    elif kind == 3:
        for at in range(step, len(out)):
            out[at] = (out[at] + ((out[at - step] + corner[at]) >> 1)) & 0xFF
    elif kind == 4:
        for at in range(step, len(out)):
            near = _nearest(out[at - step], corner[at], corner[at - step])
            out[at] = (out[at] + near) & 0xFF
    else:
        raise NotAPicture("a row is filtered in a way that is not known")
    return bytes(out[step:])


def _nearest(left: int, up: int, corner: int) -> int:
    """Choose by Paeth's rule: whichever is nearest to left + up - corner."""
    from_left, from_up = abs(up - corner), abs(left - corner)
    from_corner = abs(left + up - 2 * corner)
    if from_left <= from_up and from_left <= from_corner:
        return left
    return up if from_up <= from_corner else corner


def _grey(header: _Header, palette: bytes, row: bytes) -> bytes:
    """Give a row's shades; of colours the green, which tells ink from paper."""
    if header.kind in {_GREY, _PALETTE}:
        values = _spread(row, header.depth)[: header.width]
        return values.translate(_shades(header, palette))
    channels = _CHANNELS[header.kind]
    shades = row[1::channels] if header.kind in {_RGB, _RGB_ALPHA} else row[::channels]
    if header.kind == _RGB:
        return shades
    alphas = row[channels - 1 :: channels]
    if alphas.count(255) == len(alphas):
        return shades
    return bytes(
        255 - (255 - shade) * alpha // 255 for shade, alpha in zip(shades, alphas, strict=True)
    )


def _spread(row: bytes, depth: int) -> bytes:
    """Give each sample a byte of its own."""
    if depth == 8:
        return row
    mask = (1 << depth) - 1
    return bytes((each >> shift) & mask for each in row for shift in range(8 - depth, -1, -depth))


def _shades(header: _Header, palette: bytes) -> bytes:
    """Give the shade of every value that a sample may have; one outside the palette is white."""
    if header.kind == _PALETTE:
        return palette[1::3].ljust(256, b"\xff")
    most = (1 << header.depth) - 1
    return bytes(min(value, most) * 255 // most for value in range(256))
