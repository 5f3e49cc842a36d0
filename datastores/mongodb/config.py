"""What a replica set's configuration (replSetGetConfig) says of its members."""
from collections.abc import Iterable
from typing import Any

from ..addresses import host_of

Row = dict[str, Any]        # one of the configuration's "members"


def address(host: str) -> str:
    """``"db1.example.net:27017"`` -> ``"db1.example.net"``."""
    return host_of(host)


def hosts(config: Row) -> list[str]:
    """Addresses of all members, as the set names them."""
    return [address(one["host"]) for one in config["members"]]


def row_of(config: Row, host: str) -> Row:
    """The member at this address of the set; empty when there is none."""
    return next((one for one in config["members"] if address(one["host"]) == host), {})


def voters(config: Row) -> list[str]:
    """Addresses of the members that vote, arbiters too."""
    return [address(one["host"]) for one in config["members"] if one.get("votes", 1)]


def arbiters(config: Row) -> list[str]:
    """Addresses of the members that only vote."""
    return [address(one["host"]) for one in config["members"] if one.get("arbiterOnly")]


def delay_sec(row: Row) -> int:
    """For how long the member holds back what it replicates; 0 for most. Before 5.0 it is called
    slaveDelay."""
    return int(row.get("secondaryDelaySecs") or row.get("slaveDelay") or 0)


def longest_delay_sec(config: Row) -> int:
    """Of all members; see :func:`delay_sec`."""
    return max(map(delay_sec, config["members"]), default=0)


def never_leads(row: Row) -> list[str]:
    """Why the member is never elected, in the words of its configuration; empty when it may be."""
    words = [(row.get("arbiterOnly"), "arbiterOnly"), (not row.get("priority", 1), "priority 0"),
             (not row.get("votes", 1), "votes 0"), (row.get("hidden"), "hidden"),
             (delay_sec(row), f"secondaryDelaySecs {delay_sec(row)}")]
    return [word for holds, word in words if holds]


def acknowledging(config: Row) -> list[Row]:
    """Members that acknowledge a write as soon as they have it: none that only vote or that hold
    it back."""
    return [one for one in config["members"] if not one.get("arbiterOnly") and not delay_sec(one)]


def distinct_tags(rows: Iterable[Row], tag: str) -> int:
    """How many values of a tag the members have."""
    return len({one["tags"][tag] for one in rows if tag in one.get("tags", {})})
