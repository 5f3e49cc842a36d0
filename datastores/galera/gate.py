"""The decisions about a Galera cluster: pure functions of facts, no connection."""
from collections.abc import Collection
from typing import Any

from .. import plugins
from ..base import Check, ClusterFacts, Driver, Facts, Texts, any_one, check, sick
from ..paths import series
from .clients import no_room, no_writers, order, without_writer, writer
from .paths import MARIADB, PATHS, covers, reads_back, same

# Share of the time for which members held each other back; Nagios' check_galera_cluster calls 0.1
# critical.
PAUSED_LIMIT = 0.1
FORGETFUL_SHUTDOWN = "2"    # innodb_fast_shutdown: like a crash; an upgrade needs 0 or 1
# States of a member that is on its way into its group, or serves another's way into it.
COMING = ("Joining", "Joining: preparing for State Transfer", "Joining: requested State Transfer",
          "Joining: receiving State Transfer", "Joiner", "Joined", "Donor/Desynced")


class GaleraGate(Driver):
    """What is safe, in which order, and what can be undone, by the facts alone."""

    paths = PATHS

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        asked = [one for one in facts.values() if one.answers]
        return [
            check("native_access", [one.problems[0] for one in facts.values() if not one.answers],
                  "Every member answers on its own port.",
                  "Let the executors reach the members; the access file gives port and "
                  "credentials."),
            check("members_match", _strangers(facts, asked),
                  "Trove and the group name the same number of members.",
                  "Bring back the missing ones. Find out what a server is that Trove does not "
                  "know (wsrep_incoming_addresses names them) before anything is done to it.",
                  asks=any_one(facts)),
            check("members_healthy", sick(facts), "Every member says that it is healthy.",
                  "Heal the members first, or skip this check by name to upgrade them first."),
            check("one_group", _disagreements(asked), "All members are of one group and one view.",
                  "Let the members that are apart join again; never bootstrap a second group."),
            check("three_members", _without_quorum(asked),
                  "The others are a majority while one is unavailable.",
                  "Grow the cluster to three members or more, add an arbitrator, or give all "
                  "members the same pc.weight. Skipped by name, a crash while a member is "
                  "unavailable stops the cluster."),
            check("no_split", [f"{one.name} has {option}" for one in asked
                               for option in one.native["splits"]],
                  "No part of the group takes writes without a majority.",
                  "SET GLOBAL wsrep_provider_options='pc.ignore_quorum=false; "
                  "pc.ignore_sb=false': when members lose sight of each other, both parts would "
                  "take writes, and one part's are lost."),
            check("writes_go_on", without_writer(asked),
                  "Others take a member's clients, and writes, while it is unavailable.",
                  "SET GLOBAL read_only = OFF on one more member, or SET GLOBAL max_connections "
                  "higher, until the upgrade is over."),
            check("plugins_loaded", _without_plugins(asked),
                  "Every member has loaded the plugins that others of its release or older need.",
                  "INSTALL SONAME (INSTALL PLUGIN) on the member, where its image has the library; "
                  "or UNINSTALL on the others what nobody needs."),
            check("clean_shutdown", _forgetful(asked), "Every member shuts down in good order.",
                  "SET GLOBAL innodb_fast_shutdown = 1 (or 0): with 2 the next start is a "
                  "recovery, which a newer server can't do."),
            check("ist_reachable", _unreachable(facts, asked, self.unavailable_sec),
                  "Every member could come back by an incremental state transfer.",
                  "Enlarge gcache.size on the members, write less, or set unavailable_sec in the "
                  "access file to the time that a member is really unavailable. A full copy "
                  "between versions can fail."),
        ]

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        rest = [member for one, member in facts.items() if one not in unavailable]
        gone = [facts[one] for one in unavailable if one in facts]
        asked = [member for member in rest if member.answers]
        found = [problem for member in rest for problem in member.problems]
        if not asked:
            return found or ["no member answers"]
        found += _disagreements(asked) + _sizes(asked, rest, gone) + _majority(asked, gone)
        found += _without_plugins(asked) + no_writers(asked, gone) + no_room(asked, gone)
        found += _forgetful([one for one in gone if one.answers])
        found += [f"{one.name} was held back by flow control for {one.native['paused']:.0%} of the "
                  f"time (limit {PAUSED_LIMIT:.0%})"
                  for one in asked if one.native["paused"] > PAUSED_LIMIT]
        for member in gone:
            if member.answers:
                found += no_incremental(member, asked, self.unavailable_sec)
        return sorted(set(found))

    def waves(self, facts: ClusterFacts, todo: Collection[str], together: bool) -> list[list[str]]:
        """One at a time, always: every member holds all data and votes."""
        return [[one] for one in order(facts, todo, self.access.get("writer", ""))]

    def still_coming(self, facts: ClusterFacts, member_id: str) -> str:
        """A member that receives a full copy (SST) answers no client yet, but its group counts it,
        and drops it within seconds when its server ends."""
        member = facts[member_id]
        if member.answers:
            state = member.native["state"]
            return f"{member.name} says {state}" if state in COMING else ""
        others = [one for one in facts.values()
                  if one.answers and one.native["status"] == "Primary"]
        unreachable = [one for one in facts.values() if not one.answers]
        if len(unreachable) == 1 and any(_members(one) == len(facts) for one in others):
            return f"{member.name} is counted by its group and answers no client yet"
        return ""

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        member = facts[member_id]
        if member.answers and covers(origin, member.version):
            return ""
        if member.answers and not reads_back(member.version, origin):
            return (f"the data of {member.name} belong to {member.version}, which {origin} can't "
                    "read")
        others = [one for one in facts.values() if one.answers and one.id != member_id]
        if others and not any(same(one.version, origin) for one in others):
            return (f"{member.name} can't join as {origin}: all the others have left that series, "
                    "and their group may speak a newer protocol")
        return ""

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        program = self.access.get("upgrade_program")
        return Texts(
            rollback_path="Within a series a member goes back on its own data and fetches what it "
                     "missed. A member that has run another series can't: the old one can't read "
                     "its data.",
            point_of_no_return="To another series: for a member its first start on it, for the "
                               "cluster the moment when the last old member stops, after which no "
                               "old server may join again. Within a series: none.",
            backup="Trove takes no backup of cluster members; take one with mariadb-backup or "
                   "xtrabackup before an upgrade to another series.",
            finalize=("run mariadb-upgrade on each member (system tables)",)
            if program and product(facts) == MARIADB else (),
            notes=tuple(_notes(facts, self.access)))


