"""What lies between the simulator and the socket: body cap, cut connections, loopback check."""

import ipaddress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

BODY_CAP = 1024 * 1024


class BodyTooLarge(Exception):
    """More bytes than the simulator takes in one request."""


class CuttableProtocol(H11Protocol):
    """Lets the application reach the connection that a request came by."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; after an answer has begun nothing but hanging up is left."""
        cycle = getattr(self, "cycle", None)
        if cycle is None or not cycle.response_started:
            super().send_400_response(msg)
        else:
            self.transport.abort()


class CutConnection(Response):
    """No reply at all: the connection is aborted, as if the cable had been pulled."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["transport"].abort()
        while (await receive())["type"] != "http.disconnect":
            continue


async def body_of(request: Request) -> bytes:
    """The whole body; raises `BodyTooLarge` as soon as it is over the cap."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_CAP:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def from_loopback(request: Request) -> bool:
    """Whether the peer is this computer."""
    return request.client is not None and is_loopback(request.client.host)


def names_loopback(request: Request) -> bool:
    """Whether the Host header names this computer (a page elsewhere cannot make it do so)."""
    return is_loopback(request.url.hostname or "")


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # A socket on every interface shows IPv4 peers as ::ffff:127.0.0.1.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
