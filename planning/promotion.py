"""Whether the source's role of a replication set may move now."""
from collections.abc import Collection

from ..datastores.base import PRIMARY, ClusterFacts, Driver, Member
from ..schemas import UpgradeError
from .documents import Version
from .versions import runs

PROMOTING = "PROMOTE"


def busy(members: list[Member], source: str, facts: ClusterFacts, leaving: Member,
         others_away: Collection[str]) -> str:
    """What has to end before the role of ``leaving`` can move, or has moved; empty for nothing.

    :param source: id of the source by Trove.
    :raises UpgradeError: code ``promotion_failed``: Trove calls a member ERROR that is not
        unavailable.
    """
    moving = [one.name for one in members if one.status == PROMOTING]
    if moving:
        return f"Trove is promoting ({', '.join(moving)})"
    broken = [one.name for one in members if one.failed
              and one.id not in others_away and one.id != leaving.id]
    if broken:
        raise UpgradeError("promotion_failed", f"Trove calls {', '.join(broken)} ERROR while "
                           f"the role of {leaving.name} moves. See which members "
                           "replicate which, and heal them.", "stop", leaving.id)
    if source != leaving.id and facts[leaving.id].role == PRIMARY:
        return f"{leaving.name} still calls itself primary"
    return ""


def check_direction(driver: Driver, facts: ClusterFacts, leaving: str, prefer: str,
                    target: Version) -> None:
    """Where data go one way, a member that is not upgraded must not follow one that is.

    :param prefer: number of the version that the new source is to run.
    :raises UpgradeError: code ``rollback_path_closed`` or ``not_all_upgraded``.
    """
    if not driver.forward_only:
        return
    own = facts[leaving]
    if prefer != target["number"] and runs(own.version, target):
        raise UpgradeError("rollback_path_closed", f"{own.name} is the source and runs "
                           f"{own.version}; a member of the old version can't replicate it, so "
                           "the set can't go back: restore the backup into a new instance.",
                           "stop", own.id)
    behind = [one.name for one in facts.values()
              if one.id != own.id and not runs(one.version, target)]
    if prefer == target["number"] and behind:
        raise UpgradeError("not_all_upgraded", f"{', '.join(behind)} would have to replicate a "
                           "source of a newer version.", "rollback", own.id)
