"""The Python API: start, watch, pause, resume, abort and undo upgrades of Trove clusters.

    from trove_upgrade.interfaces.client import Client
    client = Client(session)                      # any keystoneauth session
    upgrade = client.upgrade("orders", "9.1.2")
    end = client.wait(upgrade)

docs/python-api.md shows more. Everything raised is a `ClientError`.
"""
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from typing import Any, Unpack, cast

from keystoneauth1.session import Session
from oslo_utils.uuidutils import is_uuid_like

from ..schemas import UpgradeError, read_input
from ..services.scope import MISTRAL, TROVE, Scope
from . import clusters, rollback_path
from .errors import (
    BadInput,
    ClientError,
    ClusterNotFound,
    ConnectionFailed,
    Forbidden,
    Refused,
    ServiceError,
    TookTooLong,
    UnderUpgrade,
    Unreachable,
    UpgradeNotFound,
)
from .progress import ENTRY, Member, Progress
from .services import mistral_client, trove_client
from .session import catalog_errors, find_cloud
from .shapes import FINALIZE, Inputs, Named, Plan, Upgrade
from .upgrades import PLAN_SEC, Upgrades, finalize_inputs

__all__ = ["BadInput", "Client", "ClientError", "ClusterNotFound", "ConnectionFailed", "Forbidden",
           "Inputs", "Member", "Plan", "Progress", "Refused", "ServiceError", "TookTooLong",
           "UnderUpgrade", "Unreachable", "Upgrade", "UpgradeNotFound", "upgrade"]

Reference = str | Named       # an id, a name, or an object with an id


def upgrade(cluster: Reference, datastore_version: Reference, session: Session | None = None,
            **inputs: Unpack[Inputs]) -> Upgrade:
    """Start the upgrade of a cluster: `Client(session).upgrade(...)` in one call."""
    return Client(session).upgrade(cluster, datastore_version, **inputs)


