"""Workflow files as small objects: tasks, their inputs and the edges between them.

Read with PyYAML, so that the reference can be written where no Mistral is installed;
tests/workflows proves that Mistral's own parser sees the same tasks and edges.
"""
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CLAUSES = ("on-success", "on-error", "on-complete")
COMMANDS = {"fail", "succeed", "pause", "noop"}


@dataclass(frozen=True)
class Edge:
    """One way on from a task.

    :ivar target: a task, or a command of the engine.
    :ivar condition: the expression without its brackets; empty when the way is always taken.
    """

    clause: str
    target: str
    condition: str = ""


@dataclass(frozen=True)
class Task:
    """One task; ``body`` is its YAML, ``retry`` the one in force."""

    name: str
    body: dict[str, Any]
    retry: dict[str, Any] | None
    edges: tuple[Edge, ...]

    @property
    def action(self) -> str:
        return self.body.get("action", "")

    @property
    def workflow(self) -> str:
        return self.body.get("workflow", "")

    def clause(self, name: str) -> list[Edge]:
        """The edges of one clause."""
        return [edge for edge in self.edges if edge.clause == name]


@dataclass(frozen=True)
class Flow:
    """One workflow; ``inputs`` maps each input to its default, REQUIRED where it has none."""

    name: str
    path: Path
    body: dict[str, Any]
    inputs: dict[str, Any]
    tasks: dict[str, Task]

    @property
    def tags(self) -> list[str]:
        return self.body.get("tags", [])

    @property
    def starts(self) -> list[str]:
        """Tasks that no edge leads to."""
        reached = {edge.target for task in self.tasks.values() for edge in task.edges}
        return [name for name in self.tasks if name not in reached]


REQUIRED = object()


def read(path: str | Path) -> Flow:
    """The one workflow of a file."""
    return parse(Path(path).read_text(encoding="utf-8"), path)


def parse(text: str, path: str | Path = "") -> Flow:
    """The one workflow of a definition; ValueError when it holds none or several."""
    content = yaml.safe_load(text)
    names = [key for key in content if key != "version"]
    if len(names) != 1:
        raise ValueError(f"{path}: one workflow a file, not {len(names)}")
    body = content[names[0]]
    return Flow(names[0], Path(path), body, _inputs(body.get("input", [])),
                {name: _task(name, task, body.get("task-defaults", {}))
                 for name, task in body["tasks"].items()})


def _inputs(listed: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in listed:
        found |= entry if isinstance(entry, dict) else {entry: REQUIRED}
    return found


def _task(name: str, body: dict[str, Any], defaults: dict[str, Any]) -> Task:
    edges = [edge for clause in CLAUSES for edge in _edges(clause, body.get(clause, []))]
    return Task(name, body, body.get("retry", defaults.get("retry")), tuple(edges))


def _edges(clause: str, listed: Any) -> list[Edge]:
    entries = listed if isinstance(listed, list) else [listed]
    return [edge for entry in entries for edge in _entry(clause, entry)]


def _entry(clause: str, entry: Any) -> list[Edge]:
    if isinstance(entry, dict):
        return [Edge(clause, _target(name), bare(test)) for name, test in entry.items()]
    return [Edge(clause, _target(entry))]


def _target(text: str) -> str:
    """``fail(msg='...')`` -> ``fail``."""
    return re.split(r"[ (]", text, maxsplit=1)[0]


def bare(expression: str) -> str:
    """An expression without ``<% %>``."""
    return re.sub(r"^<%\s*|\s*%>$", "", expression.strip())


def strings(value: Any) -> list[str]:
    """Every string inside a piece of YAML, keys too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return []


def opposite(one: str, other: str) -> bool:
    """Whether exactly one of two conditions holds, as far as their texts tell."""
    def negations(text: str) -> set[str]:
        return {f"not {text}", f"not ({text})", text.replace(" != ", " = "),
                text.replace(" = ", " != ")} - {text}
    return other in negations(one) or one in negations(other)


def closed(edges: list[Edge]) -> bool:
    """Whether a clause always leads somewhere; an empty clause is an intended end."""
    conditions = [edge.condition for edge in edges]
    if not edges or "" in conditions:
        return True
    return any(opposite(one, other) for one in conditions for other in conditions)
