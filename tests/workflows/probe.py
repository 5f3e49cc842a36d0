"""What Mistral itself says about workflow files, and the installed entry points, as JSON.

Runs in a process of its own (stdin: a list of paths): importing Mistral settles things for the
whole process and warns about eventlet, which pytest here turns into errors.
"""
import inspect
import json
import sys
import warnings
from importlib import metadata
from pathlib import Path

GROUPS = ("mistral.actions", "mistral.preinstalled_workflows", "trove_upgrade.datastores",
          "mistral.notification.publishers", "oslo.messaging.drivers", "oslo.config.opts",
          "console_scripts", "trove_upgrade.cli")
CLAUSES = ("success", "error", "complete")


def main():
    warnings.simplefilter("ignore")
    import oslo_service.backend
    oslo_service.backend.init_backend(oslo_service.backend.BackendType.THREADING)
    from mistral import config
    config.parse_args(args=[])
    loaded = {group: entry_points(group) for group in GROUPS}
    json.dump({"definitions": {path: definition(path) for path in json.load(sys.stdin)},
               "entry_points": {group: {name: error for name, (_, error) in found.items()}
                                for group, found in loaded.items()},
               "signatures": {name: signature(action) for name, (action, error)
                              in loaded["mistral.actions"].items() if not error}}, sys.stdout)


def definition(path):
    """``{error}`` or what Mistral's parser sees, and the line its dashboard is given."""
    from mistral.lang import parser
    from mistral.utils import safe_yaml
    text = Path(path).read_text(encoding="utf-8")
    try:
        spec = parser.get_workflow_list_spec_from_yaml(text, validate=True).get_workflows()[0]
        return {"error": "", "name": spec.get_name(), "content": safe_yaml.load(text),
                "starts": [task.get_name() for task in spec.find_start_tasks()],
                "tasks": {task.get_name(): seen(spec, task) for task in spec.get_tasks()},
                "expressions": bad_expressions(spec.to_dict()), "form": form_line(spec)}
    except Exception as error:  # noqa: BLE001  whatever the parser says is the answer
        return {"error": f"{type(error).__name__}: {error}"}


def seen(spec, task):
    name = task.get_name()
    edges = {f"on-{clause}": [[target, condition] for target, condition, _ in
                              getattr(spec, f"get_on_{clause}_clause")(name)] for clause in CLAUSES}
    return {"action": task.get_action_name(), "workflow": task.get_workflow_name(),
            "input": task.get_input(), "edges": edges}


def bad_expressions(content):
    """Every string with ``<% %>`` in it that is no YAQL."""
    from mistral import expressions

    from docs.tools.flows import strings
    found = []
    for text in strings(content):
        try:
            expressions.validate(text)
        except Exception as error:  # noqa: BLE001
            found.append(f"{text}: {type(error).__name__}")
    return found


def form_line(spec):
    """The ``input`` string of GET /v2/workflows, which the dashboard's form is made of."""
    from mistral.api.controllers.v2 import resources
    shown = resources.Workflow()
    shown._set_input(spec.to_dict())
    return shown.input


def entry_points(group):
    """Name -> (object, error)."""
    return {point.name: load(point) for point in metadata.entry_points(group=group)
            if point.value.startswith("trove_upgrade.")}


def load(point):
    try:
        return point.load(), ""
    except Exception as error:  # noqa: BLE001
        return None, f"{type(error).__name__}: {error}"


def signature(action):
    """[required, optional] names of an action's inputs."""
    given = [one for one in inspect.signature(action.__init__).parameters.values()
             if one.name != "self"]
    return [[one.name for one in given if one.default is one.empty],
            [one.name for one in given if one.default is not one.empty]]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
