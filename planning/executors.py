"""Executors put side by side.

Mistral gives an action to any executor, ignores a task's ``target``, and does not tell which
executors there are. So one question is asked many times at once, and RabbitMQ hands them round. Who
has not been heard may still be there: only a number that the operator gives tells.
"""
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypedDict, cast

CLOCK_SEC = 5.0             # the other clock is told in whole seconds, and an answer takes time
DEAD_SEC = 120.0            # so long a dead executor may go unnoticed
FIRST_HEARTBEAT_SEC = 300
PUBLISHER = "trove_upgrade"


class Settings(TypedDict):
    """What an executor's mistral.conf says; None where it is not known."""

    auth: str
    host: str | None
    publishers: list[str] | None
    heartbeat_interval_sec: int | None
    heartbeats_missed: int | None
    first_heartbeat_sec: int | None
    expire_every_min: int | None
    expire_older_min: int | None
    expire_above: int | None


class Reach(TypedDict):
    """A member, and why its server could not be asked; empty when it was.

    :ivar address: with the port where the access file names one.
    """

    name: str
    address: str
    problem: str


class Answer(TypedDict):
    """What one executor says of itself.

    :ivar executor: its host and process; for who is no administrator a name without a meaning.
    :ivar drivers: what to install where one can't be loaded, else empty; by name.
    :ivar access: fingerprints of the access files by name; None where they are not told.
    :ivar clock_ahead_sec: of Mistral's API; None where it is not known.
    :ivar settings: of its mistral.conf; None where they are not told.
    :ivar routes: why a service could not be asked, by its name; empty when it was.
    :ivar upgrade_routes: whether trove-api has this pack's routes; None where it was not asked.
    :ivar members: of the cluster that was asked about.
    """

    executor: str
    package: str
    drivers: dict[str, str]
    access: dict[str, str] | None
    clock_ahead_sec: float | None
    settings: Settings | None
    routes: dict[str, str]
    upgrade_routes: bool | None
    members: list[Reach]


Told = dict[str, Answer]        # by executor
LOOKS: tuple[tuple[str, Callable[[Answer], str]], ...] = (
    ("version of this package", lambda one: one["package"]),
    ("drivers that load", lambda one: _all_but(
        (name for name, lacks in one["drivers"].items() if lacks), "all")),
    ("access files", lambda one: _pairs(one["access"] or {}) or "none"),
    ("members that they reach", lambda one: _all_but(
        (member["name"] for member in one["members"] if member["problem"]), "all")),
    ("mistral.conf", lambda one: _pairs(
        {key: value for key, value in (one["settings"] or {}).items() if key != "host"}) or "none"))


def _all_but(names: Iterable[str], whole: str) -> str:
    lacking = ", ".join(sorted(names))
    return f"{whole} but {lacking}" if lacking else whole


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))


def compare(answers: list[Any], asks: int, expected: int = 0) -> dict[str, Any]:
    """The executors that answered, and what is wrong with them or differs.

    :param answers: an :class:`Answer` or an error (schemas/error.json) each.
    :param asks: how often it was asked.
    :param expected: how many executors there are; 0: not known.
    """
    good = [cast(Answer, one) for one in answers if isinstance(one, dict) and "executor" in one]
    told: Told = {one["executor"]: one for one in good}
    differing = [what for what, look in LOOKS if len({*map(look, told.values())}) > 1]
    troubles = [*_silence(asks, answers), *_errors(answers), *_missing(told, expected),
                *_differences(told), *_clocks(told), *_lacks(good), *_settings(told)]
    heard = Counter(one["executor"] for one in good)
    return {
        "status": "trouble" if troubles else "ok",
        "summary": _summary(heard, asks, len(troubles)),
        "executors": [told[one] for one in sorted(told)], "answers": dict(sorted(heard.items())),
        "differing": differing + (["clocks"] if _clocks(told) else []), "troubles": troubles,
        "notes": [*_routes(told), *_expiration(told), *_uncertain(heard, expected)]}


def _summary(heard: Counter[str], asks: int, troubles: int) -> str:
    found = f"{troubles} troubles" if troubles != 1 else "one trouble"
    return (f"{len(heard)} executor{'s' if len(heard) != 1 else ''} answered "
            f"{heard.total()} of {asks} questions: {found if troubles else 'no trouble'}.")


