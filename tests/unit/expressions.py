"""Expressions of workflows, evaluated by Mistral's own YAQL, with its database left out.

What they are worth is remembered by what they see: YAQL takes its time, and a test walks the same
few expressions many thousand times.
"""
import functools
import json
import re
import warnings
from dataclasses import dataclass

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # of eventlet's and others' old age
    from mistral.expressions import yaql_expression
    from yaql.language.utils import convert_input_data

PATHS = re.compile(r"\$((?:\.\w+)+)(\()?")
RESULTS = re.compile(r"\btask\((\w*)\)(?:\.result((?:\.\w+)*)(\()?)?")
ALL = re.compile(r"\$(?!\.\w)")                       # more than it names
FUNCTIONS = re.compile(r"\b(?:env|execution|tasks)\(")
SHORT = 400         # characters of JSON of what an expression sees, up to which it is remembered
MISSING = "<missing>"


class NotWalked(Exception):
    """A definition holds what the walker does not know, or what no engine can run."""


@dataclass(frozen=True)
class Scope:
    """What an expression sees: ``$``, ``execution()`` and ``env()``, ``task()`` and ``tasks()``.

    :ivar task: the present one, ``{name, state, result}``; None outside of one.
    """

    values: dict
    execution: object
    task: dict | None = None

    def find_task(self, name):
        """The present task, or the last one of this name that has ended; else None."""
        if self.task and name in ("", self.task["name"]):
            return self.task
        return next((one for one in reversed(self.execution.tasks) if one["name"] == name), None)

    def result_of(self, name):
        """What that task has left, or None."""
        found = self.find_task(name)
        return found and found.get("result")


def evaluate(data, scope):
    """As Mistral's ``evaluate_recursively``."""
    if isinstance(data, str):
        return _evaluate_text(data, scope) if "<%" in data else data
    if isinstance(data, dict):
        return {key: evaluate(value, scope) for key, value in data.items()}
    return [evaluate(one, scope) for one in data] if isinstance(data, list) else data


def _evaluate_text(text, scope):
    for expression in yaql_expression.InlineYAQLEvaluator.find_inline_expressions(text):
        value = _value(expression.strip("<%>").strip(), scope)
        if expression == text:
            return value
        text = text.replace(expression, str(value))
    return text


_known = {}     # (expression, what it sees as JSON) -> its value


def _value(expression, scope):
    sees = _sees(expression)
    seen = [_at(scope.values, path) for path in sees.paths]
    results = [_at(scope.result_of(name), path) for name, path in sees.results]
    if sees.path_alone and (found := [*seen, *results][0]) is not MISSING:
        return found
    key = expression, json.dumps([seen, results])
    if sees.more or key not in _known:
        found = _ask_yaql(expression, scope, scope.values if sees.everything else _only(
            sees.paths, seen), dict(zip(sees.results, results, strict=True)))
        if sees.more or len(key[1]) > SHORT:
            return found
        _known[key] = found
    return _known[key]


@dataclass(frozen=True)
class Sees:
    """What an expression looks at.

    :ivar paths: below ``$``.
    :ivar results: (name of a task, path below its result); the present one's name is empty.
    :ivar everything: all of ``$``.
    :ivar more: it may look at more than these.
    :ivar path_alone: it is a path and nothing else.
    """

    paths: list
    results: list
    everything: bool
    more: bool
    path_alone: bool


@functools.cache
def _sees(expression):
    paths = [_path(*found) for found in PATHS.findall(expression)]
    results = [(name, _path(*found)) for name, *found in RESULTS.findall(expression)]
    everything = bool(ALL.search(expression)) or () in paths
    alone = PATHS.fullmatch(expression) or RESULTS.fullmatch(expression)
    return Sees(paths, results, everything, everything or bool(FUNCTIONS.search(expression)),
                bool(alone and expression[-1] != ")"))


def _path(text, call):
    """The names of a path; the last one is left out where it is a method."""
    return tuple(text.split(".")[1:-1 if call else None])


def _at(value, path):
    for name in path:
        if not isinstance(value, dict):
            return MISSING
        value = value.get(name, MISSING)
    return value


def _only(paths, seen):
    """The values at these paths, so that YAQL need not convert what nobody looks at."""
    made = {}
    there = [(path, value) for path, value in zip(paths, seen, strict=True)
             if value is not MISSING]
    for path, value in sorted(there, key=lambda one: len(one[0])):      # $.a before $.a.b
        if not path:
            return value
        place = made
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place.setdefault(path[-1], value)
    return made


def _ask_yaql(expression, scope, values, results):
    context = _functions().create_child_context()
    context["$"], context["__scope"] = convert_input_data(values), scope
    context["__results"] = results
    try:
        found = _compiled(expression).evaluate(context=context)
        return yaql_expression._sanitize_yaql_result(found)
    except Exception as error:
        raise NotWalked(f"{scope.execution.name}: {expression}: {error!r}") from error


@functools.cache
def _compiled(expression):
    return yaql_expression.get_yaql_engine_class()(expression)


@functools.cache
def _functions():
    """Mistral's own, but that those which would ask its database ask the walker."""
    yaql_expression.get_yaql_context({})
    context = yaql_expression.ROOT_YAQL_CONTEXT.create_child_context()
    for name, function in (("task", _task), ("tasks", _tasks), ("env", _env),
                           ("execution", _execution)):
        context.register_function(function, name=name)
    for name in ("executions", "global"):
        context.register_function(_refuse, name=name)
    return context


def _task(context, name=""):
    found, results = context["__scope"].find_task(name), context["__results"]
    paths = [path for one, path in results if one == name]
    return found and convert_input_data(found | {
        "result": _only(paths, [results[name, path] for path in paths])})


def _tasks(context, execution_id, recursive, state):
    own = context["__scope"].execution
    if execution_id != own.id or recursive:
        raise NotWalked("tasks of another execution")
    return convert_input_data([one for one in own.tasks if one["state"] == state])


def _env(context):
    return convert_input_data(context["__scope"].execution.root.env)


def _execution(context):
    one = context["__scope"].execution
    return convert_input_data({"id": one.id, "name": one.name, "input": one.input, "params": {
        "env": one.root.env}, "root_execution_id": one.root.id if one.parent else None})


def _refuse(context, *given):
    raise NotWalked("a function that asks Mistral's database")
