"""Whole runs on a model of a Vertica database."""
from hypothesis import given, settings
from hypothesis import strategies as st
from trove_upgrade.planning import verdict
from trove_upgrade.schemas import UpgradeError

from tests.unit.datastores.vertica.model import FAILED, NEW, OLD, Database, plan_of, read, undoing


def run(database, plan, broken, refused):
    """The roll and the undo of the workflows, with the pack's own decisions."""
    for one in plan["waves"][0]:
        database.driver.switchover(read(database), one, NEW)
    for one in plan["waves"][0]:
        assert database.driver.blockers(read(database), plan["waves"][0]) == []
        if one not in refused:
            database.trove[one] = NEW
            if one not in broken:
                database.start(one, NEW)
    facts = read(database)
    if all(facts[one].healthy for one in plan["waves"][0]):
        return None, []
    try:
        wave = undoing(database, plan)
    except UpgradeError as error:
        return [*FAILED, error.as_dict()], []
    for one in wave:
        database.driver.switchover(read(database), one, OLD)
        assert database.driver.closed_rollback_path(read(database), one, OLD) == ""
    for one in wave:
        database.trove[one] = OLD
        database.start(one, OLD)
    return FAILED, wave


@given(st.integers(3, 9), st.data())
@settings(max_examples=150)
def test_every_run_ends_new_and_served_or_back_and_served_or_names_who_failed(size, data):
    database = Database(size)
    some = st.sets(st.sampled_from(sorted(database.nodes)))
    broken, refused = data.draw(some), data.draw(some)
    plan = plan_of(database)
    failure, undone = run(database, plan, broken, refused)
    facts = read(database)
    found = verdict.verdict(database.driver, plan, database.members, facts, failure, undone, [])
    listed = [one["id"] for key in verdict.LISTS for one in found[key]]
    assert sorted(listed) == sorted(database.nodes)
    assert database.shutdowns == 1
    up = {node.id: node.version for node in database.up()}
    assert len(set(up.values())) == 1, "nodes of two versions serve, or nobody does"
    if database.catalog == OLD:
        assert up == dict.fromkeys(database.nodes, OLD)
        assert found["status"] == "rolled_back"
    else:
        assert set(database.nodes) - set(up) == broken | refused
        assert {one["id"] for one in found["failed"]} == broken | refused
        assert found["rolled_back"] == []
        assert found["status"] == ("failed" if broken | refused else "upgraded")
