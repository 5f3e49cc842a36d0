"""Whether a cluster may be brought to a version: all that Trove's own database can tell."""
import webob.exc
from oslo_utils import uuidutils
from trove.cluster.models import Cluster
from trove.datastore.models import DatastoreVersion, DatastoreVersions, DBDatastoreVersion

from ...planning.versions import Version, called, number_of, older


def choose(cluster: Cluster, wanted: str) -> DatastoreVersion:
    """The version of this id or name, when the cluster may be brought to it.

    :raises webob.exc.HTTPNotFound: there is none.
    :raises webob.exc.HTTPBadRequest: several, another datastore's, inactive, older than a
        member's, or the one that every member has.
    """
    version = _find(cluster, wanted)
    if version.datastore_id != cluster.datastore.id:
        raise webob.exc.HTTPBadRequest(
            f"Version {version.name} belongs to datastore {version.datastore_name}, and the "
            f"cluster to {cluster.datastore.name}. {_offer(cluster)}")
    if not version.active:
        raise webob.exc.HTTPBadRequest(
            f"Version {version.name} is inactive. Ask the operator to activate it. "
            f"{_offer(cluster)}")
    _compare(cluster, version)
    return version


def of_datastore(cluster: Cluster, version_id: str) -> DatastoreVersion:
    """The version of this id, of the cluster's datastore, whatever its state."""
    row = DBDatastoreVersion.get_by(id=version_id)
    if row is None:
        raise webob.exc.HTTPNotFound(f"There is no datastore version {version_id}.")
    if row.datastore_id != cluster.datastore.id:
        raise webob.exc.HTTPBadRequest(f"Version {row.name} belongs to another datastore.")
    return DatastoreVersion(row)


def _find(cluster: Cluster, wanted: str) -> DatastoreVersion:
    key = "id" if uuidutils.is_uuid_like(wanted) else "name"
    known = DBDatastoreVersion.find_all(**{key: wanted}).all()
    own = [row for row in known if row.datastore_id == cluster.datastore.id]
    if len(own) > 1:
        raise webob.exc.HTTPBadRequest(
            f"Several versions are called {wanted}. Give one of these ids: "
            f"{', '.join(sorted(f'{row.id} ({_number(row)})' for row in own))}.")
    if not known:
        raise webob.exc.HTTPNotFound(
            f"There is no datastore version {wanted}. {_offer(cluster)}")
    return DatastoreVersion((own or known)[0])


def _offer(cluster: Cluster) -> str:
    names = sorted(called(_version(row)) for row in DatastoreVersions.load(cluster.datastore.id))
    return f"Datastore {cluster.datastore.name} offers: {', '.join(names) or 'none'}."


def _compare(cluster: Cluster, version: DatastoreVersion) -> None:
    """A member that differs is enough to go on: an upgrade that was left half done is finished."""
    members = {member.datastore_version_id for member in cluster.db_instances}
    if members == {version.id}:
        raise webob.exc.HTTPBadRequest(
            f"Every member of the cluster is on version {called(_version(version))} already. "
            f"{_offer(cluster)}")
    for each in map(DatastoreVersion.load_by_uuid, sorted(members - {version.id})):
        if older(_number(version), _number(each)):
            raise webob.exc.HTTPBadRequest(
                f"Version {called(_version(version))} is older than {called(_version(each))}, "
                "which a member is on. Choose a newer one; to go back, use the command that the "
                "upgrade's result names as undo.")


def _number(version: DatastoreVersion) -> str:
    return number_of(_version(version))


def _version(found: DatastoreVersion) -> Version:
    return {"id": found.id, "name": found.name, "number": found.version}
