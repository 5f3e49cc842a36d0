"""Decisions about MySQL and MariaDB replication sets, from rows as the servers give them."""
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trove_upgrade.datastores import plugins
from trove_upgrade.datastores.base import PRIMARY, Member
from trove_upgrade.datastores.mysql_replication import (
    MySQLReplicationDriver,
    gtid,
    leading,
    topology,
)
from trove_upgrade.datastores.mysql_replication.dialect import MariaDB, MySQL
from trove_upgrade.datastores.mysql_replication.gate import FORGETFUL_SHUTDOWN

DRIVER = MySQLReplicationDriver({})

NO_PLUGINS = plugins.answer([], [])
MEMBERS = [Member(f"m{number}", f"orders-{number}", f"10.0.0.{number}") for number in range(3)]
UUID = "3e11fa47-71ca-11e1-9e33-c80aa942956{}"


def counted(number, row, status):
    """What the client counts itself: how many it follows, and prepared transactions; and what
    keeps a member from leading."""
    given = row or {}
    shown = {"log_slave_updates": "ON", **given.get("settings", {})}
    return {**leading.answer(shown, given.get("status", {}), [status] if status else [],
                             given.get("binlog", {})),
            "sources": int(bool(number)), "xa": 0, "may_fence": True,
            "plugins": NO_PLUGINS,
            **{key: given[key] for key in ("sources", "xa", "may_fence", "plugins")
               if key in given}}


def mysql(number, row=None, status=None):
    """One answer of MySQL 8.0; number 0 is the source."""
    own = {"version": "8.0.42", "server": UUID.format(number), "read_only": int(bool(number)),
           "executed": f"{UUID.format(0)}:1-900", "gtid_mode": "ON", "log_bin": 1,
           "fast_shutdown": 1, "started": 1700000000, **(row or {})}
    shown = {"Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes", "Last_IO_Error": "",
             "Last_SQL_Error": "", "Seconds_Behind_Source": 0, "Source_UUID": UUID.format(0),
             "Auto_Position": 1, **(status or {})} if number else None
    return {**MySQL().answer(own, shown), **counted(number, row, shown)}


def mariadb(number, row=None, status=None):
    """One answer of MariaDB 10.11; number 0 is the source."""
    own = {"version": "10.11.18-MariaDB-0+deb12u1-log", "server": 10 + number, "log_bin": 1,
           "read_only": int(bool(number)), "executed": "0-10-900", "state": "0-10-900",
           "fast_shutdown": 1, "started": 1700000000, **(row or {})}
    shown = {"Slave_IO_Running": "Yes", "Slave_SQL_Running": "Yes", "Last_IO_Error": "",
             "Last_SQL_Error": "", "Seconds_Behind_Master": 0, "Master_Server_Id": 10,
             "Using_Gtid": "Slave_Pos", **(status or {})} if number else None
    return {**MariaDB().answer(own, shown), **counted(number, row, shown)}


DIALECTS = {"mysql": (MySQL(), mysql), "mariadb": (MariaDB(), mariadb)}


@pytest.fixture(params=DIALECTS)
def facts(request):
    dialect, answer = DIALECTS[request.param]

    def of(**changes):
        """changes: {member: (row, status)}."""
        return topology.build(dialect, MEMBERS, {
            f"m{number}": answer(number, *changes.get(f"m{number}", ())) for number in range(3)})
    of.name = request.param
    return of


def refused(found):
    return {check.name: check.message for check in DRIVER.checks(found) if not check.ok}


def test_a_healthy_set_passes_every_check_and_lets_a_replica_go(facts):
    found = facts()
    assert refused(found) == {}
    assert DRIVER.blockers(found, {"m1"}) == []
    assert DRIVER.blockers(found, {"m0"}) != []
    assert found["m1"].version in ("8.0.42", "10.11.18")
    # MariaDB keeps no id of its own with its data.
    assert found["m1"].server_id == (UUID.format(1) if facts.name == "mysql" else "")


def test_a_replica_with_a_stopped_thread_closes_the_gate(facts):
    word = "Replica" if facts.name == "mysql" else "Slave"
    for thread in ("IO", "SQL"):
        found = facts(m1=({}, {f"{word}_{thread}_Running": "No", f"Last_{thread}_Error": "1236"}))
        assert any("1236" in one for one in DRIVER.blockers(found, {"m2"}))
        assert DRIVER.blockers(found, {"m1"}) == []


