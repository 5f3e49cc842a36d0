"""MariaDB sets and clusters of one series upgraded to the next, under load, end to end.

10.6 comes from Ubuntu's archive, 10.11 from Debian's; what an upgrade within a series does is in
the other modules.
"""
import re

import pytest
from trove_upgrade.lab.kinds import mariadb

from tests.datastores import sets
from tests.end_to_end.invariants import assert_nothing_lost
from tests.end_to_end.site import clean_site
from tests.waits import until


def site_of(kind, directory):
    for archive in (mariadb.EARLIER, mariadb.ARCHIVE):
        sets.require(archive)
    return clean_site(directory, kind=kind, binaries=mariadb.series(), stop_timeout_sec=15)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_of("mariadb_replication", tmp_path_factory.mktemp("engine")) as made:
        assert (made.old[:5], made.new[:6]) == ("10.6.", "10.11.")
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


def tables_of(site, member):
    """The version that the member's system tables were last brought to, by what mariadb-upgrade
    writes down on its success; empty for none."""
    data = site.lab.directory / "data" / member.id / "data"
    found = [path.read_text() for path in data.glob("*_upgrade_info")]
    return re.match(r"[\d.]*", found[0])[0] if found else ""


def test_a_set_is_upgraded_to_the_next_series_under_load_and_its_tables_are_new(site, cluster):
    found = site.upgrade_under_load(cluster)
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


def test_upgraded_replicas_are_rebuilt_of_the_older_series_when_one_fails(site, cluster):
    site.break_member(cluster, "does_not_start", 3)
    found = site.upgrade_under_load(cluster)
    sets.assert_replicas_were_rebuilt(site, cluster, found)
    again = site.begin(cluster, dry_run=True).end()
    assert again.result["status"] == "planned", again.result


def test_a_cluster_is_upgraded_to_the_next_series_under_load_and_finalised(galera, group):
    found = galera.upgrade_under_load(group)
    assert found.result["status"] == "upgraded", found.result
    assert_nothing_lost(found)
    assert found.versions() == {galera.new}
    assert {tables_of(galera, one) for one in found.after} != {galera.new}, "a person finalises"
    done = galera.execute("trove_upgrade.finalize", cluster_id=group.id)
    assert len(done["finalized"]) == 3
    assert {tables_of(galera, one) for one in found.after} == {galera.new}


def break_the_others(run):
    """After the first wave the others fail, whichever comes next; the name of the upgraded one."""
    [upgraded] = [one.name for one in run.until_paused().after if one.version == run.target]
    for number, one in enumerate(run.before, 1):
        if one.name != upgraded:
            run.site.break_member(run.cluster, "does_not_start", number)
    run.resume()
    return upgraded


def test_a_member_that_fails_goes_back_and_the_upgraded_one_stays_and_is_named(galera, group):
    """It has not run the new series; the other one has, and its data are not given to the old."""
    found = galera.upgrade_under_load(group, break_the_others, pause_after="first")
    assert found.result["status"] == "stopped", found.result
    assert_nothing_lost(found)
    assert found.lock is None
    assert "rollback_path_closed" in found.codes()
    assert [one["name"] for one in found.result["upgraded"]] == [found.seen]
    assert [len(found.names(key)) for key in ("rolled_back", "todo", "failed")] == [1, 1, 0]
    assert {one.name for one in found.after if one.version == galera.new} == {found.seen}
    assert found.result["undo"] == ""
    assert any("which 10.6" in note for note in found.result["notes"]), found.result["notes"]
    until(lambda: {one["status"] for one in galera.shown(group)} == {"ACTIVE"},
          "Trove to hear of the member that is back")
    again = galera.upgrade_to_end(group)
    assert again.result["status"] == "upgraded", again.result
    assert again.versions() == {galera.new}
