"""Finalising reads the members once, and changes none while one is not well."""
import warnings

import pytest
from trove_upgrade.schemas import UpgradeError

from tests.unit.acting import acting_on
from tests.unit.conftest import plan_of
from tests.unit.datastores.redis.model import SETTINGS, Cluster
from tests.unit.trove_model import Lock

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import completion


@pytest.fixture
def cluster(monkeypatch):
    """Upgraded, and not finalised."""
    made = Cluster()
    plan = plan_of(made)
    for node in made.nodes.values():
        node.version = made.trove[node.id] = "9.1.2"
        node.settings["save"] = ""
    made.lock = Lock(dict.fromkeys(made.nodes, SETTINGS))
    made.reads, read = 0, made.driver.read

    def counted(members):
        made.reads += 1
        return read(members)

    made.driver.read = counted
    for name, one in (("Record", made), ("Trove", made), ("Lock", made.lock)):
        monkeypatch.setattr(completion, name, lambda *which, one=one: one)
    monkeypatch.setattr(completion.rights, "acting", lambda *which: "actor")
    monkeypatch.setattr(completion.rights, "check_name", lambda *which: None)
    made.find, made.group = lambda: plan, lambda job: {"id": "c1", "members": made.members}
    with acting_on(made.driver):
        yield made


def finalize():
    context = type("Context", (), {"security": type("Security", (), {"project_id": "p1"})})
    return completion.Finalize("owner-1").act(context)["finalized"]


def test_the_members_are_read_once(cluster):
    assert finalize() == [one.name for one in cluster.members]
    assert cluster.reads == 1
    assert all(node.settings == SETTINGS for node in cluster.nodes.values())


def test_no_member_is_changed_while_one_is_not_well(cluster):
    cluster.nodes["m0003"].synced = False
    with pytest.raises(UpgradeError, match="member-3 has no link"):
        finalize()
    assert all(node.settings["save"] == "" for node in cluster.nodes.values())
