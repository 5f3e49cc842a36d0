"""Which versions a cluster can be brought to, and why not to the others. Pure: no I/O."""
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ...datastores import DatastoreError, choose, drivers
from ...planning.versions import called, number_of, numbers, older


@dataclass(frozen=True)
class Target:
    """A version of the cluster's datastore; ``why_not`` is empty when it can be reached."""

    id: str
    name: str
    why_not: str = ""


def targets(datastore: str, origins: list[dict[str, Any]], offered: list[dict[str, Any]],
            replication: bool = False) -> list[Target]:
    """All that Trove offers, newest first.

    :param origins: versions of the members, ``{id, name, number}`` each; so is ``offered``.
    :param replication: it is a replication set.
    """
    newest_first = sorted(offered, key=_rank, reverse=True)
    return [Target(each["id"], called(each), _why_not(datastore, origins, each, replication))
            for each in newest_first]


def _rank(version: dict[str, Any]) -> tuple:
    return (numbers(number_of(version)), version["name"])


def _why_not(datastore: str, origins: list[dict[str, Any]], target: dict[str, Any],
             replication: bool) -> str:
    if all(each["id"] == target["id"] for each in origins):
        return _("every member is on it already")
    newer = sorted({called(each) for each in origins
                    if older(number_of(target), number_of(each))})
    if newer:
        return _("it is older than %(version)s; to go back, use Roll Back of the upgrade") % {
            "version": ", ".join(newer)}
    try:
        driver = drivers()[choose("auto", datastore, replication)]({})
    except DatastoreError as error:
        return error.message
    reasons = {driver.path(number_of(each), number_of(target)) for each in origins
               if each["id"] != target["id"]} - {""}
    return " ".join(sorted(reasons))
