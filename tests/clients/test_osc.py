"""`openstack database cluster upgrade ...` as people use it, on a real Trove and Mistral.

There is no Keystone here: Trove's URL and Mistral's are given. tests/cloud has one.
"""
import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.site import NEW, OLD
from tests.shapes import PAIR
from tests.waits import PATIENCE_SEC

LAB: dict = {}
XDIST_GROUP = "lab clients"
OPENSTACK = Path(sys.executable).with_name("openstack")
VERBS = ("plan", "start", "show", "list", "watch", "pause", "resume", "abort", "rollback",
         "finalize")
UPGRADE = ("database", "cluster", "upgrade")
END = "-- the end of a verb's help\n"
HELP = f"""
import sys
sys.argv, verbs = ["openstack"], sys.argv[1:]       # the program's name is read at the import
from openstackclient.shell import main
for verb in verbs:
    main(["help", *{UPGRADE}, verb])
    print({END!r}, end="", flush=True)
"""


def run(*arguments, env=None, directory=None):
    """The result of `openstack ...` with a clean environment."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    return subprocess.run([OPENSTACK, *arguments], capture_output=True, text=True,
                          timeout=PATIENCE_SEC, stdin=subprocess.DEVNULL,
                          check=False, cwd=directory,
                          env={**kept, "PYTHONWARNINGS": "ignore", **(env or {})})


@pytest.fixture
def upgrade(site, tmp_path):
    """`openstack database cluster upgrade ...` on the site."""
    env = {**site.lab.env(), "OS_WORKFLOW_ENDPOINT_OVERRIDE": site.engine.client_url}
    return lambda *arguments: run(*UPGRADE, *arguments, env=env, directory=tmp_path)


def versions(site, cluster):
    return {member.version for member in site.lab.members(cluster)}


@pytest.fixture(scope="module")
def helps():
    """What the help of each verb shows: of one process, as most of its time goes into its start."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", HELP, *VERBS], text=True,
                          capture_output=True, timeout=PATIENCE_SEC, check=False)
    shown = dict(zip(VERBS, done.stdout.split(END), strict=False))
    assert shown.keys() == set(VERBS), done.stderr
    return shown


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_examples_that_parse(helps, verb):
    shown = helps[verb]
    assert shown.startswith(f"usage: openstack database cluster upgrade {verb} ")
    assert "This command is provided by the trove-upgrade plugin" in shown
    examples = re.findall(rf"^  openstack database cluster upgrade {verb}(.*)$", shown, re.M)
    assert examples
    assert "-f {" in shown                                    # column and format options


def test_completion_lists_every_verb():
    found = dict(re.findall(r"^  cmds_(\w+)='(.*)'$", run("complete").stdout, re.M))
    assert set(VERBS) <= set(found["database_cluster_upgrade"].split())
    assert all("--format" in found[f"database_cluster_upgrade_{verb}"] for verb in VERBS)


def test_stock_command_is_as_it_was():
    shown = run("help", *UPGRADE)
    assert "upgrade [-h] <cluster> <datastore_version>" in shown.stdout
    assert "provided by the python-troveclient plugin" in shown.stdout


@pytest.mark.parametrize("name", ["a", "st", "roll"])
def test_cluster_named_like_the_beginning_of_a_verb_goes_to_the_stock_command(upgrade, name):
    stock = upgrade(name, NEW)
    assert stock.returncode == 1
    assert f"No cluster with a name or ID of '{name}' exists." in stock.stderr


def test_stock_command_starts_its_upgrade_also_by_the_beginning_of_a_verb(site, upgrade):
    made = site.lab.create_cluster("sta", **PAIR)
    assert upgrade(made.name, NEW).returncode == 0
    assert site.lab.client().clusters.get(made.id).task["name"] == "UPGRADING_CLUSTER"


