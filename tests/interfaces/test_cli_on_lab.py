"""The command line on a real Trove and real servers, with the embedded engine."""
import json
import re
import signal

import pytest
from trove_upgrade.lab.lab import Lab

QUICK = ("--bake-sec", "0", "--datastore-version", "9.1.2")


@pytest.fixture
def lab():
    with Lab(swap_sec=0.2) as running:
        yield running


@pytest.fixture
def on_lab(lab, make_cli, tmp_path):
    lab.create_cluster("shop", shards=3, replicas=1)
    cli = make_cli(tmp_path, lab.env())
    place = ("--access-dir", str(lab.access_dir))
    return cli, place


def versions(lab):
    return {member.version for member in lab.members(lab.client().clusters.list()[0])}


def test_plan_then_interrupted_run_then_resume(lab, on_lab):
    cli, place = on_lab
    planned = cli("plan", "--cluster", "shop", *QUICK, *place, "-f", "json")
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    assert [len(wave) for wave in plan["waves"]] == [1] * 6
    assert versions(lab) == {"8.1.8"}

    run = cli.begin("run", "--cluster", "shop", *QUICK, *place)
    cli.until("awaiting evidence")
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 6, cli.until("")
    output = cli.until("Go on with: trove-upgrade resume")
    assert len(versions(lab)) == 2          # it stopped in between
    assert not re.search("Traceback|Warning", output)

    resumed = cli("resume", *place, timeout=120)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert versions(lab) == {"9.1.2"}


def test_aborted_run_is_rolled_back_and_says_so(lab, on_lab):
    cli, place = on_lab
    run = cli.begin("run", "--cluster", "shop", *QUICK, *place)
    cli.until("upgraded after")
    aborted = cli("abort", *place, timeout=120)
    assert aborted.returncode == 7, aborted.stdout + aborted.stderr
    assert run.wait(60) == 7
    assert versions(lab) == {"8.1.8"}


def test_rollback_takes_the_newest_upgrade_back_once(lab, on_lab):
    cli, place = on_lab
    ran = cli("run", "--cluster", "shop", *QUICK, "--finalize", "manual", *place, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert versions(lab) == {"9.1.2"}
    back = cli("rollback", "--bake-sec", "0", *place, timeout=120)
    assert back.returncode == 0, back.stdout + back.stderr
    assert "has begun" in back.stdout
    assert versions(lab) == {"8.1.8"}
    again = cli("rollback", *place)
    assert (again.returncode, "nothing to roll back" in again.stderr) == (3, True)
    listed = [line.split()[3:6] for line in cli("list").stdout.splitlines()]
    assert [(kind, state) for kind, state, _ in listed] == [("upgrade", "SUCCESS")] * 2


def test_refused_before_anything_is_touched(lab, on_lab):
    cli, place = on_lab
    for cluster, version, words in (("nope", "9.1.2", "There is no cluster 'nope'"),
                                    ("shop", "7.7", "no version '7.7'")):
        refused = cli("run", "--cluster", cluster, "--datastore-version", version, *place)
        assert refused.returncode == 3
        assert words in refused.stdout
        assert not re.search("Traceback|Warning", refused.stdout + refused.stderr)
    assert versions(lab) == {"8.1.8"}


def test_second_command_goes_on_when_the_first_ones_engine_is_killed(lab, on_lab):
    cli, place = on_lab
    run = cli.begin("run", "--cluster", "shop", *QUICK, *place)
    cli.until("upgraded after")
    run.kill()                      # its engine ends with it, in the middle of the upgrade
    run.wait()
    watched = cli("watch", *place, timeout=120)
    assert watched.returncode == 0, watched.stdout + watched.stderr
    assert versions(lab) == {"9.1.2"}
    stops = [entry["name"] for entry in lab.journal() if entry["event"] == "stopping"]
    assert len(stops) == len(set(stops)) == 6
