"""A careful upgrade by hand, through the same Trove API: what a good operator's script does.

Replicas first, then switchover and the former primaries, one at a time, waiting for each
server's own word; on a failure everything goes back. It stands beside this pack in
comparisons, and shows the demos to be sound without it.
"""
from collections.abc import Callable

from .kinds.base import Member
from .kinds.redis import native
from .lab import Cluster, Lab, LabError, wait_for

MEMBER_SEC = 60


class MemberFailed(Exception):
    """This member's new server did not come up; the member is the exception's argument."""


def upgrade_in_lab(lab: Lab, cluster: Cluster, to_version: str,
                   progress: Callable[[str], None]) -> dict:
    """Upgrade all members, or none: {status: upgraded | rolled_back, failed: [names]}."""
    old = lab.members(cluster)[0].version
    roll = _Roll(lab, cluster, progress)
    try:
        while (member := roll.next_not_on(to_version)) is not None:
            roll.move(member, to_version)
            # A dump of the new server is of no use to the old one: keep the old one's.
            roll.save_points(member, "")
    except MemberFailed as failure:
        progress(f"{failure} failed: going back to {old}")
        for member in reversed(roll.touched):
            roll.move(member, old)
        roll.wait_for_trove()
        return {"status": "rolled_back", "failed": [str(failure)]}
    for member in roll.touched:
        roll.save_points(member, "900 1 300 10 60 10000")
    roll.wait_for_trove()
    return {"status": "upgraded", "failed": []}


class _Roll:
    def __init__(self, lab: Lab, cluster: Cluster, progress: Callable[[str], None]):
        self.lab, self.cluster, self.progress = lab, cluster, progress
        self.touched: list[Member] = []

    def next_not_on(self, version: str) -> Member | None:
        left = [member for member in self.lab.members(self.cluster) if member.version != version]
        return min(left, key=lambda member: (member.role != "replica", member.name), default=None)

    def move(self, member: Member, version: str) -> None:
        """One member to one version; MemberFailed when its server does not come up."""
        if self._now(member).role == "primary":
            self._switchover(member)
        if member.id not in [each.id for each in self.touched]:
            self.touched.append(member)
        told = len(self.lab.journal())
        self.lab.upgrade_member(member.id, version)

        def there() -> bool:
            events = self.lab.journal()[told:]
            if any(e["event"] == "failed" and e["instance"] == member.id for e in events):
                raise MemberFailed(member.name)
            return (any(e["event"] == "serving" and e["instance"] == member.id for e in events)
                    and self._now(member).version == version and self._whole())
        wait_for(there, MEMBER_SEC, f"{member.name} on {version}", every=0.1)

    def save_points(self, member: Member, points: str) -> None:
        with native.connect(member.address, self.lab.settings) as server:
            server.config_set("save", points)

    def wait_for_trove(self) -> None:
        """Trove polls its guests ever more seldom: its word comes seconds after the servers'."""
        wait_for(lambda: self.lab.is_settled(self.cluster), MEMBER_SEC, "Trove's word", every=0.2)

    def _switchover(self, member: Member) -> None:
        shard = self._now(member).shard
        candidates = [each for each in self.lab.members(self.cluster)
                 if each.shard == shard and each.role == "replica" and each.in_sync]
        if not candidates:
            raise LabError(f"{member.name} has no replica in sync to switch over to")
        with native.connect(candidates[0].address, self.lab.settings) as server:
            server.execute_command("CLUSTER FAILOVER")
        wait_for(lambda: self._now(member).role == "replica" and self._whole(), MEMBER_SEC,
                 f"{member.name} switched over", every=0.05)

    def _now(self, member: Member) -> Member:
        return next(m for m in self.lab.members(self.cluster) if m.id == member.id)

    def _whole(self) -> bool:
        return all(m.cluster_ok and m.in_sync for m in self.lab.members(self.cluster))