@pytest.mark.parametrize("lag", [None, topology.LAG_SEC + 1])
def test_a_replica_that_lags_closes_the_gate(facts, lag):
    name = "Seconds_Behind_Source" if facts.name == "mysql" else "Seconds_Behind_Master"
    found = facts(m1=({}, {name: lag}))
    assert "behind its source" in DRIVER.blockers(found, {"m2"})[0]


def test_transactions_not_fetched_yet_count_though_no_second_is_lost(facts):
    few = f"{UUID.format(0)}:1-10" if facts.name == "mysql" else "0-10-10"
    many = f"{UUID.format(0)}:1-9000" if facts.name == "mysql" else "0-10-9000"
    found = facts(m0=({"executed": many, "state": many},), m1=({"executed": few, "state": few},),
                  m2=({"executed": many, "state": many},))
    assert found["m1"].native["behind"] == 8990
    assert DRIVER.candidate(found, "m0", "") == "m2"


def test_a_replica_with_transactions_of_its_own_is_no_candidate(facts):
    extra = f"{UUID.format(0)}:1-900,{UUID.format(1)}:1" if facts.name == "mysql" else "0-11-901"
    found = facts(m1=({"executed": extra, "state": extra},))
    assert "transactions of its own" in refused(found)["members_healthy"]
    assert DRIVER.candidate(found, "m0", "") == "m2"


def test_the_sources_own_newer_transactions_are_no_ones_own(facts):
    """The members are asked one after the other, and the load goes on."""
    newer = f"{UUID.format(0)}:1-903" if facts.name == "mysql" else "0-10-903"
    assert refused(facts(m2=({"executed": newer, "state": newer},))) == {}


def test_replicas_are_read_only_and_the_source_is_not(facts):
    assert "takes writes" in refused(facts(m1=({"read_only": 0},)))["members_healthy"]
    assert "is read-only" in refused(facts(m0=({"read_only": 1},)))["members_healthy"]


@pytest.mark.parametrize(("row", "name"), [
    ({"fast_shutdown": 2}, "clean_shutdown"), ({"xa": 1}, "no_prepared_xa")])
def test_what_an_upgrade_would_not_survive_is_refused(facts, row, name):
    found = facts(m1=(row,))
    assert name in refused(found)
    assert DRIVER.blockers(found, {"m1"}) != []
    assert DRIVER.blockers(found, {"m2"}) == []


def test_an_older_replica_of_a_newer_source_closes_the_gate_for_all_but_itself(facts):
    found = facts(m0=({"version": "99.1.1"},), m2=({"version": "99.1.1"},))
    assert "orders-1" in DRIVER.blockers(found, {"m2"})[0]
    assert "newer version" in refused(found)["members_healthy"]
    assert DRIVER.blockers(found, {"m1"}) == []


def test_three_versions_are_one_too_many(facts):
    found = facts(m1=({"version": "98.1.1"},), m2=({"version": "99.1.1"},))
    assert "two_versions" in refused(found)
    assert "two_versions" not in refused(facts(m1=({"version": "99.1.1"},),
                                               m2=({"version": "99.1.1"},)))


def test_without_gtid_or_binary_log_no_role_is_moved(facts):
    assert "gtid_on" in refused(facts(m1=({"log_bin": 0},)))
    off = {"Auto_Position": 0} if facts.name == "mysql" else {"Using_Gtid": "No"}
    assert "gtid_on" in refused(facts(m1=({}, off)))


def test_two_servers_of_one_id_are_refused_since_each_leaves_out_what_the_other_writes(facts):
    copied = settings(server_id="7")
    told = refused(facts(m1=(copied,), m2=(copied,)))
    assert told == {"members_match": "orders-1 and orders-2 bear the same server id (7)."}
    assert refused(facts(m1=(copied,), m2=(settings(server_id="8"),))) == {}


