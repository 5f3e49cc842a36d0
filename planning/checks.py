"""Named preflight checks: all run, all reported, each skipped only by its name.

The answer is yes, no or unknown. It is unknown where nothing speaks against it, but members whose
answers it needs could not be asked; that refuses the run as a no does. Skipping ``native_access``
accepts that those members are not asked: then what the others say suffices, if anybody says
anything.
"""
import dataclasses
import itertools
from collections.abc import Collection

from ..datastores.base import ANOTHER, PRIMARY, Check, ClusterFacts, Driver, Facts, any_one
from ..datastores.foreign import shown
from .documents import CheckResult
from .groups import SET
from .snapshot import ClusterSnapshot
from .stuck import cluster_hint, members_hint
from .versions import number_of, older, recorded

ACCESS = "native_access"        # every driver's check that the members can be asked
UNDER_WAY = ("UPGRADE", "PROMOTE")      # Trove's states of a member that is upgraded or promoted
NOBODY: tuple[str, ...] = ()    # asked is Trove's record alone
FULL_PERCENT = 90
REACH = ("Let the executors reach them; native_access tells more. Skipped by that name, those that "
         "answer decide.")


def run_checks(snapshot: ClusterSnapshot, driver: Driver, order: list[list[str]],
               skip: Collection[str]) -> list[CheckResult]:
    """Every check as ``{name, answer, ok, skipped, message, remedy}``, Trove's first.

    :param order: the waves of the plan.
    """
    own = _of_set(snapshot, driver) if snapshot.kind == SET else [_cluster_idle(snapshot)]
    seen = _traces(snapshot, driver)
    checks = [*own, _lock_free(snapshot), _beside(_members_active(snapshot), seen),
              _beside(_broken_first(snapshot, order), seen), _volume_space(snapshot),
              _version_active(snapshot),
              _origin_known(snapshot), _not_a_downgrade(snapshot, driver),
              _version_path(snapshot, driver),
              *_rollback_path_open(snapshot, driver),
              *(_beside(one, seen)
                for one in driver.checks(snapshot.facts, snapshot.saved_settings)),
              *driver.checks_towards(snapshot.facts, number_of(snapshot.target))]
    # Of a whole that is down together, nobody can say anything.
    accepted = ACCESS in skip and (driver.full_stop or any_one(snapshot.facts) is not None)
    return [_result(check, snapshot.facts, skip, accepted) for check in checks]


def _result(check: Check, facts: ClusterFacts, skip: Collection[str],
            accepted: bool) -> CheckResult:
    """The one place where a yes that rests on members who could not be asked becomes unknown.

    :param accepted: that members can't be asked.
    """
    unasked = _unasked(check, facts) if check.ok else []
    if unasked:
        message = f"Not known, since not all could be asked: {'; '.join(unasked)}."
        return {"name": check.name, "answer": "unknown", "ok": False,
                "skipped": accepted or check.name in skip,
                "message": shown(message), "remedy": REACH}
    return {"name": check.name, "answer": "yes" if check.ok else "no", "ok": check.ok,
            "skipped": not check.ok and check.name in skip,
            "message": check.message, "remedy": check.remedy}


def _unasked(check: Check, facts: ClusterFacts) -> list[str]:
    """Why the check could not ask all that it needs, a reason each; empty when it could."""
    needed = facts if check.asks is None else check.asks
    return [*check.unasked, *(_silence(facts[one]) for one in needed if not facts[one].answers)]


def _silence(member: Facts) -> str:
    """By the member's name, why it could not be asked."""
    reason = member.problems[0] if member.problems else "does not answer"
    return reason if member.name in reason else f"{member.name}: {reason}"


def refusals(checks: list[CheckResult]) -> list[CheckResult]:
    """The checks that forbid the run."""
    return [check for check in checks if not check["ok"] and not check["skipped"]]


def _traces(snapshot: ClusterSnapshot, driver: Driver) -> list[str]:
    """What an upgrade leaves behind while it is under way, a sentence each without a full stop.
    Nobody here holds the cluster by then, so it is another engine's, or Trove's own."""
    if snapshot.lock_owner:
        return []
    return [*(f"by Trove {one.name} is {one.status}" for one in snapshot.members
              if one.status in UNDER_WAY),
            *driver.traces(snapshot.facts, snapshot.saved_settings)]


