"""Where a member's server is asked: at one IP address of those that Trove tells.

The one rule, by the keys of the driver's section of the access file (schemas/access.json):

- ``network``: the network's id or name, as Trove tells it;
- ``address_type``: ``private``, or ``public`` (a floating IP);
- ``cidr``: a range of IPv4 or IPv6 addresses, or a list of ranges.

An address fits that meets every key that is there. Of several that fit the first is taken: private
before public, IPv4 before IPv6, then by the network and by the number, in whatever order Trove
lists them. Where none fits the member has no address and is not asked: nothing falls back to
another address, to a name or to the executor's own host.
"""
import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from .base import Address, DatastoreError, Member

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
BROADCAST = ipaddress.IPv4Address("255.255.255.255")
PUBLIC = "public"
KEYS = ("network", "address_type", "cidr")


def placed(member: Member, access: dict[str, Any]) -> Member:
    """The member with the address at which its server is asked; empty when none fits.

    One whose addresses are not known, as in the record of a run, keeps the one that it has.
    """
    if not member.addresses:
        return member
    return replace(member, address=choose(member.addresses, access))


def choose(told: Iterable[Address], access: dict[str, Any]) -> str:
    """The address that the rule takes of those that Trove tells; empty when none fits.

    :param access: the section of the access file.
    """
    ranges = _ranges(access)
    found = [(one, ip) for one in told if (ip := parsed(one.address))
             and access.get("network", one.network) == one.network
             and access.get("address_type", one.type) == one.type
             and (not ranges or any(_within(ip, each) for each in ranges))]
    best = min(found, key=lambda pair: _rank(*pair), default=None)
    return str(best[1]) if best else ""


def usable(member: Member, access: dict[str, Any]) -> str:
    """The member's IP address, as its family writes it.

    Trove tells addresses of members, never names, so nothing here asks a resolver. What some client
    would read as its own host, a group of hosts, a scope, an URI or a further setting is none.

    :param access: the section of the access file, to tell what to change in it.
    :raises DatastoreError: code ``no_address``.
    """
    found = parsed(member.address)
    if found is None:
        raise DatastoreError("no_address", f"Trove gives no usable address for {member.name}: "
                             f"{_complaint(member, access)}", passing=True, instance=member.id)
    return str(found)


def parsed(text: str) -> IP | None:
    """The address of one host; None when the text is none."""
    if not isinstance(text, str) or "%" in text:
        return None
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    within = _as_v4(found)
    # What is unspecified leads to the executor itself.
    return None if within.is_unspecified or within.is_multicast or within == BROADCAST else found


def endpoint_of(host: str, port: object) -> str:
    """``host:port``, in which an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_of(endpoint: str) -> str:
    """The host of ``host:port`` or ``[host]:port``; of an address or a name alone, that."""
    if endpoint.startswith("["):
        return endpoint[1:].partition("]")[0]
    host, _, port = endpoint.rpartition(":")
    return host if port.isdigit() and host and ":" not in host else endpoint


def _as_v4(ip: IP) -> IP:
    return getattr(ip, "ipv4_mapped", None) or ip


def _ranges(access: dict[str, Any]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    said = access.get("cidr", [])
    return [ipaddress.ip_network(one) for one in ([said] if isinstance(said, str) else said)]


def _within(ip: IP, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return ip in network or _as_v4(ip) in network


def _rank(one: Address, ip: IP) -> tuple[bool, int, str, int]:
    return one.type == PUBLIC, ip.version, one.network, int(ip)


def _complaint(member: Member, access: dict[str, Any]) -> str:
    """What was told and asked for, and what to set."""
    wanted = ", ".join(f"{key} {_listed(access[key])}" for key in KEYS if key in access)
    if not member.addresses:
        told = f" but {member.address!r}" if member.address else ""
        fit = f" that fits {wanted} of the access file" if wanted else ""
        return (f"it tells none{fit}{told}. Let the member have a port with an IP address that "
                "trove-api shows (management_networks, ip_regex, black_list_regex of trove.conf)")
    shown = "; ".join(_words(one) for one in member.addresses)
    if not wanted:
        return f"it tells {shown}, and none is that of one host"
    return (f"the access file asks for {wanted}, and it tells {shown}. Set {', '.join(KEYS)} of "
            "the access file so that one fits")


def _words(one: Address) -> str:
    about = ", ".join(part for part in (one.type, one.network and f"network {one.network}") if part)
    return f"{one.address} ({about})" if about else str(one.address)


def _listed(value: Any) -> str:
    return " or ".join(value) if isinstance(value, Collection) and not isinstance(value, str) \
        else str(value)
