"""The decisions about a Redis or Valkey Cluster: pure functions of facts, no connection."""
from collections.abc import Collection

from ..base import (
    PRIMARY,
    REPLICA,
    Check,
    ClusterFacts,
    Driver,
    Facts,
    Texts,
    any_one,
    check,
    ordered,
    sick,
    twins,
    unreachable,
)
from . import files, leading, nodes
from .paths import PATHS


class RedisGate(Driver):
    """What is safe, in which order, and what can be undone, by the facts alone."""

    paths = PATHS

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        asked = [one for one in facts.values() if one.answers]
        return [
            check("native_access", unreachable(facts),
                  "Every member answers on its own port.",
                  "Let the executors reach the members; the access file gives port and "
                  "credentials."),
            check("members_match", _strangers(facts) + twins(facts),
                  "Trove and the cluster name the same members.",
                  "Find out whose those nodes are (CLUSTER MYID on each server tells), and add "
                  "what is missing; if you know them to be harmless, skip this check by name."),
            check("members_healthy", sick(facts) + _not_whole(asked),
                  "Every member says that it is healthy.",
                  "Heal the members first, or skip this check by name to upgrade them first."),
            check("slots_covered", _uncovered(facts),
                  "All 16384 slots are served and none is moving.",
                  "Finish or undo the resharding, and assign the missing slots.",
                  asks=any_one(facts)),
            check("replicas_ready", _without_replica(facts), "Every shard has a caught-up replica.",
                  "Add a replica. Or skip this check by name: the slots of each such shard are out "
                  "of service while its member is unavailable, and it can't go back."),
            check("may_lead", leading.without_candidate(facts),
                  "Every shard has a replica that may lead it.",
                  "On one replica of each such shard set what is named so that it may lead (CONFIG "
                  "SET replica-priority 100, cluster-replica-no-failover no, maxmemory, "
                  "maxmemory-policy and maxclients as on its primary), or add a replica."),
            check("writes_go_on", leading.would_refuse_writes(facts),
                  "Every primary takes writes with one replica less.",
                  "CONFIG SET min-replicas-to-write on every member of the shard to the number of "
                  "replicas that is left, until the upgrade is over; or add a replica."),
            check("primaries_majority", _minority(facts), "A majority of the primaries is there.",
                  "Bring the primaries back first.", asks=any_one(facts)),
            check("persistence_on", files.forgetful(facts, saved),
                  "Every member keeps its data on disk.",
                  files.persistence_remedy(facts, saved)),
        ]

    def checks_towards(self, facts: ClusterFacts, target: str) -> list[Check]:
        return [check("data_readable", files.foreign(facts, target),
                      "The target reads what the members save and send to replicas.",
                      "Choose a release of the product that the members run, or let clients copy "
                      "the data into a new cluster. Where the new image sets rdb-version-check "
                      "relaxed and no type of data is one that Valkey does not have, skip this "
                      "check by name.")]

    def traces(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[str]:
        return files.traces(facts, saved)

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        rest = {one: member for one, member in facts.items() if one not in unavailable}
        found = [problem for member in rest.values() for problem in member.problems]
        asked = [member for member in rest.values() if member.answers]
        if not asked:
            return found or ["no member answers"]
        gone = {facts[one].native.get("node") for one in unavailable}
        alone = only_copies(facts)
        for member in asked:
            found += _seen_by(member, gone)
        if not any(one in alone and not facts[one].answers for one in unavailable):
            found += _not_whole(asked)     # else it can't be whole before that one is back
        if not agreed(rest):
            found.append("the members do not agree who leads which shard")
        found += [f"{facts[one].name} leads slots" for one in unavailable
                  if _leads(facts, one) and one not in alone]
        found += leading.refusing_writes(facts, unavailable)
        found += _majority(asked[0], gone)
        return sorted(set(found))

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        """One member at a time; together: one member of each shard, see :func:`one_per_shard`."""
        if not together:
            return super().waves(facts, todo, together)
        return one_per_shard(facts, ordered(facts, todo))

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        return files.unreadable(facts, facts[member_id], origin, member_id in only_copies(facts))

    def missing_data(self, facts: ClusterFacts, member_id: str, before: dict[str, int]) -> str:
        return files.fewer_keys(facts, facts[member_id], before.get("keys", 0),
                                member_id in only_copies(facts))

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        notes = []
        if any(one.native.get("slots") for one in facts.values()):
            notes.append("While a member is unavailable its shard has one copy less; clients are "
                         "redirected once for each primary that is switched over.")
        notes += [f"{facts[one].name} is the only copy of {facts[one].domain}: these slots are out "
                  "of service while it is unavailable, and with dumps it can't go back."
                  for one in sorted(only_copies(facts))]
        notes += files.one_way_notes(facts) + files.full_copy_notes(facts) + _of_modules(facts)
        if not keep_rollback_path:
            way = ("None once an upgraded member saves its data: the old version can't read a dump "
                   "of a newer minor version. keep_rollback_path was switched off.")
        else:
            way = ("An upgraded member goes back on its own data. To keep that open, upgraded "
                   "members save no dump until finalised: a power loss of all copies of a shard "
                   "before then loses what was written since. With the append-only file nothing is "
                   "lost; it is rewritten as plain commands instead.")
        return Texts(
            rollback_path=way,
            point_of_no_return="Finalising: the first dump that the new version saves.",
            backup="Trove takes no backup of cluster members; the dumps and append-only files of "
                   "the old version stay in place until finalised.",
            finalize=("give the members back their save points", "let each save a dump"),
            notes=tuple(notes))


def _of_modules(facts: ClusterFacts) -> list[str]:
    names = {f"{name} {version}".strip() for one in facts.values() if one.answers
             for name, version in one.native["modules"].items()}
    return [f"The members have loaded modules ({', '.join(sorted(names))}), which the new image "
            "must load, too: without them it does not start on their data, or takes over from "
            "nobody."] if names else []


def agreed(facts: ClusterFacts) -> bool:
    """All members that answer see the same roles."""
    return len({nodes.roles(one.native["view"]) for one in facts.values() if one.answers}) == 1


def only_copies(facts: ClusterFacts) -> set[str]:
    """Ids of the members that are the only copy of their shard: nobody follows them, not even
    somebody who is unavailable."""
    asked = next((one for one in facts.values() if one.answers), None)
    view = asked.native["view"] if asked else {}
    followed = {entry["leader"] for node, entry in view.items() if entry["leader"] != node}
    ids = {one: member.native.get("node") for one, member in facts.items()}
    return {one for one, node in ids.items()
            if view.get(node, {}).get("slots") and node not in followed}


def one_per_shard(facts: ClusterFacts, todo: list[str]) -> list[list[str]]:
    """Replicas of different shards together, then former primaries together.

    A wave holds members of one role only, so that no shard loses two copies and the roles of a
    shard never move while its replicas are unavailable. The only copy of a shard goes by itself.
    """
    waves: list[list[str]] = []
    alone = only_copies(facts)
    for one in todo:
        fit = (wave for wave in waves if not alone & {one, *wave} and _fits(facts, one, wave))
        wave = next(fit, None)
        if wave is None:
            waves.append([one])
        else:
            wave.append(one)
    return sorted(waves, key=lambda wave: facts[wave[0]].role == PRIMARY)


def _fits(facts: ClusterFacts, one: str, wave: list[str]) -> bool:
    member = facts[one]
    return bool(member.healthy and member.domain) and all(
        facts[other].healthy and facts[other].role == member.role
        and facts[other].domain != member.domain for other in wave)


def _seen_by(member: Facts, gone: set) -> list[str]:
    """Complaints of one member about those that stay.

    :param gone: node ids of the members that don't.
    """
    view = member.native["view"]
    found = [f"{member.name} suspects node {entry['host']}" for node, entry in view.items()
             if entry["suspect"] and node not in gone]
    if any(entry["moving"] for entry in view.values()):
        found.append(f"{member.name} is moving slots")
    return found


def _not_whole(asked: list[Facts]) -> list[str]:
    return [f"{one.name} says cluster_state {one.native['cluster']['cluster_state']}"
            for one in asked if one.native["cluster"]["cluster_state"] != "ok"]


def _leads(facts: ClusterFacts, one: str) -> bool:
    """Whether the others see the member lead slots; it need not answer."""
    node = facts[one].native.get("node")
    seen = (member.native["view"].get(node) for member in facts.values() if member.answers)
    return any(entry["role"] == PRIMARY and entry["slots"] and not entry["suspect"]
               for entry in seen if entry)


def _majority(member: Facts, gone: set) -> list[str]:
    leaders = {node for node, entry in member.native["view"].items()
               if entry["role"] == PRIMARY and entry["slots"]}
    if 2 * len(leaders - gone) > len(leaders):
        return []
    return ["no majority of the primaries would be left"]


def _strangers(facts: ClusterFacts) -> list[str]:
    known = {one.native.get("node") for one in facts.values()}
    found = set()
    for one in facts.values():
        for node, entry in one.native.get("view", {}).items():
            if node not in known:
                found.add(f"node {entry['host']} is not a member by Trove")
        if one.answers and len(one.native["view"]) < len(facts):
            found.add(f"{one.name} knows {len(one.native['view'])} of {len(facts)} members")
    return sorted(found)


def _uncovered(facts: ClusterFacts) -> list[str]:
    found = []
    for one in facts.values():
        if not one.answers:
            continue
        served = int(one.native["cluster"]["cluster_slots_ok"])
        if served != nodes.SLOTS:
            found.append(f"{one.name} sees {served} of {nodes.SLOTS} slots served")
        if any(entry["moving"] for entry in one.native["view"].values()):
            found.append(f"{one.name} is moving slots")
    return found


def _without_replica(facts: ClusterFacts) -> list[str]:
    followed = {one.native["leader"] for one in facts.values()
                if one.role == REPLICA and one.healthy}
    return [f"{one.domain or one.name} ({one.name}) has no caught-up replica"
            for one in facts.values()
            if one.answers and one.role == PRIMARY and one.native["slots"]
            and one.native["node"] not in followed]


def _minority(facts: ClusterFacts) -> list[str]:
    asked = [one for one in facts.values() if one.answers]
    down = {one.native.get("node") for one in facts.values() if not one.answers}
    return _majority(asked[0], down) if asked else ["no member answers"]
