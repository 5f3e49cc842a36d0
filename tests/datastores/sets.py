"""A replication set of the lab and its driver, for the tests on real servers."""
import contextlib
import os
import time

import pytest
import yaml
from trove_upgrade.datastores import driver
from trove_upgrade.datastores.base import PRIMARY, REPLICA, Member
from trove_upgrade.lab.kinds import mariadb
from trove_upgrade.lab.lab import Lab, wait_for

SECRET = "not-in-any-error"
REQUIRED = "mariadb" in os.environ.get("TROVE_UPGRADE_REQUIRE", "").split(",")


def require_mariadb():
    """Skip where apt can't give the servers; fail where the environment says that it must."""
    try:
        mariadb.servers()
    except RuntimeError as error:
        (pytest.fail if REQUIRED else pytest.skip)(str(error))


class Set:
    """One set of a lab, asked by its driver as the executors ask it."""

    def __init__(self, lab, made):
        self.lab, self.made = lab, made
        access = yaml.safe_load((lab.access_dir / "default.yaml").read_text())
        self.access = access[lab.kind.name]
        self.driver = driver(lab.kind.name, self.access)

    @property
    def members(self):
        return [Member(one.id, one.name, one.address) for one in self.lab.members(self.made)]

    def read(self):
        return self.driver.read(self.members)

    def source(self):
        return next(one for one in self.read().values() if one.role == PRIMARY)

    def replica(self):
        return next(one for one in self.read().values() if one.role == REPLICA)

    def refused(self):
        return {check.name: check.message for check in self.driver.checks(self.read())
                if not check.ok}

    def promote(self, heir, fence=True):
        """As the pack's promotion does it; returns when the set is settled."""
        source = self.source()
        if fence:
            self.driver.fence(self.read(), source.id, heir)
        self.lab.promote(heir)
        wait_for(lambda: self.role(heir) == PRIMARY and self.lab.is_settled(self.made), 60,
                 "the promotion", every=0.1)
        self.driver.unfence(self.read())

    def role(self, one):
        return next(each.role for each in self.lab.members(self.made)
                    if one in (each.id, each.name))

    def upgrade(self, one, version):
        self.lab.upgrade_member(one, version)
        wait_for(lambda: self.read()[one].version == version and self.lab.is_settled(self.made),
                 60, f"{version}", every=0.1)

    def settle(self):
        wait_for(lambda: self.driver.obstacles(self.read(), ()) == [], 30, "the set", every=0.1)


@contextlib.contextmanager
def running(kind):
    """A lab of this kind with a source and two replicas; its servers ask for a password."""
    with Lab(kind=kind, swap_sec=0.2, heartbeat_sec=1, password=SECRET) as lab:
        one = Set(lab, lab.create_replication_set("shop", replicas=2))
        one.settle()
        yield one


def under_load(one, work, lead=1.0, tail=1.0):
    """What the load says of `work`: {lost, failed, acknowledged, longest_gap_sec ...}."""
    with one.lab.load(one.made, preload=500) as load:
        time.sleep(lead)       # a load before and after it is part of the measurement
        work()
        time.sleep(tail)
        return load.stop()


def is_complete(result):
    """Nothing lost, nothing failed, and something was measured at all."""
    return (result["lost"], result["failed"], result["unreadable"]) == (0, 0, 0) \
        and result["wrong_reads"] == 0 and result["acknowledged"] > 800
