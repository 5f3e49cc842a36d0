"""Break things on demand: the faults of a lab, its members' and its Trove API's.

They live in DIR/faults.json, which the Trove process reads again at each use. Every fault
has an id; the Trove process counts by it how often the fault could have struck (`nth`).
"""
import json
import uuid
from pathlib import Path

from .files import write_atomically

FILE = "faults.json"
MEMBER_FAULTS = {
    "pre_upgrade_raises": "the guest refuses before it does anything; Trove says ERROR",
    "does_not_start": "the new server is a real process that exits 1 and never reads the data",
    "hangs": "the new server is started and frozen at once; Trove goes on waiting",
    "never_starts": "the old server is stopped and nothing is started; Trove goes on waiting",
    "wrong_version": "the old version's server is started again and reported healthy",
    "slow_swap": "`seconds` pass between the old server's end and the new one's start",
    "no_upgrade": "its agent has no upgrade of its own, so that of Trove's base class is called: "
                  "the old server runs on, and Trove says ACTIVE",
    "early_heartbeat": "Trove hears HEALTHY before the work has begun, so it says ACTIVE early",
    "second_port": "it has a port on a network besides, where nobody listens, and it comes first",
    "full_volume": "its guest tells that 96 % of its volume are used",
    "no_port": "it has no port, so Trove tells no address; its server runs on",
}
STANDING = ("second_port", "no_port", "full_volume")     # at once, and until they are taken back
API_FAULTS = {
    "status": "answers with `status` before anything is done",
    "drop_reply": "does all that was asked, then answers 502",
    "close": "does all that was asked, then closes the connection without an answer",
    "delay": "waits `seconds` before it does anything",
}


class Faults:
    """Writes the faults of the lab in `directory`. All methods are safe while it runs."""

    def __init__(self, directory: Path):
        self.path = Path(directory) / FILE

    def member(self, fault: str, member: str = "*", *, version: str | None = None, nth: int = 1,
               count: int | None = None, sticky: bool = False, seconds: float = 0) -> str:
        """Break the upgrade of a member; returns the fault's id.

        member: its name or id, '*' for any; version: only upgrades to this version's number;
        nth: the first upgrade (of those that match) that is hit; count: how many from there
        on, None for all (with sticky: 1); sticky: a member hit once is hit ever after.
        """
        _known(fault, MEMBER_FAULTS)
        return self._add("members", fault=fault, member=member, version=version, nth=nth,
                         count=count, sticky=sticky, seconds=seconds)

    def api(self, fault: str, method: str = "*", path: str = "", *, status: int = 503,
            nth: int = 1, count: int | None = 1, seconds: float = 0) -> str:
        """Break calls of the Trove API; returns the fault's id.

        path: a regular expression found anywhere in the path, '/v1.0/<tenant>' included.
        """
        _known(fault, API_FAULTS)
        return self._add("api", fault=fault, method=method, path=path, status=status, nth=nth,
                         count=count, seconds=seconds)

    def clear(self, identity: str | None = None) -> None:
        """Take one fault back, or all of them."""
        faults = read(self.path)
        for kind, rules in faults.items():
            faults[kind] = [rule for rule in rules
                            if identity is not None and rule["id"] != identity]
        write_atomically(self.path, json.dumps(faults, indent=1))

    def _add(self, kind: str, **rule) -> str:
        rule["id"] = uuid.uuid4().hex
        faults = read(self.path)
        faults[kind].append(rule)
        write_atomically(self.path, json.dumps(faults, indent=1))
        return rule["id"]


def read(path: Path) -> dict[str, list[dict]]:
    """{"members": [rule], "api": [rule]}; both empty when there is no file."""
    found = json.loads(path.read_text()) if path.exists() else {}
    return {"members": found.get("members", []), "api": found.get("api", [])}


class Counter:
    """Decides which of the matching rules strike; counts per rule in this process."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._bound: dict[str, set[str]] = {}

    def strikes(self, rule: dict, key: str = "") -> bool:
        """Count one occasion for a matching rule; `key` names who a sticky rule sticks to."""
        bound = self._bound.setdefault(rule["id"], set())
        if key in bound:
            return True
        seen = self._seen[rule["id"]] = self._seen.get(rule["id"], 0) + 1
        count = rule.get("count") or (1 if rule.get("sticky") else None)
        hit = seen >= rule["nth"] and (count is None or seen < rule["nth"] + count)
        if hit and rule.get("sticky"):
            bound.add(key)
        return hit


def _known(fault: str, known: dict[str, str]) -> None:
    if fault not in known:
        raise ValueError(f"unknown fault {fault!r}; there are: {', '.join(known)}")