def _beside(check: Check, traces: list[str]) -> Check:
    """The check, whose remedy is a wrong one while another upgrade is under way."""
    if check.ok or not traces or check.remedy.startswith(ANOTHER):
        return check
    return dataclasses.replace(check, remedy=f"{ANOTHER} ({'; '.join(traces)}): let it end where "
                               f"it runs. If there is none: {check.remedy}")


def _cluster_idle(snapshot: ClusterSnapshot) -> Check:
    task = snapshot.cluster["task"]
    ours = task == "UPGRADING_CLUSTER" and snapshot.task_is_ours
    if ours or task in ("NONE", ""):
        return Check("cluster_idle", True, "Trove runs no task on the cluster.", asks=NOBODY)
    another = f"{ANOTHER}. " if task == "UPGRADING_CLUSTER" else ""
    return Check("cluster_idle", False, f"Trove is busy with {task} on the cluster.",
                 f"{another}Wait until it is over. {cluster_hint(snapshot.cluster['id'])}")


def _of_set(snapshot: ClusterSnapshot, driver: Driver) -> list[Check]:
    """Only asked of replication sets."""
    return [_source_agreed(snapshot), *([_names_differ(snapshot)] if driver.forward_only else [])]


def _source_agreed(snapshot: ClusterSnapshot) -> Check:
    leading = [one for one in snapshot.members if snapshot.facts[one.id].role == PRIMARY]
    source = snapshot.cluster["source"]
    if [one.id for one in leading] == [source]:
        return Check("source_agreed", True, "Trove and the servers name the same source.")
    by_trove = next((one.name for one in snapshot.members if one.id == source), "nobody")
    by_servers = ", ".join(one.name for one in leading) or "nobody"
    return Check("source_agreed", False, f"The source is {by_trove} by Trove and {by_servers} by "
                 "the servers.", "Let one member lead and all others replicate it, in Trove and on "
                 "the servers.")


def _names_differ(snapshot: ClusterSnapshot) -> Check:
    names = [one.name for one in snapshot.members]
    same = sorted({name for name in names if names.count(name) > 1})
    if not same:
        return Check("names_differ", True, "No two members bear the same name.", asks=NOBODY)
    return Check("names_differ", False, f"Several members are called {', '.join(same)}, and a "
                 "member that is rebuilt is found by the name of the one that it replaces.",
                 "Rename them.")


def _lock_free(snapshot: ClusterSnapshot) -> Check:
    if not snapshot.lock_owner:
        return Check("lock_free", True, "Nobody else upgrades this cluster.", asks=NOBODY)
    return Check("lock_free", False, f"Execution {snapshot.lock_owner} upgrades this cluster.",
                 "Wait for it, or abort it.")


def _members_active(snapshot: ClusterSnapshot) -> Check:
    busy = [f"{member.name} is {member.status or 'unknown'}" for member in snapshot.members
            if member.status not in ("ACTIVE", "HEALTHY")]
    if not busy:
        return Check("members_active", True, "Trove calls every member ACTIVE.", asks=NOBODY)
    hint = members_hint(snapshot.members)
    free = f" {hint}" if hint else ""
    return Check("members_active", False, f"By Trove {', '.join(busy)}.",
                 "Wait for tasks and backups to end and heal broken members, or skip this check "
                 f"by name to upgrade broken members first.{free}")


def _broken_first(snapshot: ClusterSnapshot, order: list[list[str]]) -> Check:
    """Nobody healthy is made unavailable while another is broken, so those must be able to go
    first."""
    broken = {one for one, member in snapshot.facts.items() if not member.healthy}
    later = list(itertools.dropwhile(broken.issuperset, order))[1:]     # than a healthy one
    late = broken.intersection(itertools.chain(*later))
    if not late:
        return Check("broken_first", True, "No broken member has to wait for a healthy one.",
                     asks=any_one(snapshot.facts))
    names = ", ".join(one.name for one in snapshot.members if one.id in late)
    return Check("broken_first", False, f"{names} can't go before the healthy members, which don't "
                 "go while another is broken.", "Heal what is broken, or let another member lead "
                 "in its place. Skipped by name, the run waits for it at its gate.")


