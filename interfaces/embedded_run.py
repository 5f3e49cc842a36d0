"""Run an upgrade on an embedded engine, and follow it."""
import contextlib
import os
import pathlib
import time

from ..embedded import EmbeddedEngine, running
from . import report
from .session import engine_client
from .state_file import StateFile
from .upgrades import Upgrades

DEFAULT_ACCESS_DIR = "/etc/trove-upgrade/access"     # of services/config.py
LAB_BAKE_SEC = 5    # long enough to be seen in a demo


def default_state_dir():
    """Return where the embedded engine keeps its files, by the XDG rules."""
    base = os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local" / "state"
    return pathlib.Path(base) / "trove-upgrade"


def has_access(access_dir, name):
    """Whether there is an access file of that name for an engine that is started with
    ``access_dir``, which may be None."""
    return (pathlib.Path(access_dir or DEFAULT_ACCESS_DIR) / f"{name}.yaml").exists()


@contextlib.contextmanager
def connected(state_dir, *, env=None, access_dir=None, cloud=None, region="", look_only=False):
    """Give (Upgrades, whether the engine is ours) for the engine of ``state_dir``.

    One that runs already is used and left alone. Otherwise it is started here and stopped at the
    end; a start makes interrupted upgrades go on. For ``look_only`` none is started, nor asked: its
    file is read, also while it is at work or about to end. ``region`` is that of the upgrades that
    are started here: an engine that runs already may have been started for another.
    """
    found = running(state_dir)
    if look_only:
        yield Upgrades(StateFile(state_dir)), False
        return
    if found:
        yield Upgrades(engine_client(found["url"], found["token"]), region), False
        return
    with EmbeddedEngine(state_dir, env=env, access_dir=access_dir, cloud=cloud) as engine:
        yield Upgrades(engine_client(engine.url, engine.token), region), True


def upgrade_in_lab(lab, cluster, to_version, progress, options=None, rest_sec=0):
    """Upgrade the lab's cluster and wait for the end: what the lab's demos call.

    ``progress`` is called with lines of text; a pause lasts ``rest_sec``. Returns the workflow's
    output (schemas/result.json) and beside it {"execution_id", "state", "result", "elapsed_sec"}.
    """
    env = {**os.environ, **lab.env()}
    wanted = "instance_id" if lab.kind.replicates else "cluster_id"
    inputs = {wanted: cluster.id, "datastore_version": to_version,
              "bake_sec": LAB_BAKE_SEC, "skip_checks": lab.kind.consent, **(options or {})}
    with connected(pathlib.Path(lab.directory) / "engine", env=env,
                   access_dir=lab.access_dir) as (upgrades, _):
        execution_id = upgrades.start(inputs)
        lines = report.Lines(progress, stamped=False)
        look = _follow(upgrades, execution_id, lines)
        while not look.ended:
            time.sleep(rest_sec)
            upgrades.resume(execution_id)
            look = _follow(upgrades, execution_id, lines)
    result = look.result or {}
    return {**result, "execution_id": execution_id, "state": look.state, "result": result,
            "elapsed_sec": look.elapsed_sec}


def _follow(upgrades, execution_id, lines):
    """The last look: it has ended or is paused."""
    for look in upgrades.follow(execution_id):
        lines(look)
    return look
