"""The reference pages, as text: workflows, actions and errors, checks, configuration."""
import inspect
import re
from collections.abc import Iterable
from pathlib import Path

from trove_upgrade.datastores import drivers
from trove_upgrade.interfaces.trove_api.config import OPTS as API_OPTS
from trove_upgrade.schemas import load
from trove_upgrade.services.config import OPTS
from trove_upgrade.workflows import paths

from . import source
from .diagram import draw
from .flows import REQUIRED, Flow, Task, bare, read

# Inputs that people give and that are none of schemas/input.json, by their description.
BESIDE = {
    "instance_id": {"description": "Id (or unique name) of the source or of any of its replicas."},
    "kind": {"description": "cluster, or replication_set: then cluster_id is the id or name of any "
             "of its instances."},
    "asks": {"description": "How often to ask: several times as many as there are executors."},
    "executors": {"description": "How many executors there are; fewer are trouble. 0: unknown."}}
NOTICE = "<!-- Written by `python -m docs.tools`. Change the source, not this page. -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(head), ["---" for _ in head], *([_cell(one) for one in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def code(text: str) -> str:
    """In typewriter letters; nothing for nothing."""
    return f"`{text}`" if text else ""


def anchored(name: str) -> str:
    """In typewriter letters, with an anchor of its own to link to."""
    return f'<a id="{name}"></a>`{name}`'


