"""The decisions about a Vertica database: pure functions of facts, no connection."""
import abc
from collections.abc import Collection
from datetime import datetime
from typing import Any

from ..base import Check, ClusterFacts, Driver, Facts, Texts, any_one, check, twins
from .paths import PATHS, newer_than
from .topology import UP

# "Before You Upgrade": the upgrade needs about three times the memory of the catalog.
CATALOG_TIMES = 3
LONG_SEC = 300           # ours: a transaction that has run for so long is told before it is ended
BACKUP_HOURS = 24        # ours: an older backup loses more than a day when it must be restored


class VerticaGate(Driver):
    """What is safe, in which order, and what can be undone, by the facts alone."""

    paths = PATHS

    @abc.abstractmethod
    def audit(self, facts: ClusterFacts) -> dict[str, Any]:
        """What only preflight asks, of one node for all: see :meth:`Servers.audit`; ``{error}``
        where that failed, empty where nobody answers."""

    def checks(self, facts: ClusterFacts, saved: Collection[str] = ()) -> list[Check]:
        audit = self.audit(facts)
        unreachable = [problem for one in facts.values() if not one.answers
                       for problem in one.problems]
        node = any_one(facts)       # the database's own tables tell of all of them
        unasked = [audit["error"]] if "error" in audit else []
        return [
            check("native_access", _no_access(facts, audit),
                  "The nodes let us in and show their system tables.",
                  "Let the executors reach the nodes as a superuser; the access file gives port "
                  "and credentials. To upgrade a database that is down, skip this check by name."),
            check("members_match", _strangers(facts) + twins(facts),
                  "Trove and the database name the same members.",
                  "Find out whose those nodes are (SELECT local_node_name() on each server), and "
                  "add what is missing; if you know them to be harmless, skip this check by name."),
            check("members_healthy", unreachable + self.blockers(facts, ()),
                  "Every node is UP in the eyes of all.",
                  "Restart the nodes that are down and wait until they have recovered, or skip "
                  "this check by name."),
            check("k_safety", _unsafe(facts), "The database outlives the loss of a node.",
                  "Make it K-safe (MARK_DESIGN_KSAFE), or skip this check by name: then one node "
                  "that does not come back keeps the whole database down.", asks=node),
            check("nothing_running", [f"{one} is running" for one in audit.get("running", ())],
                  "No rebalance, refresh or recovery is running.", "Wait until it is over.",
                  node, unasked),
            check("transactions_short", _long(audit), "No transaction has run for long.",
                  "Let it end, or skip this check by name: the shutdown ends it and it is undone.",
                  node, unasked),
            check("catalog_memory", _cramped(audit),
                  "The nodes have three times the memory of the catalog.",
                  "Give the nodes more memory: the upgrade needs about three times the memory "
                  "that the catalog uses.", node, unasked),
            check("projections_current", _stale(audit), "Every projection is up to date.",
                  "SELECT START_REFRESH(), and wait until it is over: a projection that is behind "
                  "can't make up for a node that does not come back.", node, unasked),
            check("catalog_storage", _full(audit), "The catalogs have room for one more of theirs.",
                  "Free space where the catalog is kept, on every node: the upgrade writes it "
                  "anew.", node, unasked),
            check("backup_taken", _unsaved(audit), "A full backup was taken within a day.",
                  "Take a full backup with vbr; only it brings the old version back. If you have "
                  "one that the database does not know of, skip this check by name.",
                  node, unasked),
            check("outage_accepted", outage(facts),
                  "The database serves nobody, so nobody is put out of service.",
                  "Agree on the outage with the people who use it, then skip this check by name."),
        ]

    def blockers(self, facts: ClusterFacts, unavailable: Collection[str]) -> list[str]:
        """Why the members that stay are not well. With everybody unavailable there is nobody to
        ask."""
        rest = [one for member_id, one in facts.items() if member_id not in unavailable]
        found = [problem for one in rest for problem in one.problems]
        for asked in rest:
            if asked.answers:
                found += _seen_by(asked, rest)
        if not unavailable:
            found += _less_safe(rest)
        return sorted(set(found))

    def closed_rollback_path(self, facts: ClusterFacts, member_id: str, origin: str) -> str:
        """Why the member can't go back to ``origin``: a node of the database has come up on a newer
        version, and the catalog is one for all."""
        newer = [one for one in facts.values() if one.answers and newer_than(one.version, origin)]
        if not newer:
            return ""
        names = ", ".join(one.name for one in newer)
        words = (f"the catalog has been converted to {newer[0].version} ({names} up on it), "
                 f"{origin} can't read it any more and only a full backup brings it back")
        if not facts[member_id].answers:
            words += (f"; leave the others as they are, mend {facts[member_id].name} and start the "
                      "upgrade again: it then joins them on the new version and recovers from them")
        return words

    def texts(self, facts: ClusterFacts, keep_rollback_path: bool) -> Texts:
        return Texts(
            rollback_path="Until a node has come up on the new version all members go back "
                          "together, on their own data. After that there is none: a member that "
                          "did not come up is left as it is and named.",
            point_of_no_return="The first start of the new version: it converts the catalog.",
            backup="Trove takes no backup of cluster members: take a full one with vbr. After the "
                   "point of no return only it brings the old version back.",
            notes=(*(f"OUTAGE: {words}." for words in outage(facts)),
                   "Afterwards check the catalog's memory and the grants, and reinstall the "
                   "packages that were not installed by themselves (Vertica, After You Upgrade)."))


