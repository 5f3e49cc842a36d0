"""A whole run, rehearsed by the pack's own actions: those of workflows/roll.yaml, member.yaml,
rollback.yaml and member_rollback.yaml, one after the other as these say."""
import warnings
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import pytest
from trove_upgrade import datastores
from trove_upgrade.datastores import fencing
from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.schemas import UpgradeError
from troveclient.apiclient.exceptions import ClientException

from tests.unit.rehearsal import Rehearsal
from tests.unit.trove_model import OWNER, Lock, Record

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import completion, member, rebuild, switchover, wave
    from trove_upgrade.services import access_files
    from trove_upgrade.services.errors import explain

TRIES = 40      # of a step that says retry; the model needs less to become well


@dataclass
class Acting(Rehearsal):
    """:ivar cluster: a model with ``driver``, ``books`` and ``members``; it checks the invariants.
    :ivar abort_in: name of the action during which the operator aborts; its first time only.
    :ivar patience: seconds for which a promotion is waited for before that is tried again.
    """

    abort_in: str = ""
    patience: int = 5
    lock: Lock = field(default_factory=Lock)
    step: dict = field(default_factory=dict)
    undo_waves: int = 0
    record: Record | None = None
    ask: bool = False           # a person is to be waited for

    def run(self):
        self.taken = self.cluster.taken
        with acting_on(self.cluster.driver):
            return super().run()

    def _roll(self):
        failure = super()._roll()
        if not failure:
            try:
                self._do(completion.Verify)
            except UpgradeError as error:
                failure = [error.as_dict()]
        return failure

    def _choose(self, progress):
        self.lock.abort |= progress.waves == self.abort_at
        self.step = self._do(wave.ChooseWave, progress=asdict(progress))
        return self.step["members"]

    def _choose_undo(self, failure, undone):
        self.undo_waves = self.undo_waves + 1 if undone else 0
        self.step = self._do(wave.ChooseUndo, failure=failure, waves=self.undo_waves)
        assert self.record.wave()["done"] == undone
        self.ask = self.step["ask"]
        return self.step["members"]

    def _wave(self, wave, version):
        for one in self.step["members"]:
            (self._forward if version == self.target else self._back)(one)

    def _forward(self, one):
        self._do(switchover.Switchover, member=one)
        self._do(member.RequestUpgrade, member=one)
        self._do(member.AwaitEvidence, member=one)

    def _back(self, one):
        self._do(switchover.Switchover, member=one)
        if not self._do(member.RequestRollback, member=one)["rebuild"]:
            self._do(member.AwaitEvidence, member=one)
            return
        self._do(rebuild.RebuildMember, member=one)
        self._do(rebuild.AwaitRebuilt, member=one)
        self._do(rebuild.DropMember, member=one)

    def _undo(self, failure):
        undone, more = super()._undo(failure)
        self.ask = self.ask and not more
        self._do(wave.ResumeBackground)
        return undone, more

    def _do(self, action, **given):
        """One task: an action that may be tried again while it says so."""
        # All is looked at once in each try, but a promotion may be waited for in one.
        try_sec = self.patience if action is switchover.Switchover else 0
        job = self.plan["job"] | {"try_sec": try_sec}
        self.record = Record(self.plan | {"job": job}, self.record and self.record.wave())
        self.lock.abort |= action.__name__ == self.abort_in
        for _ in range(TRIES):
            try:
                made = action(OWNER, **given)
                made.remember(self.record)
                return made.step(self.cluster.books.trove, self.lock)
            except (UpgradeError, DatastoreError, ClientException) as error:
                found = explain(error)
            if found.klass != "retry":
                break
        raise found


@contextmanager
def acting_on(driver):
    """The actions find this driver, and wait for nothing: the model's time goes by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datastores, "driver", lambda name, access: driver)
        patch.setattr(access_files, "settings", lambda *which: {})
        for module, pause in ((member, "FIRST_ASK_SEC"), (switchover, "ASK_SEC"),
                              (rebuild, "ASK_SEC"),
                              (fencing, "FENCE_SEC"), (fencing, "POLL_SEC"),
                              (fencing, "STILL_SEC")):
            patch.setattr(module, pause, 0)
        yield


def skipped_by(command):
    """The checks that a result's command skips."""
    words = command.split()
    return ",".join(words[at + 1] for at, word in enumerate(words) if word == "--skip-check")

