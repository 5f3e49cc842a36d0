"""Upgrades beside each other without an end, and faults in the middle of them, by a seed.

A fault begins when one of them comes to the round's moment. The next one comes when all
that were under way have been seen at work again: so each can be told what it did.
"""
import contextlib
import random
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from tests.chaos.rounds import MOMENTS, Log, Round, Upgrade, chosen
from tests.waits import SCALE

MOMENT_SEC = 300 * SCALE        # in which a moment comes
RECOVERY_SEC = 600 * SCALE      # in which all upgrades are at work again
LOOK_SEC, SEND_SEC = 0.05, 0.5


class Ground(ABC):
    """Where a campaign takes place: a Mistral, and clusters to be upgraded."""

    lanes: int                      # upgrades beside each other
    seconds: tuple[float, ...]      # that a fault may last
    faults: dict[str, Callable[[Any, float], None]]

    def __init__(self) -> None:
        self.calm = threading.Lock()        # who holds it needs Mistral, or breaks it

    @abstractmethod
    def upgrade(self, one: Upgrade, chance: random.Random, begun: Callable[[str], None]) -> None:
        """Upgrade a cluster to its end and write it down. begun: is told the execution's id."""

    @abstractmethod
    def ask(self, statement: str, *values: object) -> list[tuple]:
        """The rows of a statement to Mistral's own database; a value's place is a ?."""

    @abstractmethod
    def wait_repaired(self) -> None:
        """Return when every process of Mistral answers again."""

    @abstractmethod
    def mistral(self) -> Any:
        """A mistralclient."""

    def send_again(self, seconds: float) -> None:
        """A fault: the results of actions come once more, as if their messages had come twice."""
        actions, over = self.mistral().action_executions, time.time() + seconds
        while time.time() < over:
            for (action,) in self.ask("select id from action_executions_v2 where state = 'SUCCESS' "
                                      "order by updated_at desc limit 5"):
                with contextlib.suppress(Exception):    # refused, as it should be
                    actions.update(action, "SUCCESS", "{}")
            time.sleep(SEND_SEC)


class Campaign:
    """So many rounds of a seed on a ground; what is seen goes into the log."""

    def __init__(self, ground: Ground, seed: str, log: Log):
        self._ground, self._seed, self._log = ground, seed, log
        self._under_way: dict[int, str] = {}        # id of the execution by the upgrade's number
        self._number = log.next_upgrade()
        self._guard, self._over = threading.Lock(), False

    def play(self, rounds: int) -> None:
        """The next rounds; returns when the upgrades that are under way then have ended."""
        for number in self._log.unfinished():
            self._log.add(Upgrade(number, end="not seen to the end"))
        lanes = [threading.Thread(target=self._lane) for _ in range(self._ground.lanes)]
        for lane in lanes:
            lane.start()
        try:
            last = self._log.next_round() + rounds
            while (number := self._log.next_round()) < last and not self._over:
                self._log.add(self._round(number))
        finally:
            self.end()
            for lane in lanes:
                lane.join()

    def end(self) -> None:
        """Let `play` return after the round in hand, when its upgrades have ended."""
        self._over = True

    def _lane(self) -> None:
        while not self._over:
            with self._guard:
                number, self._number = self._number, self._number + 1
            one, chance = Upgrade(number), random.Random(f"{self._seed}-upgrade-{number}")  # noqa: S311
            try:
                self._ground.upgrade(one, chance, lambda run, key=number: self._begun(key, run))
            except Exception:  # noqa: BLE001  the campaign goes on
                one.wrong = one.wrong or traceback.format_exc()[-3000:]
            with self._guard:
                self._under_way.pop(number, None)
                self._log.add(one)

    def _begun(self, number: int, run: str) -> None:
        with self._guard:
            self._under_way[number] = run

    def _round(self, number: int) -> Round:
        found = chosen(self._seed, number, [*self._ground.faults], self._ground.seconds)
        struck: dict[int, str] = {}
        if not until_true(lambda: self._struck(found, struck), MOMENT_SEC):
            found.wrong = f"no upgrade came to this moment in {MOMENT_SEC:g} s"
            return found
        ended = time.time()
        if not until_true(lambda: self._at_work(struck, ended), RECOVERY_SEC):
            found.wrong = f"not all were at work again in {RECOVERY_SEC:g} s"
        found.recovered = round(time.time() - ended, 1)
        return found

    def _struck(self, found: Round, struck: dict[int, str]) -> bool:
        """Whether the moment was there, and the fault has been."""
        with self._ground.calm:
            if not self._at(found.moment):
                return False
            with self._guard:
                struck.update(self._under_way)
            found.upgrades = sorted(struck)
            try:
                self._ground.faults[found.fault](self._ground, found.seconds)
                self._ground.wait_repaired()
            except Exception:  # noqa: BLE001  the campaign goes on
                found.wrong = traceback.format_exc()[-3000:]
            return True

    def _at(self, moment: str) -> bool:
        tasks = MOMENTS[moment]
        marks = ", ".join("?" * len(tasks))
        return bool(self._ground.ask(
            f"select 1 from task_executions_v2 where name in ({marks}) "  # noqa: S608
            "and state = 'RUNNING' limit 1", *tasks))

    def _at_work(self, struck: dict[int, str], since: float) -> bool:
        """Whether each of them has ended, or began an action after that moment."""
        with self._guard:
            open_runs = [run for key, run in struck.items() if key in self._under_way]
        return all(self._worked(run, since) for run in open_runs)

    def _worked(self, run: str, since: float) -> bool:
        # Whole seconds are all that Mistral keeps.
        later = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(since + 1))
        return bool(self._ground.ask("""
            select 1 from workflow_executions_v2 w where w.id = ? and w.state not in
                ('RUNNING', 'IDLE', 'PAUSED')
            union select 1 from action_executions_v2 a
                join task_executions_v2 t on t.id = a.task_execution_id
                join workflow_executions_v2 w on w.id = t.workflow_execution_id
                where (w.id = ? or w.root_execution_id = ?) and a.created_at >= ?
            limit 1""", run, run, run, later))


def until_true(condition: Callable[[], bool], seconds: float, every: float = LOOK_SEC) -> bool:
    """Whether it became true in time."""
    over = time.monotonic() + seconds
    while time.monotonic() < over:
        with contextlib.suppress(Exception):        # whom it asks is not there again yet
            if condition():
                return True
        time.sleep(every)
    return False


def lasting(begin: Callable[[Any], None], end: Callable[[Any], None]) -> Callable[..., None]:
    """A fault of what begins and ends it."""
    def fault(ground: Any, seconds: float) -> None:
        begin(ground)
        try:
            time.sleep(seconds)
        finally:
            end(ground)
    return fault
