"""Replies that are true and hard to take: trickled, endless, bombs, cut in the middle, no HTTP.

The effect has happened and the reply is the real one; only its way over the wire is spoiled.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from email.utils import formatdate, parsedate_to_datetime

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.sandbox.faults import Fault, Faults

_CHUNK = 64 * 1024
_NOT_HTTP = b"\x15\x03\x03\x00\x02\x02\x28"  # a fatal alert, as a TLS server would say it


def distorted(response: Response, fault: Fault | None, faults: Faults) -> Response:
    """The response as it is, or spoiled as the fault says."""
    if fault is None:
        return response
    if fault.drop == "not_http":
        return NotHttp()
    headers = dict(response.headers)
    if fault.date_off_s and "date" in headers:
        moved = parsedate_to_datetime(headers["date"]).timestamp() + fault.date_off_s
        headers["date"] = formatdate(moved, usegmt=True)
        response.headers["date"] = headers["date"]
    body = bytes(response.body)
    if fault.bomb_bytes:
        body = _bomb(fault.bomb_bytes)
        headers |= {"content-encoding": "gzip", "content-length": str(len(body))}
    elif fault.pad_bytes > len(body):
        headers["content-length"] = str(fault.pad_bytes)
    elif not fault.trickle_ms and fault.drop != "mid_reply":
        return response
    return Spoiled(body, response.status_code, headers, fault, faults)


class Spoiled(StreamingResponse):
    """Sends its body as the fault says, until it is over or the simulator is stopped."""

    def __init__(
        self, body: bytes, status: int, headers: dict[str, str], fault: Fault, faults: Faults
    ) -> None:
        super().__init__(self._pieces(body), status, headers)
        self._fault = fault
        self._faults = faults
        self._scope: Scope = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        await super().__call__(scope, receive, send)

    async def _pieces(self, body: bytes) -> AsyncIterator[bytes]:
        if self._fault.drop == "mid_reply":
            yield body[: len(body) // 2]
            await self._hang_up()
        padding = 0 if self._fault.bomb_bytes else max(0, self._fault.pad_bytes - len(body))
        step = 1 if self._fault.trickle_ms else _CHUNK
        for at in range(0, len(body) + padding, step):
            piece = body[at : at + step]
            wanted = min(step, len(body) + padding - at)
            yield piece.ljust(wanted)
            if not await self._faults.pause(self._fault.trickle_ms):
                await self._hang_up()

    async def _hang_up(self) -> None:
        """Send what was written and nothing more; ends with the connection."""
        self._scope["state"]["transport"].close()
        await asyncio.Event().wait()


class NotHttp(Response):
    """Bytes of another protocol, then silence."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope["state"]["transport"]
        transport.write(_NOT_HTTP)
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            continue


def _bomb(size: int) -> bytes:
    """A small body that becomes `size` bytes of white space when it is unpacked."""
    packer = zlib.compressobj(level=9, wbits=31)
    whole, rest = divmod(size, _CHUNK)
    packed = [packer.compress(b" " * _CHUNK) for _ in range(whole)]
    return b"".join([*packed, packer.compress(b" " * rest), packer.flush()])
