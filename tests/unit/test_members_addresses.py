"""Trove's own documents, and the addresses at which a run with a record asks their members."""
import warnings
from types import SimpleNamespace

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import access_files
    from trove_upgrade.services.trove import Trove

JOB = {"kind": "cluster", "cluster_id": "c1", "members": []}
BOTH = [{"address": "192.0.2.10", "type": "private", "network": "copies-net"},
        {"address": "10.0.0.5", "type": "private", "network": "shop-net"},
        {"address": "203.0.113.7", "type": "public"}]
SHOP = {"network": "shop-net"}


def member(told, access, monkeypatch, job=JOB):
    """The member of an instance's document, by the access file's section."""
    monkeypatch.setattr(access_files, "of_job", lambda job: access)
    trove = Trove(None, only=job)
    shown = {"id": "m5", "name": "shop-member-5", "status": "ACTIVE", "cluster_id": "c1", **told}
    trove._client = SimpleNamespace(
        instances=SimpleNamespace(get=lambda one: SimpleNamespace(to_dict=lambda: shown)),
        clusters=SimpleNamespace(get=lambda one: SimpleNamespace(
            id="c1", name="shop", datastore={"type": "redis", "version": "8.1.8"},
            task={"name": "NONE"}, instances=[shown])))
    one, listed = trove.member("m5"), trove.cluster("c1")["members"][0]
    assert one == listed
    return one


@pytest.mark.parametrize(("told", "access", "wanted"), [
    ({"addresses": BOTH, "ip": [one["address"] for one in BOTH]}, SHOP, "10.0.0.5"),
    ({"ip": BOTH}, SHOP, "10.0.0.5"),                           # as a cluster's document tells it
    ({"ip": BOTH}, {}, "192.0.2.10"),
    ({"ip": ["10.0.0.5"]}, {}, "10.0.0.5"),                     # an older Trove
    ({"ip": ["10.0.0.5"]}, {"cidr": "10.0.0.0/8"}, "10.0.0.5"),
    ({"ip": ["10.0.0.5"]}, SHOP, ""),                           # which tells no network
    ({"ip": [BOTH[2]]}, {"address_type": "private"}, ""),
    ({"ip": [], "addresses": None}, {}, ""), ({}, SHOP, ""), ({"hostname": "db.shop"}, {}, "")])
def test_the_address_of_a_member(told, access, wanted, monkeypatch):
    assert member(told, access, monkeypatch).address == wanted


def test_without_a_record_all_addresses_are_kept_for_who_will_choose(monkeypatch):
    found = member({"ip": BOTH}, SHOP, monkeypatch, job=None)
    assert found.address == "192.0.2.10"
    assert [one.network for one in found.addresses] == ["copies-net", "shop-net", ""]
