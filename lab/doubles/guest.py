"""Stands in for the guest agent: Trove's calls to it, done on real servers of this machine.

What Trove would send over RPC to the agent inside an instance arrives here as method calls.
As in the real thing `pre_upgrade` answers its caller and `upgrade` only starts the work;
whether it went well Trove learns from the heartbeats.
"""
import eventlet
from oslo_log import log as logging
from trove.common import exception
from trove.instance.service_status import ServiceStatuses

from ..kinds import kind
from .members import Member
from .replication import ReplicationCalls
from .state import state

LOG = logging.getLogger(__name__)


class Guest(ReplicationCalls):
    """Trove's view of one guest agent."""

    def __init__(self, context, instance_id, manager=None):
        self.context, self.id, self.manager = context, instance_id, manager

    def __getattr__(self, method):
        """Any other call is the kind's, where it knows it, or does nothing (users, logs ...)."""
        if method.startswith("__"):
            raise AttributeError(method)
        own = kind(state().settings.kind)
        if self.manager != own.manager:
            return lambda *args, **kwargs: None
        return lambda *args, **kwargs: own.call(
            state().members.get(self.id), method, *args)

    @property
    def member(self) -> Member:
        member = state().members.get(self.id)
        if member is None:
            raise exception.GuestError(original_message=f"no guest on instance {self.id}")
        return member

    # A new instance
    def prepare(self, *args, **kwargs):
        from trove.guestagent.models import AgentHeartBeat
        AgentHeartBeat.create(instance_id=self.id)
        instance = _instance(self.id)
        version = _version(instance)
        member = Member(instance, version.manager, kwargs.get("ds_version") or version.version)
        state().members[self.id] = member
        eventlet.spawn(self._prepare, member, bool(kwargs.get("cluster_config")),
                       kwargs.get("backup_info"), kwargs.get("snapshot"))

    def _prepare(self, member, clustered, backup_info, snapshot):
        try:
            if backup_info:
                self.restore(member, backup_info, snapshot)
            else:
                member.prepare()
        except Exception as error:
            LOG.exception("%s could not be prepared", member.name)
            member.journal("failed", reason=f"prepare: {error}")
            member.report(ServiceStatuses.FAILED)
            return
        member.report(ServiceStatuses.INSTANCE_READY if clustered else ServiceStatuses.HEALTHY)
        if not clustered:
            eventlet.spawn(member.beat_for_ever)

    # A new cluster
    def cluster_complete(self):
        """Trove's last word to each member of a new cluster: lay it when the first hears it."""
        instance = _instance(self.id)
        members = _members_of(instance.cluster_id)
        own = kind(state().settings.kind)
        if self.id == members[0].id and self.manager == own.manager:
            own.form(members, _layout(instance.cluster_id, members))
        self.member.report(ServiceStatuses.HEALTHY)
        eventlet.spawn(self.member.beat_for_ever)

    # A smaller cluster
    def get_node_id_for_removal(self):
        """The server's id when it keeps no slots; Trove refuses to remove the others."""
        server = self.member.server
        return server.ask("CLUSTER MYID") if server.role() == "replica" else None

    def remove_nodes(self, node_ids):
        for node_id in node_ids:
            self.member.server.ask("CLUSTER FORGET", node_id)

    # Upgrade, restart, stop
    def pre_upgrade(self):
        member = self.member
        wanted = _version(_instance(self.id)).version
        if state().member_fault(member, wanted, "pre_upgrade"):
            member.journal("failed", wanted=wanted, reason="fault: pre_upgrade raised")
            raise exception.GuestError(original_message="the lab's fault pre_upgrade_raises")
        member.announced = True
        return {}

    def upgrade(self, upgrade_info):
        member, version = self.member, upgrade_info["datastore_version"]
        fault = state().member_fault(member, version, "upgrade")
        if fault.get("fault") == "early_heartbeat":
            member.journal("early_heartbeat", wanted=version)
            member.report(ServiceStatuses.HEALTHY)
        if fault.get("fault") == "no_upgrade":
            member.announced = False
            eventlet.spawn(self._upgrade_of_base_class, upgrade_info)
            return
        eventlet.spawn(member.swap, version, state().settings.swap_sec, fault)

    def _upgrade_of_base_class(self, upgrade_info):
        """Trove's own code for datastores whose agents have no `upgrade`.

        It does nothing in 24.0 and 25.0. Later ones refuse, which nobody hears: Trove waits for no
        answer to this call.
        """
        from trove.guestagent.datastore.manager import Manager
        try:
            Manager.upgrade(self, self.context, upgrade_info)
        except exception.DatastoreOperationNotSupported as error:
            self.member.journal("failed", reason=str(error))

    def restart(self):
        """Trove also starts the members of a new Cassandra cluster by it; there the lab does that
        when it lays the cluster."""
        if self.member.server.started:
            self.member.swap(self.member.version, pause_sec=0)

    def stop_db(self, *args, **kwargs):
        with self.member.busy:
            self.member.server.stop()
        self.member.report(ServiceStatuses.SHUTDOWN)

    # What Trove shows of an instance, or needs to build clusters of other datastores
    def get_volume_info(self):
        full = "full_volume" in state().standing_faults(self.member.name)
        return {"used": 0.96 if full else 0.16, "total": 1.0}

    def is_root_enabled(self):
        return False

    def rpc_ping(self):
        return True

    def get_data_center(self):
        return "dc1"

    def get_rack(self):
        """In the order in which they were asked for, as `form` lays them."""
        members = _members_of(_instance(self.id).cluster_id)
        racks = _layout(_instance(self.id).cluster_id, members)
        return f"rack{members.index(self.member) % racks + 1}"

    def get_node_ip(self):
        return self.member.address, state().settings.port

    def get_cluster_context(self):
        return {"replication_user": {"name": "lab", "password": "lab"}, "cluster_name": "lab",
                "admin_password": "lab"}


def client(context, instance_id, manager=None):
    """Trove's remote_guest_client."""
    manager = manager or _version(_instance(instance_id)).manager
    return Guest(context, instance_id, manager)


def _instance(instance_id):
    from trove.instance.models import DBInstance
    return DBInstance.find_by(id=instance_id)


def _version(instance):
    from trove.datastore.models import DatastoreVersion
    return DatastoreVersion.load_by_uuid(instance.datastore_version_id)


def _members_of(cluster_id):
    """The cluster's members, by name and so in the order in which they were asked for."""
    from trove.instance.models import DBInstance
    rows = DBInstance.find_all(cluster_id=cluster_id, deleted=False).all()
    members = [state().members[row.id] for row in rows]
    return sorted(members, key=lambda member: (len(member.name), member.name))


def _layout(cluster_id, members):
    """As the lab's maker wants it; for a cluster made by others, half of the members lead."""
    from trove.cluster.models import DBCluster
    name = DBCluster.find_by(id=cluster_id).name
    state().settings = type(state().settings).load(state().directory)
    return state().settings.layouts.get(name) or max(3, len(members) // 2)
