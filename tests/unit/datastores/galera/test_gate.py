import pytest
from trove_upgrade.datastores import plugins
from trove_upgrade.datastores.galera import GaleraDriver
from trove_upgrade.datastores.galera.clients import order

from tests.unit.datastores.galera.model import NEW, NEXT, OLD, Group


@pytest.fixture
def model():
    return Group()


def within(unavailable_sec):
    """The decisions where a member may be unavailable for so long."""
    return GaleraDriver({"unavailable_sec": unavailable_sec})


def blockers(model, *unavailable, unavailable_sec=60):
    return within(unavailable_sec).blockers(model.facts(), unavailable)


def refused(model):
    return {one.name: one.message for one in within(60).checks(model.facts()) if not one.ok}


def test_a_healthy_group_lets_a_member_go(model):
    assert blockers(model, "m1") == []
    assert blockers(model) == []


@pytest.mark.parametrize(("name", "value", "words"), [
    ("wsrep_cluster_status", "non-Primary", "no primary component"),
    ("wsrep_local_state_comment", "Donor/Desynced", "not synced"),
    ("wsrep_local_state_comment", "Joined", "not synced"),
    ("wsrep_ready", "OFF", "not ready"),
    ("wsrep_connected", "OFF", "not connected"),
    ("wsrep_cluster_size", "2", "counts 2 members, not 3"),
    ("wsrep_cluster_state_uuid", "other", "different groups"),
    ("wsrep_cluster_conf_id", "99", "different views"),
    ("wsrep_local_recv_queue", "9", "9 write sets to apply"),
    ("wsrep_flow_control_paused", "0.2", "held back by flow control for 20%")])
def test_nobody_may_go_while_another_member_says_so(model, name, value, words):
    model.nodes["m3"].status[name] = value
    assert any(words in one for one in blockers(model, "m1")), blockers(model, "m1")


def test_what_a_member_of_the_wave_says_of_itself_does_not_keep_it(model):
    model.nodes["m1"].status |= {"wsrep_local_state_comment": "Joined", "wsrep_ready": "OFF"}
    assert blockers(model, "m1") == []


def test_nobody_may_go_while_another_member_is_down(model):
    model.nodes["m3"].up = False
    assert "member-3: no answer" in blockers(model, "m1")


def test_a_broken_member_itself_may_go_and_the_rest_need_not_count_it(model):
    model.nodes["m3"].up = False
    assert blockers(model, "m3") == []


def test_a_second_member_may_not_go_when_the_rest_would_be_no_majority():
    model = Group(4)
    model.nodes["m3"].up = False
    assert blockers(model, "m3", "m1") == []          # 2 of the 3 that are left
    assert "1 of 3 votes would be no majority" in blockers(model, "m3", "m1", "m2")


ADDRESSES = "10.0.0.1:3306,10.0.0.2:3306,"       # the last of them is garbd's


def test_an_arbitrator_is_neither_a_stray_server_nor_without_a_vote():
    model = Group(2)
    for node in model.nodes.values():
        node.status |= {"wsrep_cluster_size": "3", "wsrep_cluster_weight": "3",
                        "wsrep_incoming_addresses": ADDRESSES}
    assert [one.name for one in within(60).checks(model.facts()) if not one.ok] == []
    assert blockers(model, "m1") == []
    assert any("1 arbitrators (garbd)" in one for one in within(60).texts(
        model.facts(), True).notes)


def test_a_server_that_nobody_knows_is_told_and_nobody_is_told_to_stop_it(model):
    for node in model.nodes.values():
        node.status["wsrep_cluster_size"] = "4"
    check = next(one for one in within(60).checks(model.facts()) if not one.ok)
    assert check.name == "members_match"
    assert "stop" not in check.remedy.lower()
    assert blockers(model, "m1") != []


def test_the_majority_is_one_of_votes_and_not_of_members(model):
    for one, node in model.nodes.items():
        node.status["wsrep_cluster_weight"] = "5"
        node.variables["wsrep_provider_options"] = (
            f"gcache.size = 128M; pc.weight = {3 if one == 'm1' else 1}")
    refused = [one for one in within(60).checks(model.facts()) if not one.ok]
    assert [(one.name, one.message) for one in refused] == [
        ("three_members", "member-1 has 3 of 5 votes (pc.weight).")]
    assert blockers(model, "m1") == ["2 of 5 votes would be no majority"]
    assert blockers(model, "m2") == []


def test_nobody_goes_while_those_that_stay_serve_no_clients(model):
    model.nodes["m2"].variables["wsrep_reject_queries"] = "ALL"
    assert "member-2 rejects its clients' statements" in blockers(model, "m1")[0]
    model.nodes["m2"].variables["wsrep_reject_queries"] = "NONE"
    for one in ("m2", "m3"):
        model.nodes[one].variables["read_only"] = "ON"
    assert blockers(model, "m1") == ["no member that stays takes writes (read_only)"]
    assert blockers(model, "m2") == []


