"""Many upgrades at once on a Mistral service: the lab's, with 1, 2 and 4 engine processes.

    python benchmarks/throughput.py [--engines 1,2,4] [--clusters 10,50,200] [--limit-sec 1800]

RabbitMQ, MariaDB, HAProxy, two APIs, three executors, as `make lab-distributed`, without Keystone;
clusters of five members that are upgraded at once (instant.py), in waves of one. Prints a line of
JSON a batch and writes docs/benchmarks-service.md. ``--batches 1x10,2x50`` measures these alone:
engines x clusters.
"""
import argparse
import collections
import contextlib
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trove_upgrade.interfaces.services import ServiceError
from trove_upgrade.interfaces.session import plain_client, plain_session
from trove_upgrade.interfaces.upgrades import Upgrades
from trove_upgrade.lab.mistral import MistralService
from trove_upgrade.lab.mistral.daemon import PIDS
from trove_upgrade.planning.executions import ENDED
from trove_upgrade.planning.lock_names import LOCK

sys.path.insert(0, str(Path(__file__).parent))
import instant  # noqa: E402
import rows  # noqa: E402

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-service.md"
MEMBERS = 5
STARTERS = 10           # clients that start upgrades at the same time
POLL_SEC = 1.0
TIME_OUT = "MessagingTimeout"
COLUMNS = {
    "engines": "engines", "clusters": "clusters", "of the ideal": "of_ideal",
    "tasks a member": "tasks_a_member", "engine CPU s a member": "engine_cpu_a_member",
    "engines' share of a core": "engine_cores", "tasks a s": "tasks_a_sec",
    "elapsed s": "elapsed_sec", "first member begun after s": "first_begun_sec",
    "median cluster's first member s": "median_begun_sec", "slowest create s": "slowest_create_sec",
    "RPC time-outs": "rpc_time_outs", "ended well": "ended_well", "locks left": "locks_left",
    "load before": "load"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default="1,2,4")
    parser.add_argument("--clusters", default="10,50,200")
    parser.add_argument("--batches", default="")
    parser.add_argument("--limit-sec", type=float, default=1800.0)
    args = parser.parse_args()
    batches = [tuple(map(int, one.split("x"))) for one in args.batches.split(",") if one] or list(
        itertools.product(*(map(int, one.split(",")) for one in (args.engines, args.clusters))))
    found = []
    for figures in measured(batches, args.limit_sec):
        found.append(figures)
        print(json.dumps(figures), flush=True)
    PAGE.write_text(page(found), encoding="utf-8")


def measured(batches, limit_sec):
    """The figures of each batch (engines, clusters), in turn, on one service."""
    with tempfile.TemporaryDirectory() as directory, instant.double() as trove:
        Path(directory).chmod(0o711)        # the database's user must reach its files
        service = _service(Path(directory), trove, max(engines for engines, _ in batches))
        try:
            service.start().install(plain_session(), scope="private")
            batch(service, trove, 1, limit_sec)     # what is loaded once, is loaded before
            rates: dict[int, float] = {}
            for engines, clusters in batches:
                _run_engines(service, engines)
                figures = batch(service, trove, clusters, limit_sec)
                rate = rates.setdefault(engines, figures["tasks_a_sec"])
                ideal = figures["tasks"] / rate
                yield {"engines": engines, **figures,
                       "of_ideal": round(figures["elapsed_sec"] / ideal, 2)}
        finally:
            service.stop()


def _service(directory, trove, engines):
    """A MistralService that is not started yet, whose executors know the double's Trove."""
    access, env = directory / "access", {**os.environ, **trove.env()}
    access.mkdir()
    sections = {"pecan": {"auth_enable": "false"}, "trove_upgrade": {"auth": "cloud"}}
    os.environ.update(given := instant.install(directory / "site"))    # `install` looks here
    sys.path[:0] = given["PYTHONPATH"].split(os.pathsep)
    service = MistralService(directory / "mistral", sections, access, {**env, **given},
                             engines=engines)
    for node in service.nodes.values():
        node.sections["trove_upgrade"]["mistral_url"] = service.proxy.url
    return service


def _run_engines(service, wanted):
    """Let so many engines run, and no others."""
    for number, node in enumerate(service.named("engine"), 1):
        if number > wanted:
            node.process.stop()
        elif not node.process.alive:
            node.start().wait()


