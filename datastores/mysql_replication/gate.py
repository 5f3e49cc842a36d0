"""The decisions about a MySQL or MariaDB replication set: pure functions, no connection."""
from collections.abc import Collection

from .. import plugins, replication
from ..base import (
    REPLICA,
    Check,
    ClusterFacts,
    Facts,
    Texts,
    check,
    sick,
    twins,
    unreachable,
)
from ..paths import Rule
from . import leading
from .dialect import Dialect, MySQL, numbers
from .paths import MYSQL

FORGETFUL_SHUTDOWN = 2    # innodb_fast_shutdown: like a crash; an upgrade needs 0 or 1


class MySQLReplicationGate(replication.ReplicationDriver):
    """What is safe, in which order, and what can be undone, by the facts alone, of MySQL's and
    MariaDB's sets.

    :cvar dialect: which of the two it is.
    """

    paths: Rule | None = MYSQL
    forward_only = True
    dialect: Dialect = MySQL()

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        everyone = list(facts.values())
        return [
            check("native_access", unreachable(facts),
                  "Every member answers on its own port.",
                  "Let the executors reach the members, with the rights to see the state of "
                  "replication; the access file gives port and credentials."),
            check("one_source", replication.not_one_source(everyone),
                  "Exactly one member is no replica.",
                  "Make the others replicas of the one that is to lead."),
            check("members_match", _followers_of_others(facts) + _twins(facts),
                  "Every replica follows the source itself.",
                  "Let them follow the source, without another between them, and give each server "
                  "a server_id and a server_uuid (auto.cnf) of its own: a replica leaves out what "
                  "bears its own."),
            check("members_healthy", sick(facts),
                  "Every member says that it is healthy.",
                  "Heal the members first, or skip this check by name to upgrade them first."),
            check("replicas_ready", self.without_candidate(facts),
                  "A caught-up replica can take over.",
                  "Add a replica, let one catch up, or take away for the upgrade what keeps it "
                  "from leading: the source is never stopped while it leads.",
                  asks=replication.asks_source(facts)),
            check("semi_sync", _lonely_commits(facts),
                  "Commits wait for no replica in vain while one is unavailable.",
                  "Let another replica acknowledge (rpl_semi_sync_slave_enabled, "
                  "rpl_semi_sync_replica_enabled) or, for the upgrade, set on the source the "
                  "time-out to 1000 ms at most (rpl_semi_sync_master_timeout, "
                  "rpl_semi_sync_source_timeout)."),
            check("fence_holds", _unfenced(everyone),
                  "The source can be made read-only, and be watched, before its role moves.",
                  f"GRANT {sorted(self.dialect.fence_rights)[0]} to the account of the access "
                  "file. Skipped by name, what accounts write that write on while Trove moves the "
                  "role is lost."),
            check("logs_kept", _short_logs(everyone, self.unavailable_sec),
                  "Binary logs are kept for longer than a member is unavailable.",
                  "Raise binlog_expire_logs_seconds (expire_logs_days), or set unavailable_sec in "
                  "the access file to the time that a member is really unavailable."),
            check("gtid_on", _without_gtid(everyone),
                  "All replicate by GTID and write a binary log.",
                  "Switch on GTID and log_bin: without them a role can't move without a gap."),
            check("two_versions", _many_versions(everyone), "The members run two versions at most.",
                  "Bring all members to one of the versions that are there first."),
            check("no_prepared_xa", _prepared(everyone), "No XA transaction is prepared.",
                  "Commit or roll back what XA RECOVER lists: a newer server can't finish it."),
            check("clean_shutdown", _forgetful(everyone), "Every member shuts down in good order.",
                  "SET GLOBAL innodb_fast_shutdown = 1 (or 0): with 2 the next start is a "
                  "recovery, which a newer server can't do."),
        ]

    def traces(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[str]:
        return replication.fenced(facts, "read_only")

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        found = replication.blockers(facts, unavailable)
        found += _unready([facts[one] for one in unavailable])
        found += _waiting_commits(facts, unavailable)
        if unavailable:
            found += _short_logs(replication.sources(facts.values()), self.unavailable_sec)
        return sorted(set(found))

    def unfit(self, facts: ClusterFacts, member_id: str) -> list[str]:
        """Also what the source keeps from everybody, plugins that it has loaded, and what commits
        would wait for if the member led and the source of now were unavailable, for that is what
        comes next."""
        found, one = super().unfit(facts, member_id), facts[member_id]
        source = replication.source_of(facts)
        if source is None or one.role != REPLICA:
            return found
        found += [f"{one.name} lacks what {source.name} does not log ({what})"
                  for what in source.native["unlogged"]]
        found += plugins.lacking(one, source)
        found += _shuts_out(one, source)
        there = [other for other in facts.values() if other.id not in (member_id, source.id)
                 and other.answers and other.native["semi_sync"]["acknowledges"]]
        waits = leading.waits(one.native, len(there))
        return found + ([f"if {one.name} led, its {waits}"] if waits else [])

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        member, source = facts[member_id], replication.source_of(facts)
        if member.answers and numbers(member.version) > numbers(origin):
            return (f"{member.version} has started on the data directory of {member.name}, and "
                    f"{origin} can't open it any more")
        if source and source.id != member_id and numbers(source.version) > numbers(origin):
            return (f"{member.name} on {origin} would replicate {source.name}, a source that runs "
                    f"{source.version} already")
        return ""

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return Texts(
            rollback_path="A member that the new version has started on is rebuilt from one that "
                          "is not upgraded; so the set can go back as long as its source is not "
                          "upgraded.",
            point_of_no_return="For each member the first start of the new version on its data; "
                               "for the set the moment when an upgraded replica becomes the "
                               "source, since an older replica must not follow a newer source.",
            backup="Trove takes a backup of the source before anything is touched.",
            notes=("The source switches over by Trove's promote-to-replica-source: it is made "
                   "read-only until the candidate has all its transactions. Accounts with "
                   f"{self.dialect.exempt} can write on: while they do, the role does not move.",
                   f"{self.dialect.title}'s system tables are upgraded "
                   f"{self.dialect.upgraded_by}.",
                   "Events that the former source ran stay disabled on the new one until ALTER "
                   "EVENT ... ENABLE.",
                   "Replicas that Trove does not know are not looked for, nor moved with the role: "
                   "let them follow the new source.",
                   *_limited_logs(facts), *replication.relaxed_notes(facts),
                   *plugins.notes([one for one in facts.values() if one.answers]),
                   *(f"Never the candidate: {reason}." for reason in self.excluded(facts))))


def _shuts_out(one: Facts, source: Facts) -> list[str]:
    """Why clients of the source would be refused if the replica led."""
    found = []
    if 0 < one.native["max_clients"] < source.native["clients"]:
        found.append(f"{one.name} takes {one.native['max_clients']} clients (max_connections), and "
                     f"{source.name} has {source.native['clients']}")
    if one.native["only_tls"] and not source.native["only_tls"]:
        found.append(f"{one.name} takes no clients without TLS (require_secure_transport), and "
                     f"{source.name} does")
    return found


def _waiting_commits(facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
    """The complaint when commits on the source would begin to wait for replicas that are
    unavailable; where too few acknowledge already, it has given them up."""
    source = replication.source_of(facts)
    if source is None:
        return []
    there = source.native["semi_sync"]["replicas"]
    going = sum(facts[one].answers and facts[one].native["semi_sync"]["acknowledging"]
                for one in unavailable)
    waits = leading.waits(source.native, there - going)
    given_up = there < source.native["semi_sync"]["wait_for"]
    return [f"on {source.name} {waits}"] if going and waits and not given_up else []


def _unfenced(members: Collection[Facts]) -> list[str]:
    return [f"the account of the access file may not make {one.name} read-only" for one in members
            if one.answers and not one.native["may_fence"]]


def _short_logs(members: Collection[Facts], unavailable_sec: float) -> list[str]:
    return [f"{one.name} keeps its binary logs for {one.native['kept_sec']} s, and a member may be "
            f"unavailable for {unavailable_sec:.0f} s" for one in members
            if one.answers and 0 < one.native["kept_sec"] < unavailable_sec]


def _limited_logs(facts: ClusterFacts) -> list[str]:
    """What the plan tells of binary logs that are purged by their size."""
    found = [f"{limit} on {one.name}" for one in facts.values() if one.answers
             for limit in one.native["limits"]]
    return [f"Binary logs are limited in size ({', '.join(found)}), and how fast they grow is not "
            "known: a replica that is unavailable for longer than they last must be rebuilt."
            ] if found else []


def _lonely_commits(facts: ClusterFacts) -> list[str]:
    return [complaint for one in facts.values() if one.role == REPLICA
            for complaint in _waiting_commits(facts, [one.id])]


def _unready(unavailable: Collection[Facts]) -> list[str]:
    """Complaints about what members must not have when they are stopped for another version."""
    return _prepared(unavailable) + _forgetful(unavailable)


def _prepared(members: Collection[Facts]) -> list[str]:
    return [f"{one.name} has {one.native['xa']} prepared XA transactions" for one in members
            if one.answers and one.native["xa"]]


def _forgetful(members: Collection[Facts]) -> list[str]:
    return [f"{one.name} has innodb_fast_shutdown = {FORGETFUL_SHUTDOWN}" for one in members
            if one.answers and one.native["fast_shutdown"] == FORGETFUL_SHUTDOWN]


def _without_gtid(members: Collection[Facts]) -> list[str]:
    found = []
    for one in members:
        if one.answers and not one.native["binlog"]:
            found.append(f"{one.name} writes no binary log")
        following = one.native["following"] if one.answers else None
        if one.answers and not (one.native["gtid"] and (following is None or following["gtid"])):
            found.append(f"{one.name} does not use GTID")
    return found


def _followers_of_others(facts: ClusterFacts) -> list[str]:
    source = replication.source_of(facts)
    if source is None:
        return []
    replicas = [one for one in facts.values() if one.answers and one.role == REPLICA]
    found = [f"{one.name} follows {one.native['sources']} sources" for one in replicas
             if one.native["sources"] > 1]
    return found + [f"{one.name} follows server {one.native['following']['server']}, which is not "
                    f"{source.name}" for one in replicas
                    if one.native["following"]["server"] != source.native["server"]]


def _twins(facts: ClusterFacts) -> list[str]:
    return twins(facts, lambda one: one.native["server"]) \
        or twins(facts, lambda one: one.native["number"])


def _many_versions(members: Collection[Facts]) -> list[str]:
    found = sorted({one.version for one in members if one.answers}, key=numbers)
    return [f"the members run {', '.join(found)}"] if len(found) > 2 else []
