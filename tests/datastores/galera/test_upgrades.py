"""Upgrades of real MariaDB Galera clusters, through real Trove and real Mistral."""
import contextlib
import subprocess

import pytest
import yaml
from trove_upgrade.datastores import driver
from trove_upgrade.datastores.base import DatastoreError, Member
from trove_upgrade.lab.kinds import mariadb
from trove_upgrade.lab.kinds.cache import directory
from trove_upgrade.lab.kinds.galera import native

from tests.datastores import sets
from tests.end_to_end.invariants import assert_invariants, assert_nothing_lost
from tests.end_to_end.site import resume_when_paused
from tests.waits import until

XDIST_GROUP = "galera"
LAB = {"kind": "galera", "stop_timeout_sec": 15}
ALONE = "SET SESSION wsrep_on = OFF"        # else the statement is done on every member


@pytest.fixture(scope="module")
def old_cluster(site):
    """A cluster for tests that leave it as it was; to form one takes a while."""
    with site.cluster() as made:
        yield made


def order(found):
    """Numbers of the members that were stopped to run the target, in order.

    The load's clients are on member 1 as long as it is there.
    """
    numbers = {one.name.rsplit("-", 1)[-1]: number for number, one in enumerate(found.before, 1)}
    return [numbers[name] for name in found.forward()]


def execute(site, member, *statements):
    with native.connect(member.address, site.lab.settings) as connection, \
            connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def resume_finalize_and_again(run):
    paused = resume_when_paused(run)
    first = run.end()
    done = run.site.execute("trove_upgrade.finalize", cluster_id=run.cluster.id)
    return paused, first, done, run.again()


def test_an_append_that_is_sent_again_is_there_once(site, old_cluster):
    sets.assert_an_append_that_is_sent_again_is_there_once(site.lab, old_cluster)


def test_one_by_one_under_load_the_written_member_last_and_a_second_run_touches_nothing(
        site, cluster):
    """With a pause after the first member."""
    found = site.upgrade_under_load(cluster, act=resume_finalize_and_again, pause_after="first")
    paused, first, done, second = found.seen
    assert order(paused) == [2]
    assert paused.lock is not None
    assert first.result["status"] == "upgraded", first.result
    assert order(first) == [2, 3, 1]
    assert first.versions() == {site.new}
    assert len(first.held) == 3, "finalising waits for a person"
    assert_invariants(first)
    assert len(done["finalized"]) == 3
    assert second.result["status"] == "nothing_to_do"
    assert second.stops() == []
    assert_nothing_lost(found)


def test_second_member_does_not_start_and_both_go_back_on_their_data(site, old_cluster):
    site.break_member(old_cluster, "does_not_start", 3)
    found = site.upgrade_under_load(old_cluster)
    assert found.result["status"] == "rolled_back", found.result
    assert order(found) == [2, 3]
    assert len(found.result["rolled_back"]) == 2
    assert len(found.result["todo"]) == 1
    assert found.versions() == {site.old}
    assert_invariants(found)


def test_unwell_members_and_caches_that_are_too_small_are_refused_by_name(site, old_cluster):
    members = site.lab.members(old_cluster)
    execute(site, members[1], "SET GLOBAL wsrep_desync = ON")
    found = site.begin(old_cluster).end()
    assert found.result["status"] == "refused"
    assert "[members_healthy]" in found.result["summary"]
    assert found.stops() == []
    execute(site, members[1], "SET GLOBAL wsrep_desync = OFF")
    facts_of = [Member(one.id, one.name, one.address) for one in members]
    patient = driver("galera", {**access(site), "unavailable_sec": 10 ** 9})
    assert [one.name for one in patient.checks(patient.read(facts_of)) if not one.ok] == [
        "ist_reachable"]