def _silence(asks: int, answers: list[Any]) -> list[str]:
    lost = asks - len(answers)
    return [f"{lost} of {asks} questions were not answered in time: an executor took them and "
            "hangs, or is cut off. Find it by the executions of actions that are RUNNING."
            ] if lost > 0 else []


def _errors(answers: list[Any]) -> list[str]:
    return sorted({f"An executor can't answer: {one.get('message', one)}" for one in answers
                   if isinstance(one, dict) and "executor" not in one})


def _missing(told: Told, expected: int) -> list[str]:
    if len(told) >= expected:
        return []
    return [f"{expected} executors were expected, and {len(told)} answered. Are all up, and on "
            "the same broker? Ask more often (asks) where there are many."]


def _differences(told: Told) -> list[str]:
    found = []
    for what, look in LOOKS:
        groups: dict[str, list[str]] = {}
        for name in sorted(told):
            groups.setdefault(look(told[name]), []).append(name)
        if len(groups) > 1:
            found.append(f"The {what} differ: " + "; ".join(
                f"{', '.join(names)}: {value}" for value, names in groups.items()) + ".")
    return found


def _clocks(told: Told) -> list[str]:
    return [f"{name}: its clock is {abs(ahead):g} s {'ahead of' if ahead > 0 else 'behind'} that "
            "of Mistral's API. Let all machines keep the same time (NTP)."
            for name, one in sorted(told.items())
            if (ahead := one["clock_ahead_sec"]) is not None and abs(ahead) > CLOCK_SEC]


def _lacks(answers: list[Answer]) -> list[str]:
    """What could not be reached, be it in one of an executor's answers alone."""
    routes = {f"{service}: {why}" for one in answers
              for service, why in one["routes"].items() if why}
    unreached = {f"{one['executor']} does not reach {member['name']} at "
                 f"{member['address'] or 'no address'}: {member['problem']}"
                 for one in answers for member in one["members"] if member["problem"]}
    return [*sorted(routes), *sorted(unreached)]


def _settings(told: Told) -> list[str]:
    known = {name: one["settings"] for name, one in told.items() if one["settings"]}
    hosts = Counter(one["host"] for one in known.values())
    shared = [f"{count} executors have the same host {host!r} in [executor]: give each a name of "
              "its own." for host, count in hosts.items() if count > 1]
    return shared + sorted({text for one in known.values() for text in _of_conf(one)})


def _of_conf(conf: Settings) -> list[str]:
    found = []
    dead = (conf["heartbeat_interval_sec"] or 0) * (conf["heartbeats_missed"] or 0)
    if dead > DEAD_SEC:
        found.append(f"A dead executor is noticed after {dead} s: lower check_interval and "
                     "max_missed_heartbeats in [action_heartbeat].")
    if (first := conf["first_heartbeat_sec"] or 0) > FIRST_HEARTBEAT_SEC:
        found.append(f"A request that was lost is noticed after {first} s: lower "
                     "first_heartbeat_timeout in [action_heartbeat].")
    if conf["publishers"] is not None and PUBLISHER not in conf["publishers"]:
        found.append("The publisher trove_upgrade is not in [notifier] notify: the lock of a run "
                     "that was cancelled is only given back when the next one takes it over.")
    return found


def _routes(told: Told) -> list[str]:
    if all(one["upgrade_routes"] is not False for one in told.values()):
        return []
    return ["trove-api has not this pack's routes: Trove itself is not held off while an upgrade "
            "runs."]


def _expiration(told: Told) -> list[str]:
    return sorted({f"Executions that have ended are deleted after {conf['expire_older_min']} "
                   "minutes; until then go back or finalise."
                   for one in told.values()
                   if (conf := one["settings"]) and conf["expire_every_min"]
                   and conf["expire_older_min"]})


def _uncertain(heard: Counter[str], expected: int) -> list[str]:
    if expected or not heard:
        return []
    return ["Mistral does not tell how many executors there are. Say it (executors), and one that "
            "is silent is noticed."]