@pytest.mark.parametrize("setting", ["max_binlog_total_size", "binlog_space_limit"])
def test_binary_logs_that_are_limited_in_size_are_told(facts, setting):
    """MariaDB's name since 11.4, and Percona's."""
    told = f"limited in size ({setting} = 1073741824 on orders-0)"
    assert told in " ".join(DRIVER.texts(facts(m0=(settings(**{setting: "1073741824"}),)),
                                         True).notes)
    assert "limited in size" not in " ".join(DRIVER.texts(
        facts(m0=(settings(**{setting: "0"}),)), True).notes)


def test_copies_of_a_data_directory_are_refused(facts):
    if facts.name == "mysql":       # auto.cnf was copied, too
        told = refused(facts(m1=({"server": UUID.format(2)},)))
        assert f"bear the same server id ({UUID.format(2)})" in told["members_match"]
    else:
        assert "bear the same server id (12)" in refused(facts(m1=({"server": 12},)))[
            "members_match"]


def settings(**given):
    return {"settings": given}


@pytest.mark.parametrize(("row", "status", "told"), [
    ({}, {"Replicate_Ignore_Table": "lab.kv"}, "replicate_ignore_table = lab.kv"),
    ({}, {"Replicate_Wild_Do_Table": "shop.%"}, "replicate_wild_do_table = shop.%"),
    ({}, {"Replicate_Do_DB": "shop"}, "replicate_do_db = shop"),
    ({}, {"Replicate_Rewrite_DB": "(a,b)"}, "replicate_rewrite_db = (a,b)"),
    ({}, {"Replicate_Ignore_Server_Ids": "7"}, "replicate_ignore_server_ids = 7"),
    ({"binlog": {"Binlog_Do_DB": "", "Binlog_Ignore_DB": "tmp"}}, {}, "binlog_ignore_db = tmp"),
    (settings(slave_skip_errors="1062"), {}, "replica_skip_errors = 1062"),
    (settings(slave_exec_mode="IDEMPOTENT"), {}, "replica_exec_mode = IDEMPOTENT"),
    (settings(replica_exec_mode="IDEMPOTENT"), {}, "replica_exec_mode = IDEMPOTENT"),
    (settings(replicate_rewrite_db="shop->old"), {}, "replicate_rewrite_db = shop->old"),
    (settings(replicate_events_marked_for_skip="FILTER_ON_SLAVE"), {}, "FILTER_ON_SLAVE"),
    (settings(log_slave_updates="OFF"), {}, "log_slave_updates is off"),
    (settings(log_replica_updates="OFF"), {}, "log_slave_updates is off"),
    ({}, {"SQL_Delay": 3600}, "orders-1 is delayed by 3600 s")])
def test_who_lacks_writes_or_would_not_hand_them_on_is_no_candidate_and_is_named(
        facts, row, status, told):
    found = facts(m1=(row, status))
    assert DRIVER.candidate(found, "m0", "") == "m2"
    assert refused(found) == {}
    assert any(told in note for note in DRIVER.texts(found, True).notes)
    alone = facts(m1=(row, status), m2=({}, {"SQL_Delay": 1}))
    assert DRIVER.candidate(alone, "m0", "") == ""
    assert told in refused(alone)["replicas_ready"]
    assert "orders-2 is delayed by 1 s" in refused(alone)["replicas_ready"]


def test_the_plan_tells_settings_that_acknowledge_writes_before_they_are_on_disk(facts):
    found = facts(m0=(settings(sync_binlog="0", innodb_flush_log_at_trx_commit="1"),),
                  m2=(settings(innodb_flush_log_at_trx_commit="2"),))
    told = [one for one in DRIVER.texts(found, True).notes if "that crashes" in one]
    assert [one.partition(": ")[0] for one in told] == [
        "sync_binlog = 0 on orders-0, innodb_flush_log_at_trx_commit = 2 on orders-2"]
    assert refused(found) == {}
    assert not any("that crashes" in one for one in DRIVER.texts(facts(), True).notes)


def test_what_the_source_does_not_log_nobody_has(facts):
    found = facts(m0=({"binlog": {"Binlog_Do_DB": "shop"}},))
    assert DRIVER.candidate(found, "m0", "") == ""
    assert "orders-1 lacks what orders-0 does not log (binlog_do_db = shop)" in refused(
        found)["replicas_ready"]