def no_incremental(member: Facts, donors: list[Facts], unavailable_sec: float) -> list[str]:
    """Why the member could not come back by an incremental state transfer (IST).

    One donor suffices: it has cached all that the member lacks, and its cache holds what is
    written while the member is unavailable.
    """
    last = member.native["last"]
    fit = [donor for donor in donors if donor.healthy
           and (donor.native["cached_from"] <= last + 1 or donor.native["last"] <= last)]
    if not fit:
        return [f"no member has cached what {member.name} would lack when it comes back"]
    reach = max(map(reach_sec, fit))
    if reach < unavailable_sec:
        return [f"the Galera caches hold the writes of {reach:.0f} s, and {member.name} may be "
                f"unavailable for {unavailable_sec:.0f} s"]
    return []


def reach_sec(donor: Facts) -> float:
    """For how long the donor's cache holds what is written, at the rate of writing seen."""
    return donor.native["gcache"] / max(donor.native["bytes_sec"], 1.0)




def product(facts: ClusterFacts) -> str:
    """MariaDB or Percona XtraDB Cluster, as the members say; MariaDB when nobody answers."""
    return next((one.native["product"] for one in facts.values() if one.answers), MARIADB)


def _notes(facts: ClusterFacts, access: dict[str, Any]) -> list[str]:
    found = ["Clients must try the next member when theirs goes away, and repeat a statement that "
             "was answered by 1047, 1053, 1213 or a lost connection."]
    last = writer(facts, access.get("writer", ""))
    if last:
        why = "the access file names it" if access.get("writer") else "most clients are on it"
        found.append(f"{facts[last].name} goes last: {why}.")
    relaxed = [one.name for one in facts.values() if one.answers and not one.native["durable"]]
    if relaxed:
        found.append("innodb_flush_log_at_trx_commit is not 1 on " + ", ".join(relaxed) + ": a "
                     "crash of all members at once can lose writes that were acknowledged.")
    if product(facts) == MARIADB and not access.get("upgrade_program"):
        found.append("The access file names no upgrade_program: run mariadb-upgrade on each member "
                     "by hand when all is well.")
    if arbitrators := max((one.native["arbitrators"] for one in facts.values() if one.answers),
                          default=0):
        found.append(f"The group has {arbitrators} arbitrators (garbd): they vote and hold no "
                     "data. They are left as they are; upgrade them by hand afterwards.")
    found += plugins.notes([one for one in facts.values() if one.answers])
    if any(one.answers and series(one.version) == (5, 7) for one in facts.values()):
        found.append("5.7 and 8.0 must not be mixed under a write load: stop writing first.")
    return found