def batch(service, trove, clusters, limit_sec):
    """The figures of so many upgrades that are started at once; ``limit_sec``: no longer."""
    named = [trove.create_cluster(MEMBERS) for _ in range(clusters)]
    load, tasks = os.getloadavg()[0], _tasks(service)
    spent, time_outs, begin = _engine_cpu(service), _time_outs(service), time.monotonic()
    with ThreadPoolExecutor(STARTERS) as pool:
        made = list(pool.map(lambda one: _start(service.url, one), named))
    runs = [run for run, _ in made if run]
    while not _over(states := _states(service, runs)) and time.monotonic() - begin < limit_sec:
        time.sleep(POLL_SEC)
    elapsed, spent = time.monotonic() - begin, _engine_cpu(service) - spent
    tasks = _tasks(service) - tasks
    begun = [trove.begun[one] - begin for one in named if one in trove.begun]
    return {"clusters": clusters, "elapsed_sec": round(elapsed, 1), "tasks": tasks,
            "tasks_a_sec": round(tasks / elapsed, 2),
            "tasks_a_member": round(tasks / clusters / MEMBERS, 2),
            "engine_cpu_a_member": round(spent / clusters / MEMBERS, 3),
            "engine_cores": round(spent / elapsed, 2),
            "first_begun_sec": round(min(begun, default=elapsed), 1),
            "median_begun_sec": round(statistics.median(begun), 1) if begun else None,
            "slowest_create_sec": round(max(seconds for _, seconds in made), 1),
            "rpc_time_outs": _time_outs(service) - time_outs, "ended_well": states["SUCCESS"],
            "states": dict(states), "not_started": clusters - len(runs),
            "locks_left": _count(service, "environments_v2 where name like %s", LOCK + "%"),
            "load": round(load, 1)}


def _start(url, cluster):
    """(id of the execution or empty, seconds that it took)."""
    begin, run = time.monotonic(), ""
    try:
        run = Upgrades(plain_client(url)).start({
            "cluster_id": cluster, "datastore_version": instant.NEW, "bake_sec": 0,
            "canary": False})
    except ServiceError as error:
        print(f"{cluster} was not started: {error}", file=sys.stderr)
    return run, time.monotonic() - begin


def _states(service, runs):
    """How many of the runs are in which state."""
    marks = ",".join(["%s"] * len(runs)) or "''"
    return collections.Counter(dict(service.database.ask(
        f"select state, count(*) from workflow_executions_v2 where id in ({marks}) "  # noqa: S608
        "group by state", *runs)))


def _over(states):
    return all(state in ENDED for state in states)


def _tasks(service):
    return _count(service, "task_executions_v2")


def _count(service, what, *values):
    return service.database.ask(f"select count(*) from {what}", *values)[0][0]  # noqa: S608


def _time_outs(service):
    """Lines of the logs that tell of an RPC that was not answered in time."""
    return sum(line.count(TIME_OUT) for node in service.nodes.values() if node.log.exists()
               for line in node.log.read_text(errors="replace").splitlines())


def _engine_cpu(service):
    """CPU seconds of the engines that run, of all their processes."""
    sessions = {int((service.directory / PIDS / node.name).read_text())
                for node in service.named("engine") if node.process.alive}
    return sum(_cpu_in(sessions, int(one.name)) for one in Path("/proc").iterdir()
               if one.name.isdigit())


def _cpu_in(sessions, pid):
    """CPU seconds of a process that is of one of the sessions."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        return rows.cpu(pid) if os.getsid(pid) in sessions else 0
    return 0


def page(found):
    """docs/benchmarks-service.md."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---:|" * len(COLUMNS)]
    lines += ["| " + " | ".join(str(one[key]) for key in COLUMNS.values()) + " |" for one in found]
    return HEAD + "\n".join(lines) + "\n" + FOOT


HEAD = f"""# Many upgrades at once on a Mistral service

Written by `make benchmark-service`; see [benchmarks/](../benchmarks/README.md). Clusters of
{MEMBERS} members that are upgraded at once, in waves of one: what is left is the orchestration's
own. RabbitMQ, MariaDB, HAProxy, two APIs, three executors and the engines share two cores with
each other and with the double of Trove, so more engines bring no more throughput here: compare
ratios and CPU seconds. {STARTERS} clients start the upgrades at the same time. All batches in turn
in one session.

"""
FOOT = """
- *of the ideal*: elapsed beside tasks / tasks a second of the first batch of so many engines.
- *engines' share of a core*: CPU seconds of all engine processes / elapsed.
- *first member begun*: from the first start until Trove was asked for the first member of any
  cluster; *median cluster's*: until half of the clusters had begun.
- *RPC time-outs*: lines of the logs that tell of a request which was not answered in 60 s.
- *tasks*, *CPU* and *tasks a second* are those until the last upgrade has ended, or the time
  that a batch is given was over: then fewer have *ended well* than there are clusters.
"""

if __name__ == "__main__":
    main()
