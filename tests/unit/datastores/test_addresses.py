"""Which of a member's addresses is asked, and what is said where none can be."""
import itertools

import pytest
from trove_upgrade import datastores
from trove_upgrade.datastores.addresses import choose, host_of, placed, usable
from trove_upgrade.datastores.base import Address, DatastoreError, Member
from trove_upgrade.datastores.servers import AskedAtOnce

from tests.unit.datastores.hostile import Hostile

ASKING = sorted(name for name, one in datastores.drivers().items() if not one.asks_trove)
SHORT_SEC = 0.1
each_driver = pytest.mark.parametrize("name", ASKING)

SHOP = Address("10.0.0.5", "private", "shop-net")
COPIES = Address("192.0.2.10", "private", "copies-net")
SIXTH = Address("2001:db8::5", "private", "shop-net")
FLOATING = Address("203.0.113.7", "public")
ALL = (COPIES, SHOP, SIXTH, FLOATING)


@pytest.mark.parametrize(("access", "wanted"), [
    ({}, "192.0.2.10"),                                 # of two networks, the first by name
    ({"network": "shop-net"}, "10.0.0.5"),
    ({"network": "copies-net"}, "192.0.2.10"),
    ({"address_type": "private"}, "192.0.2.10"),
    ({"address_type": "public"}, "203.0.113.7"),
    ({"cidr": "10.0.0.0/8"}, "10.0.0.5"),
    ({"cidr": "2001:db8::/32"}, "2001:db8::5"),
    ({"cidr": ["203.0.113.0/24", "10.0.0.0/8"]}, "10.0.0.5"),
    ({"cidr": "10.0.0.5"}, "10.0.0.5"),
    ({"cidr": "::/0", "network": "shop-net"}, "2001:db8::5"),
    ({"network": "shop-net", "cidr": "192.0.2.0/24"}, ""),
    ({"network": "other-net"}, ""), ({"network": "shop"}, ""),
    ({"network": "shop-net", "address_type": "public"}, ""),
    ({"cidr": "172.16.0.0/12"}, "")])
def test_the_access_file_chooses_in_whatever_order_trove_tells_them(access, wanted):
    assert {choose(told, access) for told in itertools.permutations(ALL)} == {wanted}


@pytest.mark.parametrize(("told", "wanted"), [
    ((FLOATING, SIXTH), "2001:db8::5"),                 # private before public
    ((SIXTH, SHOP), "10.0.0.5"),                        # IPv4 before IPv6
    ((Address("10.0.0.10", "private", "n"), Address("10.0.0.9", "private", "n")), "10.0.0.9"),
    ((Address("10.0.0.9"), Address("10.0.0.10")), "10.0.0.9"),      # an older Trove tells no more
    ((Address("0.0.0.0", "private"), FLOATING), "203.0.113.7"),      # noqa: S104
    ((Address("db.example.org"), Address(None), Address("2001:DB8:0:0::5")), "2001:db8::5"),
    ((Address("localhost"), Address("::")), ""), ((), "")])
def test_without_a_word_of_the_access_file_the_order_is_fixed(told, wanted):
    assert {choose(each, {}) for each in itertools.permutations(told)} == {wanted}


def test_a_member_of_the_record_keeps_the_address_that_was_chosen():
    assert placed(Member("m", "shop-1", "10.0.0.5"), {"cidr": "fd00::/8"}).address == "10.0.0.5"


@pytest.mark.parametrize(("told", "access", "words"), [
    ((), {}, ["it tells none", "ip_regex"]),
    ((), {"network": "n"}, ["it tells none that fits network n of the access file"]),
    ((SHOP, FLOATING), {"network": "other", "cidr": ["fd00::/8", "fe80::/10"]}, [
        "asks for network other, cidr fd00::/8 or fe80::/10",
        "10.0.0.5 (private, network shop-net)", "203.0.113.7 (public)",
        "Set network, address_type, cidr"]),
    ((Address("0.0.0.0", "private"),), {}, ["it tells 0.0.0.0 (private)"])])     # noqa: S104
def test_a_member_without_an_address_is_told_by_its_name_and_what_to_set(told, access, words):
    member = placed(Member("m5", "shop-member-5", addresses=told), access)
    with pytest.raises(DatastoreError) as failed:
        usable(member, access)
    assert failed.value.code == "no_address"
    assert failed.value.instance == "m5"
    assert failed.value.message.startswith("Trove gives no usable address for shop-member-5: ")
    for each in words:
        assert each in failed.value.message


@pytest.mark.parametrize(("endpoint", "host"), [
    ("10.0.0.5:27017", "10.0.0.5"), ("[2001:db8::5]:27017", "2001:db8::5"),
    ("2001:db8::5", "2001:db8::5"), ("[2001:db8::5]", "2001:db8::5"),
    ("db1.example:1", "db1.example"), ("db1.example", "db1.example"),
    ("10.0.0.5", "10.0.0.5"), ("", "")])
def test_the_host_of_an_endpoint(endpoint, host):
    assert host_of(endpoint) == host


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    for one in datastores.drivers().values():
        servers = getattr(__import__(one.__module__, fromlist=["Servers"]), "Servers", None)
        if servers:
            monkeypatch.setattr(servers, "timeout_sec", SHORT_SEC)
    monkeypatch.setattr(AskedAtOnce, "timeout_sec", SHORT_SEC)


def silence(came):
    """A server's talk: it notes who comes, and says nothing."""
    def talk(wire):
        came.append(wire)
        while True:
            wire.hear()
    return talk


def problem(name, port, *told, **access):
    driver = datastores.driver(name, {"port": port, "username": "up", **access})
    member = placed(Member("m", "shop-1", addresses=tuple(map(Address, told))), driver.access)
    return driver.read([member])["m"].problems[0]


@each_driver
@pytest.mark.parametrize(("address", "place"), [("127.0.0.7", "127.0.0.7:{}"), ("::1", "[::1]:{}")])
def test_who_is_silent_or_not_there_is_told_with_address_and_port(name, address, place):
    came = []
    with Hostile(silence(came), address) as server:
        said = problem(name, server.port, address)
    assert came
    assert place.format(server.port) in said
    assert "shop-1" in said
    refused = problem(name, server.port, address)
    assert place.format(server.port) in refused
    assert "shop-1" in refused


@each_driver
def test_where_the_access_file_fits_none_nobody_is_asked(name, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *asked, **more: pytest.fail("looked up"))
    came = []
    with Hostile(silence(came)) as server:
        said = problem(name, server.port, "127.0.0.1", cidr="10.0.0.0/8")
    assert not came
    assert "asks for cidr 10.0.0.0/8, and it tells 127.0.0.1" in said
