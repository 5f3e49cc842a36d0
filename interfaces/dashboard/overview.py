"""The page of all clusters and replication sets: what can be upgraded, and how the last time went.

An administrator sees those of all projects.
"""
import datetime
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import messages, tables
from troveclient.v1.management import MgmtClusters

from ..errors import ClientError
from ..services import service_errors
from ..shapes import Upgrade
from . import services, words
from .progress import last
from .subject import each_of, version_of
from .tables import UpgradeCluster, Upgrades
from .targets import targets
from .views import page_of

RECENT = 500      # executions that are looked through for the last upgrade of each row


@dataclass(frozen=True)
class Row:
    """A line of the page.

    :ivar project: id; None for one's own.
    :ivar newer: the newest version that it can be brought to, or None.
    :ivar upgrade: the last one, or None.
    """

    id: str
    name: str
    kind: Any
    project: str | None
    datastore: str
    version: str
    newer: str | None
    task: dict[str, str]
    upgrade: Upgrade | None

    @property
    def upgraded(self) -> Any:
        """How the last upgrade stands, and when it began."""
        if self.upgrade is None:
            return _("never")
        began = datetime.datetime.fromisoformat(self.upgrade.created_at)
        return f"{words.state_of(self.upgrade)[0]} ({began:%Y-%m-%d %H:%M} UTC)"


class Filter(tables.FilterAction):
    """By any text of a row."""

    def filter(self, table: Any, rows: list[Row], text: str) -> list[Row]:
        wanted = text.lower()
        return [one for one in rows if any(
            wanted in str(part).lower() for part in (
                one.name, one.kind, one.project or "", one.datastore, one.version,
                one.newer or "", one.upgraded))]


def _last_page(row: Row) -> str | None:
    return page_of(row.id, row.upgrade.id) if row.upgrade else None


class UpgradeIt(UpgradeCluster):
    """In one's own project: an upgrade acts with the rights of who starts it."""

    name = "upgrade"
    verbose_name = _("Upgrade")

    def allowed(self, request: Any, row: Row | None = None) -> bool:
        return bool(row and row.newer and not row.project) and super().allowed(request, row)


class OverviewTable(tables.DataTable):
    """A cluster or replication set a line."""

    name = tables.WrappingColumn("name", verbose_name=_("Name"))
    kind = tables.Column("kind", verbose_name=_("Kind"))
    project = tables.Column("project", verbose_name=_("Project"), empty_value=_("this one"))
    datastore = tables.Column("datastore", verbose_name=_("Datastore"))
    version = tables.Column("version", verbose_name=_("Version"))
    newer = tables.Column("newer", verbose_name=_("Newer Version Available"), empty_value=_("no"))
    upgraded = tables.Column("upgraded", verbose_name=_("Last Upgrade"), link=_last_page)

    class Meta:
        name = "upgrades"
        verbose_name = _("Cluster Upgrades")
        table_actions = (Filter,)
        row_actions = (UpgradeIt, Upgrades)

    def __init__(self, request: Any, *args: Any, **kwargs: Any):
        super().__init__(request, *args, **kwargs)
        if not request.user.is_superuser:
            del self.columns["project"]


class OverviewView(tables.DataTableView):
    """All that the user may see."""

    table_class = OverviewTable
    page_title = _("Cluster Upgrades")

    def get_data(self) -> list[Row]:
        """The rows, by name; a message where Trove or Mistral does not answer."""
        try:
            return sorted(rows(self.request), key=lambda row: row.name)
        except ClientError as error:
            messages.error(self.request, str(error))
            return []


def rows(request: Any) -> list[Row]:
    """A row for each cluster and for each source with replicas.

    :raises ClientError: Trove or Mistral does not answer.
    """
    everybody = request.user.is_superuser
    trove = services.trove(request)
    upgrades = services.upgrades(request).list(limit=RECENT, all_projects=everybody)
    offered = functools.cache(partial(_offered, trove))
    with service_errors("Trove"):
        found = [*_clusters(trove, everybody), *_sets(trove, everybody)]
        return [_row(one, replicas, offered(one.datastore["type"]), upgrades,
                     request.user.project_id) for one, replicas in found]


def _row(one: Any, replicas: list[str] | None, offered: list[dict[str, Any]],
         upgrades: list[Upgrade], own: str) -> Row:
    name, now = one.datastore["type"], one.datastore["version"]
    of_set = replicas is not None
    project = getattr(one, "tenant_id", own)
    names = {one.id, one.name, *(replicas or ())}
    reached = targets(name, [version for version in offered if version["name"] == now]
                      or [{"id": now, "name": now, "number": now}], offered, of_set)
    # Two projects may have given one name.
    recent = [upgrade for upgrade in upgrades
              if upgrade.cluster in names and upgrade.project == project]
    return Row(one.id, one.name, _("replication set") if of_set else _("cluster"),
               None if project == own else project, name, now,
               next((version.name for version in reached if not version.why_not), None),
               getattr(one, "task", {"name": "NONE"}), last(recent) if recent else None)


def _offered(trove: Any, datastore: str) -> list[dict[str, Any]]:
    return [version_of(one) for one in trove.datastore_versions.list(datastore)]


def _clusters(trove: Any, everybody: bool) -> Iterator[tuple[Any, None]]:
    listed = partial(MgmtClusters(trove).index, deleted=False) if everybody else \
        trove.clusters.list
    return ((one, None) for one in each_of(listed))


def _sets(trove: Any, everybody: bool) -> Iterator[tuple[Any, list[str]]]:
    listed = trove.mgmt_instances.list if everybody else trove.instances.list
    return ((one, [replica["id"] for replica in one.replicas]) for one in each_of(listed)
            if getattr(one, "replicas", None))
