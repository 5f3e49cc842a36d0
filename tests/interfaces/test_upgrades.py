"""Pause, resume, abort, and the few calls of a look, on a Mistral that only remembers."""
import json
import types

import pytest
from mistralclient.api.base import APIException
from requests.exceptions import ConnectionError as NoConnection
from trove_upgrade.interfaces import pauses
from trove_upgrade.interfaces import progress as views
from trove_upgrade.interfaces.upgrades import (
    ServiceError,
    Unreachable,
    UpgradeNotFound,
    Upgrades,
)

from tests.interfaces import trees
from tests.interfaces.trees import part, root, upgrading

LOCK = "trove_upgrade.lock.c-1"


class Resource:
    def __init__(self, data):
        self.__dict__.update(data)

    def to_dict(self):
        return dict(self.__dict__)


class FakeMistral:
    """A client whose executions are a tree; records what is asked."""

    def __init__(self, tree, lock=None):
        self.tree = tree
        self.lock = lock
        self.calls = []
        self.states = []
        self.env = None
        self.executions = types.SimpleNamespace(
            get=self._execution, list=self._children, update=self._update)
        self.tasks = types.SimpleNamespace(get=self._task, list=self._tasks)
        self.environments = types.SimpleNamespace(get=self._environment, update=self._write)

    def _execution(self, identifier):
        self.calls.append("execution")
        if identifier != trees.ROOT:
            raise APIException(404, "WorkflowExecution not found")
        return Resource(self.tree.root)

    def _children(self, **filters):
        self.calls.append("children")
        return [Resource(one) for one in self.tree.children]

    def _tasks(self, workflow_execution_id=None, **filters):
        self.calls.append("tasks")
        found = [trees.task("make_plan")] if workflow_execution_id else self.tree.open_tasks
        return [Resource(one) for one in found]

    def _task(self, identifier):
        self.calls.append("plan")
        return Resource({"result": self.tree.plan})

    def _update(self, identifier, state, env=None):
        if state:
            self.states.append((identifier, state))
        self.env = env or self.env

    def _environment(self, name):
        if self.lock is None or name != LOCK:
            raise APIException(404, "Environment not found")
        return Resource({"variables": self.lock})

    def _write(self, name, variables):
        self.lock = variables


def lock(owner=trees.ROOT):
    return {"owner": owner, "cluster_id": "c-1", "abort": False, "pause_after": None}


def tree_in(state, phase="roll"):
    return upgrading(root=root(state), open_tasks=part(phase))


def test_a_look_takes_few_calls():
    client = FakeMistral(upgrading())
    upgrades = Upgrades(client)
    upgrades.progress(trees.ROOT)
    assert len(client.calls) == 5
    client.calls.clear()
    upgrades.progress(trees.ROOT)
    assert sorted(client.calls) == ["children", "execution", "tasks"]


def test_pauses_are_told_with_the_one_at_hand():
    client = FakeMistral(upgrading())
    held = [{"name": "hold", "state": state, "created_at": trees.at(begin), "updated_at": trees.at(
        end)} for state, begin, end in (("IDLE", 15, 15), ("SUCCESS", 6, 9))]
    other = {"name": "choose_wave", "state": "SUCCESS", "created_at": trees.at(1),
             "updated_at": trees.at(2)}
    client.tasks.list = lambda workflow_execution_id, fields: [
        Resource(one) for one in [*held, other]] if workflow_execution_id == "x-roll" else []
    client.executions.list = lambda **_: [
        Resource({"id": "x-roll", "workflow_name": "trove_upgrade.roll"}),
        Resource({"id": "x-member", "workflow_name": "trove_upgrade.member"})]
    first, now = Upgrades(client).pauses(trees.ROOT)
    assert first[1] - first[0] == 3
    assert now == (first[0] + 9, None)


def test_mistrals_own_pause_is_told_and_noted_by_who_ends_it():
    client = FakeMistral(upgrading(root=root("PAUSED", 9)), lock())
    client.executions.list = lambda **_: []
    [(began, ended)] = Upgrades(client).pauses(trees.ROOT)
    assert (began, ended) == (views.seconds(trees.at(9)), None)
    Upgrades(client).resume(trees.ROOT)
    client.tree = upgrading(root=root("RUNNING", 12, params=json.dumps({"env": client.env})))
    [(began, ended)] = Upgrades(client).pauses(trees.ROOT)
    assert began == views.seconds(trees.at(9))
    assert ended > began


def test_a_pause_that_both_tell_is_one():
    top = {"state": "PAUSED", "updated_at": trees.at(6), "params": {"env": {}}}
    hold = {**trees.task("hold", "IDLE", 5), "updated_at": trees.at(5)}
    [(began, ended)] = pauses.pauses(top, [hold])
    assert (began, ended) == (views.seconds(trees.at(5)), None)


@pytest.mark.parametrize("noted", [
    7, "ab", {"a": 1}, [7], ["ab"], [[1]], [[1, "2"]], [[True, 2]], [[1, None]],
    [[1, float("nan")]], [[1, 1e300]], [[-1, 2]], [[1, 2, 3]]])
def test_what_is_no_pair_of_times_is_no_pause(noted):
    """Whoever may start the upgrade can write anything there, and an administrator looks at it."""
    top = {"state": "RUNNING", "params": {"env": {pauses.NOTED: noted}}}
    assert pauses.pauses(top, []) == []


