"""The trust of a cron or event trigger, which several runs may share.

Mistral deletes it with the first run that ends after the trigger's last firing, also while another
run of the same trigger works with it: a second firing, refused at once, would take the rights from
the first.
"""
from typing import Any

from . import clients, rights, sessions
from .environments import Environments
from .executions import ExecutionReader

SPARED = "Found another run of its trigger at work: {}"


def spare_trust(context: Any, run: str) -> bool:
    """Keep Mistral from deleting the trust at the end of this run, if another run still uses it.

    Mistral deletes the trust when a run ends whose description has ``triggered_by``. So this run
    gets another description; the other run keeps its own, and Mistral deletes the trust with it.

    :returns: whether another run still uses the trust.
    """
    trust, service = getattr(context.security, "trust_id", None), sessions.service()
    if not trust or service is None:
        return False
    caller = rights.caller(context)
    reader = ExecutionReader(caller)
    others = [kept["execution"] for kept in Environments(service).named(rights.RIGHTS).values()
              if kept["trust_id"] == trust and kept["execution"] != run]
    if all(reader.is_over(other) for other in others):
        return False
    executions = clients.mistral(caller).executions
    before = executions.get(run).description or ""
    executions.update(run, None, description=SPARED.format(before))
    return True
