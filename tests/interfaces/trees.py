"""Hand-made trees of executions, as Mistral's API gives them."""
import json

from trove_upgrade.interfaces.progress import BODY, MEMBER, PREPARE, ROLLBACK, Tree

ROOT = "root-1"
PLAN = {
    "cluster": {"id": "c-1", "name": "shop"}, "datastore": "redis", "from_version": "8.1.8",
    "to_version": {"id": "v-2", "name": "9.1.2", "number": "9.1.2"},
    "members": [{"id": f"m{n}", "name": f"shop-{n}", "role": "primary" if n < 3 else "replica",
                 "domain": f"shard-{1 + (n - 1) % 2}", "version": "8.1.8", "done": False}
                for n in (1, 2, 3, 4)],
    "waves": [["m3", "m4"], ["m1"], ["m2"]], "ready": True, "options": {"pause_after": "none"},
    "checks": [{"name": "members_active", "ok": True, "skipped": False, "message": "Well.",
                "remedy": ""},
               {"name": "version_path", "ok": False, "skipped": False, "message": "Too far.",
                "remedy": "Go by 8.2 first."}],
    "rollback_path": "On its own data.", "point_of_no_return": "Finalising.", "backup": "None.",
    "finalize": {"mode": "auto", "steps": ["Save a dump."]}, "notes": ["Slow."]}


def at(second):
    return f"2026-01-01 00:00:{second:02d}"


def root(state="RUNNING", end=0, **fields):
    return {"id": ROOT, "workflow_name": "trove_upgrade.cluster", "state": state,
            "created_at": at(0), "updated_at": at(end), "state_info": None, "output": "{}",
            **fields}


def task(name, state="SUCCESS", start=0, execution=ROOT):
    return {"id": f"t-{name}", "name": name, "state": state, "created_at": at(start),
            "workflow_execution_id": execution}


def member(identifier, state, start, end, wave=1, undo=False):
    return {"id": f"x-{identifier}-{undo}", "workflow_name": ROLLBACK if undo else MEMBER,
            "state": state, "created_at": at(start), "updated_at": at(end),
            "task_execution_id": f"w{wave}",
            "input": json.dumps({"run": ROOT, "member": identifier})}


def part(name, state="RUNNING", start=3):
    """The open tasks that lead to a part of the run."""
    return [task("upgrade", "RUNNING", 1), task(name, state, start, "body")]


def below(identifier, workflow, state):
    return {"id": identifier, "workflow_name": workflow, "state": state, "created_at": at(1),
            "updated_at": at(3), "task_execution_id": f"t-{identifier}", "input": "{}"}


def upgrading(**changes):
    """m3 is done, m4 waits for its evidence, m1 and m2 have not begun."""
    tree = Tree(
        root=root(), plan=PLAN,
        children=[below("body", BODY, "RUNNING"), below("prepare", PREPARE, "SUCCESS"),
                  member("m3", "SUCCESS", 4, 9), member("m4", "RUNNING", 4, 5)],
        open_tasks=[*part("roll"), task("await_evidence", "RUNNING", 6, "x-m4-False")])
    for key, value in changes.items():
        setattr(tree, key, value)
    return tree
