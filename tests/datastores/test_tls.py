"""Each driver's access over TLS, as the access file says it, to a server of its kind.

The servers are real, but for those that can't be had. None of them knows what is tested here.
"""
import psycopg
import pytest
from trove_upgrade.datastores import driver
from trove_upgrade.datastores.base import DatastoreError
from trove_upgrade.lab.kinds.archive import environment

from tests.datastores import sets
from tests.datastores.authority import Authority
from tests.datastores.tls_doubles import DOUBLES
from tests.datastores.tls_servers import (
    SECRET,
    SERVERS,
    USER,
    Galera,
    MariaDB,
    MySQL,
    PostgreSQL,
)

XDIST_GROUP = "tls"
# Servers that say in words that they want TLS; the others close the connection.
TELLING = {one.kind for one in (MariaDB, Galera, MySQL, PostgreSQL)}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=SERVERS + DOUBLES, ids=lambda one: one.kind)
def served(request, authority, tmp_path_factory):
    if hasattr(request.param, "archive"):
        sets.require(request.param.archive)
    with request.param(tmp_path_factory.mktemp("served"), authority).running() as made:
        yield made


def assert_not_trusted(served, answer, *words):
    """It is told why, and neither password nor silence."""
    facts, failed = answer
    assert not facts.answers
    assert facts.native["code"] == "not_trusted"
    told = facts.problems[0]
    assert "not trusted for its certificate" in told
    for word in words:
        assert word in told
    assert told in "\n".join(failed), "the checks before an upgrade say it, too"
    assert_no_secret(served, answer)


def assert_no_secret(served, *found):
    assert served.secret.read_text().strip() not in "".join(map(repr, found))


def test_the_member_answers_with_its_authority_and_the_password_of_the_file(served):
    facts, failed = served.read()
    assert facts.answers, facts.problems
    assert facts.version
    assert_no_secret(served, facts, failed)


@pytest.mark.parametrize("name", ["throwaway CA", "another CA"])
def test_an_authority_that_has_not_signed_the_certificate_is_no_access(served, tmp_path, name):
    """Nor one that calls itself like the one that has."""
    stranger = str(Authority(tmp_path, name).file)
    assert_not_trusted(served, served.read(ca_file=stranger))
    assert_not_trusted(served, served.read(ca_file=stranger, check_name=False))


def test_without_a_ca_file_the_systems_authorities_count_and_nothing_goes_unchecked(served):
    assert_not_trusted(served, served.read(ca_file=None))


def test_a_certificate_of_another_address_is_no_access_unless_the_name_is_not_checked(served):
    assert_not_trusted(served, served.read(served.elsewhere), "match")
    facts, _ = served.read(served.elsewhere, check_name=False)
    assert facts.answers, facts.problems


def test_any_certificate_at_all_is_refused_before_anybody_is_asked(served):
    facts, _ = served.read(ca_file=None, check_name=False)
    assert facts.native["code"] == "access_incomplete"
    assert "check_name: false without a ca_file" in facts.problems[0]


def test_a_server_that_wants_tls_refuses_a_driver_without(served):
    facts, failed = served.read(tls=None, ca_file=None)
    # The double of Vertica offers TLS, and can't demand it.
    assert facts.answers is (served.kind == "vertica")
    if served.kind in TELLING:
        assert facts.native["code"] == "access_refused", facts.problems
    assert_no_secret(served, facts, failed)


def test_a_driver_that_wants_tls_does_not_do_without_where_the_server_has_none(served):
    with served.without_tls():
        facts, failed = served.read()
        assert not facts.answers
        assert_no_secret(served, facts, failed)
        facts, _ = served.read(tls=None, ca_file=None)
        assert facts.answers, facts.problems


