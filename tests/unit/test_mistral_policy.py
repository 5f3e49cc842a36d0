"""docs/examples/mistral-policy.yaml, read by the same library as Mistral reads it."""
from pathlib import Path

import pytest
import yaml
from mistral import policies
from oslo_config import cfg
from oslo_policy import policy

FILE = Path(__file__).parents[2] / "docs/examples/mistral-policy.yaml"
GIVEN = yaml.safe_load(FILE.read_text())
RULES = {one.name: one for one in policies.list_rules()}
OURS, THEIRS = {"project_id": "p"}, {"project_id": "other"}
READING = ("get", "list", "list:all_projects")


def changes(name):
    kind, _, verb = name.partition(":")
    return bool(kind and verb) and verb not in READING


@pytest.fixture(scope="module")
def allowed():
    """allowed(name, target, roles): whether who has the roles in project p may do that."""
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[])
    enforcer = policy.Enforcer(conf, policy_file=str(FILE))
    enforcer.register_defaults(RULES.values())

    def ask(name, target, roles):
        return enforcer.enforce(name, target, {
            "roles": roles, "project_id": "p", "is_admin": "admin" in roles})
    return ask


def test_it_names_rules_that_mistral_has():
    assert GIVEN.keys() - RULES.keys() == {"may_change"}


@pytest.mark.parametrize("name", [name for name in RULES if changes(name)])
def test_a_reader_changes_nothing(allowed, name):
    """Every rule of Mistral, so that one that comes with a new release is seen."""
    assert not allowed(name, OURS, ["reader"])
    assert not allowed(name, THEIRS, ["member"])
    assert allowed(name, THEIRS, ["admin"])
    assert allowed(name, OURS, ["member"]) == (
        RULES[name].check_str != "rule:admin_only" and not name.startswith(("code", "dynamic")))


def test_a_reader_still_sees_what_is_going_on(allowed):
    assert all(allowed(name, OURS, ["reader"]) for name in (
        "executions:get", "executions:list", "tasks:get", "environments:get"))


@pytest.mark.parametrize("kind", ["code_sources", "dynamic_actions"])
def test_python_of_a_tenant_is_refused_also_where_mistral_would_take_it(kind):
    assert GIVEN[f"{kind}:create"] == GIVEN[f"{kind}:update"] == "rule:admin_only"
