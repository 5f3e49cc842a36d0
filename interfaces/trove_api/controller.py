"""The routes, by Trove's own machinery: its request, context, policies, errors and models."""
from datetime import datetime
from typing import Any

import webob.exc
from oslo_utils import timeutils
from trove.cluster.models import Cluster
from trove.common import exception, policy, wsgi
from trove.datastore.models import DatastoreVersion

from . import bodies, holds, mistral, policies, reading, starts, targets


class Answer(wsgi.Result):
    """A result with headers."""

    def __init__(self, data: Any, status: int, headers: dict[str, str] | None = None):
        super().__init__(data, status)
        self.headers = headers or {}


class Serializer(wsgi.TroveResponseSerializer):
    """Trove's, and the headers of an Answer."""

    def serialize_headers(self, response, data, action):
        super().serialize_headers(response, data, action)
        response.headers.update(getattr(data, "headers", {}))


class Deserializer(wsgi.RequestDeserializer):
    """Trove's, but for bodies; what is wrong is answered in the format of all errors."""

    def deserialize_body(self, request, action):
        """Read bounded JSON; no body and no type are none."""
        body = reading.peek(request.environ)
        if not body or "Content-Type" not in request.headers:
            return {}
        try:
            if request.content_type != reading.JSON:
                raise webob.exc.HTTPUnsupportedMediaType("Send a JSON object as application/json.")
            return {"body": reading.ours(body)}
        except webob.exc.HTTPException as error:
            raise wsgi.Fault(error) from None


class UpgradeController(wsgi.Controller):
    """Start an upgrade; the task of a cluster under upgrade."""

    def create_resource(self) -> wsgi.Resource:
        return wsgi.Resource(self, Deserializer(), Serializer(), self.exception_map)

    def patch(self, req, tenant_id, id, body=None):
        """``{"cluster": {"datastore_version": id or name}}``: 202 and where to look."""
        return self._upgrade(req, id, body, "cluster")

    def action(self, req, tenant_id, id, body=None):
        """The same by Trove's stock action ``{"upgrade": {"datastore_version": ...}}``."""
        return self._upgrade(req, id, body, "upgrade")

    def show(self, req, tenant_id, id, body=None):
        """The cluster's task, since when, its version, and whether the caller may take it."""
        context = req.environ[wsgi.CONTEXT_KEY]
        cluster = _load(context, id)
        may_hold = _allowed(context, policies.HOLD, cluster)
        if not may_hold:
            _authorize(context, policies.UPGRADE, cluster)
        return wsgi.Result(_view(id, may_hold), 200)

    def take(self, req, tenant_id, id, body=None):
        """``{"upgrade": {"since": null}}`` takes a free cluster; a moment takes over that hold.

        ``for_sec`` beside it: who can't be asked whether it goes on holds it for so long.
        """
        context = req.environ[wsgi.CONTEXT_KEY]
        cluster = _load(context, id)
        _authorize(context, policies.HOLD, cluster)
        since, for_sec = bodies.since(body)
        taken = holds.take(cluster.id, for_sec) if since is None else holds.take_over(
            cluster.id, _moment(since), for_sec)
        if taken is None:
            row = _row(cluster.id)
            raise webob.exc.HTTPUnprocessableEntity(
                f"The cluster's task is {row.task_status.name} since {row.updated.isoformat()}: it "
                "can't be taken now. Find out who has it.")
        return wsgi.Result(_view(id, may_hold=True), 200)

    def give_back(self, req, tenant_id, id, body=None):
        """UPGRADING_CLUSTER becomes NONE; any other task, and any other hold, stays as it is.

        Query: ``datastore_version`` (id) is then the cluster's; ``since``: only of that hold.
        """
        context = req.environ[wsgi.CONTEXT_KEY]
        cluster = _load(context, id)
        _authorize(context, policies.HOLD, cluster)
        wanted, since = req.GET.get("datastore_version"), req.GET.get("since")
        version = targets.of_datastore(cluster, wanted).id if wanted else None
        holds.give_back(cluster.id, _moment(since) if since else None, version)
        return wsgi.Result(None, 204)

    def _upgrade(self, req, cluster_id: str, body: Any, outer: str) -> Answer:
        wanted = bodies.target(body, outer)
        context = req.environ[wsgi.CONTEXT_KEY]
        cluster = Cluster.load(context, cluster_id, Cluster)
        _authorize(context, policies.UPGRADE, cluster)
        version = targets.choose(cluster, wanted)
        execution = starts.start(context, cluster, version.id)
        return Answer({}, 202, {"Location": mistral.location(context, execution)})


def _load(context: Any, cluster_id: str) -> Cluster:
    """The caller's cluster; any project's for who may hold clusters."""
    row = holds.read(cluster_id)
    if row is None:
        raise exception.ClusterNotFound(cluster=cluster_id)
    cluster = Cluster(context, row)
    if row.tenant_id != context.project_id and not _allowed(context, policies.HOLD, cluster):
        return Cluster.load(context, cluster_id, Cluster)      # Trove's own 404
    return cluster


def _authorize(context: Any, rule: str, cluster: Cluster) -> None:
    policy.authorize_on_target(context, rule, {"tenant": cluster.tenant_id})


def _allowed(context: Any, rule: str, cluster: Cluster) -> bool:
    try:
        _authorize(context, rule, cluster)
    except exception.PolicyNotAuthorized:
        return False
    return True


def _view(cluster_id: str, may_hold: bool) -> dict[str, Any]:
    row = _row(cluster_id)
    version = DatastoreVersion.load_by_uuid(row.datastore_version_id)
    return {"upgrade": {"task": row.task_status.name, "since": row.updated.isoformat(),
                        "may_hold": may_hold,
                        "datastore_version_id": version.id, "datastore_version": version.name}}


def _row(cluster_id: str):
    row = holds.read(cluster_id)
    if row is None:
        raise exception.ClusterNotFound(cluster=cluster_id)
    return row


def _moment(text: str) -> datetime:
    """A moment as ``show`` writes it.

    :raises webob.exc.HTTPBadRequest: it is none.
    """
    try:
        return timeutils.normalize_time(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise webob.exc.HTTPBadRequest(
            "since is not a moment in ISO 8601. Send it as GET shows it.") from error
