"""The lab's Keystone: the real one, in a process of its own, on SQLite.

`python -m trove_upgrade.lab.keystone.server --dir DIR [--parent PID] [--remove DIR]`

DIR/keystone.conf and DIR/admin-password were written by the one who starts it (keystone.py).
When it answers, DIR/keystone.json appears: {"url", "pid"}. It ends on SIGTERM, and when its
parent (PID) ends; then it also removes the directory that --remove names.
"""
import multiprocessing
import sqlite3
import sys
import threading
import warnings
from pathlib import Path

from .. import serving


def main() -> None:
    chosen = serving.options("The lab's Keystone")
    warnings.simplefilter("ignore")         # Keystone's own and its libraries', of no use here
    sys.argv = ["keystone"]                 # Keystone reads it, whoever imports it
    directory = Path(chosen.dir).resolve()
    settings = directory / "keystone.conf"
    import keystone.server.flask.core  # noqa: F401  before the fork, so that it is done once
    _in_child(_prepare, settings, directory / "keystone.sqlite",
              (directory / "admin-password").read_text())
    serving.serve(_one_at_a_time(_application(settings)), "keystone", chosen, "/v3")


def _in_child(work, *arguments) -> None:
    """Run it in a forked process: Keystone can be configured once in each."""
    child = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(f"Keystone could not be prepared: exit code {child.exitcode}")


def _prepare(settings: Path, database: Path, password: str) -> None:
    """As `keystone-manage db_sync`, `fernet_setup`, `credential_setup` and `bootstrap`."""
    import keystone.server
    from keystone.cmd.bootstrap import Bootstrapper
    from keystone.common.sql import upgrades
    keystone.server.configure(config_files=[str(settings)])
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")         # readers and a writer at once
    connection.close()
    upgrades.offline_sync_database_to_version()
    _make_keys()
    first = Bootstrapper()
    first.admin_username = first.project_name = first.admin_role_name = "admin"
    first.admin_password, first.immutable_roles = password, True
    first.bootstrap()


def _make_keys() -> None:
    from keystone.common import fernet_utils
    from oslo_config import cfg
    for group in ("fernet_tokens", "fernet_receipts", "credential"):
        keys = fernet_utils.FernetUtils(cfg.CONF[group].key_repository, 3, group)
        keys.create_key_directory()
        keys.initialize_key_repository()


def _application(settings: Path):
    from keystone.server.flask import core
    return core.initialize_application("public", config_files=[str(settings)])


def _one_at_a_time(application):
    """Keystone keeps a request's token in one place for all threads (AuthContextMiddleware), so it
    may judge a request by the token of another that comes in the same moment (seen)."""
    lock = threading.Lock()

    def answer(environ, start_response):
        with lock:
            return application(environ, start_response)
    return answer


if __name__ == "__main__":
    main()
