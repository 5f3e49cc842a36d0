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
from .foreign import shown

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
WORDS_LIMIT = 300


@functools.cache
def _extensions() -> tuple[dict[str, type[Driver]], dict[str, BaseException]]:
    """The installed drivers that can be loaded in this process, and why others can't."""
    failures: dict[str, BaseException] = {}
    manager: ExtensionManager = ExtensionManager(
        GROUP, on_load_failure_callback=lambda _, one, error: failures.update({one.name: error}))
    return {extension.name: extension.plugin for extension in manager}, failures


def drivers() -> dict[str, type[Driver]]:
    """The installed drivers that can be loaded in this process, by name."""
    return _extensions()[0]


def failures() -> dict[str, BaseException]:
    """Why installed drivers can't be loaded in this process, by name."""
    return _extensions()[1]


def choose(wanted: str, datastore: str, replication: bool = False) -> str:
    """The name of the driver for a Trove datastore.

    :param wanted: a driver's name, or ``auto`` to go by the datastore's name.
    :param replication: it is for a replication set, not for a cluster.
    :raises DatastoreError: code ``driver_not_loadable`` (passes: another executor may have its
        client library), or ``unknown_driver``, naming those that are installed.
    """
    known = {name: one for name, one in sorted(drivers().items())
             if one.replication == replication}
    kind = "replication sets" if replication else "clusters"
    if wanted == "auto":
        serving = [name for name, one in known.items() if datastore in one.datastores]
        if not serving:
            _refuse_unloadable(wanted, datastore, replication)
        if not serving and replication:
            raise DatastoreError("unknown_driver", f"There is no driver for {kind} of {datastore}: "
                                 "without one nobody knows who has all the writes when the source "
                                 f"is to go. Installed for {kind}: {', '.join(known) or 'none'}.")
        return serving[0] if serving else GENERIC
    if wanted not in known:
        _refuse_unloadable(wanted, datastore, replication)
        raise DatastoreError("unknown_driver", f"There is no datastore driver {wanted!r}; "
                             f"installed for {kind} are: {', '.join(known) or 'none'}.")
    return wanted


def passed_over(chosen: str, datastore: str) -> str:
    """Name of the driver that serves the clusters of this datastore, where the generic one was
    chosen by its name in its place; else empty."""
    if chosen != GENERIC:
        return ""
    own = {name: stores for name, (stores, _) in EXTRAS.items()} | {
        name: one.datastores for name, one in drivers().items()}
    replicating = {name for name, one in drivers().items() if one.replication}
    return next((name for name, stores in sorted(own.items()) if datastore in stores
                 and name not in replicating and not name.endswith(REPLICATION)), "")


def _refuse_unloadable(wanted: str, datastore: str, replication: bool) -> None:
    """Never leave to the generic driver, which asks no server, what another driver may claim.

    What this pack's drivers serve is known; one of another package that can't be loaded may serve
    anything.

    :raises DatastoreError: code ``driver_not_loadable``, naming the module and the extra.
    """
    for name in sorted({*EXTRAS, *failures()} - {*drivers()}):
        served, _ = EXTRAS.get(name, ((datastore,), ""))
        fits = datastore in served and (name not in EXTRAS
                                        or name.endswith(REPLICATION) == replication)
        if name == wanted or (wanted == "auto" and fits):
            raise not_loadable(name)


def not_loadable(name: str) -> DatastoreError:
    """The error of a driver that this executor can't load; another one may."""
    error, (_, extra) = failures().get(name), EXTRAS.get(name, ((), ""))
    why = f": {shown(str(error), WORDS_LIMIT)}" if error else ""
    remedy = f"pip install 'trove-upgrade[{extra}]'" if extra else "what its package needs"
    return DatastoreError("driver_not_loadable", f"The driver {name} can't be loaded "
                          f"here{why}. Install on all executors: {remedy}", passing=True)


def driver(name: str, access: dict[str, Any]) -> Driver:
    """A driver ready to ask members, with what the access file says about it.

    :raises DatastoreError: code ``driver_not_loadable`` or ``unknown_driver``.
    """
    known = drivers()
    return known[choose(name, "", name in known and known[name].replication)](access)
