"""What a member's server and Trove's record prove of the step that was asked for."""
import pytest
from trove_upgrade.datastores.base import Facts, Member
from trove_upgrade.planning.evidence import another_server, arrived, asked_already

NEW = {"id": "id-2", "name": "9.1.2", "number": "9.1.2"}


def chosen(version="8.1.8", recorded="8.1.8"):
    """A member as it was when it was chosen."""
    return {"version": version, "identity": "run-1", "recorded": recorded}


@pytest.mark.parametrize(("recorded", "now", "status", "asked"), [
    ("8.1.8", "8.1.8", "ACTIVE", False), ("8.1.8", "9.1.2", "UPGRADE", True),
    ("8.1.8", "9.1.2", "ACTIVE", True),
    # An earlier run has left the target in the record: only work under way says that we asked.
    ("9.1.2", "9.1.2", "ERROR", False), ("9.1.2", "9.1.2", "UPGRADE", True)])
def test_a_request_that_got_through_is_not_made_twice(recorded, now, status, asked):
    member = Member("m1", "orders-1", "10.0.0.1", status, now)
    assert asked_already(chosen(recorded=recorded), member, NEW) is asked


@pytest.mark.parametrize(("before", "version", "identity", "answers", "there"), [
    ("8.1.8", "9.1.2", "run-2", True, True), ("8.1.8", "8.1.8", "run-1", True, False),
    ("8.1.8", "9.1.2", "run-2", False, False),
    # It ran the version before, so only another start of its server is news.
    ("9.1.2", "9.1.2", "run-1", True, False), ("9.1.2", "9.1.2", "run-2", True, True)])
def test_a_member_has_arrived_when_another_start_of_it_runs_the_version(
        before, version, identity, answers, there):
    facts = Facts("m1", "orders-1", version=version, identity=identity, answers=answers)
    assert arrived(facts, chosen(version=before), NEW) is there


@pytest.mark.parametrize(("was", "now", "another"), [
    ("node-1", "node-1", False), ("node-1", "node-2", True),
    ("", "node-2", False),          # its datastore has no such id, or it did not answer then
    ("node-1", "", False)])
def test_a_server_is_another_one_when_its_own_id_is(was, now, another):
    facts = Facts("m1", "orders-1", answers=True, server_id=now)
    assert bool(another_server(facts, {"server_id": was})) is another
