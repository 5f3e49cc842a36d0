"""What a person types, mistakes included, and what comes back: a script with golden answers.

The upgrades stand in the file of an embedded engine that has ended. ``python -m
tests.interfaces.test_thirty_commands`` writes the answers anew.
"""
import contextlib
import io
import json
import os
import pathlib
import re
import shlex
import sqlite3
import tempfile
import uuid
from unittest import mock

from trove_upgrade.embedded import DATABASE
from trove_upgrade.interfaces.cli.app import main
from trove_upgrade.interfaces.progress import BODY, MEMBER, PREPARE

TIME = re.compile(r", [0-9]+ (s|min|h)( [0-9]+ (s|min))?$", re.MULTILINE)
GOLDEN = pathlib.Path(__file__).with_name("thirty_commands.txt")
VERSION = {"id": "v-9", "name": "9.1.2", "number": "9.1.2"}
COMMANDS = """
lst
list
list --all
list --limit 1
list --limit many
list --limit 0
list --mistral-url ftp://x
list --kind plan
list --kind plans
list --state refused
list --cluster invoices
list --cluster nothing
list --state running -f json
show
show orders
show invoices
show o-1
show o-1-2
show 00000004
show nothing
show orders invoices
plan
plan --cluster orders
plan --cluster orders --instance orders-1 --datastore-version 9.1.2
plan --cluster orders --datastore-version 9.1.2
run --cluster orders --datastore-version 9.1.2 --on-failure cry
run --cluster orders --datastore-version 9.1.2 --bake-sec soon
run --cluster orders --datastore-version 9.1.2 --bake-sec -1
demo --datastore mysql
run --cluster orders --datastore-version 9.1.2 --mistral-url http://x --mistral-from-catalog
run --clutser orders --datastore-version 9.1.2
abort
abort ""
resume --os-cloud theirs
rollback orders --access-dir nowhere
finalize
finalize --cluster orders --instance orders-1
pause invoices --mistral-url http://127.0.0.1:1
""".strip().splitlines()


def number(value):
    return str(uuid.UUID(f"{value:08d}-0000-4000-8000-000000000000"))


def plan(name):
    return {"cluster": {"id": f"{name}-id", "name": name}, "from_version": "8.1.8",
            "to_version": VERSION, "waves": [["m-2"], ["m-1"]], "ready": True, "datastore": "redis",
            "members": [{"id": f"m-{one}", "name": f"{name}-{one}", "role": role, "done": False,
                         "domain": "shard-1", "version": "8.1.8"}
                        for one, role in ((1, "primary"), (2, "replica"))]}


def result(status, name, **lists):
    found = {key: [{"id": f"m-{one}", "name": f"{name}-{one}", "version": version}
                   for one, version in lists.get(key, ())]
             for key in ("upgraded", "skipped", "rolled_back", "failed", "todo")}
    return {"status": status, "summary": f"The upgrade of cluster {name} is {status}.", **found,
            "undo": "", "resume": f"trove-upgrade run --cluster {name}-id", "errors": [],
            "notes": []}


RUNS = (      # oldest first: kind, asked for, state, output, plan
    ("cluster", "orders", "SUCCESS", result("upgraded", "orders", upgraded=((1, "9.1.2"),
                                                                            (2, "9.1.2"))), True),
    ("cluster", "invoices", "PAUSED", None, True),
    ("cluster", "orders", "ERROR", result("refused", "orders"), False),
    ("cluster", "orders", "SUCCESS", result("planned", "orders"), True),
    ("finalize", "orders", "SUCCESS", {"done": True}, False))


def write(directory):
    """The file of an engine that had these runs."""
    directory.mkdir()
    with contextlib.closing(sqlite3.connect(directory / DATABASE)) as file:
        file.execute("CREATE TABLE workflow_executions_v2 (id, workflow_name, task_execution_id, "
                     "root_execution_id, state, state_info, description, input, output, "
                     "created_at, updated_at)")
        file.execute("CREATE TABLE task_executions_v2 (id, name, state, workflow_name, "
                     "workflow_execution_id, created_at)")
        file.execute("CREATE TABLE action_executions_v2 (task_execution_id, accepted, output, "
                     "created_at)")
        for place, run in enumerate(RUNS, 1):
            write_run(file, place, *run)
        file.commit()


def write_run(file, place, kind, cluster, state, output, planned):
    root, then = number(place), f"2026-01-0{place} 03:04:05.678901"
    asked = {"cluster_id": cluster, "datastore_version": "9.1.2", "dry_run": place == 4}
    if kind == "finalize":
        asked = {"cluster_id": cluster}

    def execution(identifier, name, task=None, given=None, told=None, how=state):
        file.execute("INSERT INTO workflow_executions_v2 VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                     (identifier, name, task, None if identifier == root else root, how, None,
                      "Started by ada", json.dumps(given), json.dumps(told), then, then))
    execution(root, f"trove_upgrade.{kind}", given=asked, told=output)
    if planned:
        execution(number(place + 10), PREPARE, "prepare", how="SUCCESS")
        execution(number(place + 20), BODY, "upgrade")
        file.execute("INSERT INTO task_executions_v2 VALUES (?,?,?,?,?,?)",
                     (number(place + 30), "make_plan", "SUCCESS", PREPARE, number(place + 10),
                      then))
        file.execute("INSERT INTO action_executions_v2 VALUES (?,?,?,?)",
                     (number(place + 30), True, json.dumps({"result": plan(cluster)}), then))
    if cluster == "invoices":
        file.execute("INSERT INTO task_executions_v2 VALUES (?,?,?,?,?,?)",
                     (number(place + 50), "hold", "IDLE", BODY, number(place + 20), then))
        execution(number(place + 40), MEMBER, "w-1", {"member": "m-2"}, how="SUCCESS")


def answers(directory):
    """The script with its answers: text."""
    write(directory / "state")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    home = {"HOME": str(directory), "XDG_CONFIG_HOME": str(directory), "COLUMNS": "100"}
    told = []
    with contextlib.chdir(directory):
        for command in COMMANDS:
            words = shlex.split(command)
            place = ["--state-dir", "state"] if words[0] != "lst" else []
            out = io.StringIO()
            with (mock.patch.dict(os.environ, {**clean, **home}, clear=True),
                  contextlib.redirect_stdout(out), contextlib.redirect_stderr(out)):
                code = code_of([*words, *place])
            said = TIME.sub(", TIME", out.getvalue())
            said = said.replace(str(directory), "DIR")
            told.append(f"$ trove-upgrade {command}\n{said.rstrip()}\n=> {code}\n")
    return "\n".join(told)


def code_of(words):
    try:
        return main(words)
    except SystemExit as end:
        return end.code


def test_answers_are_the_golden_ones(tmp_path):
    assert len(COMMANDS) >= 30
    assert answers(tmp_path).splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as found:
        GOLDEN.write_text(answers(pathlib.Path(found)), encoding="utf-8")
