"""Walks workflows as Mistral's engine runs them: in one thread, without a database or waiting.

Definitions are read by Mistral's own parser, expressions are evaluated by its own YAQL. Whatever
the walker does not know raises ``NotWalked``, so that nothing is skipped in silence; so does an
expression that fails and a call that does not fit, for which an engine has no good answer.
test_walker.py holds it to what the real engine does.
"""
import functools
import itertools
import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from mistral_lib.actions import Result
from mistral_lib.utils import NotDefined

from tests.unit.expressions import NotWalked, Scope, evaluate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # of eventlet's and others' old age
    from mistral.lang import parser

WORKFLOW_KEYS = {"name", "version", "type", "description", "tags", "input", "vars", "output",
                 "output-on-error", "task-defaults", "tasks"}
TASK_KEYS = {"name", "version", "type", "description", "action", "workflow", "input", "with-items",
             "retry", "publish", "publish-on-error", "on-success", "on-error", "on-complete",
             "pause-before", "wait-before"}
DEFAULT_KEYS = {"version", "retry"}
RETRY_KEYS = {"version", "count", "delay", "break-on"}
ENDLESS = 5000      # tasks of a walk
_ids = itertools.count(1)


@dataclass
class Execution:
    """One run of a workflow.

    :ivar spec: Mistral's own, of its definition.
    :ivar output: ``output``, or ``output-on-error`` and the text ``result``.
    :ivar tasks: that have ended, ``{name, state, result}``.
    """

    name: str
    input: dict
    spec: object
    env: dict
    parent: "Execution | None" = None
    state: str = "RUNNING"
    output: dict = field(default_factory=dict)
    tasks: list = field(default_factory=list)
    id: str = field(default_factory=lambda: f"execution-{next(_ids)}")

    @property
    def root(self):
        return self.parent.root if self.parent else self


class Site:
    """What lies around the engine. A test overrides what it wants to happen there."""

    def act(self, name, given, execution):
        """Run an action; ``Result(error=...)`` when it fails."""
        if name != "std.noop":
            raise NotWalked(f"action {name}")

    def pause(self, execution):
        """The tree is paused before a task; returns when it is resumed."""
        raise NotWalked(f"{execution.name} is paused")

    def pick(self, running):
        """Which of so many items of a with-items goes on next: the first, until it ends or waits
        for a retry. One that waits goes on when all the others wait, too, or have ended."""
        return 0

    def begin(self, executions):
        """A with-items has started these."""

    def end(self, executions):
        """All of them have ended."""

    def wait(self, seconds):
        """Before a retry, and before a task that says so."""


