"""The decisions about a PostgreSQL replication set: pure functions of facts, no connection."""
import re
from collections.abc import Collection

from .. import replication
from ..base import REPLICA, Check, ClusterFacts, Texts, check, sick, unreachable
from .paths import PATHS


class PostgreSQLReplicationGate(replication.ReplicationDriver):
    """What is safe, in which order, and what can be undone, by the facts alone."""

    paths = PATHS

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        return [
            check("native_access", unreachable(facts),
                  "Every member answers on its own port.",
                  "Let the executors reach the members, as a role that is a member of pg_monitor; "
                  "the access file gives port and credentials."),
            check("one_source", replication.not_one_source(list(facts.values())),
                  "Exactly one member is no standby.",
                  "Make the others standbys of the one that is to lead."),
            check("members_match", replication.strangers(facts, "system", "a system identifier")
                  + _unfed(facts), "All members are copies of the same source, and stream from it.",
                  "Rebuild the members that are copies of another server, or follow another."),
            check("members_healthy", sick(facts),
                  "Every member says that it is healthy.",
                  "Heal the members first, or skip this check by name to upgrade them first."),
            check("replicas_ready", replication.without_candidate(facts),
                  "A caught-up replica can take over.",
                  "Add a replica, or let one catch up: the source is never stopped while it "
                  "leads."),
            check("synchronous_standbys", _lonely_synchronous(facts),
                  "Commits have enough synchronous standbys while one is unavailable.",
                  "Let synchronous_standby_names ask for fewer than there are, or add a replica."),
        ]

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return sorted({*replication.blockers(facts, unavailable), *_unfed(facts),
                       *_missing_synchronous(facts, unavailable)})

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return Texts(
            rollback_path="Minor versions of one major keep the format on disk, both ways: a "
                          "member goes back on its own data at any time.",
            point_of_no_return="None between minor versions of one major. What a release note asks "
                               "to be done by hand afterwards (REINDEX, ALTER EXTENSION) has its "
                               "own.",
            backup="Trove takes a backup of the source before anything is touched.",
            notes=("The source switches over by Trove's promote-to-replica-source. Right before it "
                   "the source is made read-only by this driver, since Trove's guest does not do "
                   "so: clients have to try again, on a connection that looks for the new source "
                   "(target_session_attrs=read-write).",
                   "A release note may ask for steps after a minor upgrade; they are not done "
                   "here."))


def _unfed(facts: ClusterFacts) -> list[str]:
    """The complaint when the source feeds fewer replicas than those that stream from somebody."""
    source = replication.source_of(facts)
    if source is None:
        return []
    streaming = [one.name for one in facts.values()
                 if one.role == REPLICA and one.native["receiver"] == "streaming"]
    fed = sum(sender["state"] == "streaming" for sender in source.native["senders"])
    if fed >= len(streaming):
        return []
    return [f"{source.name} feeds {fed} of the {len(streaming)} replicas that stream "
            f"({', '.join(sorted(streaming))})"]


def _missing_synchronous(facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
    """The complaint when commits would wait for ever, for synchronous standbys that are
    unavailable."""
    source = replication.source_of(facts)
    needed = needed_standbys(source.native["synchronous"]) if source else 0
    if source is None or not needed:
        return []
    there = sum(sender["state"] == "streaming" and sender["sync_state"] != "async"
                for sender in source.native["senders"])
    # Which sender feeds whom is not certain behind a proxy, so each one that goes counts.
    going = sum(facts[one].role == REPLICA and facts[one].native["receiver"] == "streaming"
                for one in unavailable if facts[one].answers)
    if there - going >= needed:
        return []
    return [f"commits on {source.name} wait for {needed} synchronous standbys and "
            f"{max(0, there - going)} would be left"]


def _lonely_synchronous(facts: ClusterFacts) -> list[str]:
    if unreachable(facts):      # that one is unavailable already, and goes first
        return _missing_synchronous(facts, ())
    replicas = sorted(one.id for one in facts.values() if one.role == REPLICA)
    return _missing_synchronous(facts, replicas[:1])


def needed_standbys(setting: str) -> int:
    """How many standbys a commit waits for, by synchronous_standby_names."""
    if not setting.strip():
        return 0
    counted = re.match(r"\s*(?:(?:any|first)\s+)?(\d+)\s*\(", setting, re.IGNORECASE)
    return int(counted[1]) if counted else 1
