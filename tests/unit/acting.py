"""A whole run on a model: workflows/upgrade.yaml and all below it, walked from their YAML, with the
pack's own actions. Trove, the servers, the lock and the record are models."""
import functools
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from types import SimpleNamespace

import pytest
from mistral_lib.actions import Result
from trove_upgrade import datastores
from trove_upgrade.datastores import fencing
from trove_upgrade.planning import queue, undo, verdict
from trove_upgrade.planning.plan import brief
from trove_upgrade.workflows import paths

from tests.unit.trove_model import OWNER, Lock, Record
from tests.unit.walker import Site, Walker

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import base, completion, member, rebuild, report, switchover
    from trove_upgrade.services import access_files, errors, rights

TRIES = 40      # of a step that says retry; the model needs less to become well
PREFIX = "trove_upgrade."


@dataclass
class Acting(Site):
    """One run on a model.

    :ivar cluster: with ``driver``, ``books``, ``nodes`` and ``taken``, the id and the version of
        each request, in turn; it checks the invariants.
    :ivar abort_at: number of waves after which the operator aborts, or None.
    :ivar abort_in: name of the action during which the operator aborts.
    :ivar patience: seconds for which a promotion is waited for before that is tried again.
    :ivar origin: number of the version that members go back to.
    :ivar ask: a person was waited for, who then aborted.
    :ivar errors: those that ended the run, or that a person was waited for.
    """

    cluster: object
    plan: dict
    abort_at: int | None = None
    abort_in: str = ""
    patience: int = 5
    origin: str = "8.1.8"
    ask: bool = False
    errors: list = field(default_factory=list)

    tries = TRIES

    def __post_init__(self):
        self.lock = Lock(getattr(self.cluster, "saved", ()))

    @property
    def target(self):
        return self.plan["to_version"]["number"]

    @property
    def taken(self):
        return self.cluster.taken

    def run(self):
        """The result, as schemas/result.json has it."""
        job = self.plan["job"]
        job |= {"try_sec": 0, "poll_sec": 0, "gate_passes": 1}     # one look in each try
        job["tries"] = dict.fromkeys(job["tries"], self.tries)
        self.record = Record(self.plan)
        # The check of executors is no part of an upgrade, and asks what a walker can't.
        self.walker = Walker([one for one in paths() if "check_executors" not in one], self)
        with acting_on(self.cluster.driver), self._in_place():
            ended = self.walker.run("trove_upgrade.upgrade", run=OWNER, kind=job["kind"], inputs={})
        assert not self.lock.held, "the cluster was not given back"
        result = ended.output["report"]
        self.errors = self.errors or result["errors"]
        return result

    # What the walker asks for
    def act(self, name, given, execution):
        if name == "std.noop":
            return None
        short = name.removeprefix(PREFIX)
        self.lock.abort |= short == self.abort_in or (
            short == "choose_wave" and given["progress"]["waves"] == self.abort_at)
        if own := getattr(self, f"_{short}", None):
            return own(**given)
        action = actions()[name].load()(**given)
        self.plan["job"]["try_sec"] = self.patience if short == "switchover" else 0
        return action.run(SimpleNamespace(security=SimpleNamespace(project_id="p1")))

    def pause(self, execution):
        self.ask, self.errors = True, undo.find_errors(self.walker.failures)
        self.lock.abort = True

    # Actions that are not the pack's own
    def _admit(self, **given):
        return queue.ADMITTED

    def _plan(self, **given):
        return self.plan

    def _take_lock(self, run, cluster_id, **given):
        self.lock.held = True
        return {"cluster_id": cluster_id}

    def _preflight(self, **given):
        return brief(self.plan) if self.plan["ready"] else Result(
            error=verdict.refusal(self.plan).as_dict())

    def _release_lock(self, **given):
        self.lock.held = False
        return {"released": True}

    @contextmanager
    def _in_place(self):
        """The actions find the models."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rights, "acting", lambda context, run, cluster_id="": "actor")
            patch.setattr(rights, "check_context", lambda context: None)
            patch.setattr(rights, "check_name", lambda context, name: None)
            patch.setattr(errors.LOG, "exception", _raise_again)
            for module in (base, completion, report):
                patch.setattr(module, "Record", lambda actor, run: self.record)
                patch.setattr(module, "Trove", lambda actor, only=None: self.cluster.books.trove)
                patch.setattr(module, "Lock", lambda actor, cluster_id, project_id: self.lock)
            yield


@functools.cache
def actions():
    """Entry points of the installed actions by their names in the workflows."""
    return {one.name: one for one in metadata.entry_points(group="mistral.actions")}


def _raise_again(*words):
    """What no action expects, such as an assertion of a model, is the test's."""
    raise sys.exc_info()[1]


@contextmanager
def acting_on(driver):
    """The actions find this driver, and wait for nothing: the model's time goes by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datastores, "driver", lambda name, access: driver)
        patch.setattr(access_files, "settings", lambda *which: {})
        for module, pause in ((member, "FIRST_ASK_SEC"), (completion, "TROVE_POLL_SEC"),
                              (switchover, "ASK_SEC"), (rebuild, "ASK_SEC"),
                              (fencing, "FENCE_SEC"), (fencing, "POLL_SEC"),
                              (fencing, "STILL_SEC")):
            patch.setattr(module, pause, 0)
        for action in (base.StepAction, report.Report):
            patch.setattr(action, "try_sec", 0)
        yield


def skipped_by(command):
    """The checks that a result's command skips."""
    words = command.split()
    return ",".join(words[at + 1] for at, word in enumerate(words) if word == "--skip-check")