def _disagreements(asked: list[Facts]) -> list[str]:
    views = {one.native["view"] for one in asked}
    if len({uuid for uuid, _ in views}) > 1:
        return ["the members belong to different groups (wsrep_cluster_state_uuid)"]
    return ["the members see different views of their group"] if len(views) > 1 else []


def _sizes(asked: list[Facts], rest: list[Facts], gone: list[Facts]) -> list[str]:
    """Complaints about members that count too few or too many in their group.

    A member of the wave may be in the group or not, since it may have been stopped already.
    """
    fewest = len(rest) + sum(one.answers and one.native["connected"] for one in gone)
    most = len(rest) + len(gone)
    return [f"{one.name} counts {_members(one)} members, not {_range(fewest, most)}"
            for one in asked if not fewest <= _members(one) <= most]


def _members(one: Facts) -> int:
    """How many members a member counts in its group, arbitrators left out."""
    return one.native["size"] - one.native["arbitrators"]


def _range(fewest: int, most: int) -> str:
    return str(most) if fewest == most else f"{fewest} to {most}"


def _majority(asked: list[Facts], gone: list[Facts]) -> list[str]:
    """The complaint when the rest would be no majority if a member of the wave crashed, by votes:
    each member has as many as its pc.weight says, and an arbitrator has some, too.

    A cluster of two can't fulfil it; the check three_members asks before anything starts.
    """
    votes = max(one.native["votes"] for one in asked)
    rest = votes - sum(one.native["weight"] for one in gone
                       if one.answers and one.native["connected"])
    if not gone or max(one.native["size"] for one in asked) <= 2 or 2 * rest > votes:
        return []
    return [f"{rest} of {votes} votes would be no majority"]





def _without_plugins(asked: list[Facts]) -> list[str]:
    """Complaints about members that would refuse clients whom the others serve."""
    return [complaint for one in asked for other in asked if other is not one
            for complaint in plugins.lacking(one, other)]


def _forgetful(members: list[Facts]) -> list[str]:
    return [f"{one.name} has innodb_fast_shutdown = {FORGETFUL_SHUTDOWN}" for one in members
            if one.native["fast_shutdown"] == FORGETFUL_SHUTDOWN]


def _strangers(facts: ClusterFacts, asked: list[Facts]) -> list[str]:
    return [f"{one.name} counts {_members(one)} members and Trove {len(facts)}"
            for one in asked if _members(one) != len(facts)]


def _without_quorum(asked: list[Facts]) -> list[str]:
    """Complaints about members without which the others would be no majority of the votes."""
    votes = max((one.native["votes"] for one in asked), default=0)
    return [f"{one.name} has {one.native['weight']} of {votes} votes (pc.weight)"
            for one in asked if 2 * one.native["weight"] >= votes]


def _unreachable(facts: ClusterFacts, asked: list[Facts], unavailable_sec: float) -> list[str]:
    found: list[str] = []
    for member in asked:
        donors = [one for one in asked if one.id != member.id]
        found += no_incremental(member, donors, unavailable_sec) if donors else []
    return found
