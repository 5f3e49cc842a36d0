"""The lab's Trove: the real API and taskmanager in one process, on SQLite.

`python -m trove_upgrade.lab.trove_server --dir DIR [--parent PID]`

DIR/settings.json says what lab it is (made with defaults when it is not there). When the
API listens, DIR/trove.json appears: {"url", "pid"}. Logs go to DIR/trove.log. The process
ends on SIGTERM, and when its parent (PID) ends; every member's server ends with it, however
it ends.
"""
import argparse
import os
import shutil
import signal
import sys
import time
import warnings
from pathlib import Path


def main(argv: list[str] | None = None) -> None:
    options = _parse(argv)
    warnings.simplefilter("ignore")     # Trove's, oslo's and eventlet's own, of no use here
    directory = Path(options.dir).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    import trove.cmd  # noqa: F401  Trove's own start: eventlet takes over first of all
    state = _open_lab(directory)
    signal.signal(signal.SIGTERM, _end)
    _initialize_trove(directory)
    _start_taskmanager()
    _serve(state, options.parent)


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The lab's Trove")
    parser.add_argument("--dir", required=True, help="the lab's directory")
    parser.add_argument("--parent", type=int, help="end when this is no longer the parent")
    return parser.parse_args(argv)


def _open_lab(directory: Path):
    from . import settings
    from .doubles import state
    if not (directory / settings.FILE).exists():
        settings.Settings.choose().save(directory)
    return state.use(directory)


def _initialize_trove(directory: Path) -> None:
    from . import trove_conf
    from .settings import Settings
    sys.argv = ["trove", *(f"--config-file={path}" for path in trove_conf.write(directory))]
    from trove.cmd.common import initialize
    initialize(pre_logging=_make_database)
    _keep_connections()
    _look_for_no_server_groups()
    trove_conf.register_datastores(Settings.load(directory))
    _copy_rpc_contexts()


def _make_database(conf) -> None:
    """Before Trove configures its database, because its mappers read the tables."""
    import sqlite3

    from trove.db import get_db_api
    get_db_api().db_sync(conf)
    path = conf.database.connection.split("sqlite:///", 1)[1]
    # Trove leaves read transactions open; with SQLite's rollback journal every later
    # commit would then fail with "database is locked".
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _keep_connections() -> None:
    """A pool of connections, as Trove has with MySQL.

    oslo.db opens SQLite's anew for each question, and each of these reads the whole schema. No
    bound: Trove leaves connections to the garbage collector. Nothing is kept when the machine goes
    down, so nothing is synced to its disk.
    """
    from sqlalchemy import event
    from sqlalchemy.pool import QueuePool
    from trove.db.sqlalchemy.session import get_engine
    engine = get_engine()
    engine.dispose()
    event.listen(engine, "connect",
                 lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    engine.pool = QueuePool(engine.pool._creator, max_overflow=-1, dialect=engine.dialect,
                            _dispatch=engine.pool.dispatch)


def _look_for_no_server_groups() -> None:
    """To see whether a cluster's compute servers are a group, Trove loads each member twice more at
    each look at the cluster. Here they are one only where somebody has asked for it."""
    from trove.cluster.models import Cluster

    from .doubles.compute import GROUPS
    look = Cluster.server_group.fget
    Cluster.server_group = property(lambda self: look(self) if GROUPS else None)


def _copy_rpc_contexts() -> None:
    """Let each message have its own context, as on a real message bus.

    The in-process transport switches over the sender's dictionary, and Trove takes keys out of
    it on arrival, so of several messages of one request all but the first would be lost.
    """
    import copy

    from trove.common.rpc.serializer import TroveRequestContextSerializer as Serializer
    serialize = Serializer._serialize_context
    Serializer._serialize_context = lambda self, ctx: copy.deepcopy(serialize(self, ctx))


def _start_taskmanager() -> None:
    from trove.common import cfg, notification
    from trove.common.rpc.service import RpcService
    from trove.instance.models import persist_instance_fault
    from trove.taskmanager.api import API
    notification.DBaaSAPINotification.register_notify_callback(persist_instance_fault)
    cfg.set_api_config_defaults()
    RpcService(key=None, topic=cfg.CONF.taskmanager_queue, manager=cfg.CONF.taskmanager_manager,
               rpc_api_version=API.API_LATEST_VERSION).start()


def _serve(state, parent: int | None) -> None:
    import json

    import eventlet
    import eventlet.wsgi
    from trove.common import cfg, pastedeploy

    from .files import write_atomically
    settings = state.settings
    pipeline = ("keystone" if settings.keystone else "token") + ("-rest" if settings.rest else "")
    app = pastedeploy.paste_deploy_app(cfg.CONF.api_paste_config, pipeline, {})
    listener, scheme = eventlet.listen(("127.0.0.1", 0)), "http"
    url = f"://127.0.0.1:{listener.getsockname()[1]}/v1.0"
    if settings.tls:
        certificate, key = settings.tls
        listener, scheme = eventlet.wrap_ssl(listener, certfile=certificate, keyfile=key,
                                             server_side=True), "https"
    if parent:
        eventlet.spawn(_end_with, parent, state)
    write_atomically(state.directory / "trove.json",
                     json.dumps({"url": scheme + url, "pid": os.getpid()}))
    with Path(os.devnull).open("w") as nowhere:
        eventlet.wsgi.server(listener, app, log=nowhere, debug=False)


def _end_with(parent: int, state) -> None:
    """A lab that was killed can neither tell us to stop nor tidy up; its end can be seen."""
    while os.getppid() == parent:
        time.sleep(0.2)                 # eventlet's: the API goes on meanwhile
    if state.settings.remove:
        from .doubles.members import end_all
        end_all()
        shutil.rmtree(state.settings.remove, ignore_errors=True)
    _end()


def _end(*_) -> None:
    """Kill and be gone: nothing of a lab is kept, and a signal may come at any line."""
    from .doubles.members import end_all
    end_all()
    os._exit(0)


if __name__ == "__main__":
    main()
