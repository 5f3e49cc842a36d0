"""One small lab for all the tests of a worker process that leave it as they found it."""
from contextlib import nullcontext

import pytest
from trove_upgrade.lab.lab import Lab

from tests.labs import SHARED
from tests.waits import until


@pytest.fixture(scope="module")
def quiet_lab():
    """A lab with short waits; without dumps, so that members go back and forth at will."""
    return SHARED.get("quiet lab",
                      lambda: Lab(swap_sec=0.1, persistence="none", stop_timeout_sec=1))


@pytest.fixture(scope="module")
def shop(quiet_lab):
    """A 3+3 cluster in it, 8.1.8."""
    return SHARED.get("shop", lambda: nullcontext(quiet_lab.create_cluster("shop")))


@pytest.fixture
def lab(quiet_lab, shop):
    """The shared lab without faults; afterwards every member is put back on 8.1.8."""
    quiet_lab.faults.clear()
    yield quiet_lab
    quiet_lab.faults.clear()
    for member in quiet_lab.members(shop):
        if member.version != "8.1.8":
            quiet_lab.upgrade_member(member.id, "8.1.8")
    # By the servers' word: Trove's own polls would take seconds more after each test.
    until(lambda: quiet_lab.is_whole(shop) and versions(quiet_lab, shop) == {"8.1.8"},
          "the shared cluster back on 8.1.8")


def versions(lab, cluster) -> set[str]:
    return {member.version for member in lab.members(cluster)}


@pytest.fixture
def happened():
    """happened(lab, member) -> names of what the journal says happened to it since now."""
    def of(lab, member, since=0.0):
        return [event["event"] for event in lab.journal()
                if event["instance"] == member.id and event["t"] >= since]
    return of
