"""Policy defaults of the filter; override them in Trove's policy.yaml."""
from oslo_policy import policy

UPGRADE = "cluster:upgrade"
HOLD = "cluster:upgrade:hold"
CLUSTER = "/v1.0/{account_id}/clusters/{cluster}"
TASK = CLUSTER + "/upgrade"

RULES = [
    policy.DocumentedRuleDefault(
        name=UPGRADE,
        check_str="rule:cluster:action and (rule:admin or role:member or not role:reader)",
        description="Upgrade a cluster member by member; see whether one is going on. By default "
        "who may act on a cluster and is not a mere reader.",
        operations=[{"path": CLUSTER, "method": "PATCH"},
                    {"path": CLUSTER + " (upgrade)", "method": "POST"},
                    {"path": TASK, "method": "GET"}]),
    policy.DocumentedRuleDefault(
        name=HOLD, check_str="rule:admin or role:service",
        description="Take a cluster for an upgrade, give it back, set its version. For the "
        "workflow's service user alone.",
        operations=[{"path": TASK, "method": "PUT"}, {"path": TASK, "method": "DELETE"}]),
]


def list_rules():
    """For oslopolicy-sample-generator and Trove's enforcer."""
    return RULES


def register(enforcer: policy.Enforcer) -> None:
    """Make the defaults known to an enforcer, once."""
    for rule in RULES:
        if rule.name not in enforcer.registered_rules:
            enforcer.register_default(rule)
