"""What the source says of itself: errors and checks, read from the code, not from memory."""
import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("actions", "planning", "ownership", "services", "datastores", "schemas", "embedded")
# Whose decisions serve several drivers.
SHARED = {"mysql_replication": "mariadb_replication, mysql_replication"}
CLASSES = {"RETRY": "retry", "ROLLBACK": "rollback", "STOP": "stop"}


@dataclass
class Error:
    """One error code, with every class and place that it is raised with."""

    code: str
    classes: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    message: str = ""


@dataclass(frozen=True)
class Check:
    """One preflight check.

    :ivar driver: ``all``, or the driver that asks it.
    """

    name: str
    driver: str
    fine: str
    remedy: str


def errors() -> dict[str, Error]:
    """Every error that the pack raises, by code."""
    found: dict[str, Error] = {}
    for path in _modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = _constants(tree)
        for call in _calls(tree):
            code = _raised(call, constants)
            if code:
                error = found.setdefault(code, Error(code))
                error.classes |= _classes(call)
                error.modules.add(str(path.relative_to(ROOT)))
                error.message = error.message or words(call.args[1])
    return dict(sorted(found.items()))


def raised_by(text: str, name: str) -> list[str]:
    """Codes that an action raises itself, by the methods and functions of its own module."""
    tree = ast.parse(text)
    classes = {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}
    functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    known = functions | _methods(classes, name)
    constants = _constants(tree)
    seen, todo, codes = set(), ["act", "step"], set()
    while todo:
        part = todo.pop()
        if part in seen or part not in known:
            continue
        seen.add(part)
        codes |= {code for call in _calls(known[part]) if (code := _raised(call, constants))}
        todo += [one.id if isinstance(one, ast.Name) else one.attr
                 for one in ast.walk(known[part]) if isinstance(one, ast.Name | ast.Attribute)]
    return sorted(codes)


def _methods(classes: dict[str, ast.ClassDef], name: str) -> dict[str, ast.FunctionDef]:
    """Of a class and of its bases in the same module; the nearest wins."""
    if name not in classes:
        return {}
    found: dict[str, ast.FunctionDef] = {}
    for base in classes[name].bases:
        found |= _methods(classes, getattr(base, "id", ""))
    return found | {one.name: one for one in classes[name].body if isinstance(one, ast.FunctionDef)}


def checks() -> list[Check]:
    """Every preflight check, in the order of the modules."""
    found = []
    for path, driver in ((ROOT / "planning/checks.py", "all"),
                         (ROOT / "datastores/generic.py", "generic"),
                         *((path, SHARED.get(path.parent.name, path.parent.name)) for path in
                           sorted((ROOT / "datastores").glob("*/gate.py")))):
        calls = list(_calls(ast.parse(path.read_text(encoding="utf-8"))))
        found += _checks_of(calls, driver)
    return found


def _checks_of(calls: list[ast.Call], driver: str) -> list[Check]:
    parts: dict[str, dict[str, str]] = {}
    for call in calls:
        if _name(call) not in ("Check", "check") or not isinstance(call.args[0], ast.Constant):
            continue
        part = parts.setdefault(str(call.args[0].value), {})
        if _name(call) == "check":
            part |= {"fine": words(call.args[2]), "remedy": words(call.args[3])}
        elif words(call.args[1]) == "True":
            part["fine"] = words(call.args[2])
        else:
            part["remedy"] = words(call.args[3])
    return [Check(name, driver, part["fine"], part["remedy"]) for name, part in parts.items()]


def _modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """In the order of the text."""
    calls = (one for one in ast.walk(tree) if isinstance(one, ast.Call))
    return iter(sorted(calls, key=lambda call: (call.lineno, call.col_offset)))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _constants(tree: ast.Module) -> dict[str, str]:
    """The module's own names of texts."""
    return {target.id: one.value.value for one in tree.body
            if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
            and isinstance(one.value.value, str)
            for target in one.targets if isinstance(target, ast.Name)}


def _raised(call: ast.Call, constants: dict[str, str]) -> str:
    """The code, if the call makes an error with one that stands in the module."""
    if _name(call) not in ("UpgradeError", "DatastoreError") or not call.args:
        return ""
    code = call.args[0]
    if isinstance(code, ast.Name):
        return constants.get(code.id, "")
    return code.value if isinstance(code, ast.Constant) and isinstance(code.value, str) else ""


def _classes(call: ast.Call) -> set[str]:
    """The third argument, or what stands for it; a driver's errors are retried if they pass."""
    if _name(call) == "DatastoreError":
        passing = any(word.arg == "passing" for word in call.keywords)
        return {"retry" if passing else "rollback"}
    given = [*call.args[2:3], *(word.value for word in call.keywords if word.arg == "klass")]
    if not given:
        return {"rollback"}
    named = {CLASSES[one.id] for one in ast.walk(given[0])
             if isinstance(one, ast.Name) and one.id in CLASSES}
    literal = {str(one.value) for one in ast.walk(given[0]) if isinstance(one, ast.Constant)}
    return named | (literal & set(CLASSES.values()))


def words(node: ast.AST) -> str:
    """A text as far as it is fixed; an ellipsis stands for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(words(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return words(node.left) + words(node.right)
    return "…"
