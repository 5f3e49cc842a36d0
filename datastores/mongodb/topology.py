"""From what the servers answered to facts: which set, which role, how far behind."""
from collections.abc import Iterable
from typing import Any

from ..base import MEMBER, PRIMARY, REPLICA, ClusterFacts, Facts, Member

CONFIG, SHARD, ROUTER = "config_server", "member", "query_router"     # Trove's own words
ROUTERS = "routers"         # failure domain of all routers
# Further behind than this, a switchover would wait for it: the default of replSetStepDown's
# secondaryCatchUpPeriodSecs (manual).
LAG_SEC = 10
LEADS, FOLLOWS, ARBITER = 1, 2, 7       # "Replica Set Member States" of the manual
FULL = 0.9          # an oplog filled so far drops its oldest entries


def build(members: Iterable[Member], answers: dict[str, dict[str, Any]]) -> ClusterFacts:
    """Facts of all members from :meth:`Servers.ask_all`."""
    members = list(members)
    sets = _sets(answers)
    return {member.id: _facts(member, answers[member.id], sets, _compatibility(answers))
            for member in members}


def _facts(member: Member, answer: dict[str, Any], sets: dict[str, tuple[str, str]],
           compatibility: dict[str, str]) -> Facts:
    if "error" in answer:
        return _silent(member, answer, sets)
    hello = answer["hello"]
    if hello.get("msg") == "isdbgrid":
        return _router(member, answer, compatibility)
    if "status" not in answer:
        return Facts(member.id, member.name, answers=True, version=answer["version"],
                     identity=_identity(hello), native={"kind": member.kind or SHARD},
                     problems=(f"{member.name} is in no replica set",), address=member.address)
    return _of_set(member, answer)


def _silent(member: Member, answer, sets) -> Facts:
    """Facts of a member that is unreachable; its kind and set are those that the others or Trove
    tell.

    :param sets: see :func:`_sets`.
    """
    kind, domain = sets.get(member.address, (member.kind, ""))
    if kind == ROUTER:
        domain = ROUTERS
    elif not domain and kind == CONFIG:
        domain = "config"
    return Facts(member.id, member.name, role=MEMBER if kind == ROUTER else REPLICA, domain=domain,
                 problems=(answer["error"],),
                 native={"kind": kind or SHARD, "code": answer["code"]}, address=member.address)


def _router(member: Member, answer: dict[str, Any], compatibility: dict[str, str]) -> Facts:
    """Facts of a router.

    Its settings are what finalising changes in the whole cluster, since that is done on a router.
    """
    problems = [f"{member.name} can't reach the cluster: {answer['trouble']}"] \
        if "trouble" in answer else []
    return Facts(member.id, member.name, answers=True, version=answer["version"],
                 identity=_identity(answer["hello"]), role=MEMBER, domain=ROUTERS,
                 problems=tuple(problems), settings=dict(compatibility),
                 address=member.address,
                 native={"kind": ROUTER, "balancer": answer.get("balancer", {}),
                         "shards": _shards(answer.get("shards", ()))})


def _compatibility(answers: dict[str, dict[str, Any]]) -> dict[str, str]:
    """``{featureCompatibilityVersion: ...}``, when all that were asked have the same."""
    found = {answer["fcv"]["version"] for answer in answers.values() if "fcv" in answer}
    return {"featureCompatibilityVersion": found.pop()} if len(found) == 1 else {}


def _of_set(member: Member, answer: dict[str, Any]) -> Facts:
    status, hello = answer["status"], answer["hello"]
    view = {_address(row["name"]): {"state": row["state"], "word": row["stateStr"],
                                    "well": bool(row["health"])} for row in status["members"]}
    state = status["myState"]
    native = {"kind": CONFIG if hello.get("configsvr") else SHARD, "view": view,
              "hosts": _hosts(answer["config"]),
              "voters": [_address(one["host"]) for one in answer["config"]["members"]
                         if one.get("votes", 1)],
              "electable": _is_electable(answer["config"], member.address),
              "fcv": answer.get("fcv", {}).get("version", ""),
              "fcv_moves": "targetVersion" in answer.get("fcv", {}),
              "window_sec": _window(answer.get("oplog"))}
    role = PRIMARY if state == LEADS else MEMBER if state == ARBITER else REPLICA
    return Facts(member.id, member.name, answers=True, version=answer["version"],
                 identity=_identity(hello), role=role, domain=status["set"],
                 problems=tuple(_problems(member.name, status)), native=native,
                 address=member.address)


def _problems(name: str, status: dict[str, Any]) -> list[str]:
    own = next(row for row in status["members"] if row.get("self"))
    if status["myState"] not in (LEADS, FOLLOWS, ARBITER):
        return [f"{name} is {own['stateStr']}"]
    leaders = [row for row in status["members"] if row["state"] == LEADS and row["health"]]
    if len(leaders) != 1:
        return [f"{name} sees {len(leaders)} primaries in {status['set']}"]
    if status["myState"] != FOLLOWS:
        return []
    behind = (leaders[0]["optimeDate"] - own["optimeDate"]).total_seconds()
    if behind > LAG_SEC:
        return [f"{name} is {behind:.0f} s behind its primary (limit {LAG_SEC})"]
    return []


def _window(oplog: dict[str, Any] | None) -> float | None:
    """How many seconds of writes the oplog holds, or will hold at today's rate once it is full."""
    if not oplog:
        return None
    seconds = float(oplog["last"] - oplog["first"])
    if oplog["size"] >= FULL * oplog["max_size"]:
        return seconds
    return max(seconds, 1.0) * oplog["max_size"] / max(oplog["size"], 1)


def _is_electable(config: dict[str, Any], address: str) -> bool:
    return any(not one.get("arbiterOnly") and one.get("priority", 1) and one.get("votes", 1)
               for one in config["members"] if _address(one["host"]) == address)


def _sets(answers: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """``{address: (kind, set)}``, from the configurations of the members that answer."""
    found: dict[str, tuple[str, str]] = {}
    for answer in answers.values():
        if "config" in answer:
            kind = CONFIG if answer["hello"].get("configsvr") else SHARD
            found |= dict.fromkeys(_hosts(answer["config"]), (kind, answer["config"]["_id"]))
    return found


def _shards(rows: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """``{set of a shard: its addresses}``, as a router lists them."""
    return {row["host"].partition("/")[0]: [_address(host) for host in
                                            row["host"].partition("/")[2].split(",")]
            for row in rows}


def _hosts(config: dict[str, Any]) -> list[str]:
    return [_address(one["host"]) for one in config["members"]]


def _address(host: str) -> str:
    return host.rpartition(":")[0]


def _identity(hello: dict[str, Any]) -> str:
    """A text that is new whenever the server process is started (4.4 and later)."""
    return str(hello.get("topologyVersion", {}).get("processId", ""))
