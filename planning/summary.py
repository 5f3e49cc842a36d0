"""The report's sentences: how a run ended, who is where by name, and why."""
from typing import Any

from ..datastores.base import ClusterFacts, Member
from .documents import Plan
from .groups import noun
from .versions import called

Lists = dict[str, list[dict[str, str]]]

UNCLEAN = ("stopped", "failed", "rolled_back")
UNTOLD = "No step has told why; Mistral's own tasks of this execution may tell more."
# Lists of the result, what is said of who is in them, and of those that an error names.
TALLY = (("upgraded", "upgraded", ""), ("skipped", "already there", ""),
         ("rolled_back", "rolled back", "failed and rolled back"), ("failed", "failed", ""),
         ("todo", "not touched", "failed, and on the old version"),
         ("unknown", "not known", "failed, and not known"))


def all_there(lists: Lists) -> bool:
    """Whether every member is on the target, and well."""
    return not any(lists[one] for one in ("failed", "todo", "rolled_back", "unknown"))


def told(plan: Plan, errors: list[dict[str, Any]]) -> list[str]:
    """Why the run is not clean, in the errors' words, each told once and with its member's name."""
    names = {one["id"]: one["name"] for one in plan["members"]}
    names |= {one["was"]: one["name"] for one in plan["members"] if "was" in one}
    found = []
    for error in errors:
        name = names.get(error["instance"], "")
        found.append(error["message"] if name in error["message"]
                     else f"{name}: {error['message']}")
    return list(dict.fromkeys(found))


def why(plan: Plan, lists: Lists, facts: ClusterFacts, members: list[Member],
        errors: list[dict[str, Any]]) -> list[str]:
    """Why the run is not clean: what went wrong, and of whoever has failed without an error of its
    own, what is seen of it."""
    known, blamed = {one.id: one for one in members}, {error["instance"] for error in errors}
    origins = {one["id"]: one["origin"] for one in plan["members"]}
    seen = [f"{one['name']} "
            f"{_seen(known.get(one['id']), facts.get(one['id']), origins[one['id']])}."
            for one in lists["failed"] if one["id"] not in blamed]
    found = [*told(plan, errors), *seen]
    clean = all_there(lists)
    return found if found or clean else [UNTOLD]


def _seen(member: Member | None, facts: Any, origin: Any) -> str:
    """What is wrong with a member that has failed, as a verb and more."""
    if member is None:
        return "is gone from Trove"
    if facts is None or not facts.answers:
        return "does not answer"
    if not facts.healthy:
        return "is not healthy"
    if member.failed:
        return f"is {member.status} by Trove"
    return (f"runs {facts.version or 'nothing known'}, and by Trove's record it is on "
            f"{member.version}; it was on {called(origin)}")


def sentences(plan: Plan, status: str, lists: Lists, errors: list[dict[str, Any]],
              reasons: list[str]) -> str:
    """How the run ended, who is where, and why: a few sentences for people."""
    name, target = plan["cluster"]["name"], called(plan["to_version"])
    kind = noun(plan)
    tally = _tally(plan, lists, {error["instance"] for error in errors})
    head = f"{kind.capitalize()} {name} is on {target}"
    said = {
        "upgraded": f"{head}: {len(lists['upgraded'])} members upgraded.",
        "nothing_to_do": f"{head} already; nothing was touched.",
        "refused": f"The upgrade of {kind} {name} to {target} is refused, nothing was changed.",
        "aborted": f"The upgrade of {kind} {name} to {target} was aborted; {tally}.",
        "rolled_back": f"The upgrade of {kind} {name} to {target} failed and was undone; "
                       f"{tally}.",
        "stopped": f"The upgrade of {kind} {name} to {target} stopped; {tally}.",
        "failed": f"The upgrade of {kind} {name} to {target} failed and needs a person; "
                  f"{tally}."}
    return " ".join([said[status], *reasons])


def _tally(plan: Plan, lists: Lists, blamed: set[str]) -> str:
    """Who is where. One that has failed is named as such also when it is back, and well."""
    here = {one["id"]: {one["id"], one.get("was", one["id"])} for one in plan["members"]}
    parts = []
    for key, word, failed in TALLY:
        back = [one["name"] for one in lists[key] if failed and here[one["id"]] & blamed]
        others = [one["name"] for one in lists[key] if one["name"] not in back]
        parts += [f"{words}: {', '.join(names)}"
                  for words, names in ((failed, back), (word, others)) if names]
    return "; ".join(parts)