def test_a_delayed_replica_holds_up_nobody_and_is_not_waited_for(facts):
    name = "Seconds_Behind_Source" if facts.name == "mysql" else "Seconds_Behind_Master"
    few = f"{UUID.format(0)}:1-10" if facts.name == "mysql" else "0-10-10"
    many = f"{UUID.format(0)}:1-9000" if facts.name == "mysql" else "0-10-9000"
    found = facts(m0=({"executed": many, "state": many},), m2=({"executed": many, "state": many},),
                  m1=({"executed": few, "state": few}, {"SQL_Delay": 3600, name: 3000}))
    assert DRIVER.blockers(found, {"m2"}) == []
    assert refused(found) == {}
    assert DRIVER.waves(found, ["m0", "m1", "m2"], False) == [["m2"], ["m1"], ["m0"]]


def test_a_transaction_of_its_own_is_found_behind_newer_ones_of_the_source(facts):
    """MariaDB's newest GTID of a domain hides it."""
    theirs = f"{UUID.format(0)}:1-902" if facts.name == "mysql" else "0-10-902"
    also = f"{UUID.format(1)}:1,{theirs}" if facts.name == "mysql" else f"0-11-901,{theirs}"
    newest = also if facts.name == "mysql" else theirs
    found = facts(m0=({"executed": theirs, "state": theirs},),
                  m1=({"executed": newest, "state": also},))
    assert "orders-1 has transactions of its own" in refused(found)["members_healthy"]
    assert DRIVER.candidate(found, "m0", "") == "m2"


def test_a_former_source_that_the_others_remember_has_nothing_of_its_own():
    """The source was made of a backup, so its binary log names none of those before it."""
    found = topology.build(MariaDB(), MEMBERS, {
        "m0": mariadb(0, {"executed": "0-10-900", "state": "0-10-900"}),
        "m1": mariadb(1, {"executed": "0-10-900", "state": "0-11-100,0-10-900"}),
        "m2": mariadb(2, {"executed": "0-10-900", "state": "0-11-100,0-10-900"})})
    assert refused(found) == {}


def semi_sync(source, **given):
    """Rows of MySQL 8.0.26 and later, or of older ones and of MariaDB."""
    leads, follows = ("source", "replica") if source == "new" else ("master", "slave")
    words = {"enabled": f"rpl_semi_sync_{leads}_enabled", "ms": f"rpl_semi_sync_{leads}_timeout",
             "alone": f"rpl_semi_sync_{leads}_wait_no_{follows}",
             "count": f"rpl_semi_sync_{leads}_wait_for_{follows}_count",
             "acks": f"rpl_semi_sync_{follows}_enabled"}
    told = {"clients": f"Rpl_semi_sync_{leads}_clients", "on": f"Rpl_semi_sync_{follows}_status"}
    return {"settings": {words[key]: value for key, value in given.items() if key in words},
            "status": {told[key]: value for key, value in given.items() if key in told}}


@pytest.mark.parametrize("names", ["old", "new"])
@pytest.mark.parametrize(("given", "closed"), [
    ({"clients": "1"}, True), ({"clients": "2"}, False), ({"clients": "2", "count": "2"}, True),
    ({"clients": "1", "ms": "1000"}, False), ({"clients": "1", "alone": "OFF"}, False),
    ({"clients": "1", "enabled": "OFF"}, False),
    ({"clients": "0"}, False)])     # it has given them up already
def test_the_last_replica_that_acknowledges_is_not_taken(facts, names, given, closed):
    source = {"enabled": "ON", "ms": "20000", **given}
    found = facts(m0=(semi_sync(names, **source),),
                  m1=(semi_sync(names, acks="ON", on="ON"), {}))
    assert bool(DRIVER.blockers(found, {"m1"})) == closed
    assert ("semi_sync" in refused(found)) == closed
    assert DRIVER.blockers(found, {"m2"}) == []
    if closed:
        assert "on orders-0 commits wait 20 s" in refused(found)["semi_sync"]