def test_an_administrators_list_holds_his_own_projects_upgrades():
    client = FakeMistral(upgrading())
    ours = types.SimpleNamespace(get_project_id=lambda: "ours")
    client.executions.http_client = types.SimpleNamespace(session=ours)
    client.executions.list = lambda **_: [
        Resource({"id": number, "project_id": project})
        for number, project in ((1, "ours"), (2, "theirs"), (3, "others"))]

    def listed(**asked):
        return [one["id"] for one in Upgrades(client).each(**asked)]
    assert listed() == [1]
    assert listed(project="theirs") == [2]
    assert listed(all_projects=True) == [1, 2, 3]


def test_pause_while_members_are_away_waits_for_the_end_of_the_wave():
    client = FakeMistral(tree_in("RUNNING"), lock())
    Upgrades(client).pause(trees.ROOT)
    assert client.lock == {**lock(), "pause_after": "all"}
    assert client.states == []


def test_pause_as_the_last_wave_ends_is_not_lost():
    client = FakeMistral(tree_in("RUNNING"), lock())
    write = client.environments.update

    def write_late(**given):
        write(**given)
        client.tree = tree_in("RUNNING", "complete")
    client.environments.update = write_late
    Upgrades(client).pause(trees.ROOT)
    assert client.states == [(trees.ROOT, "PAUSED")]


@pytest.mark.parametrize(("phase", "now"), [
    ("prepare", False), ("complete", False), ("roll", True)])
def test_pause_at_once(phase, now):
    client = FakeMistral(tree_in("RUNNING", phase), lock())
    Upgrades(client).pause(trees.ROOT, now=now)
    assert client.states == [(trees.ROOT, "PAUSED")]


def test_resume_takes_the_pause_back_and_resumes_the_root():
    client = FakeMistral(tree_in("PAUSED"), {**lock(), "pause_after": "all"})
    Upgrades(client).resume(trees.ROOT)
    assert client.lock == lock()
    assert client.states == [(trees.ROOT, "RUNNING")]


def test_resume_of_an_interrupted_one_changes_nothing():
    client = FakeMistral(tree_in("RUNNING"), lock())
    Upgrades(client).resume(trees.ROOT)
    assert client.states == []


def test_resume_of_an_ended_one_says_what_to_do():
    with pytest.raises(ServiceError, match="start it again: members"):
        Upgrades(FakeMistral(tree_in("ERROR"))).resume(trees.ROOT)


@pytest.mark.parametrize(("state", "states"), [("RUNNING", []),
                                               ("PAUSED", [(trees.ROOT, "RUNNING")])])
def test_abort_sets_the_flag_and_wakes_a_paused_one(state, states):
    client = FakeMistral(tree_in(state), lock())
    Upgrades(client).abort(trees.ROOT)
    assert client.lock == {**lock(), "abort": True}
    assert client.states == states


def test_abort_before_there_is_a_lock_cancels():
    client = FakeMistral(tree_in("RUNNING", "prepare"))
    Upgrades(client).abort(trees.ROOT)
    assert client.states == [(trees.ROOT, "CANCELLED")]


def test_abort_after_the_lock_is_given_back_comes_too_late_and_cancels_nothing():
    client = FakeMistral(tree_in("RUNNING", "report"))
    Upgrades(client).abort(trees.ROOT)
    assert client.states == []


def test_upgrade_that_is_a_step_of_another_workflow_is_paused_at_its_root():
    tree = upgrading(root=root("RUNNING", root_execution_id="wrapper"))
    client = FakeMistral(tree, lock())
    client.executions.get_ex_sub_executions = lambda one: client._children()
    assert Upgrades(client).progress(trees.ROOT).members
    Upgrades(client).pause(trees.ROOT, now=True)
    assert client.states == [("wrapper", "PAUSED")]


def test_lock_of_another_upgrade_is_left_alone():
    client = FakeMistral(tree_in("RUNNING"), lock("another"))
    Upgrades(client).pause(trees.ROOT)
    assert client.lock == lock("another")


def test_unknown_upgrade():
    with pytest.raises(UpgradeNotFound, match="not found"):
        Upgrades(FakeMistral(upgrading())).progress("nope")


def test_other_workflows_are_not_upgrades():
    tree = upgrading(root=root(workflow_name="backup"))
    with pytest.raises(UpgradeNotFound, match="is not an upgrade but backup"):
        Upgrades(FakeMistral(tree)).progress(trees.ROOT)


def test_no_answer_is_one_sentence():
    client = FakeMistral(upgrading())

    def refuse(*_):
        raise NoConnection("HTTPConnectionPool(host='x') and so on")
    client.executions.get = refuse
    with pytest.raises(Unreachable, match=r"^Mistral does not answer"):
        Upgrades(client).progress(trees.ROOT)


def test_follow_ends_at_a_pause():
    looks = list(Upgrades(FakeMistral(tree_in("PAUSED"))).follow(trees.ROOT))
    assert [look.state for look in looks] == ["PAUSED"]


def test_inputs_that_name_an_instance_start_the_entry_of_replication_sets():
    started = []
    client = FakeMistral(upgrading())
    client.executions.create = lambda name, workflow_input: (
        started.append(name) or Resource({"id": "e-1"}))
    Upgrades(client).start({"instance_id": "i-1"})
    Upgrades(client).start({"cluster_id": "c-1"})
    assert started == ["trove_upgrade.replication_set", "trove_upgrade.cluster"]


def test_owner_of_a_set_is_found_by_each_of_its_members():
    client = FakeMistral(tree_in("RUNNING"))
    held = {**lock(), "members": ["i-1", "i-2"]}
    client.environments.list = lambda: [Resource({"name": LOCK, "variables": held}),
                                        Resource({"name": "other", "variables": {}})]
    upgrades = Upgrades(client)
    assert upgrades.owner_of_set("i-2") == trees.ROOT
    assert upgrades.owner_of_set("i-3") == ""
