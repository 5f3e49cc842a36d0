"""What a run leaves in Mistral's database, and what it costs, by the number of members.

    python benchmarks/rows.py [--members 6,100,1000] [--fields]

Members that are upgraded at once (instant.py) on an embedded engine, in waves of one. Prints a line
of JSON a size; ``--fields`` prints the largest fields, too. To compare two commits run it in turn
for each, with PYTHONPATH naming a directory whose link `trove_upgrade` leads to the commit's
checkout.
"""
import argparse
import collections
import contextlib
import json
import os
import sqlite3
import sys
import tempfile
import time
import typing
from pathlib import Path

from trove_upgrade.embedded import EmbeddedEngine
from trove_upgrade.interfaces.session import engine_client
from trove_upgrade.interfaces.upgrades import Upgrades

sys.path.insert(0, str(Path(__file__).parent))
import instant  # noqa: E402

QUERIES = {
    "workflow": "SELECT * FROM workflow_executions_v2 WHERE id = ?1 OR root_execution_id = ?1",
    "task": """SELECT task.* FROM task_executions_v2 task
        JOIN workflow_executions_v2 workflow ON workflow.id = task.workflow_execution_id
        WHERE workflow.id = ?1 OR workflow.root_execution_id = ?1""",
    "action": """SELECT action.* FROM action_executions_v2 action
        JOIN task_executions_v2 task ON task.id = action.task_execution_id
        JOIN workflow_executions_v2 workflow ON workflow.id = task.workflow_execution_id
        WHERE workflow.id = ?1 OR workflow.root_execution_id = ?1"""}
COLUMNS = {"spec", "input", "output", "params", "context", "in_context", "published",
           "runtime_context", "state_info"}
SIZES = (6, 100, 1000)
POLL_SEC = 0.5
HEAD = ("| members | rows kB | rows kB a member | largest field kB | tasks a member | "
        "engine CPU s a member | elapsed s a member | Trove calls a member |\n"
        "|---:|---:|---:|---:|---:|---:|---:|---:|")
TOP = 40                # fields that are printed
TICKS = os.sysconf("SC_CLK_TCK")


class Field(typing.NamedTuple):
    """A column of the rows of one task, action or workflow: the sum, the rows, the longest."""

    table: str
    column: str
    name: str
    bytes: int
    rows: int
    largest: int


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", default="6,100,1000")
    parser.add_argument("--fields", action="store_true", help="print the largest fields, too")
    args = parser.parse_args()
    for figures in measured(int(one) for one in args.members.split(",")):
        found = figures.pop("fields")
        print(json.dumps(figures), flush=True)
        for one in found[:TOP] if args.fields else ():
            print("   ", one.bytes, one.rows, one.largest, *one[:3])


def section():
    """The figures as a section of docs/benchmarks.md."""
    rows = "".join(
        f"| {one['members']} | {one['bytes'] / 1000:.0f} | {one['bytes_a_member'] / 1000:.1f} | "
        f"{one['largest_field'][0] / 1000:.0f} | {one['tasks_a_member']} | "
        f"{one['engine_cpu_a_member']} | {one['elapsed_a_member']} | "
        f"{one['trove_calls_a_member']} |\n" for one in measured(SIZES))
    return f"""## Cost a member

Members that are upgraded at once, in waves of one, on the embedded engine, which asks Trove and the
members over HTTP: what is left is the orchestration's own.

{HEAD}
{rows}"""


def measured(sizes):
    """The figures of a run of each size, in turn, on one engine."""
    with tempfile.TemporaryDirectory() as directory, instant.double() as trove:
        env = {**os.environ, **trove.env(), **instant.install(Path(directory) / "site")}
        with EmbeddedEngine(Path(directory) / "engine", env=env) as engine:
            run(engine, trove, 1)       # what is loaded once, is loaded before
            for members in sizes:
                yield run(engine, trove, members)


def run(engine, trove, members):
    """The figures of one run, with its ``fields``."""
    upgrades = Upgrades(engine_client(engine.url, engine.token))
    cluster = trove.create_cluster(members)
    trove.calls.clear()
    before, begun = cpu(engine.pid), time.monotonic()
    root = upgrades.start({"cluster_id": cluster, "datastore_version": instant.NEW, "bake_sec": 0,
                           "canary": False})
    with contextlib.closing(sqlite3.connect(f"file:{engine.files.database}?mode=ro",
                                            uri=True)) as database:
        while (state := _state(database, root)) not in ("SUCCESS", "ERROR"):
            time.sleep(POLL_SEC)
        elapsed, spent = time.monotonic() - begun, cpu(engine.pid) - before
        if state != "SUCCESS":
            raise SystemExit(f"It was not upgraded: {_info(database, root)}")
        found = fields(database, root)
    tasks = sum(one.rows for one in found if one.table == "task" and one.column == "spec")
    total, largest = sum(one.bytes for one in found), max(found, key=lambda one: one.largest)
    return {"members": members, "bytes": total, "bytes_a_member": total // members,
            "largest_field": [largest.largest, *largest[:3]],
            "tasks": tasks, "tasks_a_member": round(tasks / members, 2),
            "engine_cpu_a_member": round(spent / members, 3),
            "elapsed_a_member": round(elapsed / members, 3),
            "trove_calls_a_member": round(sum(trove.calls.values()) / members, 2),
            "calls": dict(trove.calls), "fields": found}


def _state(database, root):
    found = database.execute("SELECT state FROM workflow_executions_v2 WHERE id = ?", (root,))
    return (found.fetchone() or ("",))[0]


def _info(database, root):
    return database.execute("SELECT state_info, output FROM workflow_executions_v2 WHERE id = ?",
                            (root,)).fetchone()


def fields(database, root):
    """The Fields of a run, the largest sum first."""
    database.row_factory = sqlite3.Row
    sizes = collections.defaultdict(list)
    for table, query in QUERIES.items():
        for row in database.execute(query, (root,)):
            name = row["workflow_name" if table == "workflow" else "name"]
            for column in COLUMNS.intersection(row.keys()):
                sizes[table, column, name].append(len((row[column] or "").encode()))
    found = [Field(*key, sum(each), len(each), max(each)) for key, each in sizes.items()]
    return sorted(found, key=lambda one: -one.bytes)


def cpu(pid):
    """CPU seconds of a process so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
