"""Who may upgrade: asked before a button is shown, and again before anything is done.

The last word is Trove's own, whose API asks `cluster:upgrade` when the run begins.
"""
import functools
from typing import Any

from django.conf import settings
from horizon.exceptions import NotAuthorized
from openstack_dashboard import policy as horizon_policy
from oslo_config import cfg
from oslo_policy import policy

from ..trove_api.policies import RULES, UPGRADE
from .subject import Subject

SERVICE = "database"
# What the rule's default refers to, as Trove defines it; owning is Trove's to judge.
TROVES = (policy.RuleDefault("admin", "role:admin"), policy.RuleDefault("cluster:action", "@"))


def may_upgrade(request: Any) -> bool:
    """As Horizon's copy of Trove's policy says; where it has none, as the rule's default does."""
    if SERVICE in getattr(settings, "POLICY_FILES", {}):
        return bool(horizon_policy.check(((SERVICE, UPGRADE),), request))
    roles = [role["name"] for role in request.user.roles]
    return bool(_defaults().enforce(UPGRADE, {}, {"roles": roles}))


def may_act(request: Any, subject: Subject) -> bool:
    """The same for one of one's own project: an upgrade acts with the rights of who starts it."""
    return subject.is_own and may_upgrade(request)


def require(request: Any) -> None:
    """:raises NotAuthorized: Horizon answers 403."""
    if not may_upgrade(request):
        raise NotAuthorized


@functools.cache
def _defaults() -> policy.Enforcer:
    conf = cfg.ConfigOpts()
    conf([])                    # else it reads the command line of whatever serves Horizon
    enforcer = policy.Enforcer(conf, use_conf=False)
    enforcer.set_rules({rule.name: rule.check for rule in (*TROVES, *RULES)}, use_conf=False)
    return enforcer
