"""A Mermaid diagram of a workflow: the same definition gives the same text."""
from .flows import COMMANDS, Edge, Flow, Task, closed

ARROWS = {"on-success": "-->", "on-error": "-.->", "on-complete": "==>"}


def draw(flow: Flow) -> str:
    """Boxes are tasks (double sides: a sub-workflow), dotted ways are those of a failure."""
    lines = ["flowchart TD", "  START((start))"]
    lines += [f"  {_box(task)}" for task in flow.tasks.values()]
    lines += [f"  START --> {name}" for name in flow.starts]
    ways = [way for task in flow.tasks.values() for way in _ways(task)]
    ends = [f"  {end}" for end in ("SUCCESS", "ERROR") if any(way.endswith(end) for way in ways)]
    return "\n".join(lines + [f"  {end.strip()}([{end.strip()}])" for end in ends]
                     + [f"  {way}" for way in ways])


def _box(task: Task) -> str:
    if task.workflow:
        return f'{task.name}[["{task.name}"]]'
    return f'{task.name}["{task.name}"]'


def _ways(task: Task) -> list[str]:
    """Every way on, those to the ends of the workflow too."""
    ways = [_way(task, edge) for edge in task.edges]
    for clause in ("on-success", "on-complete"):
        edges = task.clause(clause)
        if edges and not closed(edges):
            ways.append(f'{task.name} {ARROWS[clause]}|"otherwise"| SUCCESS')
    if not task.clause("on-success") and not task.clause("on-complete"):
        ways.append(f"{task.name} --> SUCCESS")
    if task.action != "std.noop" and not task.clause("on-error"):
        ways.append(f"{task.name} -.-> ERROR")
    return ways


def _way(task: Task, edge: Edge) -> str:
    label = f'|"{_escaped(edge.condition)}"| ' if edge.condition else ""
    target = "ERROR" if edge.target == "fail" else edge.target
    if target in COMMANDS:
        target = target.upper()
    return f"{task.name} {ARROWS[edge.clause]}{label or ' '}{target}"


def _escaped(condition: str) -> str:
    for character, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        condition = condition.replace(character, code)
    return condition
