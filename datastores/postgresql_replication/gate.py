"""The decisions about a PostgreSQL replication set: pure functions of facts, no connection."""
import re
from collections import Counter
from collections.abc import Collection

from .. import replication
from ..base import REPLICA, Check, ClusterFacts, Facts, Texts, check, sick, unreachable
from .paths import PATHS
from .topology import READ_ONLY

SEGMENT_BYTES = 16 * 2 ** 20    # of WAL: the one in hand is always there


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
                  "Find out what the others copy, and what they alone hold, before anything is "
                  "done to them; then let them follow the source."),
            check("members_healthy", sick(facts),
                  "Every member says that it is healthy.",
                  "Heal the members first, or skip this check by name to upgrade them first."),
            check("replicas_ready", self.without_candidate(facts),
                  "A caught-up replica can take over.",
                  "Add a replica, let one catch up, or take away for the upgrade what keeps it "
                  "from leading: the source is never stopped while it leads.",
                  asks=replication.asks_source(facts)),
            check("fence_holds", _overrides(facts), "Nobody's own settings override the fence.",
                  f"Until the upgrade is over: ALTER ROLE ... RESET {READ_ONLY}, or ALTER DATABASE "
                  "... RESET likewise. What is written on while the role moves would be lost.",
                  asks=replication.asks_source(facts)),
            check("synchronous_standbys", _lonely_synchronous(facts),
                  "Commits have enough synchronous standbys while one is unavailable.",
                  "Let synchronous_standby_names ask for fewer than there are, or add a replica."),
            check("wal_kept", _outrun(facts, facts, self.unavailable_sec),
                  "The source keeps its WAL for as long as a standby is unavailable.",
                  "Raise wal_keep_size, give each standby a replication slot or a "
                  "restore_command, or set unavailable_sec in the access file to the time that a "
                  "member is really unavailable."),
            check("archiving_works", _not_archived(facts),
                  "Nobody fails to archive its WAL.",
                  "See the server's log and archive_command: what is not archived stays in pg_wal "
                  "until the disk is full, and no standby that needs it is restored."),
        ]

    def traces(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[str]:
        return replication.fenced(facts, "fenced")

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        return sorted({*replication.blockers(facts, unavailable), *_unfed(facts),
                       *_missing_synchronous(facts, unavailable),
                       *_outrun(facts, unavailable, self.unavailable_sec)})

    def unfit(self, facts: ClusterFacts, member_id: str) -> list[str]:
        """Also what commits would wait for for ever, and which WAL would not last, if the member
        led and the source of now were unavailable, for that is what comes next."""
        found, one = super().unfit(facts, member_id), facts[member_id]
        source = replication.source_of(facts)
        if source is None or not one.answers or one.role != REPLICA:
            return found
        if not self.access.get("accept_other_libraries"):
            found += _other_libraries(source, one)
        found += [f"if it led, {complaint}" for complaint in
                  _too_little_wal(one, source, source, self.unavailable_sec)]
        needed, names = synchronous(one.native["synchronous"])
        there = [other for other in facts.values() if needed
                 and other.id not in (member_id, source.id)
                 and _streams(other) and is_named(other.native["known_as"], names)]
        if len(there) >= needed:
            return found
        return [*found, f"if {one.name} led, its commits would wait for {needed} synchronous "
                f"standbys, of {len(there)} (synchronous_standby_names = "
                f"{one.native['synchronous']})"]

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
                   *(f"Never the candidate: {reason}." for reason in self.excluded(facts)),
                   *_logical_notes(facts), *_unknown_notes(facts),
                   *replication.relaxed_notes(facts),
                   "A release note may ask for steps after a minor upgrade; they are not done "
                   "here."))


def _logical_notes(facts: ClusterFacts) -> list[str]:
    """What the plan tells of logical slots that are not on every standby; from 17 on those with
    failover are copied there (sync_replication_slots)."""
    source = replication.source_of(facts)
    lost = [slot for slot in (source.native["logical"] if source else ())
            if any(one.answers and slot not in one.native["logical"] for one in facts.values())]
    return [f"Logical replication slots that are not on every standby: {', '.join(lost)}. When the "
            "role moves, their subscribers get nothing more and miss what is written until they "
            "are synchronised anew; stop what writes for them, or let the slots fail over (17 and "
            "later: failover = true, sync_replication_slots)."] if lost else []