class Client:
    """Upgrades in the project of a keystoneauth session.

    Clusters and versions are given as an object with an id (of python-troveclient, say), as an id,
    or as a name. Where an upgrade is asked for, an `Upgrade`, an execution id, a cluster or any
    instance of a replication set do; the latter two stand for the upgrade that is under way, else
    for their newest one. (`rollback` takes sets by their `Upgrade` or execution only.)

    :param session: default: the cloud of clouds.yaml, or of the OS_* variables, with its region,
        interface and endpoint overrides.
    :param interface: public (the default), internal or admin: which endpoints of the catalog are
        used.
    :param mistral_url, trove_url: instead of the catalog's.
    :param mistral, trove: ready clients instead, of python-mistralclient and python-troveclient.
    """

    def __init__(self, session: Session | None = None, *, region: str | None = None,
                 interface: str | None = None, mistral_url: str | None = None,
                 trove_url: str | None = None, mistral: Any = None, trove: Any = None) -> None:
        self._given_session, self._mistral, self._given_trove = session, mistral, trove
        self._region, self._interface = region, interface
        self._urls = {MISTRAL: mistral_url, TROVE: trove_url}

    def upgrade(self, cluster: Reference, datastore_version: Reference,
                **inputs: Unpack[Inputs]) -> Upgrade:
        """Start an upgrade and return at once; the run itself checks everything before a change.

        :raises BadInput, ClusterNotFound: before anything is started.
        :raises UnderUpgrade: an upgrade of this cluster is under way in this project. One of
            another project is seen by the run, which then ends refused.
        """
        asked = self._inputs(cluster, datastore_version, inputs)
        self._refuse_if_owned(asked["cluster_id"])
        return self._start(asked)

    def upgrade_replication_set(self, instance: Reference, datastore_version: Reference,
                                **inputs: Unpack[Inputs]) -> Upgrade:
        """Start the upgrade of a replication set, as `upgrade` does that of a cluster.

        :param instance: its source or any of its replicas: an object with an id, an id or a name.
        """
        asked = self._inputs_of_set(instance, datastore_version, inputs)
        self._refuse_if_set_owned(asked["instance_id"])
        return self._start(asked)

    def plan_replication_set(self, instance: Reference, datastore_version: Reference, *,
                             timeout_sec: float = PLAN_SEC, **inputs: Unpack[Inputs]) -> Plan:
        """Return what `upgrade_replication_set` would do. Changes nothing."""
        return self._plan(self._inputs_of_set(instance, datastore_version, inputs), timeout_sec)

    def plan(self, cluster: Reference, datastore_version: Reference, *,
             timeout_sec: float = PLAN_SEC, **inputs: Unpack[Inputs]) -> Plan:
        """Return what an upgrade would do: order, waves, checks, rollback path. Changes nothing.

        ``plan["ready"]`` says whether it could start now.

        :raises Refused: when no plan can be made, for an unknown version, say.
        :raises TookTooLong: after ``timeout_sec``.
        """
        return self._plan(self._inputs(cluster, datastore_version, inputs), timeout_sec)

    def show(self, what: Upgrade | Reference) -> Progress:
        """Return where an upgrade stands, member by member."""
        return self._look(what)

    def pauses(self, execution_id: str) -> list[tuple[float, float | None]]:
        """Return each time that an upgrade waited for a person: (began, ended), in seconds since
        the epoch; ended is None while it does. (A pause that Mistral's own commands ended counts
        only where the workflows themselves had asked for it.)"""
        return self._upgrades.pauses(execution_id)

    def get(self, execution_id: str) -> Upgrade:
        """Return one upgrade as a list shows it: what was asked for, and its state.

        :raises UpgradeNotFound: there is no such execution, or it is not one of ours.
        """
        found = self._upgrades.get(execution_id)
        if found["workflow_name"] not in ENTRY:
            raise UpgradeNotFound(f"Execution {execution_id} is not an upgrade but "
                                  f"{found['workflow_name']}.")
        return Upgrade.of(found)

    def list(self, cluster: Reference | None = None, *, limit: int | None = 50,
             plans: bool = False, named: Collection[str] | None = None,
             all_projects: bool = False, project: str | None = None) -> list[Upgrade]:
        """Return the upgrades of this project, newest first; with ``plans`` the dry runs too.

        :param limit: at most so many; None: all that Mistral still knows.
        :param named: instead of a cluster: those that were asked for under one of these ids or
            names, such as the instances of a replication set.
        :param all_projects: those of other projects, too; for administrators.
        :param project: those of the project of this id; another than one's own is for
            administrators.
        """
        wanted = self._cluster(cluster) if cluster is not None else named
        return [*itertools.islice(self._each(wanted, plans, all_projects, project), limit)]

    def watch(self, what: Upgrade | Reference, *, timeout_sec: float | None = None
              ) -> Iterator[Progress]:
        """Yield its Progress about twice a second, until it has ended or is paused.

        :raises TookTooLong: after ``timeout_sec``; the upgrade goes on.
        """
        return self._upgrades.follow(self._look(what).execution_id, timeout_sec=timeout_sec)

    def wait(self, what: Upgrade | Reference, *, timeout_sec: float | None = None,
             on_progress: Callable[[Progress], None] | None = None) -> Progress:
        """Wait until it has ended or is paused; ``end.result`` tells how (schemas/result.json)."""
        for look in self.watch(what, timeout_sec=timeout_sec):
            if on_progress:
                on_progress(look)
        return look

    def pause(self, what: Upgrade | Reference, *, now: bool = False) -> Progress:
        """Ask for a pause: after the wave at hand when members are unavailable, else, and with
        ``now``, at once. `wait` returns when it is paused."""
        return self._ask(what, lambda one: self._upgrades.pause(one, now=now))

    def resume(self, what: Upgrade | Reference) -> Progress:
        """Let a paused upgrade go on.

        :raises ServiceError: when it has ended.
        """
        return self._ask(what, self._upgrades.resume)

    def abort(self, what: Upgrade | Reference) -> Progress:
        """Ask it to end after the wave at hand, undone as its ``on_failure`` says; a paused one
        goes on to its end. `wait` returns when that is done."""
        return self._ask(what, self._upgrades.abort)

    def rollback(self, what: Upgrade | Reference, datastore_version: Reference | None = None,
                 **inputs: Unpack[Inputs]) -> Upgrade:
        """Start the rollback path of a cluster that is upgraded and not finalised, or half
        upgraded.

        It is a roll like the upgrade, to the version that the upgrade found: order, gates and
        evidence are the same. A plan is made first, and refused here if a check says no.

        :param what: the upgrade to undo, or a cluster: its newest upgrade that still stands.
        :param datastore_version: where to, when Mistral has forgotten the upgrade.
        :raises UnderUpgrade: while an upgrade of the cluster is under way: abort that one.
        :raises Refused: the rollback path is closed, or there is nothing to undo; the text says
            why.
        """
        asked = self._inputs_back(what, datastore_version, inputs)
        if "instance_id" in asked:
            self._refuse_if_set_owned(asked["instance_id"])
        else:
            self._refuse_if_owned(asked["cluster_id"])
        return self._read(self._upgrades.start_back(asked))

    def finalize(self, cluster: Reference, *, access: str | None = None) -> Upgrade:
        """Start what closes the rollback path, once an upgraded cluster has proven itself."""
        identifier, _ = self._cluster(cluster)
        self._refuse_if_owned(identifier)
        return self._start(finalize_inputs(identifier, access), FINALIZE)

    def finalize_replication_set(self, instance: Reference, *,
                                 access: str | None = None) -> Upgrade:
        """Start what closes the rollback path of a replication set, named by any of its
        instances."""
        identifier = clusters.identity(instance)
        self._refuse_if_set_owned(identifier)
        return self._start(finalize_inputs(identifier, access, of_set=True), FINALIZE)

    @cached_property
    def _cloud(self) -> tuple[Session, Scope]:
        """The session, and where it asks: what was given stands above the cloud's own."""
        session, scope = (self._given_session, Scope()) if self._given_session else find_cloud()
        given = {service: url for service, url in self._urls.items() if url}
        return session, Scope(self._region or scope.region, self._interface or scope.interface,
                              {**scope.overrides, **given})

    @cached_property
    def _trove(self) -> Any:
        if self._given_trove is not None:
            return self._given_trove
        with catalog_errors():
            return trove_client(*self._cloud)

    @cached_property
    def _upgrades(self) -> Any:
        if self._mistral is not None:
            return Upgrades(self._mistral, self._region or "")
        return Upgrades(mistral_client(*self._cloud), self._cloud[1].region)

    def _plan(self, asked: dict[str, Any], timeout_sec: float) -> Plan:
        look = self._upgrades.plan(asked, timeout_sec)
        if look.plan is None:
            raise Refused(look.message)
        return cast(Plan, look.plan)

    def _start(self, inputs: dict[str, Any], *workflow: str) -> Upgrade:
        return self._read(self._upgrades.start(inputs, *workflow))

    def _read(self, execution_id: str) -> Upgrade:
        return Upgrade.of(self._upgrades.get(execution_id))

    def _ask(self, what: Upgrade | Reference, act: Callable[[str], None]) -> Progress:
        identifier = self._look(what).execution_id
        act(identifier)
        return self._upgrades.progress(identifier)

    def _inputs(self, cluster: Reference, version: Reference, more: Any) -> dict[str, Any]:
        _check(more)
        wanted = clusters.identity(version)
        return {**more, "cluster_id": self._cluster(cluster)[0], "datastore_version": wanted}

    def _inputs_of_set(self, instance: Reference, version: Reference,
                       more: Any) -> dict[str, Any]:
        _check(more)
        return {**more, "instance_id": clusters.identity(instance),
                "datastore_version": clusters.identity(version)}

    def _inputs_back(self, what: Upgrade | Reference, version: Reference | None,
                     more: Any) -> dict[str, Any]:
        _check(more)
        wanted = None if version is None else clusters.identity(version)
        try:
            return rollback_path.inputs_back(self._to_undo(what), wanted, more)
        except UpgradeNotFound:
            if wanted is None:
                raise
            return self._inputs(cast(Reference, what), wanted, rollback_path.with_skip(more))

    def _to_undo(self, what: Upgrade | Reference) -> Progress:
        """The upgrade itself, or the cluster's newest one that has left something to undo."""
        look = self._execution(what)
        if look:
            return look
        identifier, name = self._cluster(cast(Reference, what))
        self._refuse_if_owned(identifier)
        look = self._upgrades.to_undo((identifier, name))
        if look:
            return look
        raise UpgradeNotFound(f"Mistral knows no upgrade of cluster {name} that could be undone; "
                              "give the version to go back to.")

    def _look(self, what: Upgrade | Reference) -> Progress:
        look = self._execution(what)
        if look:
            return look
        called, named, owner = self._named(cast(Reference, what))
        newest = owner or next((one.id for one in self._each(named)), "")
        if not newest:
            raise UpgradeNotFound(f"There is no upgrade of {called} here yet.")
        return self._upgrades.progress(newest)

    def _named(self, what: Reference) -> tuple[str, Collection[str], str]:
        """What it is called, the ids and names under which it may have been asked for, and who
        upgrades it now."""
        try:
            identifier, name = self._cluster(what)
        except ClusterNotFound:
            instances = clusters.find_set(lambda: self._trove, clusters.identity(what))
            if not instances:
                raise
            owner = self._owner_of(one for one, _ in instances)
            called = f"replication set {clusters.identity(what)}"
            return called, {*itertools.chain(*instances)}, owner
        return f"cluster {name}", (identifier, name), self._upgrades.owner(identifier)

    def _owner_of(self, ids: Iterable[str]) -> str:
        return next(filter(None, map(self._upgrades.owner_of_set, ids)), "")

    def _execution(self, what: Upgrade | Reference) -> Progress | None:
        """The Progress of an Upgrade or of an execution's id; None for anything else."""
        if isinstance(what, Upgrade):
            return self._upgrades.progress(what.id)
        if not (isinstance(what, str) and is_uuid_like(what)):
            return None
        try:
            return self._upgrades.progress(what)
        except UpgradeNotFound:
            return None

    def _each(self, cluster: Collection[str] | None, plans: bool = False,
              all_projects: bool = False, project: str | None = None) -> Iterator[Upgrade]:
        for execution in self._upgrades.each(project=project, all_projects=all_projects):
            one = Upgrade.of(execution)
            if (plans or one.kind != "plan") and (cluster is None or one.cluster in cluster):
                yield one

    def _refuse_if_owned(self, cluster_id: str) -> None:
        owner = self._upgrades.owner(cluster_id)
        if owner:
            raise UnderUpgrade(owner)

    def _refuse_if_set_owned(self, instance: str) -> None:
        ids = [instance]
        if not is_uuid_like(instance):
            ids = [one for one, _ in clusters.find_set(lambda: self._trove, instance)]
        owner = self._owner_of(ids)
        if owner:
            raise UnderUpgrade(owner)

    def _cluster(self, wanted: Reference) -> tuple[str, str]:
        return clusters.find(lambda: self._trove, wanted)


def _check(inputs: Any) -> None:
    """:raises BadInput: as the workflow itself would, but at once."""
    own = {"cluster_id", "datastore_version", "dry_run"} & inputs.keys()
    if own:
        raise BadInput(f"{', '.join(sorted(own))} can't be given here; a dry run is `plan`.")
    try:
        read_input({"cluster_id": "x", "datastore_version": "x", **inputs})
    except UpgradeError as error:
        raise BadInput(error.message) from None