def workflows() -> str:
    """docs/workflows.md."""
    flows = sorted(map(read, paths()), key=lambda flow: ("entry" not in flow.tags, flow.name))
    parts = ["# Workflows", NOTICE,
             "Entries are started by people. The others are called by them; never start those "
             "yourself.\n\nIn the diagrams a box with double sides is a sub-workflow. A dotted "
             "way is taken after a failure. A condition stands on its way.",
             table(("Workflow", "", "Purpose"),
                   ((f"[{flow.name}](#{anchor(flow.name)})", flow.tags[-1], _first(flow))
                    for flow in flows)), *map(_workflow, flows)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def anchor(title: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-")


def _first(flow: Flow) -> str:
    return re.split(r"(?<=[.:;])\s", " ".join(flow.body["description"].split()))[0].rstrip(":;.")


def _workflow(flow: Flow) -> str:
    described = BESIDE | load("input")["properties"] if "entry" in flow.tags else {}
    head = ("Input", "Default", "Meaning") if described else ("Input", "Default")
    rows = [[code(name), "required" if value is REQUIRED else code(_shown(value)),
             *([described[name]["description"] + _limits(described[name])] if described else [])]
            for name, value in flow.inputs.items()]
    outputs = ", ".join(code(name) for name in flow.body["output"])
    return "\n\n".join([
        f"## {flow.name}", flow.body["description"].strip(), "### Input", table(head, rows),
        "### Output", f"{outputs}. The same keys after a failure.", "### Tasks",
        table(("Task", "What", "Calls", "Retry", "Next"), map(_task, flow.tasks.values())),
        "### Diagram", f"```mermaid\n{draw(flow)}\n```"])


def _shown(value: object) -> str:
    """As YAML writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value) or "''"


def _limits(about: dict) -> str:
    if "minimum" in about:
        return f" From {about['minimum']} to {about['maximum']}."
    return ""


def _task(task: Task) -> list[str]:
    called = task.workflow or task.action
    kind = "workflow " if task.workflow else ""
    items = f", for each {task.body['with-items'].split()[0]}" if "with-items" in task.body else ""
    pauses = " Pauses first." if task.body.get("pause-before") else ""
    retry = task.retry or {}
    times = f"{bare(str(retry['count']))} × {bare(str(retry['delay']))} s" if retry else ""
    return [code(task.name), task.body["description"].strip() + pauses,
            kind + code(bare(called)) + items, code(times), "<br>".join(_next(task))]


def _next(task: Task) -> list[str]:
    """One line a clause."""
    found = []
    for clause in ("on-success", "on-error"):
        ways = [code(edge.target) + (f" if {code(edge.condition)}" if edge.condition else "")
                for edge in task.clause(clause)]
        if ways:
            found.append(f"{clause.split('-')[1]}: {', '.join(ways)}")
    return found


def actions() -> str:
    """docs/actions.md."""
    found = sorted(_installed_actions().items())
    errors = source.errors().values()
    parts = ["# Actions and errors", NOTICE,
             "Every action returns its value, or an error in the shape of `schemas/error.json`: "
             "`{code, class, instance, message}`. None raises. All may be repeated: a step that "
             "was done already is only confirmed.",
             table(("Class", "Meaning"), (
                 ("`retry`", "May pass by itself. The task tries again, then it counts as failed."),
                 ("`rollback`", "The step failed. The run undoes what `on_failure` says."),
                 ("`stop`", "The run touches nothing more and undoes nothing."))),
             *(_action(name, cls) for name, cls in found), "## Errors",
             "A message names the member and what to do next; `…` stands for what is filled in. "
             "Every action can answer those of `actions/base.py`, `services/` and the drivers.",
             table(("Code", "Class", "Message", "Raised in"),
                   ((anchored(one.code), ", ".join(sorted(one.classes)), one.message,
                     "<br>".join(map(code, sorted(one.modules)))) for one in errors))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _installed_actions() -> dict[str, type]:
    from importlib import metadata
    return {point.name: point.load() for point in metadata.entry_points(group="mistral.actions")
            if point.name.startswith("trove_upgrade.")}


def _action(name: str, cls: type) -> str:
    about = inspect.getdoc(cls) or ""
    purpose = about.split("\n:")[0].strip().replace("``", "`")
    documented = _parameters(cls)
    rows = [[code(one.name), "required" if one.default is one.empty else code(repr(one.default)),
             documented.get(one.name, "")]
            for one in inspect.signature(cls).parameters.values()]
    raised = source.raised_by(Path(inspect.getfile(cls)).read_text(encoding="utf-8"), cls.__name__)
    parts = [f"## {name}", purpose, table(("Input", "Default", "Meaning"), rows)]
    if returns := _field(about, "returns"):
        parts.append(f"Returns {returns}")
    if raised:
        parts.append(f"Errors of its own: {', '.join(map(code, raised))}.")
    return "\n\n".join(parts)


def _parameters(cls: type) -> dict[str, str]:
    """``:param name: text`` of the class and its bases, the nearest first."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        for name in re.findall(r":param (\w+):", base.__doc__ or ""):
            found[name] = _field(inspect.cleandoc(base.__doc__ or ""), f"param {name}")
    return found


def _field(about: str, name: str) -> str:
    match = re.search(rf":{name}: (.*?)(?=\n:|\Z)", about, re.DOTALL)
    return " ".join(match[1].split()).replace("``", "`") if match else ""


def checks() -> str:
    """docs/checks.md."""
    found = source.checks()
    first = {one.name: one for one in reversed(found)}      # an anchor can be there once
    rows = (((anchored if one is first[one.name] else code)(one.name), one.driver, one.fine,
             one.remedy) for one in found)
    parts = ["# Preflight checks", NOTICE,
             "All are asked, before anything is touched, and all answers stand in the plan. One "
             "no refuses the run. `skip_checks` (on the command line `--skip-check`) lets the run "
             "start in spite of the checks that it names, and of no others.",
             "An answer is `yes`, `no` or `unknown`. It is `unknown` when nothing speaks against "
             "it, but members whose answers it needs could not be asked; it names them, with the "
             "reason, and refuses the run as a no does. Most checks need every member's answer; "
             "what any member can tell of all needs one, what only the source knows needs the "
             "source, and what Trove has recorded needs none. Skipping `native_access` accepts "
             "that members can't be asked: every other check then goes by those that answer, and "
             "says no if they do. Where nobody answers that accepts nothing (but for Vertica, "
             "which may be down as a whole): then each check has to be skipped by its own name.",
             "`all` is asked of every cluster, the others by the driver of that name. "
             "`rollback_path_open` is asked only when a member runs something newer than the "
             "target.",
             table(("Check", "Asked by", "A yes means", "After a no"), rows)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def configuration() -> str:
    """docs/configuration.md."""
    serving = ((f"[{name}](datastores/{name}.md)",
                ", ".join(map(code, one.datastores)) or "every other", code(one.finalize_mode))
               for name, one in sorted(drivers().items()))
    parts = ["# Configuration", NOTICE,
             "Options of the group `[trove_upgrade]` in `mistral.conf`, read by the executors (and "
             "by the notifier, if it gives locks back).",
             _options(OPTS), "## In trove-api",
             "Options of the group `[trove_upgrade_api]` in `trove.conf`, read by trove-api when "
             "the filter is in its pipeline: [REST API](rest-api.md).", _options(API_OPTS),
             "## Drivers",
             "Chosen by the name of Trove's datastore, or by the input `driver`.",
             table(("Driver", "Datastores", "`finalize: default` means"), serving)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _options(listed) -> str:
    return table(("Option", "Default", "Meaning", "Choices"), (
        (code(one.name), code("" if one.default in (None, {}) else str(one.default)),
         one.help or "", _choices(one)) for one in listed))


def _choices(option) -> str:
    choices = getattr(option.type, "choices", None) or {}
    return "; ".join(f"`{name}`" + (f": {text.rstrip('.')}" if text else "")
                     for name, text in choices.items())


PAGES = {"workflows.md": workflows, "actions.md": actions, "checks.md": checks,
         "configuration.md": configuration}
