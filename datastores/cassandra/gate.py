"""The decisions about a Cassandra cluster: pure functions of facts, no connection."""
from collections import Counter
from collections.abc import Collection
from typing import Any

from ..base import (
    Check,
    ClusterFacts,
    Driver,
    Facts,
    Texts,
    any_one,
    check,
    sick,
    twins,
    unreachable,
)
from ..paths import series_text
from . import quorum, texts
from .paths import PATHS, letter, major, reads

FREE_PERCENT = 50        # upgradesstables writes every file anew before it drops the old one
MEBI_A_GIBI = 1024
# Longest time that a member may be unavailable and still get by hints what it has missed: Trove
# itself gives it ten minutes, a person who is asked for help an hour.
AWAY_SEC = 3600
# States of gossip of which nothing follows: a node that has left is told for three days.
SETTLED = ("NORMAL", "LEFT", "removed", "")


class CassandraGate(Driver):
    """What is safe, in which order, and what can be undone, by the facts alone."""

    paths = PATHS

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        spoken = [one for one in facts.values() if one.answers]
        names = {one.native["node"]: one.name for one in facts.values() if one.native.get("node")}
        return [
            check("native_access", unreachable(facts), "Every member answers CQL on its own port.",
                  "Let the executors reach the members; the access file gives port and "
                  "credentials."),
            check("members_match", _strangers(facts) + twins(facts),
                  "Trove and the ring name the same members.",
                  "Find out whose those nodes are (nodetool info on each server tells its id); if "
                  "you know them to be harmless, skip this check by name."),
            check("members_healthy", sick(facts),
                  "Every member has joined and is NORMAL.",
                  "Heal the members first, or skip this check by name to upgrade them first."),
            check("seen_by_all", [seen for one in spoken for seen in _seen_by(one, names)],
                  "Every member is linked to every other.",
                  "Find out why a member is down for another: nodetool status on each."),
            check("schema_agreed", _schemas(spoken), "Members of one release agree on the schema.",
                  "Wait, or find the odd one by nodetool describecluster and restart it."),
            check("ring_settled", [word for one in spoken for word in _changing(one, facts)],
                  "No node joins, leaves or moves.",
                  "Let it end (nodetool status, nodetool netstats), or find out why it does not.",
                  asks=any_one(facts)),
            check("hints_last", _short_hints(spoken, max(AWAY_SEC, self.unavailable_sec)),
                  "Hints outlast an absence.",
                  "nodetool enablehandoff, enablehintsfordc and setmaxhintwindow on each member, "
                  "until the upgrade is over. Or skip this check by name, and repair each member "
                  "that was unavailable for longer."),
            check("nothing_streams", [f"{one.name}: {task}" for one in spoken
                                      for task in one.native["busy"]],
                  "No stream, repair or rewriting of tables runs.",
                  "Let it end, and switch scheduled repairs off until the upgrade is over."),
            check("replication_covers", _thin(facts),
                  "Every keyspace keeps a quorum without any one member.",
                  "Raise the replication factor to 3 or more and repair, or skip this check by "
                  "name: then QUORUM fails for some rows while a member is unavailable."),
            check("disk_headroom", _full(spoken, float(self.access.get("volume_gib", 0))),
                  f"At least {FREE_PERCENT} % of every volume is free.",
                  "Free space (nodetool clearsnapshot) or enlarge the volumes. CQL does not tell "
                  "their size: give it as volume_gib in the access file, or look at each and skip "
                  "this check by name."),
        ]

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        rest = [member for one, member in facts.items() if one not in unavailable]
        asked = [member for member in rest if member.answers]
        found = [problem for member in rest for problem in member.problems]
        if not asked:
            return found or ["no member answers"]
        names = {one.native["node"]: one.name for one in rest if one.native.get("node")}
        for member in asked:
            found += _seen_by(member, names) + _changing(member, facts)
            found += [f"{member.name} is at work: {task}" for task in member.native["busy"]]
        found += _schemas(asked)
        if len(unavailable) > 1:
            found += quorum.uncovered(facts, unavailable)
        return sorted(set(found))

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        """Racks as wholes where every keyspace keeps a quorum without them; else one member each.

        A broken member goes alone: nobody knows what it holds.
        """
        order = sorted(todo, key=lambda one: rank(facts[one]))
        if not together:
            return [[one] for one in order]
        found: list[list[str]] = []
        for one in order:
            rack = [other for other in order if _same_rack(facts[one], facts[other])]
            if len(rack) < 2 or quorum.uncovered(facts, _rack(facts, one)):
                rack = [one]
            if not any(one in wave for wave in found):
                found.append(rack)
        return found

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        """Why the member's files can't be read by ``origin`` any more; empty when they can.

        A server writes its own system tables as soon as it starts, so it is enough that it runs.
        """
        member = facts[member_id]
        if not member.answers:
            return ""
        if reads(origin, letter(member.version, member.native["mode"])):
            return ""
        return (f"the files of {member.name} are in a format of {member.version} that {origin} "
                "can't read; restore the snapshot of the old version on it")

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        reasons = one_at_a_time(facts)
        domain = (f"takes one member at a time here: {'; '.join(reasons)}." if reasons else
                  "takes one whole rack at a time: every keyspace keeps a quorum.")
        return Texts(
            rollback_path=texts.WAY_BACK, point_of_no_return=texts.NO_RETURN, backup=texts.BACKUP,
            finalize=texts.FINALIZE,
            notes=(*texts.MIXED, *_blindness(facts), *_durability(facts), *_limited_hints(facts),
                   f"parallelism domain {domain}"))


