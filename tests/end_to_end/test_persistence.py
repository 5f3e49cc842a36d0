"""Members with an append-only file go forward and back on it."""
import pytest

from tests.end_to_end.site import NEW, OLD

XDIST_GROUP = "persistence"
LAB = {"persistence": "aof"}


def scenario(**asked):
    return pytest.mark.scenario(parallelism="domain", canary=False, load=True, **asked)


def preambles(run):
    run.end()
    return {run.site.setting(member, "aof-use-rdb-preamble") for member in run.before}


@scenario(act=preambles)
def test_append_only_file_is_carried_forward(outcome):
    assert outcome.result["status"] == "upgraded"
    assert outcome.versions() == {NEW}
    assert outcome.seen == {"yes"}           # given back when finalised


@scenario(faults=[("does_not_start", 2)])
def test_append_only_file_is_carried_back(outcome):
    assert outcome.result["status"] == "rolled_back"
    assert outcome.versions() == {OLD}
