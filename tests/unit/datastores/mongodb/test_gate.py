"""What the driver refuses and why, on a model."""
import dataclasses

import pytest
from trove_upgrade.planning import undo, waves

from tests.unit.datastores.mongodb.model import NEW, OLD, Cluster, options, plan_of, refused


@pytest.fixture
def cluster():
    return Cluster(shards=2)


def facts_of(cluster):
    return cluster.driver.read(cluster.members)


def groups(cluster, plan_waves):
    return [[cluster.nodes[one].group for one in wave] for wave in plan_waves]


def secondary(cluster, group):
    return next(node for node in cluster.of(group) if not node.leads)


def test_a_well_cluster_may_start_and_is_left_at_its_feature_version(cluster):
    plan = plan_of(cluster)
    assert plan["ready"], plan["checks"]
    assert plan["finalize"]["mode"] == "manual"
    assert "setFeatureCompatibilityVersion" in plan["point_of_no_return"]


def test_config_servers_then_shard_after_shard_then_routers(cluster):
    order = [group for wave in groups(cluster, plan_of(cluster)["waves"]) for group in wave]
    assert order == ["config"] * 3 + ["rs1"] * 3 + ["rs2"] * 3 + ["routers"] * 2


def test_domain_takes_only_routers_together_and_leaves_half_of_them():
    cluster = Cluster(shards=2, routers=5)
    plan = plan_of(cluster, parallelism="domain", canary=False)
    sizes = [(wave[0], len(wave)) for wave in groups(cluster, plan["waves"])]
    assert sizes[-3:] == [("routers", 2), ("routers", 2), ("routers", 1)]
    assert {size for group, size in sizes if group != "routers"} == {1}


def test_what_was_upgraded_goes_back_from_the_other_end(cluster):
    plan = plan_of(cluster)
    for node in cluster.nodes.values():
        node.version = cluster.trove[node.id] = NEW
    first = undo.next_undo(cluster.driver, facts_of(cluster), plan, list(cluster.nodes))
    assert [cluster.nodes[one].group for one in first] == ["routers"]
    back = plan_of(cluster, OLD, skip_checks="not_a_downgrade")
    assert back["ready"], back["checks"]
    order = [group for wave in groups(cluster, back["waves"]) for group in wave]
    assert order[:2] == ["routers"] * 2
    assert order[-3:] == ["config"] * 3
    step = waves.next_step(cluster.driver, facts_of(cluster), list(cluster.nodes), options(),
                           waves.Progress(), None, back=True)
    assert cluster.nodes[step[1][0]].group == "routers"


def test_a_tenant_does_not_see_enough(cluster):
    cluster.nodes = {one: node for one, node in cluster.nodes.items()
                     if node.group not in ("config", "routers")}
    facts = facts_of(cluster)
    found = {check.name: check for check in cluster.driver.checks(facts)}
    assert not found["all_members_seen"].ok
    assert "administrator" in found["all_members_seen"].remedy


def test_next_release_waits_until_the_last_one_is_finalised(cluster):
    for node in cluster.nodes.values():
        node.version = cluster.trove[node.id] = NEW
    plan = plan_of(cluster, "8.0.4")
    assert refused(plan) == {"feature_version_at_old_release"}
    for node in cluster.nodes.values():
        node.fcv = "7.0"
    assert plan_of(cluster, "8.0.4")["ready"]


def test_a_patch_release_needs_no_finalising(cluster):
    for node in cluster.nodes.values():
        node.version = "7.0.12"
    assert cluster.driver.checks_towards(facts_of(cluster), NEW)[0].ok


def test_a_finalised_cluster_does_not_go_back(cluster):
    for node in cluster.nodes.values():
        node.version, node.fcv = NEW, "7.0"
        cluster.trove[node.id] = NEW
    plan = plan_of(cluster, OLD, skip_checks="not_a_downgrade")
    assert refused(plan) == {"not_a_downgrade", "rollback_path_open"}
    assert not plan["ready"]


