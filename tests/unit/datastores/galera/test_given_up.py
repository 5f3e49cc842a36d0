"""Trove gives a member up after 600 s; a full copy of its data may take longer."""
import warnings

import pytest
from trove_upgrade.datastores.base import Facts, Member
from trove_upgrade.schemas import UpgradeError

from tests.unit.datastores.galera.model import NEW, Group, version
from tests.unit.trove_model import Record

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions.member import AwaitEvidence


class GivingUp:
    """Trove as it is then: every member it is asked for is in ERROR."""

    def member(self, one):
        return Member(one, "member-2", "10.0.0.2", "ERROR", NEW,
                      fault="Timeout for service changes.")


@pytest.fixture
def model():
    return Group()


def look(model):
    """One look at member 2, which Trove has given up."""
    peers = [{"id": one.id, "name": one.name, "address": one.address, "kind": ""}
             for one in model.members]
    taken = peers[1] | {"version": "10.11.18", "identity": "1", "server_id": "",
                        "origin": version("10.11.18")}
    action = AwaitEvidence("owner-1", "m2")
    action.remember(Record({"job": {"cluster_id": "c1", "target": version(NEW)}}, {
        "members": {"m2": taken}, "peers": peers, "unavailable": ["m2"], "back": False}))
    action._check_not_failed(model.driver, GivingUp(), Facts("m2", "member-2"))


def test_a_member_that_receives_its_copy_is_waited_for(model):
    model.nodes["m2"].up = False
    for one in ("m1", "m3"):
        model.nodes[one].status["wsrep_cluster_size"] = "3"
    look(model)


def test_a_member_that_its_group_has_dropped_has_failed(model):
    model.nodes["m2"].up = False
    with pytest.raises(UpgradeError, match="Trove calls member-2 ERROR .*: Timeout for service "
                                           "changes.$"):
        look(model)
