"""The engine's process: the parts of Mistral as threads, in the order in which they need
each other. Nothing but this process imports Mistral."""
import contextlib
import os
import queue
import secrets
import shutil
import socket
import sqlite3
import threading
import warnings
from typing import Any

from . import callers, ports, settings, shortcuts
from . import files as engine_files
from .signals import stops

PARENT_CHECK_SEC = 0.5
STOP_SEC = 20
API_STOP_SEC = 0.2        # clients keep their connections open; nobody waits for them to close
# A connection that is closed at the moment it is used again fails a request of a busy client.
API_IDLE_SEC = 300
API_QUEUE = 128           # connections that may wait to be accepted; more are reset
API_BODY_BYTES = 16 * 2 ** 20       # those of refused requests are read, too
TOKEN_BYTES = 32


class StartError(Exception):
    """The engine can't start; the text says why and what to do."""


def run(options):
    """Start, say that it is ready, wait for a signal, stop. Never returns: it ends the process."""
    files = engine_files.Files(options.dir)
    files.create()
    if not engine_files.take_lock(files.lock):
        raise StartError(f"another engine works in {files.directory}; stop it, or use its URL: "
                         f"{(engine_files.read_json(files.ready) or {}).get('url', 'not ready')}")
    files.ready.unlink(missing_ok=True)
    stop = stops()
    engine = Engine(files, options)
    engine.start()
    engine_files.write_json(files.ready, {"url": engine.url, "pid": os.getpid(),
                                          "token": engine.token})
    orphaned = _wait(stop, options.die_with_parent)
    files.ready.unlink(missing_ok=True)
    engine.stop()
    if orphaned and options.remove:
        shutil.rmtree(options.remove, ignore_errors=True)
    os._exit(0)          # Mistral's heartbeat threads are not daemons and sleep on


def _wait(stop, parent):
    """Wait for a signal or the parent's end; return whether it was the latter."""
    while True:
        try:
            stop.get(timeout=PARENT_CHECK_SEC if parent else None)
            return False
        except queue.Empty:
            if os.getppid() != parent:
                return True


