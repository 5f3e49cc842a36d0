"""The record of a run, which never changes, and beside it the wave in hand.

Both are environments of Mistral, in the service user's project where there is one, else in that of
whoever runs the upgrade. Preflight writes the record under the lock; every step reads it by the
run's id, so nobody can talk a step into another cluster, address or access file.

- ``trove_upgrade.run.<execution>``: ``plan`` (schemas/plan.json);
- ``trove_upgrade.wave.<execution>``: ``members`` that were chosen last, by id, as they were at that
  moment: ``{id, name, address, kind, role, domain, version, identity, server_id, origin, recorded,
  holds}``; the other entries: see planning.documents.Wave.
"""
from typing import cast

from ..planning.documents import Plan, Wave
from ..planning.lock_names import QUEUE
from ..schemas import UpgradeError
from . import sessions
from .config import options
from .environments import Environments
from .sessions import Actor

RUN, WAVE = "trove_upgrade.run.", "trove_upgrade.wave."
NOBODY: Wave = {"members": {}, "peers": [], "unavailable": [], "back": False, "anew": False,
                "number": 0, "done": []}
_KEPT_HERE = 64
_kept: dict[str, Plan] = {}     # never changes while it is there; an id never comes again


class Record:
    """What stands written of one run.

    :param actor: who acts for the run; where there is a service user, that one reads and writes.
    """

    def __init__(self, actor: Actor, run: str):
        self._notes = Environments(sessions.service() or actor)
        self._run = run

    def keep(self, plan: Plan) -> Plan:
        """Write the plan down; the one that an earlier try has written stays, and is returned."""
        if self._notes.create(RUN + self._run, {"plan": plan}):
            return plan
        return self.plan()

    @property
    def is_private(self) -> bool:
        """Whether the run's project can't read it, or is that of the one user there is."""
        return sessions.service() is not None or options().auth == "cloud"

    def find(self) -> Plan | None:
        """The plan, or None when none was written or the run is over."""
        if self._run not in _kept:
            found = self._notes.read(RUN + self._run)
            if found is None:
                return None
            if len(_kept) >= _KEPT_HERE:
                _kept.clear()
            _kept[self._run] = found["plan"]
        return _kept.get(self._run)

    def plan(self) -> Plan:
        """The plan.

        :raises UpgradeError: code ``lock_lost``: there is none, so this step may touch nothing.
        """
        found = self.find()
        if found is None:
            raise UpgradeError("lock_lost", "This run has no record: it is over, or never held the "
                               "cluster, so it touches nothing. Start a new run to finish or to "
                               "undo.", "stop")
        return found

    def choose(self, wave: Wave) -> None:
        """Write down who is chosen, in the place of those that were chosen before."""
        self._notes.write(WAVE + self._run, {**wave})

    def wave(self) -> Wave:
        """Who was chosen last; nobody when nobody was."""
        found = self._notes.read(WAVE + self._run)
        return cast(Wave, found) if found else NOBODY

    def drop(self) -> None:
        """The run is over; its ticket goes as well (see tickets.py)."""
        _kept.pop(self._run, None)
        self._notes.delete(WAVE + self._run)
        self._notes.delete(RUN + self._run)
        self._notes.delete(QUEUE + self._run)
