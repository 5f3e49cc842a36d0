"""mistral.conf of a service of many processes; docs/operating.md shows it and says why.

Nothing here is of this lab only: what is, such as ports and passwords, comes as arguments.
"""
import json

from ...embedded.settings import LOG_LEVELS, NOTIFY


def sections(host: str, transport_url: str, database_url: str, access_dir: str,
             engines: int) -> dict[str, dict[str, object]]:
    """{section: {option: value}} of one process; `host` is its own name, unique among all, and
    `engines` how many processes of engines there are."""
    return {
        "DEFAULT": {
            "host": host,
            "transport_url": transport_url,
            "scheduler_type": "default",
            "rpc_response_timeout": 60,
            # workflow_trace would write the inputs of workflows into the log.
            "default_log_levels": ",".join(LOG_LEVELS)},
        "database": {"connection": database_url},
        "engine": {"host": host, "execution_integrity_check_delay": 5},
        "executor": {"host": host, "type": "remote"},
        "notifier": {"host": host, "type": "remote", "notify": json.dumps(NOTIFY)},
        "scheduler": {"fixed_delay": 1, "in_memory_workers": 10, "pickup_job_after": 2},
        "action_heartbeat": {"check_interval": 5, "max_missed_heartbeats": 6,
                             "first_heartbeat_timeout": 45},
        "cron_trigger": {"enabled": "true", "run_in_api": "false"},
        # Not `dynamic`: Python that comes over the API would run beside our passwords.
        "action_providers": {"allowlist": "adhoc,legacy"},
        "legacy_action_provider": {"load_action_generators": "false",
                                   "denylist": "std.ssh,std.ssh_proxied"},
        "trove_upgrade": {"access_dir": access_dir, "engines": engines},
    }
