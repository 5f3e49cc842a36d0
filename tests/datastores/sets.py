"""A replication set of the lab and its driver, for the tests on real servers."""
import contextlib
import os
import threading
import time

import pytest
import yaml
from trove_upgrade.datastores import driver
from trove_upgrade.datastores.base import PRIMARY, REPLICA, DatastoreError, Member
from trove_upgrade.lab.kinds import kind

from tests.end_to_end.invariants import assert_nothing_lost
from tests.waits import until


def require(archive):
    """Skip where apt can't give an archive's servers; fail where the environment says it must."""
    try:
        archive.servers()
    except RuntimeError as error:
        required = archive.name in os.environ.get("TROVE_UPGRADE_REQUIRE", "").split(",")
        (pytest.fail if required else pytest.skip)(str(error))


def require_kind(name):
    """As :func:`require`, for the servers of a kind of the lab; most come with its packages."""
    if (archive := kind(name).archive) is not None:
        require(archive)


@contextlib.contextmanager
def beside(work):
    """``work(over)`` in a thread for the time of the block; ``over`` is set at its end."""
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def assert_a_fence_that_is_written_through_is_taken_back(shop, source, write, fenced):
    """:param write: writes to the source in spite of the fence until its event is set.
    :param fenced: the fact that tells that a source takes no writes.
    """
    with beside(write), pytest.raises(DatastoreError, match="is written to although") as caught:
        shop.driver.fence(shop.read(), source.id, shop.replica().id)
    assert (caught.value.code, caught.value.passing) == ("no_fence", True)
    assert not shop.read()[source.id].native[fenced]


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

    def promote(self, candidate, fence=True):
        """As the pack's promotion does it; returns when the set is settled."""
        source = self.source()
        if fence:
            self.driver.fence(self.read(), source.id, candidate)
        self.lab.promote(candidate)
        until(lambda: self.role(candidate) == PRIMARY and self.lab.is_settled(self.made),
              "the promotion")
        self.driver.unfence(self.read())

    def role(self, one):
        return next(each.role for each in self.lab.members(self.made)
                    if one in (each.id, each.name))

    def upgrade(self, one, version):
        self.lab.upgrade_member(one, version)
        until(lambda: self.read()[one].version == version and self.lab.is_settled(self.made),
              f"{version}")

    def stranger(self, password_file):
        """A driver with another password."""
        return driver(self.driver.name, {**self.access, "password_file": str(password_file)})

    def settle(self):
        until(lambda: self.driver.blockers(self.read(), ()) == [], "the set")


@contextlib.contextmanager
def running(site):
    """A source and two replicas in a site's lab, for tests that ask them without an upgrade."""
    with site.cluster(replicas=2) as made:
        one = Set(site.lab, made)
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
        and result["wrong_reads"] == 0 and result["acknowledged"] > 800 and not any(
            result[name] for name in ("missing", "duplicated", "reordered", "stale_reads"))


def assert_an_append_that_is_sent_again_is_there_once(lab, made):
    """As the load's client sends it when an answer was lost."""
    with lab.load(made).clients.connect() as client:
        for place, item in ((0, "a"), (1, "b"), (0, "a"), (2, "c")):
            client.append("twice", place, item)
        assert client.items("twice") == ["a", "b", "c"]


def assert_is_read_as_it_is(one):
    """By the driver's word each member is what the lab finds it to be; no gate closes but that of
    the source."""
    facts = one.read()
    assert {each.id: (each.name, each.role, each.version) for each in facts.values()} == {
        each.id: (each.name, each.role, each.version) for each in one.lab.members(one.made)}
    assert sorted(each.role for each in facts.values()) == ["primary", "replica", "replica"]
    assert one.refused() == {}
    assert one.driver.blockers(facts, [one.replica().id]) == []
    assert one.driver.blockers(facts, [one.source().id]) != []
    assert {each.identity for each in facts.values()} == {each.identity for each in
                                                          one.read().values()}


def assert_replicas_were_rebuilt(site, cluster, found):
    """The upgrade was undone under load: new replicas bear the old ones' names, and the source
    was never touched."""
    assert found.result["status"] == "rolled_back", found.result
    assert_nothing_lost(found)
    assert found.lock is None
    assert found.versions() == {site.old}
    before, after = ({one.name: one.id for one in members}
                     for members in (found.before, found.after))
    assert before.keys() == after.keys(), "each bears the name of the one that it replaces"
    assert {name for name in before if before[name] != after[name]} == before.keys() - {
        cluster.name}, "the source is as it was, both replicas are new"
    assert [one for one in found.stops() if one["instance"] == cluster.id] == []


def assert_refused_password_is_not_told(one, tmp_path):
    """Neither the wrong one nor the right one stands in what the driver says."""
    wrong = tmp_path / "wrong"
    wrong.write_text("another-secret")
    stranger = one.stranger(wrong)
    facts = stranger.read(one.members)
    assert {each.native["code"] for each in facts.values()} == {"access_refused"}
    told = repr(facts) + repr([check.message for check in stranger.checks(facts)])
    assert "another-secret" not in told
    assert one.lab.settings.password not in told


def assert_the_upgraded_lead_without_a_lost_write(one):
    """Replicas first, then one of them takes over, under load; at last the former source.

    For data that go one way: an older replica follows a newer source as briefly as can be.
    """
    old, new = one.lab.settings.old, one.lab.settings.new
    source = one.source()
    replicas = [each.id for each in one.read().values() if each.id != source.id]

    def work():
        for each in replicas:
            one.upgrade(each, new)
        assert one.driver.blockers(one.read(), ()) == []
        one.promote(one.driver.candidate(one.read(), source.id, new))

    result = under_load(one, work)
    assert is_complete(result), result
    assert one.source().version == new
    # The former source is the older replica of a newer source now, until it is upgraded, too.
    assert "members_healthy" in one.refused()
    assert one.driver.blockers(one.read(), [source.id]) == []
    assert "can't open it" in one.driver.closed_rollback_path(one.read(), replicas[0], old)
    assert one.driver.path(new, old) != ""
    one.upgrade(source.id, new)
    assert one.refused() == {}
