"""Whether what stays holds a quorum of every keyspace: pure arithmetic on racks and replication."""
from collections.abc import Collection

from ..base import ClusterFacts

# Cassandra's own keyspaces whose absence no client notices.
UNNOTICED = ("system_traces", "system_distributed")


def keyspaces(facts: ClusterFacts) -> dict[str, dict[str, str]]:
    """Replication of every keyspace that clients depend on, by name."""
    found: dict[str, dict[str, str]] = {}
    for one in facts.values():
        for name, replication in one.native.get("keyspaces", {}).items():
            needed = name != "system_auth" or one.native["auth"]
            if needed and not name.startswith(UNNOTICED) and _class(replication) != "LocalStrategy":
                found[name] = replication
    return found


def racks(facts: ClusterFacts) -> dict[str, set[str]]:
    """Names of the racks by data centre."""
    found: dict[str, set[str]] = {}
    for one in facts.values():
        if one.domain:
            found.setdefault(one.domain.split("/")[0], set()).add(one.domain)
    return found


def uncovered(facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
    """Why some data would have no quorum without ``unavailable``; empty when all have.

    One member holds one copy of a row at most. A whole rack holds one, too, as long as
    NetworkTopologyStrategy has as many racks as copies to choose from, and one more for each copy
    beyond that. Members of several racks may hold as many copies as they are.
    """
    return [reason for name, replication in sorted(keyspaces(facts).items())
            for reason in _lacks(facts, unavailable, name, replication)]


def _lacks(facts: ClusterFacts, unavailable: Collection[str], name: str,
           replication: dict[str, str]) -> list[str]:
    if _class(replication) != "NetworkTopologyStrategy":
        copies = _copies(replication.get("replication_factor", "1"))
        return _short(name, "", copies, min(copies, len(facts)), len(unavailable))
    found = []
    for dc, known in sorted(racks(facts).items()):
        # An unreachable member that nobody knows may be anywhere.
        there = [one for one in unavailable if facts[one].domain.split("/")[0] in (dc, "")]
        copies = _copies(replication.get(dc, "0"))
        lost = len(there)
        if len({facts[one].domain for one in there}) == 1:
            lost = min(lost, 1 + max(0, copies - len(known)))
        members = sum(one.domain.split("/")[0] == dc for one in facts.values())
        found += _short(name, f" in {dc}", copies, min(copies, members), lost)
    return found


def _short(name: str, where: str, copies: int, kept: int, lost: int) -> list[str]:
    """The complaint when too few copies would be left of a keyspace for a quorum.

    :param where: data centre as part of the sentence; empty for the whole cluster.
    :param copies: the replication factor, of which a quorum is counted even with fewer members.
    :param kept: copies that there can be.
    :param lost: copies that would be unavailable.
    """
    if not copies or not lost or kept - lost >= copies // 2 + 1:
        return []
    return [f"keyspace {name} keeps {kept} {'copy' if kept == 1 else 'copies'}{where}: "
            f"without {lost} of them some rows have no quorum"]


def _class(replication: dict[str, str]) -> str:
    return replication.get("class", "").rpartition(".")[2]


def _copies(factor: str) -> int:
    """The number of a replication factor, which may be written ``full/transient``."""
    return int(factor.split("/")[0])
