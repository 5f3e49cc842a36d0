"""A model of Trove's API, as troveclient shows it: its books, and the guests that do the work.

The pack's own ``Trove`` asks it, so that the pack's own actions can be walked in microseconds.
"""
import warnings
from dataclasses import dataclass
from types import SimpleNamespace

from troveclient.apiclient.exceptions import NotFound

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services.record import NOBODY
    from trove_upgrade.services.trove import Trove

OWNER = "owner-1"


@dataclass
class Row:
    """One instance in Trove's record.

    :ivar version: written before the work that brings the instance to it.
    :ivar follows: id of the instance that it replicates, or empty.
    :ivar kind: its part in a cluster that has several.
    """

    id: str
    name: str
    version: str
    address: str
    number: int
    status: str = "ACTIVE"
    follows: str = ""
    kind: str = ""


class Books:
    """:param guests: does the work: ``upgrade(id, number)``, ``promote(id)``, ``build(row, id)``,
    ``drop(id)``, and ``tick()`` before each answer, for time goes on.
    :param versions: those that the datastore offers.
    :param cluster: what Trove calls the cluster, empty where it knows of none.
    """

    def __init__(self, guests, datastore, versions, rows, cluster=""):
        self._guests, self._datastore, self._cluster = guests, datastore, cluster
        self.versions = versions
        self.rows = {row.id: row for row in rows}
        self.trove = Trove(SimpleNamespace(verify_credentials=lambda: None))
        self.trove._client = SimpleNamespace(
            clusters=SimpleNamespace(get=self._show_cluster),
            instances=SimpleNamespace(
                get=self._get, upgrade=self._upgrade, delete=self._delete, create=self._create,
                promote_to_replica_source=self._promote))

    def version(self, number):
        return next(one for one in self.versions if one["number"] == number)

    def _get(self, one):
        self._guests.tick()
        if one not in self.rows:
            raise NotFound()
        shown = self._shown(self.rows[one])
        return SimpleNamespace(to_dict=lambda: shown)

    def _show_cluster(self, one):
        self._guests.tick()
        rows = [self._shown(row) for row in self.rows.values()]
        for row in rows:
            del row["datastore"]        # Trove lists no version here
        return SimpleNamespace(
            id=one, name=self._cluster, task={"name": "NONE"}, instances=rows,
            datastore={"type": self._datastore, "version": self.versions[0]["name"]})

    def _shown(self, row):
        replicas = [{"id": one.id} for one in self.rows.values() if one.follows == row.id]
        return {"id": row.id, "name": row.name, "status": row.status, "ip": [row.address],
                "created": f"2026-01-01T00:{row.number:02}", "cluster_id": self._cluster or None,
                "datastore": {"type": self._datastore, "version": row.version},
                **({"type": row.kind} if row.kind else {}),
                **({"replica_of": {"id": row.follows}} if row.follows else {}),
                **({"replicas": replicas} if replicas else {})}

    def _upgrade(self, one, version_id):
        wanted = next(version for version in self.versions if version["id"] == version_id)
        self._guests.upgrade(one, wanted["number"])
        self.rows[one].version, self.rows[one].status = wanted["name"], "UPGRADE"

    def _promote(self, one):
        self._guests.promote(one)
        for row in self.rows.values():
            row.status = "PROMOTE"

    def _create(self, name, replica_of, replica_count):
        assert replica_count == 1
        number = len(self.rows)
        while f"m{number}" in self.rows:
            number += 1
        row = Row(f"m{number}", name, self.rows[replica_of].version, f"10.0.0.{number + 1}",
                  number, "BUILD", replica_of)
        self.rows[row.id] = row
        self._guests.build(row, replica_of)
        return row

    def _delete(self, one):
        self._guests.drop(one)
        self.rows[one].status = "SHUTDOWN"


class Record:
    """The record of the run, and the wave in hand."""

    def __init__(self, plan, wave=None):
        self._plan, self._wave = plan, wave or NOBODY

    def plan(self):
        return self._plan

    find = plan

    def wave(self):
        return self._wave or {"members": {}, "peers": [], "unavailable": [], "back": False}

    def choose(self, wave):
        self._wave = wave


class Lock:
    """The lock of the run; ``abort`` and ``pause_after`` are the operator's flags.

    :param saved: settings of members by their ids, kept while the rollback path is open.
    """

    def __init__(self, saved=()):
        self.held, self.abort, self.pause_after = False, False, None
        self._saved = saved

    def read(self):
        return {"owner": OWNER, "abort": self.abort, "pause_after": self.pause_after}

    def check_task(self, group):
        return group

    def save_background(self, background):
        assert not background, "nothing of the models works in the background"
        return background

    def suspended_background(self):
        return {}

    def saved_settings(self):
        return dict(self._saved)

    def forget_saved_settings(self):
        if self._saved:
            self._saved.clear()
