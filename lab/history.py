"""What the journal tells: who was away when, in which waves, in which order."""
from dataclasses import dataclass, field


@dataclass
class Away:
    """One absence of one member's server: from its stop to the next time it served."""

    name: str
    role: str               # when it was stopped: primary | replica
    version: str            # when it was stopped
    begin: float            # unix time
    end: float | None = None    # None: it has not come back
    back_on: str = ""       # the version that it came back with
    failures: list[str] = field(default_factory=list)

    def seconds(self, now: float) -> float:
        return (now if self.end is None else self.end) - self.begin


def absences(journal: list[dict], since: float = 0) -> list[Away]:
    """All absences that began at `since` or later, in the order of their beginning."""
    found: list[Away] = []
    current: dict[str, Away] = {}
    for event in journal:
        if event["t"] < since:
            continue
        name = event["name"]
        if event["event"] == "stopping" and name not in current:
            current[name] = Away(name, event["role"], event["version"], event["t"])
            found.append(current[name])
        elif event["event"] == "failed" and name in current:
            current[name].failures.append(event["reason"])
        elif event["event"] == "serving" and name in current:
            away = current.pop(name)
            away.end, away.back_on = event["t"], event["version"]
    return found


def waves(found: list[Away], now: float) -> list[dict]:
    """Members that were away together: [{members, roles, from, to, longest_unavailable_sec}]."""
    grouped: list[list[Away]] = []
    end = 0.0
    for away in found:
        if not grouped or away.begin >= end:
            grouped.append([])
        grouped[-1].append(away)
        end = max(end, away.begin + away.seconds(now))
    return [{"members": [away.name for away in wave], "roles": [away.role for away in wave],
             "from": round(wave[0].begin, 3),
             "to": round(max(a.begin + a.seconds(now) for a in wave), 3),
             "longest_unavailable_sec": round(max(a.seconds(now) for a in wave), 3)}
            for wave in grouped]


def replicas_first(found: list[Away], members: list[dict], version: str) -> dict[str, bool]:
    """Shard -> were its replicas of the start back on `version` before its primary went?

    members: [{name, role, shard}] as they were before the upgrade. False, too, when the
    primary was never taken away, or a replica never came back on the version.
    """
    gone: dict[str, float] = {}
    back: dict[str, float] = {}
    for away in found:
        gone.setdefault(away.name, away.begin)
        if away.end is not None and away.back_on == version:
            back.setdefault(away.name, away.end)
    verdict = {}
    for shard in sorted({member["shard"] for member in members}):
        of_shard = [member for member in members if member["shard"] == shard]
        left = [gone.get(m["name"]) for m in of_shard if m["role"] == "primary"]
        returned = [back.get(m["name"]) for m in of_shard if m["role"] == "replica"]
        verdict[shard] = all(to is not None and since is not None and to <= since
                             for to in returned for since in left) and None not in left
    return verdict
