"""Trove's own task UPGRADING_CLUSTER, through this pack's routes in trove-api.

While it is held, Trove refuses to grow, shrink, restart or delete the cluster. Each hold has its
moment ``since``: taking over and giving back name it, so that nobody ends another's.
"""
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from oslo_utils import timeutils

from ..planning.lock_names import SIGN
from ..schemas import UpgradeError
from . import clients
from .errors import from_status
from .sessions import Actor

FREE, HELD = "NONE", "UPGRADING_CLUSTER"


@dataclass(frozen=True)
class Hold:
    """The cluster's task at one moment.

    :ivar age_sec: by the clock of trove-api; below 0 of one that was taken for some time.
    :ivar may_take: the actor may take the cluster and give it back.
    """

    task: str
    since: str
    age_sec: float
    may_take: bool = True


class TroveTask:
    """Trove's task on one cluster, in an actor's name."""

    def __init__(self, actor: Actor, cluster_id: str):
        self._rest = clients.rest(actor, clients.TROVE)
        self._cluster_id = cluster_id
        self._path = f"/clusters/{cluster_id}/upgrade"

    def look(self) -> Hold | None:
        """The task now; None when trove-api has not this pack's routes.

        :raises UpgradeError: code ``not_allowed``: the actor may not upgrade this cluster.
        """
        answer = self._rest.get(self._path)
        if answer.status_code == 404 and SIGN not in answer.headers:
            return None
        if answer.status_code == 403:
            raise UpgradeError("not_allowed", "Trove's policy cluster:upgrade does not let you "
                               "upgrade this cluster; ask for a role that may.", "stop")
        return _hold(_checked(answer))

    def take(self, since: str | None = None, for_sec: int = 0) -> Hold | None:
        """Take a free cluster, or take over from the hold of ``since``; None when it changed
        meanwhile.

        :param for_sec: so long nobody takes it for a start that was given up.
        """
        lasting = {"for_sec": for_sec} if for_sec else {}
        answer = self._rest.put(self._path, json={"upgrade": {"since": since, **lasting}})
        return None if answer.status_code == 422 else _hold(_checked(answer))

    def give_back(self, since: str, version_id: str = "") -> None:
        """End the hold of ``since``, if it is still that one, and set the cluster's version if
        given."""
        wanted = {"datastore_version": version_id} if version_id else {}
        answer = self._rest.delete(self._path, params={"since": since, **wanted})
        if answer.status_code != 404:      # the cluster or the routes are gone
            _checked(answer)

    def project(self) -> str:
        """Id of the cluster's project; for admins. Empty when there is no such cluster."""
        answer = self._rest.get(f"/mgmt/clusters/{self._cluster_id}")
        return "" if answer.status_code == 404 else _checked(answer).json()["cluster"]["tenant_id"]


def _hold(answer: Any) -> Hold:
    shown = answer.json()["upgrade"]
    now = parsedate_to_datetime(answer.headers["Date"]) if "Date" in answer.headers else None
    now = timeutils.normalize_time(now) if now else timeutils.utcnow()
    since = timeutils.normalize_time(timeutils.parse_isotime(shown["since"]))
    return Hold(shown["task"], shown["since"], (now - since).total_seconds(),
                shown.get("may_hold", True))


def _checked(answer: Any) -> Any:
    if answer.status_code >= 400:
        raise from_status(answer.status_code, f"{answer.text[:300]} (clusters/ID/upgrade)")
    return answer
