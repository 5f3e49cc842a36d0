"""One run of all tests: those that share a lab go to one worker, and the longest groups begin.

A module says what it needs in a name of its own: LAB, the options of a lab with an engine, or
CLOUD, those of a cloud with Keystone. Modules that need the same are one group, unless XDIST_GROUP,
any word, sets some of them apart so that two workers can do them. A module that says nothing is a
group by itself, and so is each test that is marked ``apart``. Without pytest-xdist nothing changes
but the order.
"""
import collections
import json
import os
import tempfile
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.waits import PATIENCE_SEC

FILE = Path(tempfile.gettempdir()) / f"trove-upgrade-groups-{os.getpid()}.json"
NEEDS = ("XDIST_GROUP", "LAB", "CLOUD")
# Seconds of the longest groups, as a run prints them at its end: what is first here begins first.
# Those that are not named here begin last, in the order of their files.
SECONDS = {
    "lab-clients": 670, "tokens": 360, "cloud-3": 510, "dashboard": 500, "cloud-1": 400,
    "cloud-2": 450,
    "postgresql": 360, "mariadb": 330, "distributed": 600, "no-trusts": 270, "lab-2": 220,
    "lab-3": 210, "lab-1": 210,
    "rabbit": 180, "vertica": 160, "galera": 140, "lab-killed": 140, "set-trust": 120,
    "cassandra": 120, "scope": 230, "tests/embedded/test_restart.py": 120, "generic": 110,
    "mongodb": 100, "dashboard-set": 80, "tests/lab/test_demo.py": 80,
    "tests/interfaces/test_cli.py": 80, "apis-1": 80, "mysql": 80,
    "tests/embedded/test_engine.py": 70, "demo-upstream": 70, "broker-gone": 70, "quiet-lab": 70,
    "demo-failure": 70, "demo": 70, "apis-2": 50, "tls": 50, "persistence": 50,
    "notifications": 30}


def group_of(item):
    """The group of a test, one word."""
    if (apart := item.get_closest_marker("apart")):
        return _word(*apart.args or (item.nodeid,))
    for name in NEEDS:
        if (need := getattr(item.module, name, None)) is not None:
            text = need if isinstance(need, str) else f"{name.lower()} {sorted(need.items())}"
            return _word(text)
    return _word(item.nodeid.split("::")[0])


def _word(text):
    kept = "".join(one if one.isalnum() or one in "_.-/" else " " for one in text)
    return "-".join(kept.split())


def pytest_collection_modifyitems(items):
    first = {}
    for place, item in enumerate(items):
        first.setdefault(group_of(item), place)
        # Each wait is bounded by itself; this ends what hangs without waiting.
        item.add_marker(pytest.mark.timeout(5 * PATIENCE_SEC))
    items.sort(key=lambda item: (-SECONDS.get(group_of(item), 0), first[group_of(item)]))


# The workers collect, and the process that schedules knows ids of tests alone: a file tells it
# their groups. (With pytest 9 the mark of pytest-xdist does not reach it any more.)
@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["groups"] = str(FILE)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session):
    if (asked := getattr(session.config, "workerinput", None)) is not None:
        own = Path(f"{asked['groups']}.{asked['workerid']}")
        own.write_text(json.dumps({item.nodeid: group_of(item) for item in session.items}))
        own.rename(asked["groups"])


class LongestFirst(LoadScopeScheduling):
    """Groups in the order of the tests, each when a worker begins its last test.

    The stock one gives a worker its next group two tests earlier, which then waits behind them
    while another worker may have nothing to do.
    """

    def schedule(self):
        self.groups = json.loads(FILE.read_text())
        super().schedule()

    def _split_scope(self, nodeid):
        return self.groups[nodeid]

    def _reschedule(self, node):
        if self.workqueue and self._pending_of(self.assigned_work[node]) > 1:
            return
        super()._reschedule(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False
    return LongestFirst(config, log)


def pytest_terminal_summary(terminalreporter):
    """Seconds of each group, the longest first; those of under 10 s are told as one sum."""
    if not FILE.exists():
        return
    groups, spent = json.loads(FILE.read_text()), collections.Counter()
    FILE.unlink()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "duration"):
                spent[groups.get(report.nodeid, "?")] += report.duration
    terminalreporter.section("seconds of groups")
    for group, seconds in spent.most_common():
        if seconds >= 10:
            terminalreporter.line(f"{seconds:7.0f} {group}")
    rest = sum(seconds for seconds in spent.values() if seconds < 10)
    terminalreporter.line(f"{rest:7.0f} all others")
