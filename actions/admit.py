"""A run waits for its turn before anything is planned or locked."""
from typing import Any

from ..planning.executions import ENDED
from ..planning.groups import CLUSTER, named_in
from ..planning.queue import ADMITTED, GOING_BACK, SHORTEST_SEC, Ticket, Turn, turn
from ..services import rights
from ..services.executions import ExecutionReader, as_object
from ..services.members import found_now
from ..services.tickets import Tickets, site_limits
from ..services.trove import Trove
from .lock import LockAction, execution_over
from .plan import read_options


class Admit(LockAction):
    """Whether the run has its turn, and if not its place in the queue. A dry run always has.

    Before it waits it keeps its caller's rights: the token may run out meanwhile. It holds no lock,
    and no thread: the workflow asks again.

    :param kind: ``cluster`` or ``replication_set``.
    :param last: what it was told before; null when it asks for the first time.
    :returns: ``{admitted, place, of, wait_sec}``: its place among those that wait, how many they
        are, and after how many seconds to ask again.
    """

    def __init__(self, run: str, kind: str = CLUSTER, last: Turn | None = None):
        super().__init__(run)
        self.kind, self.last = kind, last

    def step(self, context: Any) -> Turn:
        reader = ExecutionReader(rights.caller(context))
        execution = reader.find(self.run_id)
        if execution is None or execution.state in ENDED:
            raise execution_over(self.run_id)
        inputs = as_object(execution.input)
        options = read_options(inputs, self.kind)
        if options["dry_run"]:
            return ADMITTED
        if execution.state == "PAUSED":
            return {"admitted": False, "place": 0, "of": 0, "wait_sec": SHORTEST_SEC}
        token, actor = self.verified(context)
        tickets = Tickets(actor)
        told = self._ask(tickets, Ticket(
            self.run_id, context.security.project_id or "", execution.created_at,
            back=GOING_BACK in options["skip_checks"]))
        if not told["admitted"] and rights.are_kept() and not rights.find(self.run_id):
            wanted = found_now(Trove(actor), self.kind, named_in(inputs))["id"]
            rights.keep(context, token, self.run_id, wanted, self.kind)
            if not reader.is_open(self.run_id):
                tickets.drop(self.run_id)
                rights.drop(self.run_id)
                raise execution_over(self.run_id)
        return told

    def _ask(self, tickets: Tickets, mine: Ticket) -> Turn:
        if self.last is None:
            tickets.take(mine)
        running = {mine.run: mine} | {one.run: one for one in tickets.running()}
        told = turn(running.values(), mine.run, site_limits(), self.last)
        if told["admitted"] and not running[mine.run].admitted:
            tickets.admit(mine)
        return told
