"""The demos, with an upgrade by hand in the pack's place and with ones that break promises."""
import json
import threading

import pytest
from trove_upgrade.lab import demo, upstream

from tests.waits import until

pytestmark = pytest.mark.lab_double
CAREFUL = "trove_upgrade.lab.careful:upgrade_in_lab"
QUICK = {"swap_sec": 0.2, "lead_sec": 0.3, "tail_sec": 0.3}


@pytest.fixture
def run(tmp_path):
    """run(kind, upgrader) -> (exit code, report, what was said)."""
    def run(kind, upgrader, /, **options):
        said = []
        code = demo.run_demo(kind, tmp_path, upgrader, say=said.append, **{**QUICK, **options})
        path = tmp_path / "report.json"
        return code, json.loads(path.read_text()) if path.exists() else None, "\n".join(said)
    return run


def test_demo_with_a_careful_upgrade_is_as_promised(run, tmp_path):
    code, report, said = run("demo", CAREFUL)
    assert code == 0, said
    assert [m["evidence"] for m in report["members"]] == ["9.1.2"] * 6
    assert (report["workload"]["failed"], report["workload"]["lost"]) == (0, 0)
    assert report["replicas_first"] == {f"shard-{n}": True for n in (1, 2, 3)}
    assert len(report["waves"]) == 6
    assert report["trove_calls"]["total"] > 6
    assert "shop-member-4 9.1.2 serving" in said
    assert (tmp_path / "timeline.svg").read_text().startswith("<svg")
    assert (tmp_path / "trove.out").read_text() == ""


def test_demo_takes_the_lab_s_datastore_beside_its_own_kind(run):
    code, report, said = run("demo", CAREFUL, kind="nonsense")
    assert (code, report) == (2, None)
    assert "knows no datastore 'nonsense'" in said


def test_demo_failure_strikes_the_third_and_ends_on_the_old_version(run):
    code, report, said = run("demo-failure", CAREFUL)
    assert code == 0, said
    assert [m["evidence"] for m in report["members"]] == ["8.1.8"] * 6
    assert [m["name"] for m in report["members"] if m["failures"]] == ["shop-member-6"]
    assert report["workload"]["lost"] == 0


def test_an_upgrade_of_primaries_without_care_breaks_the_promises(run):
    def careless(lab, cluster, to_version, progress):
        for member in lab.members(cluster)[:1]:
            lab.upgrade_member(member.id, to_version)
        until(lambda: lab.members(cluster)[0].version == to_version, "it")
        return {"status": "upgraded", "failed": []}
    code, report, said = run("demo", careless)
    assert code == 1
    assert "every member's own server says the new version" in said
    assert report["stopped_as_primary"] == ["shop-member-1"]


def test_a_demo_that_cannot_run_says_so_and_ends(run):
    code, report, said = run("demo", "trove_upgrade.lab.careful:no_such_thing")
    assert (code, report) == (2, None)
    assert "could not run: AttributeError" in said


def test_a_demo_that_hangs_is_ended(run):
    code, report, said = run("demo", lambda *_: threading.Event().wait(), limit_sec=5)
    assert (code, report) == (2, None)
    assert "not done within 5 s" in said


def test_troves_own_upgrade_ends_by_its_own_word(quiet_lab):
    cluster = quiet_lab.create_cluster("one", shards=1, replicas=0)
    said = []
    result = upstream.upgrade_in_lab(quiet_lab, cluster, "9.1.2", said.append)
    assert result["failed"] == []
    assert said[-1] == "Trove says: task NONE, version 9.1.2"
    assert [m.version for m in quiet_lab.members(cluster)] == ["9.1.2"]