def test_a_shard_whose_feature_version_is_ahead_is_told(cluster):
    for node in cluster.of("rs2"):
        node.fcv = "7.0"
    assert "feature_version_settled" in refused(plan_of(cluster))


def test_short_oplog_is_refused_and_one_that_is_not_full_is_judged_by_its_rate(cluster):
    node = secondary(cluster, "rs1")
    node.oplog = {"first": 0, "last": 600, "size": 1000, "max_size": 1000}
    assert refused(plan_of(cluster)) == {"oplog_window"}
    node.oplog = {"first": 0, "last": 600, "size": 10, "max_size": 1000}
    assert plan_of(cluster)["ready"]


@pytest.mark.parametrize(("state", "word"), [(3, "RECOVERING"), (9, "ROLLBACK")])
def test_recovering_and_rolling_back_members_close_the_gate(cluster, state, word):
    node = secondary(cluster, "rs2")
    node.state = state
    wrong = cluster.driver.blockers(facts_of(cluster), [secondary(cluster, "config").id])
    assert any(word in one for one in wrong)
    assert {"members_healthy", "members_agree"} <= refused(plan_of(cluster))


def test_a_lagging_member_closes_the_gate(cluster):
    secondary(cluster, "rs1").behind_sec = 11
    assert any("11 s behind" in one for one in cluster.driver.blockers(facts_of(cluster), ()))
    secondary(cluster, "rs1").behind_sec = 9
    assert cluster.driver.blockers(facts_of(cluster), ()) == []


def test_a_primary_is_not_taken_away_while_it_leads(cluster):
    leader = cluster.leader("rs1")
    assert any("leads rs1" in one
               for one in cluster.driver.blockers(facts_of(cluster), [leader.id]))


def test_no_second_member_of_a_set_is_taken_away(cluster):
    first, second = (node for node in cluster.of("rs1") if not node.leads)
    first.up = False
    wrong = cluster.driver.blockers(facts_of(cluster), [first.id, second.id])
    assert "no majority of rs1 would be left" in wrong


def test_the_last_router_of_several_stays(cluster):
    first, second = cluster.of("routers")
    first.up = False
    wrong = cluster.driver.blockers(facts_of(cluster), [first.id, second.id])
    assert "no router would be left" in wrong


def test_a_single_router_is_refused_by_name_and_not_held_back_when_that_is_skipped():
    cluster = Cluster(routers=1)
    assert refused(plan_of(cluster)) == {"spare_router"}
    assert cluster.driver.blockers(facts_of(cluster), [cluster.of("routers")[0].id]) == []


@pytest.mark.parametrize("said", [{"mode": "full", "inBalancerRound": False},
                                  {"mode": "off", "inBalancerRound": True}])
def test_nobody_is_taken_away_while_the_balancer_works(cluster, said):
    cluster.balancer = said
    wrong = cluster.driver.blockers(facts_of(cluster), [secondary(cluster, "rs1").id])
    assert any("balancer" in one for one in wrong)
    assert cluster.driver.blockers(facts_of(cluster), ()) == []


def test_what_the_balancer_was_is_what_rests(cluster):
    assert cluster.driver.background(cluster.members) == {}
    cluster.balancer = {"mode": "full", "inBalancerRound": False}
    assert cluster.driver.background(cluster.members) == {"balancer": "full"}


def test_members_that_trove_does_not_know_are_named(cluster):
    node = secondary(cluster, "rs2")
    members = [one for one in cluster.members if one.id != node.id]
    facts = cluster.driver.read(members)
    found = {check.name: check for check in cluster.driver.checks(facts)}
    assert node.host.partition(":")[0] in found["members_match"].message


def test_a_silent_member_keeps_its_place_by_what_the_others_and_trove_say(cluster):
    silent = [secondary(cluster, "config"), secondary(cluster, "rs2"), cluster.of("routers")[0]]
    for node in silent:
        node.up = False
    facts = facts_of(cluster)
    assert [facts[node.id].domain for node in silent] == ["config", "rs2", "routers"]
    nobody = {one: dataclasses.replace(fact, answers=False) for one, fact in facts.items()}
    assert cluster.driver.blockers(nobody, ())
