"""From what the servers answered to facts: which set, which role, how far behind."""
from collections.abc import Iterable
from typing import Any

from ..base import MEMBER, PRIMARY, REPLICA, ClusterFacts, Facts, Member
from . import config as configured

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
    places = _places(members, answers)
    return {member.id: _facts(member, answers[member.id], places, _compatibility(answers))
            for member in members}


def _facts(member: Member, answer: dict[str, Any], places: dict[str, tuple[str, str, str]],
           compatibility: dict[str, str]) -> Facts:
    if "error" in answer:
        return _silent(member, answer, places)
    hello = answer["hello"]
    if hello.get("msg") == "isdbgrid":
        return _router(member, answer, compatibility)
    if hello.get("arbiterOnly") and "status" not in answer:
        return _closed_arbiter(member, answer)
    if "status" not in answer:
        return Facts(member.id, member.name, answers=True, version=answer["version"],
                     identity=_identity(hello), native={"kind": member.kind or SHARD},
                     problems=(f"{member.name} is in no replica set",), address=member.address)
    return _of_set(member, answer)


def _silent(member: Member, answer, places) -> Facts:
    """Facts of a member that is unreachable; its kind and set are those that the others or Trove
    tell.

    :param places: see :func:`_places`.
    """
    kind, domain, host = places.get(member.id, (member.kind, "", ""))
    if kind == ROUTER:
        domain = ROUTERS
    elif not domain and kind == CONFIG:
        domain = "config"
    return Facts(member.id, member.name, role=MEMBER if kind == ROUTER else REPLICA, domain=domain,
                 problems=(answer["error"],),
                 native={"kind": kind or SHARD, "code": answer["code"], "host": host},
                 address=member.address)


def _closed_arbiter(member: Member, answer: dict[str, Any]) -> Facts:
    """Facts of an arbiter with access control: it holds no users, so it tells who it is and no
    more; how it is, the others of its set tell."""
    hello = answer["hello"]
    return Facts(member.id, member.name, answers=True, version=answer["version"],
                 identity=_identity(hello), role=MEMBER, domain=hello["setName"],
                 native={"kind": member.kind or SHARD, "host": configured.address(hello["me"])},
                 address=member.address)


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
                         "write_concern": answer.get("write_concern", {}),
                         "shards": _shards(answer.get("shards", ()))})


def _compatibility(answers: dict[str, dict[str, Any]]) -> dict[str, str]:
    """``{featureCompatibilityVersion: ...}``, when all that were asked have the same."""
    found = {answer["fcv"]["version"] for answer in answers.values() if "fcv" in answer}
    return {"featureCompatibilityVersion": found.pop()} if len(found) == 1 else {}


def _of_set(member: Member, answer: dict[str, Any]) -> Facts:
    status, hello, config = answer["status"], answer["hello"], answer["config"]
    view = {configured.address(row["name"]): {"state": row["state"], "word": row["stateStr"],
                                              "well": bool(row["health"])}
            for row in status["members"]}
    state, own = status["myState"], _own(status)
    row = configured.row_of(config, configured.address(own["name"]))
    native = {"kind": CONFIG if hello.get("configsvr") else SHARD, "view": view,
              "host": configured.address(own["name"]), "config": config,
              "hosts": configured.hosts(config), "voters": configured.voters(config),
              "never_leads": configured.never_leads(row),
              "fcv": answer.get("fcv", {}).get("version", ""),
              "fcv_moves": "targetVersion" in answer.get("fcv", {}),
              "window_sec": _window(answer.get("oplog"))}
    role = PRIMARY if state == LEADS else MEMBER if state == ARBITER else REPLICA
    return Facts(member.id, member.name, answers=True, version=answer["version"],
                 identity=_identity(hello), role=role, domain=status["set"],
                 problems=tuple(_problems(member.name, status, configured.delay_sec(row))),
                 native=native, address=member.address, holds=_holds(own))


def _own(status: dict[str, Any]) -> dict[str, Any]:
    """The row of replSetGetStatus that the member says is its own."""
    return next(row for row in status["members"] if row.get("self"))


def _holds(own: dict[str, Any]) -> dict[str, int]:
    """The time of its last write, in seconds since 1970; nothing of an arbiter."""
    return {"position": int(own["optimeDate"].timestamp())} if "optimeDate" in own else {}


def _problems(name: str, status: dict[str, Any], delay_sec: int) -> list[str]:
    """:param delay_sec: a member that holds back what it replicates is behind on purpose."""
    own = _own(status)
    if status["myState"] not in (LEADS, FOLLOWS, ARBITER):
        return [f"{name} is {own['stateStr']}"]
    leaders = [row for row in status["members"] if row["state"] == LEADS and row["health"]]
    if len(leaders) != 1:
        return [f"{name} sees {len(leaders)} primaries in {status['set']}"]
    if status["myState"] != FOLLOWS or delay_sec:
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


def _places(members: list[Member],
            answers: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str, str]]:
    """``{id: (kind, set, address in the set)}`` of the silent members, from the configurations of
    those that answer.

    A set may name its members by host names that Trove does not know. Then the one that is left
    over of a kind is the one that is silent.
    """
    free = _unclaimed(answers)
    found: dict[str, tuple[str, str, str]] = {}
    silent = [one for one in members if "error" in answers[one.id]]
    for one in silent:
        if one.address in free:
            found[one.id] = (*free.pop(one.address), one.address)
    for kind in (CONFIG, SHARD):
        left = [one for one in silent if one.id not in found and (one.kind or SHARD) == kind]
        hosts = [host for host, (its_kind, _) in free.items() if its_kind == kind]
        if len(left) == len(hosts) == 1:
            found[left[0].id] = (*free[hosts[0]], hosts[0])
    return found


def _unclaimed(answers: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """``{address: (kind, set)}`` of the configured members that none of those that answer is."""
    found: dict[str, tuple[str, str]] = {}
    claimed = set()
    for answer in answers.values():
        if "config" in answer:
            kind = CONFIG if answer["hello"].get("configsvr") else SHARD
            found |= dict.fromkeys(configured.hosts(answer["config"]),
                                   (kind, answer["config"]["_id"]))
            claimed.add(configured.address(_own(answer["status"])["name"]))
        elif "me" in answer.get("hello", {}):
            claimed.add(configured.address(answer["hello"]["me"]))
    return {host: place for host, place in found.items() if host not in claimed}


def _shards(rows: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """``{set of a shard: its addresses}``, as a router lists them."""
    return {row["host"].partition("/")[0]: [configured.address(host) for host in
                                            row["host"].partition("/")[2].split(",")]
            for row in rows}


def _identity(hello: dict[str, Any]) -> str:
    """A text that is new whenever the server process is started (4.4 and later)."""
    return str(hello.get("topologyVersion", {}).get("processId", ""))
