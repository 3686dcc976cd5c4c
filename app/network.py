"""Which address of this computer the phones in the shop can reach.

Asked of the operating system with the standard library alone; nothing is sent anywhere.
"""

import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

if sys.platform != "win32":
    import fcntl

_PRIVATE: Final = tuple(
    map(ipaddress.IPv4Network, ("192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"))
)
"""RFC 1918, the likeliest network of a shop first."""
_NOT_THE_SHOPS: Final = (
    *("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "lxc", "lxd", "podman", "cni"),
    *("flannel", "cali", "tun", "tap", "wg", "utun", "ppp", "ipsec", "tailscale", "zt", "nordlynx"),
)
"""How the system names what leads to containers, virtual machines and private tunnels."""
_SOMEWHERE: Final = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737): the way there is the way to the world."""
_NAME_BYTES, _REQUEST_BYTES = 16, 256
_GET_ADDRESS, _GET_FLAGS = (
    (0xC0206921, 0xC0206911) if sys.platform == "darwin" else (0x8915, 0x8913)
)
_UP_AND_RUNNING: Final = 0x41


@dataclass(frozen=True, slots=True)
class Interface:
    """A network that this computer is on; `name` is empty where the system does not tell it."""

    name: str
    address: str


def shop_address() -> str:
    """Give the IPv4 address under which phones in the shop reach this computer, or nothing.

    May take seconds on Windows, where names are looked up.
    """
    return chosen(_interfaces(), _address_to_the_world())


def chosen(interfaces: Sequence[Interface], to_the_world: str = "") -> str:
    """Choose among the networks: the one that leads to the world first, the shop-like ones next.

    Left out are addresses that the whole world can reach, those that a computer gives itself for
    want of a network, and containers' bridges and tunnels, even where all else goes by them.
    """
    known = {interface.address for interface in interfaces}
    if to_the_world and to_the_world not in known:
        interfaces = [*interfaces, Interface("", to_the_world)]
    fit = [
        (interface.address != to_the_world, rank, position, interface.address)
        for position, interface in enumerate(interfaces)
        if not interface.name.lower().startswith(_NOT_THE_SHOPS)
        and (rank := _rank(interface.address)) is not None
    ]
    return min(fit)[-1] if fit else ""


def _rank(address: str) -> int | None:
    ip = ipaddress.IPv4Address(address)
    if ip.is_global or ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return None
    return next((n for n, network in enumerate(_PRIVATE) if ip in network), len(_PRIVATE))


def _address_to_the_world() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE)
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _interfaces() -> list[Interface]:
    if sys.platform == "win32":
        try:
            addresses = socket.gethostbyname_ex(socket.gethostname())[2]
        except OSError:
            return []
        return [Interface("", address) for address in addresses]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        found = [_interface(probe, name) for _, name in socket.if_nameindex()]
    return [interface for interface in found if interface is not None]


def _interface(probe: socket.socket, name: str) -> Interface | None:
    """Ask the system about one interface: None where it is down or has no IPv4 address."""
    request = struct.pack(f"{_REQUEST_BYTES}s", os.fsencode(name)[: _NAME_BYTES - 1])
    try:
        flags = fcntl.ioctl(probe, _GET_FLAGS, request)
        answer = fcntl.ioctl(probe, _GET_ADDRESS, request)
    except OSError:
        return None
    (state,) = struct.unpack_from("H", flags, _NAME_BYTES)
    if state & _UP_AND_RUNNING != _UP_AND_RUNNING:
        return None
    return Interface(name, socket.inet_ntoa(answer[_NAME_BYTES + 4 : _NAME_BYTES + 8]))
