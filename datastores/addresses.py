"""Where a member's server is: an IP address, and nothing that a client could take for more."""
import ipaddress

from .base import DatastoreError, Member


def usable(member: Member) -> str:
    """The member's IP address, as its family writes it.

    Trove tells addresses of members, never names, so nothing here asks a resolver. What some client
    would read as its own host, a group of hosts, a scope, an URI or a further setting is none.

    :raises DatastoreError: code ``no_address``.
    """
    found = parsed(member.address)
    if found is None:
        raise DatastoreError("no_address", f"Trove gives no usable address for {member.name}: "
                             f"{member.address!r}", passing=True, instance=member.id)
    return str(found)


def parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address of one host; None when the text is none."""
    if not isinstance(text, str) or "%" in text:
        return None
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    within = getattr(found, "ipv4_mapped", None) or found
    # What is unspecified leads to the executor itself.
    return None if within.is_unspecified or within.is_multicast or within == BROADCAST else found


BROADCAST = ipaddress.IPv4Address("255.255.255.255")
