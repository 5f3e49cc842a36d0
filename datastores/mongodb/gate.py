"""The decisions about a MongoDB sharded cluster: pure functions of facts, no connection."""
from collections.abc import Collection

from ..base import (
    PRIMARY,
    REPLICA,
    Check,
    ClusterFacts,
    Driver,
    Facts,
    Texts,
    check,
    sick,
    unreachable,
)
from ..paths import series, series_text
from . import config as configured
from . import order, writes
from .paths import NO_WAY_DOWN_FROM, PATHS, newer
from .topology import ARBITER, CONFIG, FOLLOWS, LEADS, ROUTER, SHARD

# Longest time that a member may be unavailable and still find its place in the oplog when it is
# back: Trove itself gives it ten minutes, a person who is asked for help an hour.
AWAY_SEC = 3600


class MongoGate(Driver):
    """What is safe, in which order, and what can be undone, by the facts alone."""

    paths = PATHS

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        views = [word for one in facts.values() for word in _seen_by(one, set())]
        return [
            check("all_members_seen", _unseen(facts),
                  "Config servers, shards and routers are all seen.",
                  "Trove shows config servers and routers to administrators only: let an "
                  "administrator start the upgrade, or give the engine an administrator's "
                  "rights.", asks=()),
            check("native_access", unreachable(facts),
                  "Every server answers on its own port.",
                  "Let the executors reach the members; the access file gives port and "
                  "credentials."),
            check("members_match", _strangers(facts),
                  "Trove and the cluster name the same members.",
                  "Find out whose those servers are, and add what is missing (rs.add, "
                  "sh.addShard); if you know them to be harmless, skip this check by name."),
            check("members_healthy", sick(facts), "Every member says that it is healthy.",
                  "Heal the members first, or skip this check by name to upgrade them first."),
            check("members_agree", views, "All members of a set see each other well.",
                  "Mend the network between them, and wait until RECOVERING and ROLLBACK are "
                  "over."),
            check("secondaries_ready", _lonely(facts),
                  "Every set keeps a majority and has a caught-up secondary.",
                  "Add members to the set, or let a caught-up one be elected (rs.reconfig: "
                  "priority above 0, votes 1, not hidden, no delay); without that it has no "
                  "primary while one is unavailable."),
            check("writes_go_on", writes.unmet_without_one(facts),
                  "Writes of the default concern are acknowledged with a member less.",
                  "Lower the default write concern until the upgrade is over (setDefaultRWConcern, "
                  "or settings.getLastErrorDefaults and getLastErrorModes of the set), or add "
                  "members."),
            check("spare_router", _single_router(facts),
                  "Clients have a router while one is unavailable.",
                  "Add a query router (grow), or skip this check by name: clients are cut off for "
                  "as long as the only router is unavailable."),
            check("feature_version_settled", _unsettled(facts),
                  "All members have one feature compatibility version, and none is changing it.",
                  "Run setFeatureCompatibilityVersion again on a router until it succeeds."),
            check("oplog_window", _short_oplogs(facts, max(AWAY_SEC, self.unavailable_sec)),
                  "The oplog of every member outlasts an absence.",
                  "Make the oplog larger (replSetResizeOplog), or choose a time of fewer writes."),
        ]

    def checks_towards(self, facts: ClusterFacts, target: str) -> list[Check]:
        """One check more: before a new major release the last one must be finalised."""
        ahead = [one for one in facts.values() if one.native.get("fcv")
                 and newer(target, one.version)
                 and one.native["fcv"] != series_text(one.version)]
        return [check("feature_version_at_old_release", [
            f"{one.name} runs {one.version} at feature compatibility version {one.native['fcv']}"
            for one in ahead], "Every member's feature compatibility version is that of its "
                      "release.",
            "Finalise the last upgrade first: setFeatureCompatibilityVersion on a router.")]

    def traces(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[str]:
        """The balancer rests until the end of a run; people may have it rest as well, but then all
        members are of one release."""
        releases = sorted({one.version for one in facts.values() if one.version}, key=series)
        resting = any(one.native.get("balancer", {}).get("mode") == "off" for one in facts.values())
        return [f"the balancer is off, and the members run {', '.join(releases)}"
                ] if resting and len(releases) > 1 else []

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        rest = [member for one, member in facts.items() if one not in unavailable]
        if not any(member.answers for member in rest):
            return [problem for one in rest for problem in one.problems] or ["no member answers"]
        arbiters = {address for member in rest for address in _arbiters(member)}
        found = [problem for member in rest for problem in member.problems
                 if member.native.get("host") not in arbiters]
        gone = {facts[one].native.get("host", "") for one in unavailable}
        for member in rest:
            found += _seen_by(member, gone | arbiters)
        for name in sorted({member.domain for member in facts.values()}):
            found += _of_set(name, [one for one in facts.values() if one.domain == name], gone)
        found += [f"{facts[one].name} leads {facts[one].domain}" for one in unavailable
                 if facts[one].role == PRIMARY]
        found += _no_router_left(facts, unavailable)
        found += writes.unmet(facts, gone)
        if unavailable:
            found += _balancing(rest)
        return sorted(set(found))

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        return order.waves(facts, order.order(facts, todo), together)

    def waves_back(self, facts: ClusterFacts, todo: Collection[str],
                  together: bool) -> list[list[str]]:
        return order.waves(facts, order.order(facts, todo, back=True), together)

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        """Why the member can't run ``origin`` on its data; empty when it can."""
        own = facts[member_id]
        versions = [own.native["fcv"]] if own.native.get("fcv") else \
            [one.native["fcv"] for one in facts.values() if one.native.get("fcv")
            and own.domain in (one.domain, "routers", "")]
        ahead = [version for version in versions if newer(version, origin)]
        return f"the feature compatibility version of {own.name} is {max(ahead)} already, which " \
              f"{origin} can't read" if ahead else ""

    def finalize_blockers(self, facts: ClusterFacts) -> list[str]:
        """Every server of the cluster must be a member by Trove and run one release."""
        newest = max((one.version for one in facts.values() if one.version), default="", key=series)
        found = [problem for one in facts.values() if not one.answers for problem in one.problems]
        found += [f"{one.name} runs {one.version}" for one in facts.values()
                  if one.version and series(one.version) != series(newest)]
        known = {one.native.get("host") for one in facts.values()}
        found += [f"{host} is an arbiter that Trove does not know, so its release is not known: "
                  "when it is the new one, set the feature compatibility version by hand"
                  for host in {host for one in facts.values() for host in _arbiters(one)} - known]
        return sorted([*found, *_unseen(facts), *_strangers(facts)])

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        notes = ["The balancer rests until the end of the run.",
                "At each switchover a set is without a primary for a moment; drivers with "
                "retryable writes and reads wait for it.",
                *_of_arbiters(facts), *_unjournaled(facts),
                "Indexes, options and formats of storage that the new release takes no more (see "
                "its compatibility changes) are not looked for. A server that does not start with "
                "them goes back before another one is touched.",
                f"From {NO_WAY_DOWN_FROM} on MongoDB itself does not support going back to "
                "an older major release, or only with the help of its support (Enterprise)."]
        return Texts(
            rollback_path="A member goes back to its old release on its own data, as long as the "
                     "feature compatibility version is the old one.",
            point_of_no_return="setFeatureCompatibilityVersion to the new release.",
            backup="Trove takes no backup of cluster members; take one by MongoDB's means, of the "
                  "config servers too.",
            finalize=("set the feature compatibility version of the cluster to the new release",),
            notes=tuple(notes))


def _of_arbiters(facts: ClusterFacts) -> list[str]:
    known = {one.native.get("host") for one in facts.values()}
    found = sorted({host for one in facts.values() for host in _arbiters(one)} - known)
    return [f"Arbiters that Trove does not know are needed for votes and not upgraded by this run: "
            f"{', '.join(found)}. Upgrade them before finalising."] if found else []


def _unjournaled(facts: ClusterFacts) -> list[str]:
    found = writes.unjournaled(facts)
    return [f"{', '.join(found)}: writes are acknowledged before they are on disk "
            "(writeConcernMajorityJournalDefault false), so a crash during the upgrade may undo "
            "some."] if found else []


def candidates(facts: ClusterFacts, member_id: str) -> list[Facts]:
    """Caught-up members that may be elected in place of the primary."""
    primary = facts[member_id]
    return [one for one in facts.values() if one.domain == primary.domain and one.healthy
            and one.role == REPLICA and not one.native["never_leads"]]


def _seen_by(member: Facts, gone: set[str]) -> list[str]:
    """Complaints of one member about those of its set that stay.

    :param gone: addresses of the members that don't.
    """
    return [f"{member.name} sees {address} as {entry['word']}"
            for address, entry in member.native.get("view", {}).items() if address not in gone
            and not (entry["well"] and entry["state"] in (LEADS, FOLLOWS, ARBITER))]


def _of_set(name: str, members: list[Facts], gone: set[str]) -> list[str]:
    """Complaints when a set's members don't agree who leads, or when no majority would be left.

    :param members: all of the set.
    :param gone: addresses of the members that are unavailable.
    """
    asked = [one for one in members if one.native.get("view")
            and one.native["host"] not in gone]
    leaders = {address for one in asked for address, entry in one.native["view"].items()
              if entry["state"] == LEADS}
    found = [f"{name} has no primary that all agree on"] if asked and len(leaders) != 1 else []
    found += [f"{address} leads {name}" for address in leaders & gone]
    for one in asked[:1]:
        voters = one.native["voters"]
        view = one.native["view"]
        lost = [voter for voter in voters
                if voter in gone or not view.get(voter, {"well": False})["well"]]
        if 2 * (len(voters) - len(lost)) <= len(voters):
            found.append(f"no majority of {name} would be left")
    return found


def _no_router_left(facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
    """The complaint when every router would be unavailable; a single one has to go all the same."""
    routers = [one for one in facts.values() if one.native["kind"] == ROUTER]
    taken = [one for one in routers if one.id in unavailable]
    left = [one for one in routers if one.id not in unavailable and one.healthy]
    return ["no router would be left"] if taken and len(routers) > 1 and not left else []


def _balancing(rest: list[Facts]) -> list[str]:
    return [f"the balancer is at work, says {one.name}" for one in rest
            if (said := one.native.get("balancer"))
            and (said["mode"] != "off" or said["inBalancerRound"])]


def _unseen(facts: ClusterFacts) -> list[str]:
    kinds = {one.native["kind"] for one in facts.values()}
    words = {CONFIG: "config servers", ROUTER: "routers", SHARD: "members of shards"}
    return [f"no {word} are seen" for kind, word in words.items() if kind not in kinds]


def _strangers(facts: ClusterFacts) -> list[str]:
    known = {name for one in facts.values() for name in (one.native.get("host"), one.address)}
    known |= {address for one in facts.values() for address in _arbiters(one)}
    hosts = {address for one in facts.values() for address in one.native.get("hosts", ())}
    shards = [one.native["shards"] for one in facts.values() if one.native.get("shards")]
    listed = {address for shard in shards for part in shard.values() for address in part}
    found = [f"{address} is not a member by Trove" for address in (hosts | listed) - known]
    for one in facts.values():
        if one.native["kind"] == SHARD and one.domain and any(
               one.domain not in shard for shard in shards):
            found.append(f"{one.domain} is not a shard of the cluster")
    return found


def _lonely(facts: ClusterFacts) -> list[str]:
    found = []
    for one in facts.values():
        if one.role != PRIMARY:
            continue
        if not candidates(facts, one.id):
            found.append(f"{one.domain} has no caught-up secondary that may lead"
                         f"{_never_lead(facts, one.domain)}")
        if len(one.native["voters"]) < 3:
            found.append(f"{one.domain} has {len(one.native['voters'])} votes, and needs 3 to lose "
                        "one")
    return found


def _never_lead(facts: ClusterFacts, domain: str) -> str:
    """Who of a set is never elected, and why, as the end of a sentence."""
    reasons = [f"{one.name}: {', '.join(one.native['never_leads'])}" for one in facts.values()
               if one.domain == domain and one.native.get("never_leads")]
    return f" ({'; '.join(reasons)})" if reasons else ""


def _arbiters(member: Facts) -> set[str]:
    """Addresses of its set's arbiters: needed for a majority, which is counted, and for no more."""
    return set(configured.arbiters(member.native.get("config", {"members": ()})))


def _single_router(facts: ClusterFacts) -> list[str]:
    routers = [one for one in facts.values() if one.native["kind"] == ROUTER]
    return [f"{routers[0].name} is the only router"] if len(routers) == 1 else []


def _unsettled(facts: ClusterFacts) -> list[str]:
    found = [f"{one.name} is changing its feature compatibility version"
            for one in facts.values() if one.native.get("fcv_moves")]
    versions = {one.native["fcv"] for one in facts.values() if one.native.get("fcv")}
    if len(versions) > 1:
        found.append(f"the members have several: {', '.join(sorted(versions))}")
    return found


def _short_oplogs(facts: ClusterFacts, away_sec: float) -> list[str]:
    """A member that holds back what it replicates needs an oplog that is longer by its delay."""
    found = []
    for one in facts.values():
        window = one.native.get("window_sec")
        if window is None or configured.delay_sec(_row(one)):
            continue
        needed = away_sec + configured.longest_delay_sec(one.native["config"])
        if window < needed:
            found.append(f"{one.name} keeps {window:.0f} s of writes (needed {needed:.0f})")
    return found


def _row(member: Facts) -> configured.Row:
    return configured.row_of(member.native["config"], member.native["host"])
