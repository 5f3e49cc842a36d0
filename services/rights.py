"""Whose rights an action has, and how a run keeps its caller's without keeping a token.

``trove_upgrade.take_lock`` writes ``trove_upgrade.rights.<execution>`` into the service user's
project: the trust, and which cluster and project it is for. A step names its run, and has these
rights where the run has called it (run_tree.py), in the project that Keystone has verified.
"""
import dataclasses
import re
from typing import Any

from ..planning.groups import CLUSTER
from ..schemas import UpgradeError, read_input
from . import sessions, trusts
from .config import options
from .environments import Environments
from .executions import ExecutionReader
from .run_tree import RunTree, identity
from .sessions import Actor
from .trove_task import TroveTask

ID = re.compile(r"[A-Za-z0-9-]{1,64}")
RIGHTS = "trove_upgrade.rights."
ANY = {"cluster_id": "any", "datastore_version": "any"}     # beside the input that is read
_KEPT_HERE = 256
_kept: dict[str, "Kept"] = {}     # never changes while it is there; an id never comes again
_regions: dict[str, str] = {}       # as they were asked for, which never changes either


@dataclasses.dataclass(frozen=True)
class Kept:
    """The rights of one run.

    :ivar trust_id: empty when the service user acts by its own rights.
    :ivar own: we made the trust and drop it; False for one of a cron or event trigger.
    :ivar region: where the cluster is; empty for the catalog's first.
    :ivar begun: what nobody can choose of the execution, see run_tree.identity.
    """

    execution: str
    cluster_id: str
    project_id: str
    trust_id: str = ""
    own: bool = False
    region: str = ""
    begun: str = ""

    def actor(self) -> Actor:
        """Who acts for the run."""
        return sessions.trustee(self.trust_id, self.region) if self.trust_id \
            else _service(self.region)


def check_context(context: Any) -> None:
    """Refuse what Keystone's middleware has not verified, and an action that is called by itself.

    :raises UpgradeError: code ``foreign_cloud``: by ``X-Target-*`` headers Mistral lets a caller
        choose project, token and catalog; ``not_in_a_run``.
    """
    if not context.execution.workflow_execution_id:
        raise not_in_a_run()
    if getattr(context.security, "is_target", False):
        raise UpgradeError("foreign_cloud", "This pack acts in Mistral's own cloud only; start it "
                           "without a target (X-Target-* headers, --target-* options).", "stop")
    complete(context)


def check_name(context: Any, action: str) -> None:
    """Refuse an action that the step does not call by its own name.

    Every user of a project may make ad-hoc actions in it. One that bears the name of ours is called
    in the place of it, in a true step of a run, with another one of ours as its base.

    :param action: the name that the action is registered by.
    :raises UpgradeError: code ``foreign_rights``.
    """
    if options().auth == "cloud":       # an engine of one user
        return
    called = ExecutionReader(caller(context)).action(context.execution.action_execution_id)
    if called is None:
        raise UpgradeError("foreign_rights", "Mistral does not know this step.", "retry")
    if called.name != action:
        raise UpgradeError("foreign_rights", f"This step calls another action than {action}. Let "
                           "the project delete its ad-hoc actions that begin with trove_upgrade.",
                           "stop")


def check_workflow(run: str, actor: Actor) -> None:
    """Refuse a run of a workflow that bears the name of the operator's.

    Every user of a project may make one in it, a reader too, and Mistral takes it for the name that
    others ask for: what he has written would be done by their rights.

    :raises UpgradeError: code ``foreign_rights``.
    """
    if options().auth != "cloud" and not ExecutionReader(actor).is_of_operator(run):
        raise UpgradeError("foreign_rights", "This run is of a workflow that somebody in the "
                           "project has made beside the public one of the same name. Delete it "
                           "(openstack workflow delete), or start the upgrade by the id of the "
                           "public one.", "stop")


def complete(context: Any) -> None:
    """Fill in the project of a step that Mistral's engine takes in nobody's name.

    When an executor has died, the engine fails its actions with a context of its own, and all that
    follows from that has neither token nor project. (What comes over the API has a token that
    Keystone has verified.) Then the project is the one of the execution that the step stands in.
    """
    security, service = context.security, sessions.service() if are_kept() else None
    nobodys = not any(getattr(security, name, None)
                      for name in ("project_id", "auth_token", "trust_id"))
    if nobodys and service is not None:
        security.project_id = ExecutionReader(service).project_of(
            context.execution.workflow_execution_id) or None


def not_in_a_run() -> UpgradeError:
    """What to do instead of calling an action."""
    return UpgradeError("not_in_a_run", "This action is a step of a workflow; start "
                        "trove_upgrade.cluster instead.", "stop")


def check_id(value: Any, what: str) -> None:
    """Ids become parts of names and of paths.

    :raises UpgradeError: code ``bad_input``.
    """
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise UpgradeError("bad_input", f"{what} must be an id: letters, digits and - only.",
                           "stop")


def are_kept() -> bool:
    """Whether runs keep their caller's rights, by the configuration."""
    return options().auth in ("trust", "service")


