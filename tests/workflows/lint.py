"""Rules for workflow files: each takes a flow (and the world) and gives sentences about it.

What Mistral itself does not check: unknown actions and sub-workflows, undeclared inputs and
variables, branches that lead nowhere. Each rule is proven in test_lint.py by a definition that it
catches.
"""
import re
from dataclasses import dataclass
from pathlib import PurePath

from docs.tools.flows import CLAUSES, REQUIRED, Flow, Task, closed, strings

# Names that Mistral or its clients use themselves (facts about Mistral 23).
FORBIDDEN_INPUTS = {"env", "notify", "namespace", "index", "task_execution_id",
                    "root_execution_id", "description", "read_only"}
SAFE_BREAK = "<% isDict(task().result) and task().result.get('class') != 'retry' %>"
DYNAMIC = "<% concat('trove_upgrade.datastore.', $.brief.datastore) %>"
TOLD = "<% tasks(execution().id, false, ERROR).select($.result) %>"
QUESTION = "trove_upgrade.check_executor"
WAVE = re.compile(r"^member in <% \$\.step\.members %>$")
VARIABLE = re.compile(r"\$\.([a-z_]+)")

# Clauses where no condition may hold, with what that means. All else must lead somewhere.
ENDS_OPEN = {
    ("trove_upgrade.roll", "choose_wave", "on-success"): "the answer done ends the roll",
    ("trove_upgrade.rollback", "choose_undo", "on-success"): "done, and a person is waited for",
    ("trove_upgrade.prepare", "make_plan", "on-success"): "a dry run ends well",
    ("trove_upgrade.complete", "await_trove", "on-success"): "nobody asks for a pause",
    **{(f"trove_upgrade.{name}", "drop_rights", clause): "a good result ends as SUCCESS"
       for name in ("cluster", "replication_set", "finalize")
       for clause in ("on-success", "on-error")},
}


@dataclass(frozen=True)
class World:
    """What may be called: ``flows`` by name, ``actions`` name -> [required, optional] inputs."""

    flows: dict[str, Flow]
    actions: dict[str, list[list[str]]]


def call_sites(flow: Flow, world: World) -> list[str]:
    """Each action and sub-workflow exists and is given what it takes, no more and no less."""
    return [f"{task.name}: {wrong}" for task in flow.tasks.values()
            for wrong in _call(task, world)]


def _call(task: Task, world: World) -> list[str]:
    given = task.body.get("input", {})
    if not isinstance(given, dict):
        return ["input is a map in long form"]
    if task.workflow:
        return _sub_workflow(task.workflow, given, world)
    if not task.action:
        return ["neither an action nor a workflow"]
    if task.action == "std.noop":
        return []
    if task.action not in world.actions:
        return [f"there is no action {task.action}"]
    return _match(given, *world.actions[task.action])


def _sub_workflow(name: str, given: dict, world: World) -> list[str]:
    if name == DYNAMIC:
        names = [one for one in world.flows if one.startswith("trove_upgrade.datastore.")]
        return [wrong for one in names for wrong in _sub_workflow(one, given, world)]
    if name not in world.flows:
        return [f"there is no workflow {name}"]
    inputs = world.flows[name].inputs
    return _match(given, [one for one in inputs if inputs[one] is REQUIRED],
                  [one for one in inputs if inputs[one] is not REQUIRED])


def _match(given: dict, required: list[str], optional: list[str]) -> list[str]:
    return ([f"input {one} is missing" for one in required if one not in given]
            + [f"input {one} is unknown" for one in given if one not in required + optional])


def dead_tasks(flow: Flow) -> list[str]:
    """One start, and every task can be reached from it."""
    if len(flow.starts) != 1:
        return [f"starts at {flow.starts}, not at one task"]
    seen, todo = set(), flow.starts
    while todo:
        name = todo.pop()
        seen.add(name)
        todo += [edge.target for edge in flow.tasks[name].edges
                 if edge.target in flow.tasks and edge.target not in seen]
    return [f"{name} is never reached" for name in flow.tasks if name not in seen]


def open_branches(flow: Flow) -> list[str]:
    """In each clause some way is always taken, but for ENDS_OPEN."""
    return [f"{task.name}: {clause} may lead nowhere" for task in flow.tasks.values()
            for clause in CLAUSES if not closed(task.clause(clause))
            and (flow.name, task.name, clause) not in ENDS_OPEN]


