"""Which of a computer's addresses phones in a shop can reach."""

import socket

import pytest

from app.network import Interface, _address_to_the_world, _interfaces, chosen, shop_address

WIFI = Interface("wlan0", "192.168.1.23")
CABLE = Interface("eth0", "10.1.2.3")
DOCKER = Interface("docker0", "172.17.0.1")
TUNNEL = Interface("tun0", "10.8.0.2")
HOME = Interface("lo", "127.0.0.1")


def test_the_network_that_leads_to_the_world_is_the_shops() -> None:
    assert chosen([HOME, WIFI, CABLE, DOCKER], CABLE.address) == CABLE.address
    assert chosen([HOME, WIFI, CABLE, DOCKER], WIFI.address) == WIFI.address


def test_without_a_way_to_the_world_the_likeliest_network_is_taken() -> None:
    assert chosen([HOME, DOCKER, CABLE, WIFI]) == WIFI.address
    assert chosen([HOME, DOCKER, CABLE]) == CABLE.address


def test_a_tunnel_is_no_place_for_a_phone_even_where_all_goes_by_it() -> None:
    assert chosen([HOME, TUNNEL, WIFI], TUNNEL.address) == WIFI.address


@pytest.mark.parametrize(
    "interface",
    [
        HOME,
        DOCKER,
        TUNNEL,
        Interface("br-4f1c", "172.18.0.1"),
        Interface("wlan0", "169.254.7.7"),
        Interface("eth0", "8.8.4.4"),
        Interface("eth0", "224.0.0.9"),
        Interface("eth0", "0.0.0.0"),
    ],
)
def test_where_no_phone_can_come_there_is_no_address(interface: Interface) -> None:
    assert chosen([interface], interface.address) == ""
    assert chosen([interface]) == ""


def test_without_any_network_there_is_no_address() -> None:
    assert chosen([]) == ""


def test_a_containers_own_network_leads_to_its_world() -> None:
    assert chosen([HOME, Interface("eth0", "172.17.0.2")], "172.17.0.2") == "172.17.0.2"


def test_an_address_that_the_system_tells_without_its_interface_counts() -> None:
    assert chosen([], "192.168.8.8") == "192.168.8.8"
    assert chosen([Interface("", "192.168.8.8"), Interface("", "10.0.0.5")]) == "192.168.8.8"


def test_a_network_of_unusual_numbers_is_taken_after_the_usual_ones() -> None:
    odd = Interface("eth1", "198.18.0.7")
    assert chosen([odd]) == odd.address
    assert chosen([odd, CABLE]) == CABLE.address


def test_the_system_answers_with_an_address_of_no_loopback_or_with_none() -> None:
    address = shop_address()
    assert not address.startswith("127.")
    assert address == "" or address.count(".") == 3


def test_an_interface_whose_name_is_no_text_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux takes nearly any bytes for a name."""
    names = socket.if_nameindex()
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(99, "wl\udcff0"), *names])
    assert shop_address() == chosen(_interfaces(), _address_to_the_world())