def test_who_would_wait_for_the_former_source_is_no_candidate(facts):
    waiting = semi_sync("old", enabled="ON", ms="10000")
    found = facts(m1=(waiting, {}))
    assert DRIVER.candidate(found, "m0", "") == "m2"
    assert "if orders-1 led, its commits wait 10 s" in DRIVER.unfit(found, "m1")[0]
    assert DRIVER.unfit(facts(m1=(waiting, {}), m2=(semi_sync("old", acks="ON"), {})), "m1") == []


@pytest.mark.parametrize(("expire", "short"), [
    ({"binlog_expire_logs_seconds": "300"}, True), ({"binlog_expire_logs_seconds": "0"}, False),
    ({"binlog_expire_logs_seconds": "2592000"}, False), ({"expire_logs_days": "10"}, False),
    ({"binlog_expire_logs_seconds": "259", "expire_logs_days": "0.003000"}, True)])
def test_binary_logs_that_do_not_last_are_refused(facts, expire, short):
    found = facts(m0=(settings(**expire),))
    assert ("logs_kept" in refused(found)) == short
    assert bool(DRIVER.blockers(found, {"m1"})) == short
    patient = MySQLReplicationDriver({"unavailable_sec": 60})
    assert patient.blockers(found, {"m1"}) == []


def test_without_the_right_to_make_it_read_only_the_fence_is_not_taken_for_granted(facts):
    found = facts(m0=({"may_fence": False},))
    assert refused(found)["fence_holds"] == (
        "the account of the access file may not make orders-0 read-only.")


def test_a_chain_is_told(facts):
    other = {"Source_UUID": UUID.format(1)} if facts.name == "mysql" else {"Master_Server_Id": 11}
    assert "orders-2 follows server" in refused(facts(m2=({}, other)))["members_match"]


def test_a_second_source_is_told(facts):
    assert "orders-1 follows 2 sources" in refused(facts(m1=({"sources": 2},)))["members_match"]


@pytest.mark.parametrize(("version", "statement"), [
    ("8.0.21", "SHOW SLAVE STATUS"), ("8.0.22", "SHOW REPLICA STATUS"),
    ("8.4.3", "SHOW REPLICA STATUS"), ("5.7.44-log", "SHOW SLAVE STATUS")])
def test_mysql_is_asked_in_the_words_of_its_version(version, statement):
    assert MySQL().status(version) == statement


def test_an_older_mysql_answers_in_the_old_words():
    status = {"Slave_IO_Running": "Yes", "Slave_SQL_Running": "No", "Last_SQL_Error": "x",
              "Seconds_Behind_Master": 3, "Master_UUID": "u", "Auto_Position": 1}
    row = {"version": "5.7.44", "server": "u1", "read_only": 1, "executed": "", "gtid_mode": "ON",
           "log_bin": 1, "fast_shutdown": 1, "started": 1}
    assert MySQL().answer(row, status)["following"] == {
        "io": "Yes", "sql": "No", "errors": ["x"], "lag": 3, "server": "u", "gtid": True}


def test_a_started_data_directory_does_not_go_back(facts):
    found = facts(m1=({"version": "99.1.1"},))
    assert "can't open it" in DRIVER.closed_rollback_path(found, "m1", "8.0.42")
    assert DRIVER.closed_rollback_path(found, "m2", found["m2"].version) == ""


def test_nobody_goes_back_under_a_source_that_is_upgraded(facts):
    found = facts(m0=({"version": "99.1.1"},))
    assert "orders-0" in DRIVER.closed_rollback_path(found, "m1", found["m1"].version)
    assert DRIVER.closed_rollback_path(found, "m1", "99.1.1") == ""


SETS = st.lists(st.integers(1, 60), max_size=25).map(set)


def written(numbers):
    """The set as MySQL writes it, one interval a number, with a line break as it does."""
    return ",\n".join(f"{UUID.format(0)}:{one}" for one in sorted(numbers))


@given(SETS, SETS)
def test_missing_transactions_are_counted_as_sets_are(whole, part):
    missing = len(whole - part)
    assert sum(gtid.mysql_missing(written(whole), written(part)).values()) == missing


def test_sets_are_read_with_intervals_and_tags():
    assert gtid.mysql_set("A:1-5:7,b:tag:2-3:x:4") == {
        "a": [(1, 5), (7, 7)], "b:tag": [(2, 3)], "b:x": [(4, 4)]}
    assert gtid.mariadb_missing("0-1-10,1-1-5", "0-2-7") == {"0": 3, "1": 5}


