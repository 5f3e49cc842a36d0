"""What the doubles of one lab share. There is one lab in a Trove process, so one state."""
import time
from dataclasses import dataclass, field
from pathlib import Path

from .. import faults
from ..files import append_line
from ..settings import Settings

_current: list["State"] = []


@dataclass
class State:
    """The lab in `directory` as its Trove process knows it."""

    directory: Path
    settings: Settings
    addresses: dict[str, str] = field(default_factory=dict)   # compute server id -> address
    members: dict = field(default_factory=dict)               # instance id -> Member
    counter: faults.Counter = field(default_factory=faults.Counter)

    def address_of(self, server_id: str) -> str:
        """The loopback address of a compute server; given out when first asked for."""
        if server_id not in self.addresses:
            # 240 hosts of the lab's own network, then of the next ones.
            further, host = divmod(len(self.addresses), 240)
            first, second, third = self.settings.network.split(".")
            self.addresses[server_id] = f"{first}.{second}.{int(third) + further}.{host + 11}"
        return self.addresses[server_id]

    def journal(self, member, event: str, **facts) -> None:
        """Write down what really happened to a member's server, and when."""
        append_line(self.directory / "journal.jsonl", {
            "t": round(time.time(), 4), "instance": member.id, "name": member.name,
            "event": event, "version": member.version, "role": member.role, **facts})

    def member_fault(self, member, version: str, step: str) -> dict:
        """The fault that strikes this upgrade of this member, or {}.

        step: 'pre_upgrade' or 'upgrade', so that each fault counts at its own step only.
        """
        for rule in faults.read(self.directory / faults.FILE)["members"]:
            if (rule["fault"] not in faults.STANDING
                    and (rule["fault"] == "pre_upgrade_raises") == (step == "pre_upgrade")
                    and rule["member"] in ("*", member.id, member.name)
                    and rule["version"] in (None, version)
                    and self.counter.strikes(rule, member.id)):
                return rule
        return {}

    def standing_faults(self, name: str) -> set[str]:
        """The faults that the member of this name has until they are taken back."""
        return {rule["fault"] for rule in faults.read(self.directory / faults.FILE)["members"]
                if rule["fault"] in faults.STANDING and rule["member"] in ("*", name)}

    def api_fault(self, method: str, path: str, matches) -> dict:
        """The fault that strikes this API call, or {}; matches(rule, method, path) -> bool."""
        for rule in faults.read(self.directory / faults.FILE)["api"]:
            if matches(rule, method, path) and self.counter.strikes(rule):
                return rule
        return {}


def use(directory: Path) -> State:
    """Make the lab in `directory` this process's lab."""
    _current[:] = [State(directory, Settings.load(directory))]
    return _current[0]


def state() -> State:
    """This process's lab."""
    return _current[0]