def test_plan_start_show_list_and_rollback(site, upgrade):
    with site.cluster(**PAIR) as cluster:
        planned = upgrade("plan", cluster.name, NEW, "-f", "json")
        plan = json.loads(planned.stdout)
        assert (planned.returncode, plan["ready"], len(plan["order"])) == (0, True, 2)
        assert {check["name"] for check in plan["checks"]} > {"cluster_idle", "lock_free"}

        ended = upgrade("start", cluster.name, NEW, "--bake-sec", "0", "--finalize", "manual",
                        "--wait", "-f", "json")
        assert ended.returncode == 0, ended.stderr
        end = json.loads(ended.stdout)
        assert (end["status"], end["upgraded"]) == ("upgraded", "2/2")
        assert end["undo"] == ("openstack database cluster upgrade start --bake-sec 0 "
                               f"--skip-check not_a_downgrade {cluster.id} {OLD}")
        assert len(re.findall(r"member-\d .*: upgraded after", ended.stderr)) == 2
        assert versions(site, cluster) == {NEW}

        shown = upgrade("show", end["id"], "-f", "value", "-c", "state", "-c", "status")
        assert shown.stdout.split() == ["SUCCESS", "upgraded"]
        listed = upgrade("list", "--cluster", cluster.name, "--all", "--long", "-f", "csv")
        rows = [*csv.DictReader(io.StringIO(listed.stdout))]
        assert [(row["Kind"], row["State"]) for row in rows] == [
            ("upgrade", "SUCCESS"), ("plan", "SUCCESS")]

        begun = upgrade("rollback", cluster.name, "--bake-sec", "0", "-f", "json")
        assert json.loads(begun.stdout)["datastore_version"] == OLD, begun.stderr
        refused = upgrade("rollback", cluster.name)
        assert refused.returncode == 3
        assert f"Execution {json.loads(begun.stdout)['id']} upgrades" in refused.stderr
        watched = upgrade("watch", cluster.name)
        assert watched.returncode == 0, watched.stderr
        assert versions(site, cluster) == {OLD}


def test_pause_resume_abort_with_exit_codes(site, upgrade):
    with site.cluster() as cluster:
        site.break_member(cluster, "slow_swap", "*", seconds=6)    # so that commands come in time
        started = upgrade("start", cluster.id, NEW, "--bake-sec", "0", "-f", "json")
        begun = json.loads(started.stdout)
        paused = upgrade("pause", cluster.name, "--wait", "-f", "json")
        assert paused.returncode == 6, paused.stderr
        assert json.loads(paused.stdout)["state"] == "PAUSED"
        second = upgrade("start", cluster.name, NEW)
        assert second.returncode == 3
        assert f"Execution {begun['id']} upgrades this cluster. Wait for it, or abort it." in (
            second.stderr)
        resumed = upgrade("resume", begun["id"])
        assert (resumed.returncode, "RUNNING" in resumed.stdout) == (0, True)
        aborted = upgrade("abort", cluster.name, "--wait", "-f", "json")
        assert aborted.returncode == 7, aborted.stderr
        assert json.loads(aborted.stdout)["status"] == "aborted"
        assert versions(site, cluster) == {OLD}


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (("plan", "nope", NEW), 1, "There is no cluster 'nope'."),
    (("show", "nope"), 1, "There is no cluster 'nope'."),
    (("start", "nope"), 2, "the following arguments are required: <datastore-version>"),
    (("start", "nope", NEW, "--on-failure", "cry"), 2, "invalid choice: 'cry'")])
def test_what_can_not_be_done_is_one_sentence(upgrade, arguments, code, words):
    done = upgrade(*arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_refused_plan_says_why(site, upgrade):
    with site.cluster(**PAIR) as cluster:
        unknown = upgrade("plan", cluster.name, "7.7")
        assert (unknown.returncode, "no version '7.7'" in unknown.stderr) == (3, True)
        down = upgrade("plan", cluster.name, OLD, "-f", "json", "-c", "direction")
        assert (down.returncode, json.loads(down.stdout)) == (0, {"direction": "none"})