states = st.tuples(
    st.fixed_dictionaries({"read_only": st.integers(0, 1), "fast_shutdown": st.integers(0, 2),
                           "version": st.sampled_from(["8.0.42", "8.0.43"])}),
    st.fixed_dictionaries({"Replica_IO_Running": st.sampled_from(["Yes", "Connecting"]),
                           "Replica_SQL_Running": st.sampled_from(["Yes", "No"]),
                           "Seconds_Behind_Source": st.sampled_from([0, 5, 60, None])}))


@given(st.lists(states, min_size=3, max_size=3), st.sampled_from(["m0", "m1", "m2"]))
def test_an_open_gate_leaves_a_writable_source_that_is_no_newer_than_its_replicas(drawn,
                                                                                  unavailable):
    found = topology.build(MySQL(), MEMBERS, {
        f"m{number}": mysql(number, *drawn[number]) for number in range(3)})
    if DRIVER.blockers(found, {unavailable}):
        return
    assert found[unavailable].role != PRIMARY
    assert found[unavailable].native["fast_shutdown"] != FORGETFUL_SHUTDOWN
    source = found["m0"]
    assert not source.native["read_only"]
    for one in found.values():
        if one.id not in (unavailable, "m0"):
            assert one.healthy
            assert one.native["read_only"]
            assert one.version >= source.version


def test_a_replica_whose_image_lacks_a_plugin_of_its_source_does_not_take_over(facts):
    own = plugins.answer([("ed25519", "AUTHENTICATION", "auth_ed25519.so")], [])
    has = {"plugins": own}
    found = facts(m0=(has,), m1=({},), m2=(has,))
    assert DRIVER.unfit(found, "m1") == [
        "orders-1 has not loaded the plugin ed25519, which orders-0 needs"]
    assert DRIVER.candidate(found, "m0", "") == "m2"
    assert refused(found) == {}
    alone = facts(m0=(has,))
    assert "orders-2 has not loaded the plugin" in refused(alone)["replicas_ready"]


def test_the_plan_tells_that_it_does_not_know_by_which_plugins_accounts_log_in(facts):
    blind = {"plugins": plugins.answer([], None)}
    notes = DRIVER.texts(facts(m0=(blind,)), True).notes
    assert any("on orders-0 is not known" in one for one in notes)
    assert not any("mysql.user" in one for one in DRIVER.texts(facts(), True).notes)


@pytest.mark.parametrize(("source", "replica", "told"), [
    ({}, {"settings": {"offline_mode": "ON"}}, "would refuse clients' writes (offline_mode = ON)"),
    ({}, {"settings": {"tx_read_only": "ON"}}, "would refuse clients' writes (tx_read_only = ON)"),
    ({}, {"settings": {"transaction_read_only": "ON"}},
     "would refuse clients' writes (transaction_read_only = ON)"),
    ({"status": {"Threads_connected": "151"}}, {"settings": {"max_connections": "150"}},
     "takes 150 clients (max_connections), and orders-0 has 151"),
    ({}, {"settings": {"require_secure_transport": "ON"}},
     "takes no clients without TLS (require_secure_transport), and orders-0 does"),
    ({"settings": {"require_secure_transport": "ON"}},
     {"settings": {"require_secure_transport": "ON"}}, ""),
    ({"status": {"Threads_connected": "150"}}, {"settings": {"max_connections": "150"}}, "")])
def test_who_would_refuse_the_sources_clients_is_no_candidate(facts, source, replica, told):
    found = facts(m0=(source,), m1=(replica,))
    assert DRIVER.unfit(found, "m1") == [f"orders-1 {told}"] * bool(told)
    assert DRIVER.candidate(found, "m0", "") == ("m2" if told else "m1")


def test_a_replica_that_is_told_to_skip_what_comes_next_is_no_candidate(facts):
    found = facts(m1=({}, {"Skip_Counter": 1}), m2=({}, {"Skip_Counter": 0}))
    assert DRIVER.unfit(found, "m1") == ["orders-1 leaves transactions out (skip_counter = 1)"]
    assert DRIVER.candidate(found, "m0", "") == "m2"