def _volume_space(snapshot: ClusterSnapshot) -> Check:
    """A new version may write its data anew, and one that comes back gets what it has missed."""
    full = [f"{one.name} {one.volume_percent:.0f} %" for one in snapshot.members
            if one.volume_percent is not None and one.volume_percent > FULL_PERCENT
            and not snapshot.done(one)]
    if not full:
        untold = [one.name for one in snapshot.members if one.volume_percent is None]
        besides = f" It does not tell it of {', '.join(untold)}." if untold else ""
        return Check("volume_space", True, f"By Trove no volume is fuller than {FULL_PERCENT} %."
                     f"{besides}", asks=NOBODY)
    return Check("volume_space", False, f"By Trove these volumes are fuller than {FULL_PERCENT} %: "
                 f"{', '.join(full)}.", "Free space, or enlarge the volumes (openstack database "
                 "instance resize volume). A member that runs out of space does not come back.")


def _version_active(snapshot: ClusterSnapshot) -> Check:
    if any(version["id"] == snapshot.target["id"] for version in snapshot.versions):
        return Check("version_active", True, "The target version is offered.", asks=NOBODY)
    return Check("version_active", False,
                 f"Version {snapshot.target['name']} is not offered (inactive).",
                 "Ask the operator to activate it, or choose another.")


def _origin_known(snapshot: ClusterSnapshot) -> Check:
    """Not asked of one that an earlier run has left on its way to the target: it goes on."""
    lost = [f"{one.name} ({recorded(one) or 'nothing'})" for one in snapshot.members
            if not snapshot.asked_before(one) and not snapshot.known_origin(one)]
    if not lost:
        return Check("origin_known", True, "For every member there is a version to go back to.",
                     asks=NOBODY)
    return Check("origin_known", False, "Trove has no version, or several that can't be told "
                 f"apart, for what it has recorded for {', '.join(lost)}.",
                 "Let the operator activate the old version again and give each a number of its "
                 "own. Skipped by name, a member that fails is left as it is.")


def _not_a_downgrade(snapshot: ClusterSnapshot, driver: Driver) -> Check:
    newer = [f"{member.name} runs {snapshot.facts[member.id].version}"
             for member in snapshot.members
             if older(number_of(snapshot.target), snapshot.facts[member.id].version)]
    if not newer:
        return Check("not_a_downgrade", True, "No member runs a newer version.",
                     asks=_whose_version(snapshot, driver))
    return Check("not_a_downgrade", False,
                 f"Target {number_of(snapshot.target)} is older: {', '.join(newer)}.",
                 "Choose a newer version. To undo an upgrade that is not finalised, skip this "
                 "check by name.")


def _version_path(snapshot: ClusterSnapshot, driver: Driver) -> Check:
    origins = {number_of(snapshot.origin(member)) for member in snapshot.members
               if not snapshot.done(member)}
    reasons = [reason for origin in sorted(origins)
               if (reason := driver.path(origin, number_of(snapshot.target)))]
    if not reasons:
        return Check("version_path", True, "The target may follow the members' versions.",
                     asks=_whose_version(snapshot, driver))
    return Check("version_path", False, " ".join(reasons), "Upgrade in the steps that are named.")


def _whose_version(snapshot: ClusterSnapshot, driver: Driver) -> Collection[str] | None:
    """Who has to be asked for the members' versions: any one where none runs beside another."""
    return any_one(snapshot.facts) if driver.full_stop else None


def _rollback_path_open(snapshot: ClusterSnapshot, driver: Driver) -> list[Check]:
    """Only asked when the cluster is to go back."""
    target = number_of(snapshot.target)
    above = [member for member in snapshot.members
             if older(target, snapshot.facts[member.id].version)]
    if not above:
        return []
    closed = [reason for member in above
              if (reason := driver.closed_rollback_path(snapshot.facts, member.id, target))]
    if not closed:
        return [Check("rollback_path_open", True, "The members' data can be read by the target.")]
    return [Check("rollback_path_open", False, "; ".join(closed) + ".",
                  "It can't go back on its data: restore a backup into a new cluster.")]