def test_a_group_in_which_one_alone_takes_writes_is_refused_before_that_one_is_due(model):
    for one in ("m2", "m3"):
        model.nodes[one].variables["read_only"] = "ON"
    assert refused(model) == {
        "writes_go_on": "without member-1 no member takes writes (read_only)."}
    model.nodes["m3"].variables["read_only"] = "OFF"
    assert refused(model) == {}


def test_a_member_that_keeps_writes_from_the_group_is_not_well(model):
    model.nodes["m2"].variables["wsrep_on"] = "OFF"
    complaint = "member-2 keeps its clients' writes from the group (wsrep_on is OFF)"
    assert refused(model)["members_healthy"] == f"{complaint}."
    assert blockers(model, "m1") == [complaint]


@pytest.mark.parametrize("option", ["pc.ignore_sb", "pc.ignore_quorum"])
def test_a_group_whose_parts_would_both_take_writes_is_refused(model, option):
    """As wsrep_provider_options tells it."""
    said = "gcache.size = 128M; {} = {}; pc.linger = PT20S; pc.npvo = false"
    model.nodes["m3"].variables["wsrep_provider_options"] = said.format(option, "true")
    assert refused(model) == {"no_split": f"member-3 has {option}."}
    model.nodes["m3"].variables["wsrep_provider_options"] = said.format(option, "false")
    assert refused(model) == {}


def test_a_member_that_does_not_shut_down_in_good_order_is_not_stopped(model):
    model.nodes["m3"].variables["innodb_fast_shutdown"] = "2"
    assert refused(model) == {"clean_shutdown": "member-3 has innodb_fast_shutdown = 2."}
    assert blockers(model, "m3") == ["member-3 has innodb_fast_shutdown = 2"]
    assert blockers(model, "m1") == []


def test_a_group_of_two_is_refused_before_it_begins_and_not_held_up_in_the_middle():
    model = Group(2)
    refused = [one.name for one in within(60).checks(model.facts()) if not one.ok]
    assert refused == ["three_members"]
    assert blockers(model, "m1") == []


def test_nobody_may_go_whose_writes_no_other_member_has_cached(model):
    model.nodes["m1"].last = 50                       # it lags; the others cached from 90 on
    for one in ("m2", "m3"):
        model.nodes[one].cached_from = 90
    assert "no member has cached what member-1 would lack" in blockers(model, "m1")[0]
    model.nodes["m2"].cached_from = 51
    assert blockers(model, "m1") == []


def test_an_idle_group_with_empty_caches_lets_a_member_go(model):
    for node in model.nodes.values():
        node.cached_from = 2 ** 64 - 1
    assert blockers(model, "m1") == []


def test_nobody_may_go_for_longer_than_the_caches_reach(model):
    for node in model.nodes.values():
        node.status |= {"wsrep_received_bytes": str(1000 * 2 ** 20)}     # 1 MiB/s for 1000 s
    assert blockers(model, "m1", unavailable_sec=120) == []
    wrong = blockers(model, "m1", unavailable_sec=600)
    assert wrong == ["the Galera caches hold the writes of 128 s, and member-1 may be "
                     "unavailable for 600 s"]


def test_preflight_names_every_member_that_could_not_come_back(model):
    for node in model.nodes.values():
        node.status |= {"wsrep_received_bytes": str(1000 * 2 ** 20)}
    check = next(one for one in within(600).checks(model.facts()) if one.name == "ist_reachable")
    assert not check.ok
    assert all(f"member-{number}" in check.message for number in (1, 2, 3))
    assert "gcache.size" in check.remedy


def test_all_is_well_in_preflight_of_a_healthy_group(model):
    assert [one.name for one in within(600).checks(model.facts()) if not one.ok] == []


def test_a_server_that_trove_does_not_know_is_told(model):
    for node in model.nodes.values():
        node.status["wsrep_cluster_size"] = "4"
    refused = [one.name for one in within(60).checks(model.facts()) if not one.ok]
    assert refused == ["members_match"]


def test_flow_control_counts_since_the_last_look_and_not_since_long_ago(model):
    node = model.nodes["m3"]
    node.status |= {"wsrep_flow_control_paused": "0.5", "wsrep_flow_control_paused_ns": "500"}
    assert blockers(model, "m1") != []
    model.driver.clock += 1
    assert blockers(model, "m1") == []
    model.driver.clock += 1
    node.status["wsrep_flow_control_paused_ns"] = str(500 + 2 * 10 ** 8)
    assert "for 20% of the time" in blockers(model, "m1")[0]


def test_the_member_that_most_clients_are_on_goes_last(model):
    model.nodes["m1"].status["threads_connected"] = "9"
    assert order(model.facts(), model.nodes, "") == ["m2", "m3", "m1"]


def test_with_equal_connections_the_member_with_most_writes_goes_last(model):
    model.nodes["m2"].status["wsrep_replicated"] = "500"
    assert order(model.facts(), model.nodes, "") == ["m1", "m3", "m2"]