def caller(context: Any, run: str = "") -> Actor:
    """Who started the execution: by its trust when a trigger did, else by its token.

    :param run: the execution that people have started; where it names a region, Trove is asked
        there, else in that of the request.
    """
    region = region_of(run, caller(context)) if run else ""
    conf, security = options(), context.security
    if conf.auth == "cloud":
        return sessions.cloud(conf.cloud, region)
    if conf.auth != "context" and getattr(security, "trust_id", None):
        asked = conf.region_name or security.region_name or ""
        return sessions.trustee(security.trust_id, region or asked)
    return sessions.TokenActor(security, region)


def acting(context: Any, run: str, cluster_id: str = "") -> Actor:
    """Who acts in a step of the execution ``run``, whose rights are for the cluster (any: empty).

    :raises UpgradeError: code ``foreign_rights``: the step does not belong to that run.
    """
    check_id(run, "run")
    kept = find(run)
    actor = kept.actor() if kept else caller(context, run)
    foreign = kept and (kept.project_id != context.security.project_id
                        or cluster_id not in ("", kept.cluster_id))
    if foreign or not belongs(context, run, actor):
        raise UpgradeError("foreign_rights", "This step does not belong to the run whose rights it "
                           "asks for.", "stop")
    return actor


def belongs(context: Any, run: str, actor: Actor) -> bool:
    """Whether the step is one of the execution ``run``, or of a workflow that it has called."""
    check_id(run, "run")
    here = context.execution.workflow_execution_id or ""
    kept = find(run)
    tree = RunTree(ExecutionReader(actor), run, kept.begun if kept else "")
    return bool(here) and tree.holds(here)


def region_of(run: str, actor: Actor) -> str:
    """The region that the run was asked for; empty: none was named."""
    if run not in _regions:
        asked = ExecutionReader(actor).asked_for(run)[0].get("region", "")
        if len(_regions) >= _KEPT_HERE:
            _regions.clear()
        _regions[run] = read_input(ANY | {"region": asked})["region"]
    return _regions.get(run, "")


def verify_caller(context: Any) -> dict[str, Any]:
    """Let Keystone say whose the token is, before anything is done as the service user.

    :returns: what it says of the token; empty where there is none, but a trigger's trust.
    :raises UpgradeError: code ``foreign_rights``, or that of a token that is not accepted.
    """
    service, security = sessions.service(), context.security
    token: dict[str, Any] = {}
    if service is None:
        return token
    if getattr(security, "trust_id", None):
        project_id = sessions.trustee(security.trust_id).project_id
    else:
        token = trusts.token_of(security.auth_token, service)
        project_id = token["project"]["id"]
    if project_id != security.project_id:
        raise UpgradeError("foreign_rights", "Keystone says that the token is for another "
                           "project.", "stop")
    return token


def is_operator(context: Any) -> bool:
    """Whether the caller may learn of hosts and settings: the one user of an engine, else a user
    whom Keystone calls an administrator. A trust never tells."""
    service, security = sessions.service(), context.security
    if options().auth == "cloud":
        return True
    if service is None or getattr(security, "trust_id", None) or not security.auth_token:
        return False
    roles = trusts.token_of(security.auth_token, service).get("roles", [])
    return any(role["name"] == trusts.ADMIN for role in roles)


def find(run: str) -> Kept | None:
    """What the run has kept, or None."""
    service = sessions.service()
    if not run or service is None or not are_kept():
        return None
    if run not in _kept:
        found = Environments(service).read(RIGHTS + run)
        if found is None:
            return None
        if len(_kept) >= _KEPT_HERE:
            _kept.clear()
        _kept[run] = Kept(**found)
    return _kept.get(run)


def keep(context: Any, token: dict[str, Any], run: str, cluster_id: str,
         kind: str = CLUSTER) -> Kept:
    """Keep the caller's rights for the run; the same ones when it is asked twice.

    :param token: what verify_caller has returned.
    :raises UpgradeError: code ``no_service_user``, ``no_trust`` or ``not_allowed``.
    """
    if kept := find(run):
        return kept
    security, notes = context.security, Environments(_service())
    wanted = Kept(run, cluster_id, security.project_id, region=caller(context, run).region,
                  begun=identity(ExecutionReader(caller(context)).find(run)))
    if options().auth == "trust":
        given = getattr(security, "trust_id", None)
        trust_id = given or trusts.make(security.auth_token, token, _service(), run,
                                        ExecutionReader(caller(context)))
        wanted = dataclasses.replace(wanted, trust_id=trust_id, own=not given)
    elif kind != CLUSTER:
        raise UpgradeError("not_allowed", "With auth = service trove-api must say whether you may "
                           "upgrade, and it has no such question for replication sets; let the "
                           "operator set auth = trust.", "stop")
    elif TroveTask(caller(context, run), cluster_id).look() is None:     # look raises who may not
        raise UpgradeError("not_allowed", "With auth = service trove-api must say whether you may "
                           "upgrade the cluster, and it has not this pack's routes; let the "
                           "operator add them.", "stop")
    notes.create(RIGHTS + run, dataclasses.asdict(wanted))     # there? Then with the same trust
    return wanted


def drop(run: str) -> bool:
    """End the rights of a run; whether it had any."""
    kept = find(run)
    if kept is None:
        return False
    if kept.own:
        trusts.drop(kept.trust_id, _service())
    Environments(_service()).delete(RIGHTS + run)
    _kept.pop(run, None)
    return True


def _service(region: str = "") -> Actor:
    found = sessions.service(region)
    if found is None:
        raise sessions.no_service_user()
    return found
