"""Which upgrade a command is about, where people give an execution, a cluster, or nothing at all.

A command that changes something acts on an upgrade only when no other can be meant.
"""
import re

from oslo_utils.uuidutils import is_uuid_like

from ..planning.groups import SET, kind_of
from . import rollback_path
from .errors import UpgradeNotFound
from .progress import ENDED
from .shapes import Upgrade

OPEN = "in:IDLE,RUNNING,PAUSED"
BEGINNING = re.compile("[0-9a-f]{8}[0-9a-f-]*")      # of an execution's id
SHOWN = 10          # of those that could be meant


def newest(upgrades, wanted=None, started=False):
    """Return the id of the newest upgrade, of those that ``wanted`` names.

    :param wanted: an execution's id, or the id or name of a cluster or of any instance of a
        replication set.
    :param started: only one that has come as far as a plan.
    :raises UpgradeNotFound: there is none.
    """
    if not wanted:
        return upgrades.newest()
    wanted = _whole_id(upgrades, wanted)
    if _is_upgrade(upgrades, wanted):
        return wanted
    for one in _each(upgrades):
        if is_about(upgrades, one, wanted) and (
                not started or upgrades.progress(one.id).plan):
            return one.id
    raise UpgradeNotFound(f"Upgrade {wanted} is not found, nor one of a cluster or replication set "
                          "of that id or name.")


def under_way(upgrades, wanted=None):
    """Return the id of the only upgrade that has not ended, of those that ``wanted`` names.

    An execution that is named is returned whatever its state.

    :raises UpgradeNotFound: there is none, or several; these are listed.
    """
    wanted = _whole_id(upgrades, wanted)
    if wanted and _is_upgrade(upgrades, wanted):
        return wanted
    found = [one for one in _each(upgrades, state=OPEN)
             if one.state not in ENDED and (not wanted or is_about(upgrades, one, wanted))]
    return _only(found, f"No upgrade{_of(wanted)} is under way here.",
                 f"Several upgrades{_of(wanted)} are under way")


def to_undo(upgrades, wanted=None):
    """Return the id of the upgrade to undo: the newest of the only cluster where one still stands.

    :raises UpgradeNotFound: there is none, or there are several clusters; these are listed.
    """
    wanted = _whole_id(upgrades, wanted)
    if wanted and _is_upgrade(upgrades, wanted):
        return wanted
    found = {}
    for one in _each(upgrades):
        if one.kind == "upgrade" and one.cluster not in found:
            look = upgrades.progress(one.id)
            meant = not wanted or wanted in {one.cluster, *names(look)}
            if meant and rollback_path.stands(look):
                found.setdefault(_subject(look) or one.cluster, one)
    return _only([*found.values()], f"There is no upgrade{_of(wanted)} here that could be undone.",
                 f"Several upgrades{_of(wanted)} could be undone")


def _each(upgrades, **filters):
    found = map(Upgrade.of, upgrades.each(**filters))
    return (one for one in found if one.kind != "plan")


def _whole_id(upgrades, wanted):
    """The only id that begins so, as a narrow list shows it; anything else as it is."""
    if not wanted or is_uuid_like(wanted) or not BEGINNING.fullmatch(wanted):
        return wanted
    found = [one["id"] for one in upgrades.each() if one["id"].startswith(wanted)]
    return found[0] if len(found) == 1 else wanted


def _is_upgrade(upgrades, wanted):
    """Whether it is an execution's id."""
    if not is_uuid_like(wanted):
        return False
    try:
        upgrades.progress(wanted)
    except UpgradeNotFound:
        return False
    return True


def is_about(upgrades, one, wanted):
    """Whether an upgrade is that of the cluster, or set, of this id or name."""
    return wanted == one.cluster or wanted in names(upgrades.progress(one.id))


def called(upgrades, one, known=()):
    """Return {id: name} of what an upgrade was asked for by id, as far as that is not ``known``.

    :param known: ids whose names are known.
    """
    asked = [one.cluster, one.datastore_version]
    if all(each in known or not is_uuid_like(each) for each in asked):
        return {}
    look = upgrades.progress(one.id)
    target = (look.plan or {}).get("to_version", {})
    found = {one.cluster: look.cluster, target.get("id"): target.get("name")}
    return {each: found[each] for each in asked if found.get(each)}


def names(look):
    """Return the ids and names under which people know the subject of a Progress."""
    members = look.members if look.plan and kind_of(look.plan) == SET else []
    return {look.cluster, _subject(look), *(one.id for one in members),
            *(one.name for one in members)} - {None, ""}


def _subject(look):
    """The id of the cluster, or of the set's source; empty before there is a plan."""
    return (look.plan or {}).get("cluster", {}).get("id", "")


def _only(found, none, several):
    if len(found) == 1:
        return found[0].id
    if not found:
        raise UpgradeNotFound(none)
    shown = "; ".join(f"{one.id} ({one.cluster}, {one.state})" for one in found[:SHOWN])
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise UpgradeNotFound(f"{several}. Name one: {shown}{more}")


def _of(wanted):
    return f" of {wanted}" if wanted else ""
