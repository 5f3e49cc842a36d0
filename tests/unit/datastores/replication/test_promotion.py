"""Whether the source's role may move: what has to end first, and which way data can go."""
from types import SimpleNamespace

import pytest
from trove_upgrade.datastores.base import Facts, Member
from trove_upgrade.planning import promotion
from trove_upgrade.schemas import UpgradeError

NEW = {"id": "id-2", "name": "10.11", "number": "10.11.19"}
SOURCE = Member("m0", "orders", "10.0.0.1", "ACTIVE")


def facts(**versions):
    return {one: Facts(one, one, version=version, role="primary" if one == "m0" else "replica",
                       answers=True) for one, version in versions.items()}


@pytest.mark.parametrize(("status", "source", "words"), [
    ("PROMOTE", "m0", "Trove is promoting"), ("ACTIVE", "m0", ""),
    ("ACTIVE", "m1", "still calls itself primary")])
def test_what_has_to_end_first(status, source, words):
    members = [SOURCE, Member("m1", "orders-1", "10.0.0.2", status)]
    found = promotion.busy(members, source, facts(m0="1", m1="1"), SOURCE, ())
    assert words in found and bool(found) == bool(words)


def test_a_broken_member_stops_a_promotion_unless_it_is_away():
    members = [SOURCE, Member("m1", "orders-1", "10.0.0.2", "ERROR")]
    assert promotion.busy(members, "m0", facts(m0="1", m1="1"), SOURCE, {"m1"}) == ""
    with pytest.raises(UpgradeError) as raised:
        promotion.busy(members, "m0", facts(m0="1", m1="1"), SOURCE, ())
    assert raised.value.code == "promotion_failed"


@pytest.mark.parametrize(("prefer", "source", "replica", "code"), [
    ("10.11.19", "10.11.18", "10.11.19", ""), ("10.11.19", "10.11.18", "10.11.18",
                                               "not_all_upgraded"),
    ("10.11.18", "10.11.19", "10.11.19", "rollback_path_closed"),
    ("10.11.18", "10.11.18", "10.11.18", "")])
def test_where_data_go_forward_only_nobody_follows_a_newer_source(prefer, source, replica, code):
    driver = SimpleNamespace(forward_only=True)
    given = (facts(m0=source, m1=replica), "m0", prefer, NEW)
    if not code:
        promotion.check_direction(driver, *given)
        return
    with pytest.raises(UpgradeError) as raised:
        promotion.check_direction(driver, *given)
    assert raised.value.code == code
    promotion.check_direction(SimpleNamespace(forward_only=False), *given)
