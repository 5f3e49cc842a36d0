"""The report of one upgrade in the lab: report.json and a few lines for people.

Order, waves and times away come from the journal (what really happened), the versions at
the end from the members' own servers (`evidence`), the rest from the workload's ledger.
"""
import json
from dataclasses import dataclass
from pathlib import Path

from . import history
from .files import write_atomically
from .kinds.base import Member


@dataclass
class Observed:
    """All that is known of one upgrade when it is over."""

    datastore: str           # the lab's kind
    outage: bool             # operations may fail while the whole cluster is away
    status: str
    from_version: str
    to_version: str
    before: list[Member]
    after: list[Member]
    trove: dict              # {"version", "task", "members": {name: {"status", "version"}}}
    journal: list[dict]
    calls: list[dict]        # of Trove's API, by the upgrader
    workload: dict
    begun: float             # unix times: of the request ...
    ended: float             # ... and of the upgrader's return
    result: dict             # the upgrader's own words


def make(seen: Observed) -> dict:
    """The report as data; times in seconds."""
    found = history.absences(seen.journal, seen.begun)
    waves = history.waves(found, seen.ended)
    critical = sum(wave["longest_unavailable_sec"] for wave in waves)
    elapsed = seen.ended - seen.begun
    before = [member.as_dict() for member in seen.before]
    return {
        "datastore": seen.datastore, "outage": seen.outage,
        "status": seen.status, "from_version": seen.from_version, "to_version": seen.to_version,
        "members": [_member(seen, member, found) for member in seen.before],
        "waves": waves, "workload": seen.workload,
        "elapsed_sec": round(elapsed, 3), "critical_path_sec": round(critical, 3),
        # By the upgrader's own clock, if it has one: without the start of an engine.
        "upgrade_sec": round(seen.result.get("elapsed_sec") or elapsed, 3),
        "overhead_sec": round(elapsed - critical, 3),
        "begun": round(seen.begun, 3), "ended": round(seen.ended, 3),
        "replicas_first": history.replicas_first(found, before, seen.to_version),
        "stopped_as_primary": [away.name for away in found if away.role == "primary"],
        "cluster_whole": all(m.cluster_ok and m.in_sync for m in seen.after),
        "trove": seen.trove, "trove_calls": _calls(seen), "result": seen.result}


def _member(seen: Observed, member: Member, found: list[history.Away]) -> dict:
    own = [away for away in found if away.name == member.name]
    after = {each.name: each for each in seen.after}[member.name]
    return {"id": member.id, "name": member.name, "role": member.role, "shard": member.shard,
            "from": member.version, "to": seen.to_version, "evidence": after.version,
            "role_at_end": after.role, "times_away": len(own),
            "unavailable_sec": round(sum(away.seconds(seen.ended) for away in own), 3),
            "failures": [reason for away in own for reason in away.failures],
            "trove": seen.trove["members"].get(member.name, {})}


def _calls(seen: Observed) -> dict:
    """How often Trove's API was called between request and return."""
    during = [call for call in seen.calls if seen.begun <= call["t"] <= seen.ended]
    return {"total": len(during), "per_member": round(len(during) / len(seen.before), 1),
            "failed": sum(1 for call in during if call["status"] >= 400)}


def write(report: dict, path: Path) -> None:
    write_atomically(path, json.dumps(report, indent=1) + "\n")


def text(report: dict) -> str:
    """The report for people: one line a member, then what the client saw."""
    load = report["workload"]
    lines = [f"{report['status']}: {report['from_version']} to {report['to_version']} in "
             f"{report['elapsed_sec']:.1f} s, of which the servers' own time "
             f"{report['critical_path_sec']:.1f} s, {len(report['waves'])} waves"]
    for member in report["members"]:
        lines.append(f"  {member['name']:<16} {member['role']:<8} {member['shard']:<8} "
                     f"{member['from']} -> {member['evidence'] or 'no answer':<9} "
                     f"unavailable {member['unavailable_sec']:5.1f} s"
                     + "".join(f"  ! {reason}" for reason in member["failures"]))
    lines += [f"  client: {load['operations']} operations, {load['failed']} failed, "
              f"{load['acknowledged']} acknowledged writes, {load['lost']} lost, "
              f"{load['unreadable']} unreadable",
              f"  lists: {load['appends']} acknowledged appends, {load['missing']} missing, "
              f"{load['duplicated']} duplicated, {load['reordered']} reordered, "
              f"{load['stale_reads']} stale reads",
              f"  longest time without a successful write: {load['longest_gap_sec']:.2f} s "
              f"(worst shard {load['longest_shard_gap_sec']:.2f} s), "
              f"slowest operation {load['max_latency_sec']:.2f} s",
              f"  Trove says: cluster {report['trove']['version']}, task "
              f"{report['trove']['task']}, " + _trove_members(report)]
    return "\n".join(lines)


def _trove_members(report: dict) -> str:
    said = [f"{each['status']} {each['version']}" for each in report["trove"]["members"].values()]
    return ", ".join(f"{said.count(one)} x {one}" for one in dict.fromkeys(said))
