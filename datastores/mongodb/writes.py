"""Whether writes of the default concern are still acknowledged while members are unavailable."""
from collections.abc import Collection
from typing import Any

from ..base import ClusterFacts
from . import config as configured
from .topology import SHARD


def unmet(facts: ClusterFacts, gone: Collection[str]) -> list[str]:
    """Sets on which a write of the default concern would wait for members that are unavailable.

    :param gone: addresses, as the sets name them, of the members that would be.
    """
    found = []
    for name, config in sorted(_configs(facts).items()):
        wanted = _default(facts, config)
        rows = [row for row in configured.acknowledging(config)
                if configured.address(row["host"]) not in gone]
        found += [f"{name} acknowledges writes of the default concern {{w: {wanted}}} by {words}"
                  for words in _lacks(config, wanted, rows)]
    return found


def unmet_without_one(facts: ClusterFacts) -> list[str]:
    """The same for each member in turn."""
    hosts = sorted({one.native["host"] for one in facts.values() if one.native.get("host")})
    return [f"{reason}, without {host}" for host in hosts
            for reason in unmet(facts, {host}) if reason not in unmet(facts, set())] \
        + unmet(facts, set())


def unjournaled(facts: ClusterFacts) -> list[str]:
    """Sets that acknowledge a majority's writes before those are on disk."""
    return [name for name, config in sorted(_configs(facts).items())
            if config.get("writeConcernMajorityJournalDefault") is False]


def _configs(facts: ClusterFacts) -> dict[str, configured.Row]:
    """Configuration of each shard's set, by its name; config servers have no concern of clients."""
    return {one.domain: one.native["config"] for one in facts.values()
            if one.native.get("config") and one.native["kind"] == SHARD}


def _default(facts: ClusterFacts, config: configured.Row) -> Any:
    """The cluster's (4.4 and later), else the set's own, else 1."""
    told: dict[str, Any] = next((one.native["write_concern"] for one in facts.values()
                 if one.native.get("write_concern")), {})
    own = config.get("settings", {}).get("getLastErrorDefaults", {})
    return told.get("w", own.get("w", 1))


def _lacks(config: configured.Row, wanted: Any, left: list[configured.Row]) -> list[str]:
    """What is missing to acknowledge a write, by those that are left."""
    if isinstance(wanted, int):
        return _too_few("members", wanted, len(left)) if wanted > 1 else []
    if wanted == "majority":
        votes = configured.voters(config)
        bearing = [one for one in votes if one not in configured.arbiters(config)]
        needed = min(len(votes) // 2 + 1, len(bearing))
        return _too_few("voting members", needed, sum(one.get("votes", 1) > 0 for one in left))
    modes = config.get("settings", {}).get("getLastErrorModes", {})
    return [lack for tag, needed in sorted(modes.get(wanted, {}).items())
            for lack in _too_few(f"values of the tag {tag}", int(needed),
                                 configured.distinct_tags(left, tag))]


def _too_few(what: str, needed: int, left: int) -> list[str]:
    return [f"{needed} {what} and would have {left}"] if left < needed else []
