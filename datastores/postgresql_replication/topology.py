"""From what the members answered to facts: who is the source, who is behind, who is not fed."""
from collections.abc import Iterable
from typing import Any

from ..base import MEMBER, PRIMARY, REPLICA, ClusterFacts, Facts, Member

# Patroni's default for maximum_lag_on_failover; of what is replayed, not only received.
LAG_BYTES = 1024 * 1024
READ_ONLY = "default_transaction_read_only"    # the fence

RATE_SEC = 600      # a shorter time tells no usual rate of writing
TRUE = {word[:end] for word in ("on", "true", "yes", "1") for end in range(1, len(word) + 1)
        } - {"o"}

PAGE_BYTES, PAGE_HEADERS = 8192, (24, 40)      # of the WAL


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]]) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    leading = [answer for answer in answers.values()
               if "error" not in answer and not answer["standby"]]
    source = leading[0] if len(leading) == 1 else None
    return {member.id: _facts(member, answers[member.id], source) for member in members}


def _facts(member: Member, answer: dict[str, Any], source: dict[str, Any] | None) -> Facts:
    if "error" in answer:
        return Facts(member.id, member.name, role=MEMBER, domain=member.name,
                     problems=(answer["error"],), native={"code": answer["code"]},
                     address=member.address)
    behind = max(0, source["position"] - answer["position"]) if source else 0
    native = {"behind": behind, "position": answer["position"], "system": answer["system"],
              "fenced": answer["fenced"], "synchronous": answer["synchronous"],
              "senders": answer["senders"], "receiver": answer["receiver"] or "",
              "known_as": answer["known_as"], "lacking": answer["lacking"],
              "collations": answer.get("collations", {}), "wal": _wal(answer),
              "relaxed": answer["relaxed"], "logical": answer["logical"],
              "unasked": answer.get("unasked", []),
              "archiving": answer["archiving"],
              "overrides": _overrides(answer["overrides"]), "unfit": _unfit(answer)}
    return Facts(member.id, member.name, answers=True, version=answer["version"].split()[0],
                 identity=answer["started"], server_id=answer["system"],
                 role=REPLICA if answer["standby"] else PRIMARY,
                 domain=member.name, problems=tuple(_problems(member.name, answer, behind)),
                 native=native, address=member.address)


def _unfit(answer: dict[str, Any]) -> list[str]:
    """Why a standby must not lead; of the two ways to be read-only the fence's is undone."""
    told = [(answer["delay"] != "0", f"is delayed by {answer['delay']} (recovery_min_apply_delay)"),
            (answer.get("damaged"), f"has read {answer.get('damaged')} damaged pages "
             "(checksum_failures of pg_stat_database)"),
            (answer.get("closed"), f"would refuse writes (its own configuration sets {READ_ONLY})")]
    return [reason for holds, reason in told if holds]


def _problems(name: str, answer: dict[str, Any], behind: int) -> list[str]:
    if not answer["standby"]:
        return [f"{name} is the source and takes no writes ({READ_ONLY} is on)"
                ] if answer["fenced"] else []
    found = []
    if answer["receiver"] != "streaming":
        found.append(f"{name} does not stream from a source ({answer['receiver'] or 'no'} "
                     "receiver)")
    if answer["paused"]:
        found.append(f"{name} has paused its replay")
    delayed = answer["delay"] != "0"     # it lags on purpose, and is waited for by nobody
    if behind > LAG_BYTES and not delayed:
        found.append(f"{name} is {behind} bytes behind its source in replay (limit {LAG_BYTES})")
    return found


def _wal(answer: dict[str, Any]) -> dict[str, Any]:
    """``{keep, slots_keep, slots, idle_sec, slot, restores, bytes_sec}``; empty where the server is
    too old to tell, and a rate of 0 where it has not counted for long enough."""
    if "wal_keep" not in answer:
        return {}
    long = (answer["wal_sec"] or 0) >= RATE_SEC
    return {"keep": answer["wal_keep"], "slots_keep": answer["slots_keep"],
            "slots": answer["slots"] or [], "slot": answer["slot"],
            "idle_sec": answer.get("idle_sec", 0), "restores": bool(answer["restore"]),
            "bytes_sec": answer["wal_bytes"] / answer["wal_sec"] if long else 0}


def _overrides(settings: list[dict[str, Any]]) -> list[str]:
    """Whose own settings let them write in spite of the fence."""
    found = []
    for one in settings:
        whose = [f"{kind} {one[kind]}" for kind in ("role", "database") if one[kind]]
        if one["value"].lower() not in TRUE:
            found.append(f"{' in '.join(whose)} has {READ_ONLY} = {one['value']}")
    return found


def end_of(inserted: int) -> int:
    """Where a standby stands that has replayed all up to the source's insert position.

    That position lies behind the header of a page that nothing is on yet. It counts also what a
    commit with synchronous_commit = off has acknowledged and not yet written.
    """
    on_page = inserted % PAGE_BYTES
    return inserted - on_page if on_page in PAGE_HEADERS else inserted