def unhandled_failures(flow: Flow) -> list[str]:
    """Each failure is handled, or the workflow, an internal one, tells its parent of all of them.

    on-complete runs after a failure but does not handle it: the workflow still ends in ERROR.
    """
    tells = "internal" in flow.tags and flow.body.get("output-on-error", {}).get("failure") == TOLD
    found = [f"{task.name}: on-complete does not handle errors, write both clauses"
             for task in flow.tasks.values() if task.clause("on-complete")]
    return found + [f"{task.name}: nothing handles or tells its failure"
                    for task in flow.tasks.values()
                    if not task.clause("on-error") and not tells]


def retries(flow: Flow) -> list[str]:
    """A retry stops for errors that can't pass, and survives a result that is no dict. Every action
    has one, std.noop, too: its request is lost with an executor or a broker."""
    defaults = set(flow.body.get("task-defaults", {})) - {"retry"}
    found = [f"task-defaults {one} is not for this pack" for one in sorted(defaults)]
    for task in flow.tasks.values():
        if task.action and not task.retry and not task.clause("on-error"):
            found.append(f"{task.name}: a request that is lost is not made again")
        if task.retry and task.retry.get("break-on") != SAFE_BREAK:
            found.append(f"{task.name}: break-on must be {SAFE_BREAK}")
        if task.retry and "publish-on-error" in task.body and "publish" not in task.body:
            found.append(f"{task.name}: a try that failed has published, and nothing takes it back")
        if task.retry and task.workflow:
            found.append(f"{task.name}: a retry would repeat what went well in the workflow")
    return found


def with_items(flow: Flow) -> list[str]:
    """Only the members of one wave go together, since with-items does not stop at a failure; and
    the questions of a check, which change nothing."""
    return [f"{task.name}: with-items is only for the members of the wave in hand"
            for task in flow.tasks.values()
            if "with-items" in task.body and task.action != QUESTION
            and not (task.workflow and "concurrency" not in task.body
                     and WAVE.match(task.body["with-items"]))]


def outputs(flow: Flow) -> list[str]:
    """Both outputs have the same keys and read nothing that may be missing."""
    good, bad = flow.body.get("output"), flow.body.get("output-on-error")
    if not good or not bad:
        return ["output and output-on-error must both be there"]
    if list(good) != list(bad):
        return [f"output has {list(good)}, output-on-error {list(bad)}"]
    safe = {*flow.inputs, *flow.body.get("vars", {})}
    return [f"output reads {name}, which may never be set"
            for name in sorted(_variables(good) | _variables(bad)) if name not in safe]


def variables(flow: Flow) -> list[str]:
    """Everything that is read is an input, a variable or published by a task."""
    known = {*flow.inputs, *flow.body.get("vars", {})}
    for task in flow.tasks.values():
        known |= {*task.body.get("publish", {}), *task.body.get("publish-on-error", {})}
        known |= {task.body["with-items"].split()[0]} if "with-items" in task.body else set()
    return [f"{name} is read but never set"
            for name in sorted(_variables(flow.body)) if name not in known]


def _variables(content) -> set[str]:
    expressions = [re.sub(r"\.select\([^)]*\)", "", text) for text in strings(content)
                   if "<%" in text]
    return {name for text in expressions for name in VARIABLE.findall(text)}


def described(flow: Flow) -> list[str]:
    """People read descriptions and filter by tags."""
    found = [] if flow.body.get("description", "").strip() else ["the workflow has no description"]
    if flow.tags not in (["trove_upgrade", "entry"], ["trove_upgrade", "internal"]):
        found.append(f"tags are {flow.tags}")
    return found + [f"{task.name} has no description" for task in flow.tasks.values()
                    if not task.body.get("description", "").strip()]


def named(flow: Flow) -> list[str]:
    """File and folder tell the name."""
    path = PurePath(flow.path)
    folder = "datastore." if path.parent.name == "datastore" else ""
    expected = f"trove_upgrade.{folder}{path.stem}"
    return [] if flow.name == expected else [f"named {flow.name}, its file says {expected}"]


def inputs(flow: Flow) -> list[str]:
    """No name of Mistral's own; what people start has defaults that a form can show."""
    found = [f"input {name} is a name of Mistral's own" for name in flow.inputs
             if name in FORBIDDEN_INPUTS]
    if "entry" not in flow.tags:
        return found
    for name, value in flow.inputs.items():
        if value is not REQUIRED and (value is None or isinstance(value, list | dict)
                                      or "," in str(value)):
            found.append(f"input {name}: a form can't show the default {value!r}")
    order = [value is REQUIRED for value in flow.inputs.values()]
    return found + (["required inputs come first"] if order != sorted(order, reverse=True) else [])


RULES = (dead_tasks, open_branches, unhandled_failures, retries, with_items, outputs, variables,
         described, named, inputs)
