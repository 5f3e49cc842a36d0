"""Vertica on the lab: real Trove, real Mistral, and nodes that speak Vertica's protocol."""
from trove_upgrade.lab.kinds.vertica.kind import VerticaKind

from tests.end_to_end.invariants import assert_lists_are_true

AGREED = VerticaKind.consent
OLD, NEW = "11.1.1", "12.0.4"
XDIST_GROUP = "vertica"
LAB = {"kind": "vertica", "heartbeat_sec": 1}


def run_under_load(site, cluster):
    """The outcome of a run that a person has agreed to."""
    return site.upgrade_under_load(cluster, skip_checks=AGREED)


def assert_nothing_lost(found):
    load = found.load
    assert load["acknowledged"] > 200
    assert (load["lost"], load["unreadable"], load["wrong_reads"]) == (0, 0, 0), load
    assert_lists_are_true(load)


def all_whole(found):
    return all(member.cluster_ok and member.in_sync for member in found.after)


def test_refused_without_consent_and_upgraded_whole_with_it(site, cluster):
    refused = site.begin(cluster).end()
    assert refused.result["status"] == "refused"
    assert "[outage_accepted] All 3 members are stopped together" in refused.state_info
    assert "[backup_taken]" in refused.state_info
    assert refused.stops() == []
    planned = site.begin(cluster, dry_run=True).end().result["plan"]
    assert [len(wave) for wave in planned["waves"]] == [3]
    assert any(note.startswith("OUTAGE: ") for note in planned["notes"])

    found = run_under_load(site, cluster)
    assert found.result["status"] == "upgraded", found.result
    assert_nothing_lost(found)
    assert found.load["failed"] > 0, "an outage that nobody noticed is none"
    assert found.versions() == {NEW}
    assert all_whole(found)
    assert sorted(found.forward()) == ["1", "2", "3"]
    assert {event["how"] for event in found.journal if event["event"] == "stopped"} == {
        "was not running"}, "the database was not shut down before its members were taken"
    assert site.begin(cluster, skip_checks=AGREED).end().result["status"] == "nothing_to_do"


def test_a_member_that_does_not_start_is_named_and_nothing_is_put_back(site, cluster):
    site.break_member(cluster, "does_not_start", 2)
    found = run_under_load(site, cluster)
    assert found.result["status"] == "failed"
    assert found.names("failed") == ["2"]
    assert sorted(found.names("upgraded")) == ["1", "3"]
    assert found.result["rolled_back"] == []
    assert "rollback_path_closed" in found.codes()
    assert "the catalog has been converted to 12.0.4" in found.state_info
    assert "start the upgrade again" in found.state_info
    assert [event for event in found.stops() if event["wanted"] == OLD] == []
    assert_nothing_lost(found)

    names = [word for word in found.result["resume"].split() if "_" in word]
    again = site.begin(cluster, skip_checks=",".join(names)).end()
    assert again.result["status"] == "upgraded", again.result
    assert again.forward() == ["2"], "the members that serve must not be stopped"
    assert again.versions() == {NEW}
    assert all_whole(again)


def test_no_member_starts_the_new_version_and_all_go_back_together(site, cluster):
    site.break_member(cluster, "does_not_start", "*")
    found = run_under_load(site, cluster)
    assert found.result["status"] == "rolled_back", found.result
    assert sorted(found.names("rolled_back")) == ["1", "2", "3"]
    assert found.versions() == {OLD}
    assert all_whole(found)
    assert_nothing_lost(found)


def test_a_request_that_trove_refuses_after_the_shutdown_starts_all_members_again(site, cluster):
    """Trove's record of two members still bears the old version; they are down all the same."""
    refused = site.lab.members(cluster)[1:]
    for member in refused:
        site.break_api(cluster, "status", "PATCH", member.id, status=422, count=1)
    site.break_member(cluster, "does_not_start", 1)
    found = run_under_load(site, cluster)
    assert found.result["status"] == "rolled_back", found.result
    assert found.versions() == {OLD}
    assert all_whole(found)
    assert_nothing_lost(found)


def test_paused_before_the_shutdown_the_database_serves_until_it_is_resumed(site, cluster):
    """Under load, which nothing is refused until then."""
    def pause_and_look(run):
        run.pause()
        paused = run.until_paused()
        assert paused.journal == []
        assert site.lab.is_whole(cluster)
        run.resume()

    found = site.upgrade_under_load(cluster, pause_and_look, skip_checks=AGREED)
    assert found.result["status"] == "upgraded"
    assert found.versions() == {NEW}
    assert_nothing_lost(found)
