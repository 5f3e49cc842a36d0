"""The command line on a real Trove and real servers, with the embedded engine."""
import json
import re
import signal

import pytest

from tests.shapes import PAIR, SIX, of
from tests.waits import PATIENCE_SEC

LAB: dict = {}
XDIST_GROUP = "lab clients"
SHAPE = PAIR
QUICK = ("--bake-sec", "0", "--datastore-version", "9.1.2")


@pytest.fixture
def on_lab(site, cluster, make_cli, tmp_path):
    """(the command line on this site's lab, with an engine of its own; where its access files are;
    how it is told the cluster)."""
    place = ("--access-dir", str(site.lab.access_dir))
    return make_cli(tmp_path, site.lab.env()), place, ("--cluster", cluster.name)


def versions(site, cluster):
    return {member.version for member in site.lab.members(cluster)}


@of(SIX)                   # so that it is seen at work before it is over
def test_plan_then_interrupted_run_then_resume_then_rollback_once(site, cluster, on_lab):
    cli, place, shop = on_lab
    planned = cli("plan", *shop, *QUICK, *place, "-f", "json")
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    assert [len(wave) for wave in plan["waves"]] == [1] * 6
    assert versions(site, cluster) == {"8.1.8"}

    run = cli.begin("run", *shop, *QUICK, "--finalize", "manual", *place)
    cli.until("awaiting evidence")
    run.send_signal(signal.SIGINT)
    assert run.wait(PATIENCE_SEC) == 6, cli.until("")
    output = cli.until("Go on with: trove-upgrade resume")
    assert len(versions(site, cluster)) == 2          # it stopped in between
    assert not re.search("Traceback|Warning", output)

    resumed = cli("resume", *place)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert versions(site, cluster) == {"9.1.2"}

    back = cli("rollback", "--bake-sec", "0", *place)
    assert back.returncode == 0, back.stdout + back.stderr
    assert "has begun" in back.stdout
    assert versions(site, cluster) == {"8.1.8"}
    again = cli("rollback", *place)
    assert (again.returncode, "nothing to roll back" in again.stderr) == (3, True)
    listed = [line.split()[:4] for line in cli("list").stdout.splitlines()[1:]]
    assert listed == [[cluster.name, "upgrade", version, "upgraded"]
                      for version in ("8.1.8", "9.1.2")]


@of(SIX)                   # so that it is not over before it is aborted
def test_aborted_run_is_rolled_back_and_says_so(site, cluster, on_lab):
    cli, place, shop = on_lab
    run = cli.begin("run", *shop, *QUICK, *place)
    cli.until("upgraded after")
    aborted = cli("abort", *place)
    assert aborted.returncode == 7, aborted.stdout + aborted.stderr
    assert run.wait(PATIENCE_SEC) == 7
    assert versions(site, cluster) == {"8.1.8"}


def test_refused_before_anything_is_touched(site, cluster, on_lab):
    cli, place, shop = on_lab
    for wanted, version, words in (("nope", "9.1.2", "There is no cluster 'nope'"),
                                    (cluster.name, "7.7", "no version '7.7'")):
        refused = cli("run", "--cluster", wanted, "--datastore-version", version, *place)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert not (cli.directory / "trove-upgrade").exists()       # no engine was started
        assert not re.search("Traceback|Warning", refused.stdout + refused.stderr)
    assert versions(site, cluster) == {"8.1.8"}


@of(SIX)                   # so that it is not over before its engine is killed
def test_second_command_goes_on_when_the_first_ones_engine_is_killed(site, cluster, on_lab):
    cli, place, shop = on_lab
    run = cli.begin("run", *shop, *QUICK, *place)
    cli.until("upgraded after")
    run.kill()                      # its engine ends with it, in the middle of the upgrade
    run.wait()
    watched = cli("watch", *place)
    assert watched.returncode == 0, watched.stdout + watched.stderr
    assert versions(site, cluster) == {"9.1.2"}
    stops = [entry["name"] for entry in site.lab.journal()
             if entry["event"] == "stopping" and entry["name"].startswith(f"{cluster.name}-")]
    assert len(stops) == len(set(stops)) == 6


def test_doctor_asks_the_engine_and_starts_no_upgrade_again(site, cluster, on_lab):
    cli, place, shop = on_lab
    well = cli("doctor", *shop, *place, "--executors", "1", "-f", "json")
    assert well.returncode == 0, well.stdout + well.stderr
    found = json.loads(well.stdout)
    assert (found["status"], len(found["executors"])) == ("ok", 1), found
    assert [note.partition(" ")[0] for note in found["notes"]] == ["trove-api"]
    own = found["executors"][0]
    assert [one["problem"] for one in own["members"]] == [""] * 2
    assert all(":" in one["address"] for one in own["members"])
    assert [*own["access"]] == [path.stem for path in site.lab.access_dir.glob("*.yaml")]
    assert not (cli.directory / "trove-upgrade").exists()       # an engine of its own
    ill = cli("doctor", *shop, *place, "--executors", "3")
    assert ill.returncode == 5, ill.stdout + ill.stderr
    assert "Trouble: 3 executors were expected, and 1 answered." in ill.stdout
    assert "2 of 2" in ill.stdout
