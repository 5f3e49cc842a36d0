"""The invariants of docs and design, computed from what really happened to the servers."""
from dataclasses import asdict

from trove_upgrade.lab.history import absences, replicas_first

from tests.end_to_end.site import Outcome

LISTS = ("upgraded", "skipped", "rolled_back", "failed", "todo")

# What the output of a run says whose handlers never ran: a state was set by hand.
UNREPORTED = "The run ended without a report; start it again"


def assert_invariants(found: Outcome, together: int = 1) -> None:
    """All that must be true of every run, however it ended.

    :param together: how many members a wave may hold.
    """
    assert_never_more_away_than_a_wave(found, together)
    assert_no_primary_stopped(found)
    assert_never_swapped_twice_forward(found)
    assert_nothing_touched_after_a_failure(found, together)
    assert_every_member_is_accounted_for(found)
    if found.load is not None:
        assert_nothing_lost(found)
    if found.state != "PAUSED":
        assert found.lock is None, "the lock was not given back"


def assert_never_more_away_than_a_wave(found: Outcome, together: int) -> None:
    away: set[str] = set()
    shards = {member.name: member.shard for member in found.before}
    for event in found.journal:
        if event["event"] == "stopping":
            away.add(event["name"])
        elif event["event"] == "serving":
            away.discard(event["name"])
        assert len(away) <= together, (away, found.journal)
        assert len({shards[name] for name in away}) == len(away), ("two of one shard", away)


def assert_no_primary_stopped(found: Outcome) -> None:
    assert [event for event in found.stops() if event["role"] == "primary"] == []


def assert_never_swapped_twice_forward(found: Outcome) -> None:
    """Only a member that was put back meanwhile may be taken forward again."""
    on_target: set[str] = set()
    for event in found.stops():
        if event["wanted"] == found.target:
            assert event["name"] not in on_target, found.forward()
            on_target.add(event["name"])
        else:
            on_target.discard(event["name"])


def assert_replicas_first(found: Outcome) -> None:
    shards = replicas_first(absences(found.journal), [asdict(one) for one in found.before],
                            found.target)
    assert all(shards.values()), shards


def assert_nothing_touched_after_a_failure(found: Outcome, together: int) -> None:
    """After the first failure only members of the wave in hand may still begin."""
    failed = [event["t"] for event in found.journal if event["event"] == "failed"]
    if not failed or found.result.get("status") == "upgraded":     # a person let it go on
        return
    later = [event["name"] for event in found.stops()
             if event["wanted"] == found.target and event["t"] > failed[0]]
    assert len(later) < together, later


def assert_every_member_is_accounted_for(found: Outcome) -> None:
    """Touched members end new and well, or back and well, or are named as failed."""
    result = found.result
    if found.state in ("PAUSED", "CANCELLED") or result["summary"].startswith(UNREPORTED):
        return
    if not any(result[name] for name in LISTS):      # refused before there was a plan
        assert found.stops() == []
        return
    where = {one["id"]: name for name in LISTS for one in result[name]}
    assert sum(len(result[name]) for name in LISTS) == len(where), "a member is named twice"
    for member in found.before:
        assert member.id in where, f"{member.name} is in no list of the result"
    for member in found.after:
        _assert_is_as_told(member, where[member.id], found)


def _assert_is_as_told(member, where: str, found: Outcome) -> None:
    wanted = {"upgraded": found.target, "skipped": found.target, "rolled_back": found.origin,
              "todo": found.origin}.get(where)
    if wanted is None:
        return
    assert member.version == wanted, (member, where)
    if where != "todo":
        assert member.in_sync, (member, where)
        if not found.result["failed"]:
            assert member.cluster_ok, (member, where)


def assert_nothing_lost(found: Outcome) -> None:
    load = found.load
    assert load["acknowledged"] > 0
    told = {key: load[key] for key in ("lost", "unreadable", "failed", "wrong_reads", "errors")}
    assert told == {"lost": 0, "unreadable": 0, "failed": 0, "wrong_reads": 0, "errors": {}}, load
    assert_lists_are_true(load)


def assert_lists_are_true(load: dict) -> None:
    """Of what clients appended nothing is missing, twice, or out of its order."""
    assert load["appends"] > 0
    told = {key: load[key] for key in ("missing", "duplicated", "reordered", "stale_reads")}
    assert not any(told.values()), load
