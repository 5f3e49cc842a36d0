"""mistral.conf of the embedded engine.

What a dead process left behind is taken up at the next start (revive.py), so heartbeats are only a
safety net here; quick ones would fail running steps on a machine that is busy or was suspended.
"""
import json
import urllib.parse
from importlib import metadata

from sqlalchemy.engine import URL

# Of Mistral's own actions those that stay in this process; std.ssh and its like would lend the
# owner's rights to whoever can put a step into a workflow.
STD_ACTIONS = ("std.echo", "std.fail", "std.noop")
# The lock first: a notification may have to wait for its broker.
NOTIFY = ({"type": "trove_upgrade",
           "event_types": ["WORKFLOW_CANCELLED", "WORKFLOW_FAILED", "WORKFLOW_SUCCEEDED"]},
          {"type": "trove_upgrade_notifications",
           "event_types": ["WORKFLOW_LAUNCHED", "WORKFLOW_SUCCEEDED", "WORKFLOW_FAILED",
                           "WORKFLOW_CANCELLED", "WORKFLOW_PAUSED", "WORKFLOW_RESUMED"]})

# Who would write inputs, environments or results into the log: workflow_trace, rpc and notifiers;
# before Mistral 23 its API and the engine's server, too.
LOG_LEVELS = ("amqp=WARN", "sqlalchemy=WARN", "oslo.messaging=WARN", "oslo_messaging=WARN",
              "oslo.messaging.notification=INFO",      # [oslo_messaging_notifications] driver = log
              "mistral=INFO", "mistral.api=WARN", "mistral.engine.engine_server=WARN",
              "mistral.rpc=WARN", "mistral.notifiers=WARN", "workflow_trace=WARN",
              "stevedore=WARN", "urllib3=WARN", "keystoneauth=WARN", "openstack=WARN",
              "yaql=WARN", "eventlet=ERROR")


def sections(files, port, access_dir=None, cloud=None, notify=True):
    """Return the settings as {section: {option: value}}; ``files`` is the engine's Files."""
    pack = {"auth": "cloud", "cloud": cloud, "access_dir": access_dir}
    return {
        "DEFAULT": {
            "transport_url": "trove-upgrade-memory://",        # transport.py
            "scheduler_type": "default",
            "log_file": files.log, "use_stderr": "false",
            "default_log_levels": ",".join(LOG_LEVELS),
            "executor_thread_pool_size": 32, "rpc_response_timeout": 60},
        "database": {"connection": database_url(files.database)},
        "pecan": {"auth_enable": "false"},
        "api": {"host": "127.0.0.1", "port": port, "validation_mode": "enabled"},
        "engine": {"execution_integrity_check_delay": 5},
        "executor": {"type": "remote"},
        "notifier": {"type": "remote", "notify": json.dumps(NOTIFY) if notify else None},
        "scheduler": {"fixed_delay": 1, "in_memory_workers": 10, "pickup_job_after": 2},
        "cron_trigger": {"enabled": "true", "run_in_api": "false"},
        "action_heartbeat": {"check_interval": 5, "max_missed_heartbeats": 12,
                             "first_heartbeat_timeout": 60},
        # Not `dynamic`, which would run Python that came over the API.
        "action_providers": {"allowlist": "adhoc,legacy"},
        "legacy_action_provider": {"load_action_generators": "false",
                                   "allowlist": ",".join(actions())},
        "trove_upgrade": pack}


def database_url(path):
    """Return SQLAlchemy's URL of the file, be there ``?`` or ``%`` in its name.

    SQLite's own URI is in it, as SQLAlchemy before 2.1 can't write a ``?`` otherwise.
    """
    return URL.create("sqlite", database=f"file:{urllib.parse.quote(str(path))}",
                      query={"uri": "true"}).render_as_string()


def actions():
    """Return the names of the actions that exist here: STD_ACTIONS and those of other packages."""
    names = {one.name for one in metadata.entry_points(group="mistral.actions")}
    return sorted(name for name in names if not name.startswith("std.") or name in STD_ACTIONS)


def text(settings):
    """Return ``settings`` as an ini file; options that are None are left out."""
    lines = ["# Written by trove_upgrade.embedded at each start: changes here are lost."]
    for section, options in settings.items():
        lines.append(f"\n[{section}]")
        lines += [f"{key} = {_written(value)}" for key, value in options.items()
                  if value is not None]
    return "\n".join(lines) + "\n"


def _written(value):
    """As oslo.config reads it back: ``$`` begins a reference, one pair of quotes and outer spaces
    are taken off.

    :raises ValueError: it has a line break, which nothing can escape there.
    """
    written = str(value).replace("$", "$$")
    if "\n" in written or "\r" in written:
        raise ValueError(f"{written!r} has a line break; choose another name.")
    bare = written == written.strip() and written[:1] not in ("'", '"')
    return written if bare else f'"{written}"'
