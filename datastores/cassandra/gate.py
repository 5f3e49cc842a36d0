"""The decisions about a Cassandra cluster: pure functions of facts, no connection."""
from collections import Counter
from collections.abc import Collection
from typing import Any

from ..base import Check, ClusterFacts, Facts
from . import replication, versions

FREE_PERCENT = 50        # upgradesstables writes every file anew before it drops the old one
MEBI_A_GIBI = 1024


def blockers(facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
    """Why ``unavailable`` may not be made unavailable now, asked of all other members."""
    rest = [member for one, member in facts.items() if one not in unavailable]
    asked = [member for member in rest if member.answers]
    found = [problem for member in rest for problem in member.problems]
    if not asked:
        return found or ["no member answers"]
    names = {one.native["node"]: one.name for one in rest if one.native.get("node")}
    for member in asked:
        found += _seen_by(member, names)
        found += [f"{member.name} is at work: {task}" for task in member.native["busy"]]
    found += _schemas(asked)
    if len(unavailable) > 1:
        found += replication.uncovered(facts, unavailable)
    return sorted(set(found))


def waves(facts: ClusterFacts, todo: list[str], together: bool) -> list[list[str]]:
    """Racks as wholes where every keyspace keeps a quorum without them; else one member each.

    A broken member goes alone: nobody knows what it holds.
    """
    order = sorted(todo, key=lambda one: rank(facts[one]))
    if not together:
        return [[one] for one in order]
    found: list[list[str]] = []
    for one in order:
        rack = [other for other in order if _same_rack(facts[one], facts[other])]
        if len(rack) < 2 or replication.uncovered(facts, _rack(facts, one)):
            rack = [one]
        if not any(one in wave for wave in found):
            found.append(rack)
    return found


def rank(member: Facts) -> tuple[Any, ...]:
    """Broken ones first; then data centre by data centre its seeds, the rest rack by rack."""
    dc = member.domain.split("/")[0]
    return (member.healthy, dc, not member.native.get("seed"), member.domain, member.name,
            member.id)


def one_at_a_time(facts: ClusterFacts) -> list[str]:
    """Why no whole rack may be unavailable; empty when each may."""
    every = {one.domain: member_id for member_id, one in facts.items() if one.domain}
    found = [reason for _, member_id in sorted(every.items())
             for reason in replication.uncovered(facts, _rack(facts, member_id))]
    return list(dict.fromkeys(found))


def checks(facts: ClusterFacts, volume_gib: float) -> list[Check]:
    """All preflight checks, in the order in which a person would ask.

    :param volume_gib: size of each member's data volume by the access file; 0 for not told.
    """
    spoken = [one for one in facts.values() if one.answers]
    silent = [f"{one.name}: {one.problems[0]}" for one in facts.values() if not one.answers]
    names = {one.native["node"]: one.name for one in facts.values() if one.native.get("node")}
    return [
        _check("native_access", silent, "Every member answers CQL on its own port.",
               "Let the executors reach the members; the access file gives port and credentials."),
        _check("members_match", _strangers(facts), "Trove and the ring name the same members.",
               "Remove nodes that Trove does not know (nodetool decommission or assassinate)."),
        _check("members_healthy", [problem for one in spoken for problem in one.problems],
               "Every member has joined and is NORMAL.",
               "Heal the members first, or skip this check by name to upgrade them first."),
        _check("seen_by_all", [seen for one in spoken for seen in _seen_by(one, names)],
               "Every member is linked to every other.",
               "Find out why a member is down for another: nodetool status on each."),
        _check("schema_agreed", _schemas(spoken), "Members of one release agree on the schema.",
               "Wait, or find the odd one by nodetool describecluster and restart it."),
        _check("nothing_streams", [f"{one.name}: {task}" for one in spoken
                                   for task in one.native["busy"]],
               "No stream, repair or rewriting of tables runs.",
               "Let it end, and switch scheduled repairs off until the upgrade is over."),
        _check("replication_covers", _thin(facts),
               "Every keyspace keeps a quorum without any one member.",
               "Raise the replication factor to 3 or more and repair, or skip this check by name: "
               "then QUORUM fails for some rows while a member is unavailable."),
        _check("disk_headroom", _full(spoken, volume_gib),
               f"At least {FREE_PERCENT} % of every volume is free.",
               "Free space (nodetool clearsnapshot) or enlarge the volumes. CQL does not tell "
               "their size: give it as volume_gib in the access file, or look at each and skip "
               "this check by name."),
    ]


def closed_rollback_path(member: Facts, origin: str) -> str:
    """Why the member's files can't be read by ``origin`` any more; empty when they can.

    A server writes its own system tables as soon as it starts, so it is enough that it runs.
    """
    if not member.answers:
        return ""
    if versions.reads(origin, versions.letter(member.version, member.native["mode"])):
        return ""
    return (f"the files of {member.name} are in a format of {member.version} that {origin} can't "
            "read; restore the snapshot of the old version on it")


def unfinished(member: Facts, origin: str) -> str:
    """What keeps the upgrade from ``origin`` from being final, as far as CQL tells."""
    if not member.answers:
        return member.problems[0]
    rewriting = [task for task in member.native["busy"] if task.startswith("upgrade")]
    if rewriting:
        return f"{member.name} is still rewriting its tables"
    raised = versions.major(origin) < versions.major(member.version)
    if raised and member.native["mode"] not in (None, "NONE"):
        return (f"{member.name} runs with storage_compatibility_mode {member.native['mode']}; set "
                "UPGRADING and then NONE on all members, with a rolling restart each")
    return ""


def _check(name: str, complaints: list[str], fine: str, remedy: str) -> Check:
    if complaints:
        return Check(name, False, "; ".join(dict.fromkeys(complaints)) + ".", remedy)
    return Check(name, True, fine)


def _seen_by(member: Facts, names: dict[str, str]) -> list[str]:
    """What one member holds against those named, by host id."""
    found = []
    for node, name in names.items():
        if node == member.native["node"]:
            continue
        seen = member.native["view"].get(node)
        if seen is None:
            found.append(f"{member.name} does not know {name}")
        elif seen["linked"] is False:
            found.append(f"{member.name} has no link to {name}")
        elif seen["state"] not in ("", "NORMAL"):
            found.append(f"{member.name} sees {name} as {seen['state']}")
    return found


def _schemas(asked: list[Facts]) -> list[str]:
    """Releases differ in their system tables, so only members of one series can agree."""
    found = []
    for name in sorted({versions.series(one.version) for one in asked}):
        group = [one for one in asked if versions.series(one.version) == name]
        counted = Counter(one.native["schema"] for one in group)
        usual = counted.most_common(1)[0][0]
        found += [f"{one.name} has another schema than the others of {name}" for one in group
                  if one.native["schema"] != usual]
    return found


def _strangers(facts: ClusterFacts) -> list[str]:
    known = {one.native.get("node") for one in facts.values()}
    return sorted({f"{seen['name']} is not a member by Trove" for one in facts.values()
                   for node, seen in one.native.get("view", {}).items() if node not in known})


def _thin(facts: ClusterFacts) -> list[str]:
    return list(dict.fromkeys(reason for one in facts
                              for reason in replication.uncovered(facts, [one])))


def _full(spoken: list[Facts], volume_gib: float) -> list[str]:
    if not volume_gib:
        return ["the size of the members' volumes is not known"]
    found = []
    for one in spoken:
        used = one.native["used_mib"]
        if used is None:
            found.append(f"{one.name} {one.version} does not tell how much it keeps")
        elif used > volume_gib * MEBI_A_GIBI * (100 - FREE_PERCENT) / 100:
            found.append(f"{one.name} keeps {used} MiB on a volume of {volume_gib:g} GiB")
    return found


def _rack(facts: ClusterFacts, member_id: str) -> list[str]:
    """All members of its rack, whether they are to be upgraded or not."""
    return [one for one, member in facts.items() if member.domain == facts[member_id].domain]


def _same_rack(one: Facts, other: Facts) -> bool:
    return one is other or (one.healthy and other.healthy and bool(one.domain)
                            and one.domain == other.domain)