def outage(facts: ClusterFacts) -> list[str]:
    """The outage that people have to agree to; empty where the database is down already."""
    if not any(one.answers for one in facts.values()):
        return []
    return [f"All {len(facts)} members are stopped together: nobody can read or write from the "
            "shutdown until the new version has converted the catalog and is up"]


def _seen_by(asked: Facts, rest: list[Facts]) -> list[str]:
    view = asked.native["view"]
    states = {one.name: view.get(one.native["node"], "not at all") for one in rest}
    return [f"{asked.name} sees {name} {state}" for name, state in states.items() if state != UP]


def _less_safe(rest: list[Facts]) -> list[str]:
    return [f"{one.name} says that the database outlives the loss of {one.native['current']} "
            f"nodes instead of {one.native['designed']}" for one in rest
            if one.answers and one.native["current"] < one.native["designed"]]


def _no_access(facts: ClusterFacts, audit: dict[str, Any]) -> list[str]:
    """Complaints about access: of nodes that refuse us, or of all when none answers.

    Why a single node does not answer is told by the check members_healthy instead.
    """
    unreachable = [one for one in facts.values() if not one.answers]
    refused = [one for one in unreachable if one.native["code"] != "no_answer"]
    found = unreachable if len(unreachable) == len(facts) else refused
    return [one.problems[0] for one in found] + ([audit["error"]] if "error" in audit else [])


def _strangers(facts: ClusterFacts) -> list[str]:
    known = {one.native["node"]: one.name for one in facts.values() if one.native["node"]}
    views = {one.name: set(one.native["view"]) for one in facts.values() if one.answers}
    found = {f"the node {node} is not a member by Trove"
             for view in views.values() for node in view - set(known)}
    found |= {f"{name} knows no node of {known[node]}"
              for name, view in views.items() for node in set(known) - view}
    return sorted(found)


def _unsafe(facts: ClusterFacts) -> list[str]:
    return [f"{one.name} says that the database is designed to outlive the loss of no node"
            for one in facts.values() if one.answers and one.native["designed"] < 1]


def _long(audit: dict[str, Any]) -> list[str]:
    found = []
    for user, begun in audit.get("sessions", ()):
        seconds = _seconds_between(begun, audit["now"])
        if seconds > LONG_SEC:
            found.append(f"a transaction of {user} has run for {seconds // 60:.0f} minutes "
                         f"(limit {LONG_SEC // 60})")
    return found


def _cramped(audit: dict[str, Any]) -> list[str]:
    catalog, memory = audit.get("catalog_kb") or 0, audit.get("memory_bytes")
    if memory is None or memory >= CATALOG_TIMES * catalog * 1024:
        return []
    return [f"the catalog uses {catalog // 1024} MiB on a node, and a host has only "
            f"{memory // 2 ** 20} MiB"]


def _stale(audit: dict[str, Any]) -> list[str]:
    return [f"the projection {name} is not up to date" for name in audit.get("stale", ())]


def _full(audit: dict[str, Any]) -> list[str]:
    catalog, free = (audit.get("catalog_kb") or 0) // 1024, audit.get("catalog_free_mb")
    if free is None or free >= catalog:
        return []
    return [f"the catalog has {catalog} MiB on a node, and {free} MiB are free for it"]


def _unsaved(audit: dict[str, Any]) -> list[str]:
    if "backup" not in audit:       # nobody could be asked
        return []
    taken = audit["backup"]
    if not taken:
        return ["the database knows of no full backup"]
    hours = _seconds_between(taken, audit["now"]) / 3600
    if hours <= BACKUP_HOURS:
        return []
    return [f"the last full backup that the database knows of is {hours:.0f} hours old "
            f"(limit {BACKUP_HOURS})"]


def _seconds_between(start: str, end: str) -> float:
    first, last = (datetime.fromisoformat(one).replace(tzinfo=None) for one in (start, end))
    return (last - first).total_seconds()
