"""What people can do when Trove itself leaves something busy for ever; the pack never does it."""
from collections.abc import Iterable

from ..datastores.base import Member
from .command_lines import command

# States that are no task of Trove's: nobody would wait for their end.
RESTING = ("ACTIVE", "HEALTHY", "ERROR", "FAILED", "SHUTDOWN", "BLOCKED", "")
OPENSTACK = ("openstack", "database")


def members_hint(members: Iterable[Member]) -> str:
    """How an administrator frees the members that are busy by Trove, by name; empty for none."""
    busy = [one for one in members if one.status not in RESTING]
    lines = [f"{one.name}: {command('instance', 'reset', 'status', one.id, program=OPENSTACK)}"
             for one in busy]
    return _hint(lines)


def cluster_hint(cluster_id: str) -> str:
    """How an administrator frees a cluster that is busy by Trove."""
    return _hint([command("cluster", "reset", "status", cluster_id, program=OPENSTACK)])


def _hint(lines: list[str]) -> str:
    if not lines:
        return ""
    return ("Should Trove never end it, an administrator can reset its status, which touches no "
            f"server: {'; '.join(lines)}")
