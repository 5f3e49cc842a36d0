"""Drivers, found by the entry point group ``trove_upgrade.datastores``.

Each datastore has a folder with the same files: ``client.py`` asks a member's server, ``topology``
makes facts of the answers, ``paths`` says which version may follow which, ``gate`` decides by the
facts alone (checks, gate, order, rollback path), and ``driver`` adds to these decisions what reads
and changes members. What several datastores share stands beside the folders: ``replication`` for
replication sets, ``mysql`` for connections to MySQL and MariaDB, ``access`` for credentials and
TLS, ``servers`` for asking many at once and for waiting, ``paths`` for the rules of version paths.
"""
import functools
from typing import Any

from stevedore import ExtensionManager

from .base import DatastoreError, Driver

GROUP = "trove_upgrade.datastores"
GENERIC = "generic"
# What each driver serves and which extra brings its client library: known where it is missing, too.
EXTRAS = {
    "cassandra": (("cassandra",), "cassandra"),
    "galera": (("mariadb", "pxc"), "galera"),
    "mariadb_replication": (("mariadb",), "mysql"),
    "mongodb": (("mongodb",), "mongodb"),
    "mysql_replication": (("mysql",), "mysql"),
    "postgresql_replication": (("postgresql",), "postgresql"),
    "redis": (("redis", "valkey"), "redis"),
    "vertica": (("vertica",), "vertica")}
REPLICATION = "_replication"


@functools.cache
def drivers() -> dict[str, type[Driver]]:
    """All installed drivers by name; one whose client library is missing is left out."""
    manager: ExtensionManager = ExtensionManager(
        GROUP, on_load_failure_callback=lambda *failure: None)
    return {extension.name: extension.plugin for extension in manager}


def choose(wanted: str, datastore: str, replication: bool = False) -> str:
    """The name of the driver for a Trove datastore.

    :param wanted: a driver's name, or ``auto`` to go by the datastore's name.
    :param replication: it is for a replication set, not for a cluster.
    :raises DatastoreError: code ``unknown_driver``, naming those that are installed.
    """
    known = {name: one for name, one in sorted(drivers().items())
             if one.replication == replication}
    kind = "replication sets" if replication else "clusters"
    if wanted == "auto":
        serving = [name for name, one in known.items() if datastore in one.datastores]
        if not serving:
            _refuse_missing(wanted, datastore, replication)
        if not serving and replication:
            raise DatastoreError("unknown_driver", f"There is no driver for {kind} of {datastore}: "
                                 "without one nobody knows who has all the writes when the source "
                                 f"is to go. Installed for {kind}: {', '.join(known) or 'none'}.")
        return serving[0] if serving else GENERIC
    if wanted not in known:
        _refuse_missing(wanted, datastore, replication)
        raise DatastoreError("unknown_driver", f"There is no datastore driver {wanted!r}; "
                             f"installed for {kind} are: {', '.join(known) or 'none'}.")
    return wanted


def _refuse_missing(wanted: str, datastore: str, replication: bool) -> None:
    """Never leave a datastore that has a driver to the generic one, which asks no server."""
    for name, (served, extra) in EXTRAS.items():
        fits = datastore in served and name.endswith(REPLICATION) == replication
        if name not in drivers() and (name == wanted or (wanted == "auto" and fits)):
            raise DatastoreError("unknown_driver", f"The driver {name} can't be loaded. Install on "
                                 f"the executors: pip install 'trove-upgrade[{extra}]'")


def driver(name: str, access: dict[str, Any]) -> Driver:
    """A driver ready to ask members, with what the access file says about it.

    :raises DatastoreError: code ``unknown_driver``.
    """
    known = drivers()
    return known[choose(name, "", name in known and known[name].replication)](access)