class Engine:
    """Mistral's services of one directory."""

    def __init__(self, files, options):
        self.files = files
        self.options = options
        self.services: list[Any] = []
        self.api: Any = None
        self.url = ""
        self.token: str | None = None

    def start(self):
        """Configure, make the database, start the services, revive what was running."""
        fresh = not self.files.database.exists()
        self._configure()
        self._prepare_database()
        self._install()
        if self.options.look_only:
            from oslo_config import cfg
            # Mistral before 23 fires cron triggers in its API.
            cfg.CONF.set_override("enabled", False, group="cron_trigger")
            self._start_api()
            return
        from . import revive
        work = [] if fresh else revive.find_work()
        self._start_api()
        self._start_services()
        revive.revive(work)

    def stop(self):
        """Stop taking work; give what is running STOP_SEC to end."""
        ended = threading.Event()
        threading.Thread(target=self._stop, args=(ended,), daemon=True).start()
        ended.wait(STOP_SEC)

    def _configure(self):
        warnings.simplefilter("ignore")
        shortcuts.take()
        import mistral.cmd  # noqa: F401  selects threads
        from mistral import config
        from oslo_config import cfg
        from oslo_log import log
        options = self.options
        port = options.port or ports.free_port()
        self._check_port(port)
        values = settings.sections(self.files, port, options.access_dir, options.cloud,
                                   notify=not options.no_pack)
        try:
            self.files.settings.write_text(settings.text(values), encoding="utf-8")
        except ValueError as error:
            raise StartError(f"can't write {self.files.settings}: {error}") from error
        _register_pack_options(cfg.CONF)
        try:
            config.parse_args([f"--config-file={_without_dollar(str(path))}"
                               for path in (self.files.settings, options.config) if path])
        except (cfg.Error, OSError, ValueError) as error:
            raise StartError(f"can't read the settings {options.config or self.files.settings}: "
                             f"{error}") from error
        log.setup(cfg.CONF, "mistral")
        warnings.simplefilter("ignore")                 # oslo_log turns some of them on again

    @staticmethod
    def _check_port(port):
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise StartError(f"port {port} can't be used: {error.strerror}; choose another "
                                 "one, or 0 for any free one") from error

    def _prepare_database(self):
        with contextlib.closing(sqlite3.connect(self.files.database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")       # stays in the file
        from mistral.db.sqlalchemy import base
        from mistral.db.v2 import api as db_api
        from sqlalchemy import event
        engine = base.get_engine()
        event.listen(engine, "connect", _sync_at_checkpoints)
        _keep_connections(engine)
        db_api.setup_db()           # not `mistral-db-manage`: its migrations can't run on SQLite

    def _install(self):
        from . import install
        try:
            install.install([] if self.options.no_pack else install.pack_files(), validate=False)
            install.install(self.options.workflow)
        except (OSError, ValueError, ImportError) as error:
            raise StartError(f"can't install the workflows: {error}") from error

    def _start_api(self):
        from mistral.api import service
        from oslo_config import cfg
        self.api = service.WSGIService("mistral_api")
        self.api.server.shutdown_timeout = API_STOP_SEC
        self.api.server.timeout = API_IDLE_SEC
        self.api.server.request_queue_size = API_QUEUE
        self.api.server.max_request_body_size = API_BODY_BYTES
        if not cfg.CONF.pecan.auth_enable:
            self.token = secrets.token_urlsafe(TOKEN_BYTES)
        port = cfg.CONF.api.port
        self.api.server.wsgi_app = callers.OwnersOnly(self.api.app, port, self.token)
        self.api.start()
        scheme = "https" if cfg.CONF.api.enable_ssl_api else "http"
        self.url = f"{scheme}://127.0.0.1:{port}/v2"
        if self.token is None:
            return              # then the actions find this API in the catalog, as in any cloud
        with contextlib.suppress(cfg.NoSuchOptError, cfg.NoSuchGroupError):
            cfg.CONF.set_override("mistral_url", self.url, group="trove_upgrade")
            cfg.CONF.set_override("mistral_token", self.token, group="trove_upgrade")

    def _start_services(self):
        from mistral.engine import engine_server
        from mistral.executors import executor_server
        from mistral.notifiers import notification_server
        from mistral.rpc import base
        base.get_transport()
        servers: list[Any] = [(executor_server, {"setup_profiler": False}),
                              (notification_server, {"setup_profiler": False}),
                              (engine_server, {"setup_profiler": False})]
        with contextlib.suppress(ImportError):      # before 23 Mistral's API did its work
            from mistral.services import periodic_server
            servers.append((periodic_server, {}))
        if self.options.events:
            from . import events
            servers.append((events, {}))
        for module, keywords in servers:
            service = module.get_oslo_service(**keywords)
            service.start()
            service.wait_started()
            self.services.append(service)

    def _stop(self, ended):
        with contextlib.suppress(Exception):
            self.api.stop()
        for service in self.services:
            with contextlib.suppress(Exception):
                service.stop(graceful=False)
        from mistral.db.sqlalchemy import base
        base.get_engine().dispose()         # the last connection empties the write-ahead log
        ended.set()


def _without_dollar(path):
    """A name of the file in which oslo.config sees no reference to an option; it knows no escape
    on its command line."""
    return f"/dev/fd/{os.open(path, os.O_RDONLY)}" if "$" in path else path


def _sync_at_checkpoints(connection, _):
    """With a write-ahead log the file stays whole at a power failure, without a sync a commit."""
    connection.execute("PRAGMA synchronous=NORMAL")


def _keep_connections(engine):
    """A pool of connections, as Mistral has with other databases; those made before are closed.

    oslo.db opens SQLite's anew for each question: each reads the whole schema, and the last one to
    be closed empties the write-ahead log. No bound, at which a nested question would wait for ever.
    What oslo.db remembers of a connection's transaction ends with its use, however that ends.
    """
    from sqlalchemy import event
    from sqlalchemy.pool import QueuePool
    engine.dispose()
    event.listen(engine, "checkin", lambda _, record: record.info.pop("in_transaction", None))
    engine.pool = QueuePool(engine.pool._creator, max_overflow=-1, dialect=engine.dialect,
                            _dispatch=engine.pool.dispatch)


def _register_pack_options(conf):
    """Register the options of group [trove_upgrade], so that its URL can be set."""
    from stevedore import named
    plugins: Any = named.NamedExtensionManager("oslo.config.opts", ["trove_upgrade"],
                                               warn_on_missing_entrypoint=False)
    for plugin in plugins:
        for group, options in plugin.plugin():
            conf.register_opts(options, group=group)