class Walker:
    """:param paths: of the files with the definitions.
    :param site: where they run.
    :ivar failures: results of the tasks that failed, the first one first.
    """

    def __init__(self, paths, site):
        self._specs = dict(map(_read, paths))
        self._site, self.failures, self.executions, self._tasks = site, [], {}, 0

    def run(self, name, env=None, **given):
        """The execution of a workflow, when it has ended."""
        execution = self._start(name, given, env or {})
        for _ in self._walk(execution):
            pass
        return execution

    def _start(self, name, given, env, parent=None):
        if name not in self._specs:
            raise NotWalked(f"There is no workflow {name}")
        spec, declared = self._specs[name], self._specs[name].get_input()
        missing = [key for key, default in declared.items()
                   if default is NotDefined and key not in given]
        if missing or not declared.keys() >= given.keys():
            raise NotWalked(f"{name} is given {sorted(given)}, and takes {sorted(declared)}")
        made = Execution(name, {**declared, **given}, spec, env, parent)
        self.executions[made.id] = made
        return made

    def _walk(self, execution):
        """A generator that stops before each action and, with True, before each retry; the
        execution has ended when it ends."""
        spec, first = execution.spec, execution.spec.find_start_tasks()
        if len(first) != 1:
            raise NotWalked(f"{execution.name} starts with {len(first)} tasks")
        own = evaluate(spec.get_vars(), Scope(execution.input, execution))
        before, published, name = {**execution.input, **own}, {}, first[0].get_name()
        while name:
            self._tasks += 1
            if self._tasks > ENDLESS:
                raise NotWalked(f"{execution.name} comes to no end")
            task, scope = spec.get_task(name), Scope({**before, **published}, execution)
            done, result = yield from self._task(task, scope)
            execution.tasks.append({
                "name": name, "state": "SUCCESS" if done else "ERROR", "result": result})
            after = Scope(scope.values, execution, execution.tasks[-1])
            publish = task.get_publish("SUCCESS" if done else "ERROR")
            published |= evaluate(publish.get_branch(), after) if publish else {}
            if not done:
                self.failures.append(result)
            after = Scope({**before, **published}, execution, after.task)
            name, end = self._next(task, after, done)
        scope = Scope(after.values, execution)
        execution.state = "ERROR" if end is not None else "SUCCESS"
        clause = spec.get_output() if end is None else spec.get_output_on_error()
        execution.output = ({} if end is None else {"result": end}) | (
            evaluate(clause, scope) or published)

    def _next(self, task, scope, done):
        """Name of the next task, or None; and the text of the failure that ends all, or None."""
        spec, name = scope.execution.spec, task.get_name()
        clauses = [(spec.get_on_success_clause if done else spec.get_on_error_clause)(name),
                   spec.get_on_complete_clause(name)]
        chosen = [[(target, evaluate(given, scope)) for target, guard, given in clause
                   if not guard or evaluate(guard, scope)] for clause in clauses]
        tasks = []
        for target, given in itertools.chain(*chosen):
            if target == "fail":
                return None, (given or {}).get("msg") or "Failed by a command"
            if target == "pause":
                self._pause(scope.execution)
            elif target == "succeed":
                raise NotWalked("succeed")
            elif target != "noop":
                tasks.append(target)
        if len(tasks) > 1:
            raise NotWalked(f"{name} goes on with {tasks}, beside each other")
        if not done and not chosen[0]:
            untold = "" if spec.get_on_error_clause(name) else name
            return None, f"Failure caused by error in tasks: {untold}\n{scope.task['result']}"
        return (tasks or [None])[0], None

    def _pause(self, execution):
        execution.root.state = "PAUSED"
        self._site.pause(execution)
        execution.root.state = "RUNNING"

    def _task(self, task, scope):
        """Whether the task has ended well, and its result, when all tries are over."""
        defaults = scope.execution.spec.get_task_defaults()
        policies = task.get_policies()
        retry = policies.get_retry() or defaults and defaults.get_policies().get_retry()
        if evaluate(policies.get_pause_before(), scope):
            self._pause(scope.execution)
        if delay := evaluate(policies.get_wait_before(), scope):
            self._site.wait(delay)
        for number in itertools.count():
            done, result = yield from self._try(task, scope)
            if done or not retry:
                return done, result
            here = Scope(scope.values, scope.execution, {"name": task.get_name(), "result": result})
            stop = retry.get_break_on() and evaluate(retry.get_break_on(), here)
            if stop or number >= evaluate(retry.get_count(), here):
                return done, result
            yield True
            self._site.wait(evaluate(retry.get_delay(), here))

    def _try(self, task, scope):
        if items := task.get_with_items():
            return (yield from self._items(task, items, scope))
        if task.get_workflow_name():
            child = self._child(task, scope)
            yield from self._walk(child)
            return child.state == "SUCCESS", child.output
        yield False
        given = evaluate(task.get_input(), scope)
        # As it goes to an executor and comes back: by value, and as JSON.
        found = self._site.act(evaluate(task.get_action_name() or "std.noop", scope),
                               json.loads(json.dumps(given)), scope.execution)
        error = found.error if isinstance(found, Result) else None
        data = found.data if isinstance(found, Result) else found
        return error is None, json.loads(json.dumps(data if error is None else error))

    def _child(self, task, scope):
        run = scope.execution
        return self._start(evaluate(task.get_workflow_name(), scope),
                           evaluate(task.get_input(), scope), run.env, run)

    def _items(self, task, items, scope):
        if len(items) != 1 or not task.get_workflow_name():
            raise NotWalked(f"{task.get_name()}: with-items over more than one list of workflows")
        (name, found), = evaluate(items, scope).items()
        children = [self._child(task, Scope(scope.values | {name: one}, scope.execution))
                    for one in found]
        self._site.begin(children)
        ready, waiting = [self._walk(child) for child in children], []
        while ready or waiting:
            if not ready:
                ready, waiting = waiting, []
                yield True
            chosen = ready[self._site.pick(len(ready))]
            waits = next(chosen, None)
            if waits is not False:
                ready.remove(chosen)
                waiting += [chosen] if waits else []
            yield False
        self._site.end(children)
        return (all(child.state == "SUCCESS" for child in children),
                [child.output for child in children])


@functools.cache
def _read(path):
    """Name and definition of a file's workflow."""
    text = Path(path).read_text(encoding="utf-8")
    # Without Mistral's validation, which takes a minute; tests/workflows are there for that.
    spec, = parser.get_workflow_list_spec_from_yaml(text, validate=False).get_workflows()
    content = spec.to_dict()
    unknown = content.keys() - WORKFLOW_KEYS
    unknown |= content.get("task-defaults", {}).keys() - DEFAULT_KEYS
    for one in [content.get("task-defaults", {}), *content["tasks"].values()]:
        unknown |= (one.keys() - TASK_KEYS if "name" in one else set())
        unknown |= one.get("retry", {}).keys() - RETRY_KEYS
        for clause in ("on-success", "on-error", "on-complete"):
            unknown |= {"publish in a clause"} if isinstance(one.get(clause), dict) else set()
    if unknown:
        raise NotWalked(f"{path}: {sorted(unknown)}")
    return spec.get_name(), spec
