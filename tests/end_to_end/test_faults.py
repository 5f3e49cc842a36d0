"""Trove, its replies, the members' servers: each breaks in its own way at its own step."""
import pytest

from tests.end_to_end.site import ALL, NEW, OLD
from tests.waits import TIMEOUT_SEC

LAB: dict = {}
XDIST_GROUP = "lab 3"


def scenario(*faults, api=(), **inputs):
    """api: [(fault, method, member number or 0 for the cluster, {how})]."""
    def prepare(site, cluster, members):
        ids = [cluster.id, *(member.id for member in members)]
        for fault, method, number, how in api:
            site.break_api(cluster, fault, method, ids[number], **how)
    return pytest.mark.scenario(faults=faults, prepare=prepare, **inputs)


def patches(outcome, member):
    return [call["status"] for call in outcome.calls
            if call["method"] == "PATCH" and call["path"].endswith(member.id)]


# What Trove answers
@scenario(api=[("status", "PATCH", 5, {"status": 403, "count": None})])
def test_request_forbidden_stops_and_touches_nothing_more(outcome):
    assert outcome.codes() == {"forbidden"}
    assert outcome.forward() == ["4"]
    assert outcome.result["status"] == "stopped"
    assert outcome.names("upgraded") == ["4"]


@scenario(api=[("status", "PATCH", 5, {"status": 400, "count": None})])
def test_request_refused_puts_back_what_was_done(outcome):
    assert outcome.codes() == {"request_refused"}
    assert outcome.forward() == ["4"]
    assert outcome.names("rolled_back") == ["4"]
    assert outcome.versions() == {OLD}


@scenario(api=[("drop_reply", "PATCH", 4, {}), ("close", "PATCH", 1, {}),
               ("status", "PATCH", 6, {"status": 429, "count": 2}),
               ("status", "PATCH", 5, {"status": 500}),
               ("status", "GET", 6, {"status": 503, "nth": 3, "count": 2}),
               ("close", "GET", 1, {"nth": 3}),
               ("delay", "GET", 2, {"seconds": 3, "nth": 3}),
               ("status", "GET", 0, {"status": 503, "count": 2}),      # while the plan is made
               ("status", "GET", 0, {"status": 503, "nth": 10, "count": 3})], load=True)
def test_trove_busy_and_away_for_a_while_is_waited_for_and_lost_replies_are_not_asked_twice(
        outcome):
    assert outcome.result["status"] == "upgraded"
    assert outcome.forward() == ALL
    assert len(patches(outcome, outcome.before[3])) == 1
    assert len(patches(outcome, outcome.before[0])) == 1


@scenario(api=[("status", "PATCH", 5, {"status": 401, "count": None})])
def test_token_expired_stops_and_says_how_to_go_on(outcome):
    assert outcome.codes() == {"token_expired"}
    assert outcome.result["status"] == "stopped"
    assert outcome.forward() == ["4"]
    assert outcome.result["resume"]


@scenario(api=[("status", "GET", 0, {"status": 503, "count": None})])
def test_trove_away_for_good_when_the_plan_is_made_changes_nothing(outcome):
    assert outcome.result["status"] == "refused"
    assert outcome.codes() == {"busy"}
    assert outcome.stops() == []


# What the members do
@scenario(("hangs", 5), member_timeout_sec=TIMEOUT_SEC, on_failure="stop")
def test_second_member_hangs_and_only_it_goes_back(outcome):
    assert outcome.result["status"] == "stopped"
    assert outcome.names("rolled_back") == ["5"]
    assert outcome.names("upgraded") == ["4"]
    assert outcome.forward() == ["4", "5"]


@scenario(("never_starts", 5), member_timeout_sec=TIMEOUT_SEC)
def test_second_member_never_comes_back_and_all_go_back(outcome):
    assert outcome.result["status"] == "rolled_back"
    assert sorted(outcome.names("rolled_back")) == ["4", "5"]
    assert outcome.forward() == ["4", "5"]


@scenario(("wrong_version", 5))
def test_second_member_comes_back_with_the_wrong_version_and_all_go_back(outcome):
    assert "wrong_version" in outcome.codes()
    assert outcome.forward() == ["4", "5"]
    assert outcome.result["status"] == "rolled_back"
    assert outcome.versions() == {OLD}


def until_trove_says_upgraded(run):
    def shown():
        found = run.site.lab.client().instances.get(run.member(4).id)
        return found.status == "ACTIVE" and found.datastore["version"] == NEW
    run.until(shown, "Trove's success")
    return next(one for one in run.site.lab.members(run.cluster) if one.id == run.member(4).id)


@scenario(("no_upgrade", 4), act=until_trove_says_upgraded, member_timeout_sec=TIMEOUT_SEC)
def test_agent_without_an_upgrade_is_no_success_whatever_trove_says(outcome):
    assert outcome.seen.version == OLD
    assert outcome.result["status"] == "rolled_back"
    assert outcome.names("upgraded") == []
    assert outcome.versions() == {OLD}
    assert {one["name"] for one in outcome.stops()} <= {outcome.before[3].name}


@scenario(("pre_upgrade_raises", 5))
def test_second_member_refuses_before_it_stops_and_all_go_back(outcome):
    assert outcome.forward() == ["4"]
    assert outcome.result["status"] == "rolled_back"
    assert outcome.versions() == {OLD}


@scenario(("early_heartbeat", "*"), load=True)
def test_trove_calls_members_active_too_early_and_the_next_one_waits(outcome):
    assert sum(one["event"] == "early_heartbeat" for one in outcome.journal) == 6
    assert outcome.result["status"] == "upgraded"
    healthy = {one["name"]: one["t"] for one in outcome.journal if one["event"] == "serving"}
    stops = outcome.stops()
    for earlier, later in zip(stops, stops[1:], strict=False):
        assert healthy[earlier["name"]] < later["t"]


def let_trove_believe_it(run):
    """What an early heartbeat does: Trove's task is over, and ACTIVE what never started."""
    run.until_event("failed")
    run.site.lab.client("admin").mgmt_instances.reset_task_status(run.member(4).id)


@scenario(("does_not_start", 4), act=let_trove_believe_it)
def test_member_fails_after_trove_called_it_active_and_goes_back_at_once(outcome):
    assert "FAILED" in outcome.state_info
    assert outcome.result["status"] == "rolled_back"
    assert outcome.versions() == {OLD}


def remove_last_replica(run):
    run.until_event("serving")
    run.site.lab.remove_member(run.cluster, run.member(6).id)


@scenario(act=remove_last_replica)
def test_member_deleted_meanwhile_is_named_and_the_others_go_back(outcome):
    assert "member_gone" in outcome.codes()
    assert outcome.names("failed") == ["6"]
    assert "6" not in outcome.forward()
    assert sorted(outcome.names("rolled_back")) == sorted(outcome.forward())
    assert outcome.versions() == {OLD}