def rank(member: Facts) -> tuple[Any, ...]:
    """Sort key of the order in which members go: the broken ones first, then data centre by data
    centre its seeds and after them the rest, rack by rack."""
    dc = member.domain.split("/")[0]
    return (member.healthy, dc, not member.native.get("seed"), member.domain, member.name,
            member.id)


def one_at_a_time(facts: ClusterFacts) -> list[str]:
    """Why whole racks can't be unavailable, a reason for each keyspace; empty when they can."""
    every = {one.domain: member_id for member_id, one in facts.items() if one.domain}
    found = [reason for _, member_id in sorted(every.items())
             for reason in quorum.uncovered(facts, _rack(facts, member_id))]
    return list(dict.fromkeys(found))


def unfinished(member: Facts, origin: str) -> str:
    """What keeps the upgrade from ``origin`` from being final, as far as CQL tells."""
    if not member.answers:
        return member.problems[0]
    rewriting = [task for task in member.native["busy"] if task.startswith("upgrade")]
    if rewriting:
        return f"{member.name} is still rewriting its tables"
    raised = major(origin) < major(member.version)
    if raised and member.native["mode"] not in (None, "NONE"):
        return (f"{member.name} runs with storage_compatibility_mode {member.native['mode']}; set "
                "UPGRADING and then NONE on all members, with a rolling restart each")
    return ""


def _seen_by(member: Facts, names: dict[str, str]) -> list[str]:
    """Complaints of one member about the others.

    :param names: whom to ask about: host id -> name.
    """
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


def _changing(member: Facts, facts: ClusterFacts) -> list[str]:
    """Complaints of one member about nodes that are no member's and not settled in the ring, such
    as one that joins; what it says of the members themselves is asked elsewhere."""
    known = {one.native.get("node") for one in facts.values()}
    return [f"{member.name} sees the node at {address} as {state}"
            for address, node, state in member.native["gossip"]
            if node not in known and state not in SETTLED]


def _short_hints(spoken: list[Facts], needed_sec: float) -> list[str]:
    return [f"{one.name} keeps hints for {one.native['hint_window_sec']} s (needed "
            f"{needed_sec:.0f})"
            for one in spoken if one.native["hint_window_sec"] is not None
            and one.native["hint_window_sec"] < needed_sec]


def _limited_hints(facts: ClusterFacts) -> list[str]:
    found = [f"{one.native['hints_limit']} on {one.name}" for one in facts.values()
             if one.answers and one.native["hints_limit"]]
    return [texts.LIMITED_HINTS.format(limits=", ".join(found))] if found else []


def _schemas(asked: list[Facts]) -> list[str]:
    """Complaints about members whose schema differs from that of most others of their series.

    Series differ in their system tables, so only members of one can agree.
    """
    found = []
    for name in sorted({series_text(one.version) for one in asked}):
        group = [one for one in asked if series_text(one.version) == name]
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
                              for reason in quorum.uncovered(facts, [one])))


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
    """Ids of all members of a member's rack, whether they are to be upgraded or not."""
    return [one for one, member in facts.items() if member.domain == facts[member_id].domain]


def _same_rack(one: Facts, other: Facts) -> bool:
    return one is other or (one.healthy and other.healthy and bool(one.domain)
                            and one.domain == other.domain)


def _blindness(facts: ClusterFacts) -> list[str]:
    """Notes about members whose version does not tell by CQL all that the gate asks."""
    spoken = [one for one in facts.values() if one.answers]
    blind = [one.name for one in spoken if one.native["used_mib"] is None]
    vague = [one.name for one in spoken if one.native["used_mib"] is not None
             and not any(seen["state"] for seen in one.native["view"].values())]
    return ([texts.BLIND.format(names=", ".join(blind))] if blind else []) + (
        [texts.NO_STREAMS.format(names=", ".join(vague))] if vague else [])


def _durability(facts: ClusterFacts) -> list[str]:
    """Notes about what becomes of acknowledged writes when members crash or their disks fail."""
    spoken = [one for one in facts.values() if one.answers]
    periods = sorted({one.native["sync"] for one in spoken} - {""})
    unheeded = [f"{setting} on {one.name}" for one in spoken for setting in one.native["unheeded"]]
    return ([texts.PERIODIC.format(period=" or ".join(periods))] if periods else []) + (
        [texts.UNHEEDED.format(settings=", ".join(unheeded))] if unheeded else [])