@pytest.mark.parametrize(("broken", "healed", "check"), [
    (["SET GLOBAL wsrep_on = OFF"], ["SET GLOBAL wsrep_on = ON"], "members_healthy"),
    (["SET GLOBAL wsrep_provider_options = 'pc.ignore_sb=true'"],
     ["SET GLOBAL wsrep_provider_options = 'pc.ignore_sb=false'"], "no_split"),
    ([ALONE, "INSTALL SONAME 'auth_ed25519'"], [ALONE, "UNINSTALL SONAME 'auth_ed25519'"],
     "plugins_loaded"),
    (["SET GLOBAL innodb_fast_shutdown = 2"], ["SET GLOBAL innodb_fast_shutdown = 1"],
     "clean_shutdown")], ids=["apart", "both parts", "plugin", "shutdown"])
def test_settings_that_lose_writes_or_strand_a_member_are_refused_by_name(
        site, old_cluster, broken, healed, check):
    members = site.lab.members(old_cluster)
    asker = driver("galera", access(site))

    def refused():
        facts = asker.read([Member(one.id, one.name, one.address) for one in members])
        return {one.name: one.message for one in asker.checks(facts) if not one.ok}

    execute(site, members[1], *broken)
    try:
        assert members[1].name in refused()[check]
    finally:
        execute(site, members[1], *healed)
    assert refused() == {}


@pytest.fixture
def garbd(tmp_path):
    """Debian's program of an arbitrator."""
    try:
        mariadb.ARCHIVE.apt(directory(mariadb.ARCHIVE.name), "apt-get", "download",
                            "galera-arbitrator-4", cwd=tmp_path)
    except RuntimeError as error:
        pytest.skip(str(error))
    (package,) = tmp_path.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    return tmp_path / "usr/bin/garbd"


@contextlib.contextmanager
def arbitrator(garbd, site, members):
    """One in the group, as people run it in another place."""
    settings = site.lab.settings
    own = members[0].address.rsplit(".", 1)[0] + ".200"
    group = ",".join(f"{one.address}:{settings.bus_port}" for one in members)
    votes = subprocess.Popen(
        [garbd, "-a", f"gcomm://{group}", "-g", "lab",
         "-o", f"gmcast.listen_addr=tcp://{own}:{settings.bus_port}"],
        env=mariadb.environment(settings.binaries[site.old]), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        votes.terminate()
        votes.wait()


def test_an_arbitrator_is_no_stray_server_and_its_vote_counts(site, old_cluster, garbd):
    members = site.lab.members(old_cluster)
    facts_of = [Member(one.id, one.name, one.address) for one in members]
    asker = driver("galera", access(site))

    def sizes():
        return {one.native["size"] for one in asker.read(facts_of).values() if one.answers}

    with arbitrator(garbd, site, members):
        until(lambda: sizes() == {4}, "the arbitrator")
        facts = asker.read(facts_of)
        assert {(one.native["arbitrators"], one.native["votes"]) for one in facts.values()} == {
            (1, 4)}
        assert [one for one in asker.checks(facts) if not one.ok] == []
        assert asker.blockers(facts, [members[0].id]) == []
        assert any("garbd" in note for note in asker.texts(facts, True).notes)
    until(lambda: sizes() == {3}, "the group without it")
    assert asker.blockers(asker.read(facts_of), [members[0].id]) == []


def access(site):
    return yaml.safe_load((site.lab.access_dir / "default.yaml").read_text())["galera"]


def test_a_wrong_password_is_told_without_showing_it(site, old_cluster, tmp_path):
    member = site.lab.members(old_cluster)[0]
    wrong = tmp_path / "password"
    wrong.write_text("not-in-any-error")
    asker = driver("galera", {**access(site), "password_file": str(wrong)})
    facts = asker.read([Member(member.id, member.name, member.address)])[member.id]
    assert not facts.answers
    assert facts.native["code"] == "access_refused"
    assert "not-in-any-error" not in str(facts)
    with pytest.raises(DatastoreError) as raised:
        asker.finalize(Member(member.id, member.name, member.address), {})
    assert raised.value.code == "tables_not_upgraded"
    assert "not-in-any-error" not in str(raised.value)
