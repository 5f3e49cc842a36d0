"""MariaDB sets and clusters of one series upgraded to the next, under load, end to end.

10.6 comes from Ubuntu's archive, 10.11 from Debian's; what an upgrade within a series does is in
the other modules.
"""
import re

import pytest
from trove_upgrade.lab.kinds import mariadb

from tests.datastores import sets
from tests.end_to_end.conftest import clean_site
from tests.end_to_end.invariants import assert_nothing_lost

pytestmark = pytest.mark.timeout(600)


def site_of(kind, directory):
    for archive in (mariadb.EARLIER, mariadb.ARCHIVE):
        sets.require(archive)
    return clean_site(directory, kind=kind, binaries=mariadb.series(), stop_timeout_sec=15)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_of("mariadb_replication", tmp_path_factory.mktemp("engine")) as made:
        assert (made.old[:5], made.new[:6]) == ("10.6.", "10.11.")
        yield made


@pytest.fixture
def cluster(site):
    """A fresh source and two replicas."""
    with site.cluster() as made:
        yield made


@pytest.fixture(scope="module")
def galera(tmp_path_factory):
    with site_of("galera", tmp_path_factory.mktemp("galera")) as made:
        yield made


@pytest.fixture
def group(galera):
    """Three members of the older series."""
    with galera.cluster() as made:
        yield made


def under_load(site, cluster, **inputs):
    with site.load(cluster) as load:
        found = site.begin(cluster, **inputs).end()
        found.load = load.stop()
    return found


def tables_of(site, member):
    """The version that the member's system tables were last brought to, by what mariadb-upgrade
    writes down on its success; empty for none."""
    data = site.lab.directory / "data" / member.id / "data"
    found = [path.read_text() for path in data.glob("*_upgrade_info")]
    return re.match(r"[\d.]*", found[0])[0] if found else ""


def test_a_set_is_upgraded_to_the_next_series_under_load_and_its_tables_are_new(site, cluster):
    found = under_load(site, cluster)
    assert found.result["status"] == "upgraded", found.result
    assert_nothing_lost(found)
    assert found.lock is None
    assert found.versions() == {site.new}
    stopped = [one["name"] for one in found.stops()]
    assert (len(stopped), stopped[-1]) == (3, cluster.name), "the old source comes last"
    assert {tables_of(site, one) for one in found.after} == {site.new}
    back = site.begin(cluster, datastore_version=site.old, skip_checks="not_a_downgrade",
                      backup="skip").end()
    assert back.result["status"] == "refused", back.result
    assert back.versions() == {site.new}


def test_upgraded_replicas_are_built_anew_of_the_older_series_when_one_fails(site, cluster):
    site.break_member(cluster, "does_not_start", 3)
    found = under_load(site, cluster)
    assert found.result["status"] == "rolled_back", found.result
    assert_nothing_lost(found)
    assert found.lock is None
    assert found.versions() == {site.old}
    before, after = ({one.name: one.id for one in members}
                     for members in (found.before, found.after))
    assert {name for name in before if before[name] != after.get(name)} == before.keys() - {
        cluster.name}, "the source is as it was, both replicas are new"
    assert [one for one in found.stops() if one["instance"] == cluster.id] == []
    again = site.begin(cluster, dry_run=True).end()
    assert again.result["status"] == "planned", again.result


def test_a_cluster_is_upgraded_to_the_next_series_under_load_and_finalised(galera, group):
    found = under_load(galera, group)
    assert found.result["status"] == "upgraded", found.result
    assert_nothing_lost(found)
    assert found.versions() == {galera.new}
    assert {tables_of(galera, one) for one in found.after} != {galera.new}, "a person finalises"
    done = galera.execute("trove_upgrade.finalize", cluster_id=group.id)
    assert len(done["finalized"]) == 3
    assert {tables_of(galera, one) for one in found.after} == {galera.new}


def test_a_member_that_fails_goes_back_and_the_upgraded_one_stays_and_is_named(galera, group):
    """It has not run the new series; the other one has, and its data are not given to the old."""
    galera.break_member(group, "does_not_start", 3)
    found = under_load(galera, group)
    assert found.result["status"] == "stopped", found.result
    assert_nothing_lost(found)
    assert found.lock is None
    assert "way_back_closed" in found.codes()
    first, second, third = (one.name for one in found.before)
    assert [[one["name"] for one in found.result[key]]
            for key in ("upgraded", "rolled_back", "todo")] == [
        [second], [third], [first]]
    assert {one.name: one.version for one in found.after} == {
        first: galera.old, second: galera.new, third: galera.old}
    galera.mend(group)
    again = galera.begin(group).end()
    assert again.result["status"] == "upgraded", again.result
    assert again.versions() == {galera.new}