def test_a_server_that_demands_a_certificate_of_its_clients_is_shown_one(served, tmp_path):
    with served.demanding():
        for shown in ({}, served.shown(Authority(tmp_path, "another CA"), tmp_path)):
            answer = served.read(**shown)
            assert not answer[0].answers
            # Who writes before the server's last words have come does not read them.
            assert answer[0].native["code"] in ("access_refused", "no_answer"), answer
            assert_no_secret(served, answer)
        facts, _ = served.read(**served.shown(served.authority, tmp_path))
        assert facts.answers, facts.problems


def test_a_refused_password_is_told_without_it(served, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("not-in-any-error")
    facts, failed = served.read(password_file=str(wrong))
    assert facts.native["code"] == "access_refused", facts.problems
    assert "not-in-any-error" not in repr((facts, failed))


@pytest.mark.parametrize("served", [PostgreSQL], indirect=True, ids=lambda one: one.kind)
def test_a_server_that_wants_the_password_hashed_too_often_is_given_up(served):
    """Whoever may write to pg_authid can ask that of everybody who logs in."""
    with psycopg.connect(host=served.address, port=served.port, user=USER, password=SECRET,
                         dbname="postgres", sslmode="require") as connection:
        connection.execute("create role slow login")
        connection.execute("update pg_authid set rolpassword = (select regexp_replace(rolpassword, "
                           "'[$]4096:', '$40000000:') from pg_authid where rolname = %s) "
                           "where rolname = 'slow'", [USER])
    facts, _ = served.read(username="slow")
    assert "hashed too often" in facts.problems[0]


@pytest.mark.parametrize("key", ["password_file", "ca_file", "cert_file"])
def test_a_file_that_is_not_there_is_told_by_its_key(served, key):
    facts, failed = served.read(**{key: "/nowhere/at-all"})
    assert facts.native["code"] == "access_incomplete"
    assert f"{key} of the access file can't be read: No such file" in facts.problems[0]
    assert failed


def test_a_ca_file_without_a_certificate_is_told(served):
    facts, _ = served.read(ca_file=str(served.secret))
    assert facts.native["code"] == "access_incomplete"
    assert "no certificates" in facts.problems[0]
    assert_no_secret(served, facts)


@pytest.fixture(scope="module")
def finalised(authority, tmp_path_factory):
    """A Galera member, and a program that finalises it."""
    sets.require(Galera.archive)
    with Galera(tmp_path_factory.mktemp("finalised"), authority).running() as made:
        found = environment(made.root)
        program = made.directory / "mariadb-upgrade"
        program.write_text(f"#!/bin/sh\nPATH='{found['PATH']}' LD_LIBRARY_PATH='"
                           f"{found['LD_LIBRARY_PATH']}' exec '{made.root}/usr/bin/"
                           "mariadb-upgrade' \"$@\" --force\n")
        program.chmod(0o700)
        made.upgrade_program = str(program)
        yield made


def finalise(made, member, **changes):
    """What the program says when it fails; empty when it does not."""
    try:
        chosen = made.chosen(upgrade_program=made.upgrade_program, **changes)
        driver("galera", chosen).finalize(member, {})
    except DatastoreError as error:
        assert error.code == "tables_not_upgraded", error
        assert_no_secret(made, error.message)
        return error.message
    return ""


def test_finalising_looks_at_the_certificate_as_well(finalised, tmp_path):
    """The program gets its options from the driver, by a file."""
    made, stranger = finalised, str(Authority(tmp_path, "another CA").file)
    assert finalise(made, made.member) == ""
    assert finalise(made, made.elsewhere, check_name=False) == ""
    for member, changes in ((made.member, {"ca_file": stranger}), (made.member, {"ca_file": None}),
                            (made.member, {"ca_file": stranger, "check_name": False}),
                            (made.elsewhere, {})):
        assert "certificate" in finalise(made, member, **changes), changes


def test_finalising_shows_the_certificate_that_the_member_demands(finalised, tmp_path):
    made = finalised
    with made.demanding():
        assert "Access denied" in finalise(made, made.member)
        assert finalise(made, made.member, **made.shown(made.authority, tmp_path)) == ""
