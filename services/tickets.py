"""Tickets of the runs that want to go or are under way: who waits for its turn, and who has it.

``trove_upgrade.queue.<execution>`` is an environment in the service user's project, where no tenant
writes; without a service user in that of whoever runs the upgrade: ``{project_id, created, back,
admitted}``, see planning.queue.Ticket. It is dropped with the run's record. One that was left
behind, or whose run is paused, counts for nothing.
"""
import dataclasses
from typing import Any

from ..planning.executions import UPGRADES
from ..planning.lock_names import QUEUE
from ..planning.queue import Limits, Ticket, limits
from . import sessions
from .config import options
from .environments import Environments
from .executions import ExecutionReader
from .sessions import Actor


class Tickets:
    """All tickets that can be seen.

    :param actor: who acts for the run; where there is a service user, that one reads and writes.
    """

    def __init__(self, actor: Actor):
        self._notes = Environments(sessions.service() or actor)
        self._reader = ExecutionReader(actor)

    def take(self, wanted: Ticket) -> None:
        """Make the ticket of a run, unless it has one."""
        self._notes.create(QUEUE + wanted.run, _variables(wanted))

    def running(self) -> list[Ticket]:
        """The tickets of the runs that are running; those of runs that are over are dropped."""
        found = [_ticket(name.removeprefix(QUEUE), variables)
                 for name, variables in self._notes.named(QUEUE).items()]
        states = self._reader.open_states(UPGRADES)     # later, so it knows all of them
        for one in found:
            if one.run not in states and self._reader.is_over(one.run, elsewhere=True):
                self.drop(one.run)
        return [one for one in found if states.get(one.run) == "RUNNING"]

    def admit(self, ticket: Ticket) -> None:
        """Write down that the run has its turn."""
        self._notes.write(QUEUE + ticket.run, _variables(ticket) | {"admitted": True})

    def drop(self, run: str) -> None:
        """The run waits no more, or is over."""
        self._notes.delete(QUEUE + run)


def site_limits() -> Limits:
    """The limits that mistral.conf sets."""
    conf = options()
    return limits(conf.engines, conf.upgrades_at_once, conf.upgrades_of_project,
                  one_user=sessions.service() is None)


def _ticket(run: str, variables: dict[str, Any]) -> Ticket:
    """Without a service user anybody of the project may have written it."""
    return Ticket(run, str(variables.get("project_id")), str(variables.get("created")),
                  variables.get("back") is True, variables.get("admitted") is True)


def _variables(ticket: Ticket) -> dict[str, Any]:
    return {key: value for key, value in dataclasses.asdict(ticket).items() if key != "run"}
