"""The order in which the servers of a sharded cluster go: a pure function of facts."""
from collections.abc import Collection

from ..base import PRIMARY, ClusterFacts, goes_first
from .topology import CONFIG, ROUTER, SHARD

# The manual: config servers, then the shards, then the routers; to go back, the other way round.
STAGES = {CONFIG: 0, SHARD: 1, ROUTER: 2}


def order(facts: ClusterFacts, todo: Collection[str], back: bool = False) -> list[str]:
    """By stage; in each the broken members first, then set after set, its primary last."""
    def key(one: str):
        member = facts[one]
        stage = STAGES[member.native["kind"]]
        return (-stage if back else stage, not goes_first(member), member.domain,
               member.role == PRIMARY, member.name, one)
    return sorted(todo, key=key)


def together(facts: ClusterFacts, todo: list[str]) -> list[list[str]]:
    """One member at a time, but for the routers: half of them stay at any time.

    The manual takes shards one at a time, and a set must keep its majority; routers hold no data
    and vote for nothing, so only their number counts.
    """
    routers = [one for one in todo if facts[one].native["kind"] == ROUTER]
    every = sum(one.native["kind"] == ROUTER for one in facts.values())
    bound = max(1, every // 2)
    waves: list[list[str]] = []
    for one in todo:
        if one not in routers:
            waves.append([one])
        elif routers.index(one) % bound == 0:
            waves.append(routers[routers.index(one):][:bound])
    return waves


def waves(facts: ClusterFacts, todo: list[str], at_once: bool) -> list[list[str]]:
    return together(facts, todo) if at_once else [[one] for one in todo]
