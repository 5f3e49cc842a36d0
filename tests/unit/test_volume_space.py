"""A member without space does not come back: Trove is asked how full the volumes are."""
import dataclasses
import warnings

import pytest
from trove_upgrade.planning.plan import make_plan

from tests.unit.conftest import options, snapshot

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services.trove import _volume_percent


@pytest.mark.parametrize(("volume", "percent"), [
    ({"size": 20, "used": 3.0, "used_percent": 17.25}, 17.25),
    ({"size": 20, "used": 19.0}, 95.0),
    ({"size": 20, "used": 0.0, "used_percent": 0.0}, 0.0),
    ({"size": 20}, None),           # its guest did not answer
    ({}, None),                     # a Trove without volumes
])
def test_how_full_a_volume_is_as_troves_of_any_age_tell_it(volume, percent):
    assert _volume_percent(volume) == percent


def check_of(cluster, *percents, **changed):
    """The check, of a cluster whose first members have volumes so full."""
    now = snapshot(cluster, **changed)
    told = [*percents, *[50.0] * (len(now.members) - len(percents))]
    members = [dataclasses.replace(one, volume_percent=percent)
               for one, percent in zip(now.members, told, strict=True)]
    plan = make_plan(dataclasses.replace(now, members=members), cluster.driver, options(),
                     "owner-1")
    return next(one for one in plan["checks"] if one["name"] == "volume_space")


def test_each_full_volume_refuses_and_is_named(cluster):
    check = check_of(cluster, 90.1, 90.0, 99.9)
    first, second, third, *_ = snapshot(cluster).members
    assert check["answer"] == "no"
    assert first.name in check["message"]
    assert second.name not in check["message"]
    assert f"{third.name} 100 %" in check["message"]
    assert "resize volume" in check["remedy"]


def test_who_trove_tells_nothing_of_is_named_and_refuses_nothing(cluster):
    check = check_of(cluster, None)
    assert check["answer"] == "yes"
    assert f"It does not tell it of {snapshot(cluster).members[0].name}." in check["message"]
