"""What a member keeps on disk: whether saving works, and which version can read it."""
import math
from collections.abc import Collection
from typing import Any

from ..base import ANOTHER, PRIMARY, UNAVAILABLE_SEC, ClusterFacts, Facts
from ..paths import series
from .paths import foreign_format, moves_append_only_file, product_of, same_format


def facts_of(info: dict[str, Any], settings: dict[str, str]) -> dict[str, Any]:
    """What INFO tells of a member's files; a count that a version does not tell (before 7.0) is
    taken for one that is not 0."""
    return {"persists": bool(info.get("aof_enabled")) or bool(settings.get("save")),
            "appendonly": bool(info.get("aof_enabled")), "rdb_saves": info.get("rdb_saves", 1),
            "aof_rewrites": info.get("aof_rewrites", 1), "served_syncs": info.get("sync_full", 0),
            "backlog_sec": _backlog_sec(info),
            # With an append-only file only a part of the keys is counted (7.0 and later).
            "loaded": None if info.get("aof_enabled") else info.get("rdb_last_load_keys_loaded")}


def failing(name: str, info: dict[str, Any], settings: dict[str, str]) -> list[str]:
    """Why the member's data do not get to its disk; a primary refuses writes for that."""
    asked = {"rdb_last_bgsave_status": bool(settings.get("save")),
             "aof_last_write_status": bool(info.get("aof_enabled")),
             "aof_last_bgrewrite_status": bool(info.get("aof_enabled"))}
    return [f"{name} fails to save its data ({field} {info[field]}): see its log and its disk"
            for field, matters in asked.items() if matters and info.get(field, "ok") != "ok"]


def forgetful(facts: ClusterFacts, saved: Collection[str]) -> list[str]:
    """Members that keep nothing on disk, but for those that an earlier run told so."""
    return [f"{one.name} has neither save points nor an append-only file" for one in facts.values()
            if one.answers and not one.native["persists"] and one.id not in saved]


def traces(facts: ClusterFacts, saved: Collection[str]) -> list[str]:
    """Members that keep nothing on disk where others do: until a run is finalised its members have
    their save points off, and it will give them back."""
    found = forgetful(facts, saved)
    return found if len(found) < sum(one.answers for one in facts.values()) else []


def persistence_remedy(facts: ClusterFacts, saved: Collection[str]) -> str:
    """What to do about members that keep nothing on disk."""
    if traces(facts, saved):
        return (f"{ANOTHER}, or not finalised: by another engine, for example. Let it end and "
                "finalise it there; then its members have back what they had.")
    return ("Give them save points or the append-only file, or a restart brings back nothing. But "
            "let an upgrade end first that another engine runs or has not finalised.")


def unreadable(facts: ClusterFacts, member: Facts, origin: str, only_copy: bool) -> str:
    """Why the member's own files can't be read by ``origin`` any more; empty when they can.

    A replica stores what it receives in a full sync, in the format of the primary that sent it.
    """
    if not member.answers or same_format(member.version, origin):
        return ""
    if member.native["appendonly"]:
        if moves_append_only_file(origin, member.version):
            return (f"{member.version} has moved the append-only file of {member.name} to "
                    f"appenddirname, where {origin} does not look: it would start empty")
        plain = member.settings.get("aof-use-rdb-preamble") == "no"
        closed = not plain and (_new_syncs(facts, member, origin) or member.native["aof_rewrites"])
    elif only_copy:
        return f"{member.name} is the only copy of its shard and saves it in the format of " \
               f"{member.version}"
    elif member.settings.get("save"):
        return (f"{member.name} has save points, so it saves a dump in the format of "
                f"{member.version} when it stops")
    else:
        closed = _new_syncs(facts, member, origin) or member.native["rdb_saves"]
    return f"the files of {member.name} are in the format of {member.version}" if closed else ""


def foreign(facts: ClusterFacts, target: str) -> list[str]:
    """Members of whose data the version ``target`` reads nothing, being of the other product: a
    replica of it would drop what it has and never be in sync. Not asked of those who go back."""
    found = []
    for one in facts.values():
        number = foreign_format(one.native["product"], one.version, target) if one.answers else 0
        if number and series(target) >= series(one.version):
            found.append(f"{one.name} runs {one.native['product']} {one.version} and writes RDB "
                         f"version {number}, which {product_of(target)} {target} can't read")
    return found


def one_way_notes(facts: ClusterFacts) -> list[str]:
    """What the plan tells of members that can't go back once they have run 7.0 or later."""
    names = [one.name for one in facts.values() if one.answers and one.native["appendonly"]
             and moves_append_only_file(one.version, "7.0")]
    return [f"No rollback path for {', '.join(names)} once started on 7.0 or later (any Valkey): "
            "it moves the append-only file to appenddirname, where the old version does not look."
            ] if names else []


def full_copy_notes(facts: ClusterFacts) -> list[str]:
    """What the plan tells of primaries whose backlog does not outlast an absence."""
    short = [f"{one.name} ({one.native['backlog_sec']:.0f} s)" for one in facts.values()
             if one.answers and one.role == PRIMARY and one.native["slots"]
             and one.native["backlog_sec"] < UNAVAILABLE_SEC]
    return [f"The backlog of {', '.join(short)} does not last {UNAVAILABLE_SEC} s at the rate so "
            "far: a replica that is unavailable for longer than told comes back by a full copy, "
            "and an old version may not be able to read that of a newer primary. CONFIG SET "
            "repl-backlog-size makes it larger."] if short else []


def fewer_keys(facts: ClusterFacts, member: Facts, before: int, only_copy: bool) -> str:
    """Why the member lacks data that it held before it was unavailable; empty when it does not.

    Keys that expire are not counted. A replica may hold fewer than before when its primary does:
    clients have deleted them. An only copy may have got new ones already, so what it loaded counts.

    :param before: how many keys it had.
    """
    if not member.answers:
        return ""
    now = member.holds["keys"]
    leader = next((one for one in facts.values() if one.role == PRIMARY and one.id != member.id
                   and one.answers and one.native["node"] == member.native["leader"]), None)
    if leader:
        before = min(before, leader.holds["keys"])
    elif only_copy and member.native["loaded"] is not None:
        now = min(now, member.native["loaded"])
    if now >= before:
        return ""
    return f"{member.name} came back with {now} keys that do not expire, and had {before}"


def keys(info: dict[str, Any]) -> int:
    """How many keys there are that do not expire."""
    return sum(space["keys"] - space["expires"] for name, space in info.items()
               if name.startswith("db") and isinstance(space, dict))


def _backlog_sec(info: dict[str, Any]) -> float:
    """How many seconds of writes the backlog holds, at the average rate since the start."""
    written, size = info.get("master_repl_offset", 0), info.get("repl_backlog_size", 0)
    if not (written and size):
        return math.inf
    return float(size * info.get("uptime_in_seconds", 0) / written)


def _new_syncs(facts: ClusterFacts, member: Facts, origin: str) -> bool:
    """Whether a newer member of its shard has served a full sync."""
    return any(one.answers and one.native["served_syncs"] for one in facts.values()
               if one.domain == member.domain and one.id != member.id
               and not same_format(one.version, origin))