def test_the_named_writer_goes_last_whatever_the_counts(model):
    model.nodes["m1"].status["threads_connected"] = "9"
    assert order(model.facts(), model.nodes, "member-3") == ["m1", "m2", "m3"]


def test_broken_members_go_first(model):
    model.nodes["m3"].up = False
    assert order(model.facts(), model.nodes, "")[0] == "m3"


@pytest.mark.parametrize("state", ["Joiner", "Joined", "Donor/Desynced"])
def test_a_member_that_trove_gave_up_is_waited_for_while_it_says_that_it_comes(model, state):
    model.nodes["m2"].status["wsrep_local_state_comment"] = state
    assert state in model.driver.still_coming(model.facts(), "m2")


def test_a_silent_member_that_its_group_counts_receives_its_copy(model):
    model.nodes["m2"].up = False
    for one in ("m1", "m3"):
        model.nodes[one].status["wsrep_cluster_size"] = "3"
    assert "counted by its group" in model.driver.still_coming(model.facts(), "m2")


def test_a_silent_member_that_its_group_has_dropped_does_not_come(model):
    model.nodes["m2"].up = False
    assert model.driver.still_coming(model.facts(), "m2") == ""


def test_a_synced_member_is_not_on_its_way(model):
    assert model.driver.still_coming(model.facts(), "m2") == ""


def test_within_a_series_a_member_goes_back_also_when_all_are_new(model):
    for node in model.nodes.values():
        node.version = NEW
    assert model.driver.closed_rollback_path(model.facts(), "m1", OLD) == ""


def test_a_member_that_has_run_another_series_stays_on_it(model):
    model.nodes["m1"].version = NEXT
    assert "belong to 11.4.9" in model.driver.closed_rollback_path(model.facts(), "m1", OLD)


def test_an_old_server_does_not_join_a_group_that_has_wholly_left_its_series(model):
    for one in ("m1", "m2"):
        model.nodes[one].version = NEXT
    model.nodes["m3"].up = False
    assert "have left that series" in model.driver.closed_rollback_path(model.facts(), "m3", OLD)


def test_a_broken_member_goes_back_while_others_are_of_its_series(model):
    model.nodes["m1"].version = NEXT
    model.nodes["m3"].up = False
    assert model.driver.closed_rollback_path(model.facts(), "m3", OLD) == ""


def test_percona_8_0_does_not_even_go_back_by_one_release(model):
    for node in model.nodes.values():
        node.variables["version"] = "8.0.42-33.1"
    assert "8.0.41 can't read" in model.driver.closed_rollback_path(model.facts(), "m1", "8.0.41")
    assert model.driver.closed_rollback_path(model.facts(), "m1", "8.0.42") == ""


def test_the_plan_warns_of_relaxed_durability_and_says_who_goes_last(model):
    model.nodes["m2"].variables["innodb_flush_log_at_trx_commit"] = "2"
    model.nodes["m3"].status["threads_connected"] = "30"
    notes = " ".join(model.driver.texts(model.facts(), True).notes)
    assert "innodb_flush_log_at_trx_commit is not 1 on member-2" in notes
    assert "member-3 goes last" in notes
    assert "run mariadb-upgrade on each member by hand" in notes


def test_the_program_named_in_the_access_file_is_a_step_of_finalising():
    model = Group(access={"upgrade_program": "/usr/bin/mariadb-upgrade"})
    texts = model.driver.texts(model.facts(), True)
    assert any("mariadb-upgrade" in step for step in texts.finalize)
    assert not any("by hand" in note for note in texts.notes)


def test_an_upgraded_member_that_lacks_a_plugin_of_the_others_shuts_the_gate_and_may_go_back(model):
    loaded = [("ed25519", "AUTHENTICATION", "auth_ed25519.so")]
    for node in model.nodes.values():
        node.plugins = plugins.answer(loaded, [])
    assert refused(model) == {}
    model.nodes["m1"].version, model.nodes["m1"].plugins = NEW, plugins.answer([], [])
    told = "member-1 has not loaded the plugin ed25519, which member-3 needs"
    assert told in blockers(model)
    assert blockers(model, "m2") == [told]
    assert told in refused(model)["plugins_loaded"]
    assert blockers(model, "m1") == []


@pytest.mark.parametrize(("limit", "full"), [("29", True), ("30", False)])
def test_nobody_goes_while_the_others_have_no_room_for_its_clients(model, limit, full):
    for node in model.nodes.values():
        node.status["threads_connected"], node.variables["max_connections"] = "20", limit
    told = (f"the members that stay take {2 * int(limit)} clients (max_connections), and there "
            "are 60")
    assert blockers(model, "m1") == [told] * full
    assert blockers(model) == []
    assert ("writes_go_on" in refused(model)) == full
    assert not full or f"without member-1 {told}" in refused(model)["writes_go_on"]
