"""From what the members answered to facts: who is the source, who is behind, who is on his own."""
from collections.abc import Iterable
from typing import Any

from .. import plugins
from ..base import MEMBER, PRIMARY, REPLICA, ClusterFacts, Facts, Member
from . import leading
from .dialect import Dialect, numbers

LAG_SEC = 10             # Orchestrator's default for ReasonableReplicationLagSeconds
BEHIND = 1000            # transactions that are still to be fetched, which no second counts; ours


def build(dialect: Dialect, members: Iterable[Member], answers: dict[str, dict[str, Any]]
          ) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    leading = [answer for answer in answers.values()
               if "error" not in answer and answer["following"] is None]
    source = leading[0] if len(leading) == 1 else None
    replicas = [answer for answer in answers.values()
                if "error" not in answer and answer["following"] is not None]
    return {member.id: _facts(dialect, member, answers[member.id], source, replicas)
            for member in members}


def _facts(dialect: Dialect, member: Member, answer: dict[str, Any],
           source: dict[str, Any] | None, replicas: list[dict[str, Any]]) -> Facts:
    if "error" in answer:
        return Facts(member.id, member.name, role=MEMBER, domain=member.name,
                     problems=(answer["error"],), native={"code": answer["code"]},
                     address=member.address)
    replica = answer["following"] is not None
    native = {"plugins": plugins.NOT_ASKED, **answer, "behind": 0, "strange": False,
              "overtaken": "", "unfit": leading.unfit(answer)}
    if replica and source:
        native |= {"behind": dialect.missing(source, answer),
                   "strange": dialect.strange(source, answer, [one for one in replicas
                                                               if one is not answer]),
                   "overtaken": source["version"] if numbers(answer["version"])
                   < numbers(source["version"]) else ""}
    problems = _replica_problems(member.name, native) if replica else _source_problems(
        member.name, native)
    return Facts(member.id, member.name, answers=True, version=answer["version"],
                 identity=answer["identity"],
                 server_id=answer["server"] if dialect.server_lasts else "",
                 role=REPLICA if replica else PRIMARY,
                 domain=member.name, problems=tuple(problems), native=native,
                 address=member.address)


def _source_problems(name: str, native: dict[str, Any]) -> list[str]:
    return [f"{name} is the source and is read-only"] if native["read_only"] else []


def _replica_problems(name: str, native: dict[str, Any]) -> list[str]:
    following = native["following"]
    found = [f"{name} does not run its {what} thread ({following[key]})"
             for key, what in (("io", "receiving"), ("sql", "applying")) if following[key] != "Yes"]
    found += [f"{name}: {error}" for error in following["errors"]]
    delayed = bool(native["delay"])      # it lags on purpose, and is waited for by nobody
    if not found and not delayed and (following["lag"] is None or following["lag"] > LAG_SEC):
        found.append(f"{name} is {following['lag']} s behind its source (limit {LAG_SEC})")
    if native["behind"] > BEHIND and not delayed:
        found.append(f"{name} is {native['behind']} transactions behind its source "
                     f"(limit {BEHIND})")
    if native["strange"]:
        found.append(f"{name} has transactions of its own that its source does not have")
    if native["overtaken"]:
        found.append(f"{name} ({native['version']}) replicates a source of a newer version "
                     f"({native['overtaken']})")
    if not native["read_only"]:
        found.append(f"{name} is a replica and takes writes (read_only is off)")
    return found