def _unknown_notes(facts: ClusterFacts) -> list[str]:
    """What the plan tells of what the source shows and nobody asks further."""
    source = replication.source_of(facts)
    if source is None:
        return []
    own = Counter(one.native["known_as"] for one in facts.values() if _streams(one))
    others = Counter(sender.get("name", "") for sender in source.native["senders"]) - own \
        if "" not in own else Counter()     # whose name is not known, it may be
    unasked = source.native["unasked"]
    return [note for holds, note in (
        (others, f"{source.name} feeds receivers that are no member's by their names "
         f"({', '.join(sorted(others))}): they are not moved with the role. Let them follow the "
         "new source."),
        (unasked, f"Extensions are asked of one database, not of {', '.join(unasked)}: see that "
         "the new image has those."),
        (not source.native["wal"], f"{source.name} {source.version} does not tell how fast it "
         "writes WAL (14 and later do): see that it keeps enough for a standby that is "
         "unavailable.")) if holds]


def _not_archived(facts: ClusterFacts) -> list[str]:
    return [f"{one.name} fails to archive its WAL (last_failed_wal {archiving})"
            for one in facts.values() if (archiving := one.native.get("archiving"))]


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
    needed, names = synchronous(source.native["synchronous"] if source else "")
    if source is None or not needed:
        return []
    there = sum(sender["state"] == "streaming" and sender["sync_state"] != "async"
                for sender in source.native["senders"])
    # Which sender feeds whom is not certain behind a proxy, so each one by such a name counts.
    going = sum(_streams(facts[one]) and is_named(facts[one].native["known_as"], names)
                for one in unavailable)
    if there - going >= needed:
        return []
    return [f"commits on {source.name} wait for {needed} synchronous standbys and "
            f"{max(0, there - going)} would be left"]


def _lonely_synchronous(facts: ClusterFacts) -> list[str]:
    if unreachable(facts):      # that one is unavailable already, and goes first
        return _missing_synchronous(facts, ())
    replicas = sorted(one.id for one in facts.values() if one.role == REPLICA)
    return _missing_synchronous(facts, replicas[:1])


def _outrun(facts: ClusterFacts, unavailable: Collection[str], unavailable_sec: float) -> list[str]:
    """Complaints about standbys for which the source would not keep its WAL for so long."""
    source = replication.source_of(facts)
    if source is None:
        return []
    return [complaint for one in unavailable if _streams(facts[one])
            for complaint in _too_little_wal(source, facts[one], source, unavailable_sec)]


def _too_little_wal(leader: Facts, one: Facts, source: Facts, unavailable_sec: float) -> list[str]:
    """The complaint when a member could not catch up from its leader after so long.

    :param source: of now, which tells the rate of writing.
    """
    wal, own = leader.native["wal"], one.native["wal"]
    if not (wal and own and source.native["wal"]) or own["restores"]:
        return []
    kept = wal["keep"]
    outlasts = not 0 < wal["idle_sec"] < unavailable_sec     # else the slot is given up at last
    if own["slot"] in wal["slots"] and outlasts:
        if wal["slots_keep"] < 0:       # without limit
            return []
        kept = max(kept, wal["slots_keep"])
    written = source.native["wal"]["bytes_sec"] * unavailable_sec
    if written <= max(kept, SEGMENT_BYTES):
        return []
    return [f"{leader.name} would keep {kept / 2 ** 20:.0f} MiB of WAL for {one.name}, and "
            f"{written / 2 ** 20:.0f} MiB are written in {unavailable_sec:.0f} s: it would have to "
            "be rebuilt"]


def _other_libraries(source: Facts, one: Facts) -> list[str]:
    """Why the member's image does not suit the data, where the source's does, or as much as that:
    collations of another version may have sorted indexes otherwise."""
    found = [f"{one.name} sorts database {name} by collation version {actual or 'none'}, which is "
             "not the recorded one: its indexes may be wrong"
             for name, actual in one.native["collations"].items()
             if (name, actual) not in source.native["collations"].items()]
    return found + [f"{one.name} lacks the extension {name}" for name in one.native["lacking"]
                    if name not in source.native["lacking"]]


def _streams(one: Facts) -> bool:
    return one.answers and one.role == REPLICA and one.native["receiver"] == "streaming"


def _overrides(facts: ClusterFacts) -> list[str]:
    source = replication.source_of(facts)
    return source.native["overrides"] if source else []


def synchronous(setting: str) -> tuple[int, set[str]]:
    """How many standbys a commit waits for by synchronous_standby_names, and their names in small
    letters."""
    if not setting.strip():
        return 0, set()
    counted = re.fullmatch(r"\s*(?:(?:any|first)\s+)?(\d+)\s*\((.*)\)\s*", setting,
                           re.IGNORECASE | re.DOTALL)
    needed, names = (int(counted[1]), counted[2]) if counted else (1, setting)
    return needed, {(quoted or bare).lower()
                    for quoted, bare in re.findall(r'"([^"]*)"|([^\s,"]+)', names)}


def is_named(known_as: str, names: set[str]) -> bool:
    """Whether a standby is one of those; one whose name is not known may be."""
    return not known_as or "*" in names or known_as.lower() in names
