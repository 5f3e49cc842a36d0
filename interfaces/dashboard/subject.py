"""What is upgraded, as Trove tells the user of a request: a cluster or a replication set."""
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from horizon.utils.memoized import memoized
from troveclient.apiclient.exceptions import NotFound
from troveclient.v1.management import MgmtClusters

from ...planning.groups import CLUSTER, SET
from ..errors import ClusterNotFound
from ..services import service_errors
from . import services
from .targets import Target, targets

IDLE = ("NONE", "")


@dataclass(frozen=True)
class Subject:
    """A cluster, or a replication set by any of its instances.

    ``members``: ids of its instances. ``names``: ids and names under which an upgrade of it may
    have been asked for. ``task``: what Trove does to it; it does nothing to sets as a whole.
    ``project``: id of its project. ``is_own``: whether that is the user's.
    """

    kind: str
    id: str
    name: str
    datastore: str
    version: str
    task: str
    members: frozenset[str]
    names: frozenset[str]
    project: str = ""
    is_own: bool = True

    @property
    def is_set(self) -> bool:
        return self.kind == SET


@memoized
def find(request: Any, identifier: str) -> Subject:
    """:raises ClusterNotFound: this user has neither a cluster nor an instance of that id."""
    trove = services.trove(request)
    with service_errors("Trove"):
        try:
            found = _cluster(trove.clusters.get(identifier))
            asked = MgmtClusters(trove).show
        except NotFound:
            found, asked = _set(trove, identifier), trove.mgmt_instances.show
        # Whose it is Trove tells administrators alone; others find nothing but their own.
        own = request.user.project_id
        project = asked(identifier).tenant_id if request.user.is_superuser else own
    return replace(found, project=project, is_own=project == own)


def reachable(request: Any, subject: Subject) -> list[Target]:
    """The versions that it may be brought to, and the others with the reason why not."""
    trove = services.trove(request)
    with service_errors("Trove"):
        offered = [version_of(one) for one in trove.datastore_versions.list(subject.datastore)]
        origins = _origins(trove, subject.members, offered)
    return targets(subject.datastore, origins, offered, subject.is_set)


def _cluster(found: Any) -> Subject:
    return Subject(
        CLUSTER, found.id, found.name, found.datastore["type"], found.datastore["version"],
        found.task["name"], frozenset(one["id"] for one in found.instances),
        frozenset((found.id, found.name)))


def _set(trove: Any, identifier: str) -> Subject:
    try:
        asked = trove.instances.get(identifier)
        source = _source(trove, asked)
    except NotFound:
        raise ClusterNotFound(_("There is no cluster or instance %s.") % identifier) from None
    members = frozenset((source.id, *(one["id"] for one in getattr(source, "replicas", ()))))
    return Subject(SET, asked.id, source.name, source.datastore["type"],
                   source.datastore["version"], "NONE", members,
                   members | {asked.name, source.name})


def _source(trove: Any, instance: Any) -> Any:
    of = getattr(instance, "replica_of", None)
    return trove.instances.get(of["id"]) if of else instance


def _origins(trove: Any, members: frozenset[str], offered: list[dict[str, Any]]
             ) -> list[dict[str, Any]]:
    """Versions of the members, each once; one that is not offered any more has its name alone.
    Trove's list does not tell which of several versions of one name a member is on."""
    times = Counter(one["name"] for one in offered)
    shown = [one if times[one.datastore["version"]] < 2 else trove.instances.get(one.id)
             for one in _instances(trove) if one.id in members]
    return [_offered_as(offered, name, number) for name, number in sorted(
        {(one.datastore["version"], one.datastore.get("version_number") or "") for one in shown})]


def _offered_as(offered: list[dict[str, Any]], name: str, number: str) -> dict[str, Any]:
    return next((one for one in offered if one["name"] == name and number in ("", one["number"])),
                {"id": name, "name": name, "number": number or name})


def _instances(trove: Any) -> Iterator[Any]:
    return each_of(partial(trove.instances.list, include_clustered=True))


def each_of(listed: Callable[..., Any]) -> Iterator[Any]:
    """Every resource of a list that Trove gives page by page."""
    page = listed()
    yield from page
    while page.next:
        page = listed(marker=page.next)
        yield from page


def version_of(found: Any) -> dict[str, Any]:
    """A version of Trove's as `targets` wants it."""
    return {"id": found.id, "name": found.name,
            "number": str(getattr(found, "version", None) or found.name)}
