"""What a rollback undoes, and with which inputs. Pure: no I/O."""
from ..planning.command_lines import CARRIED
from ..planning.groups import CLUSTER, kind_of, noun
from ..planning.queue import GOING_BACK
from ..planning.verdict import complaints, version_before
from ..planning.versions import called, reference
from ..schemas import load
from .errors import Refused, UnderUpgrade


def stands(look):
    """Whether members still bear what the run of this Progress did, or does, to them."""
    if not look.ended:
        return True
    if look.result:
        return bool(look.result.get("upgraded") or look.result.get("failed"))
    return any(member.started for member in look.members)


def inputs_back(look, version=None, more=None):
    """Return the workflow's inputs that take the cluster back to where this run found it.

    A run that already went back is taken to its end instead: back is always the older version.
    ``more``: inputs that a person gave in addition.

    :raises UnderUpgrade: when the run goes on.
    :raises Refused: when it never changed anything.
    """
    if not look.ended:
        raise UnderUpgrade(look.execution_id)
    version = version or _older(look.plan)
    if not look.plan or not version:
        raise Refused(f"Execution {look.execution_id} changed nothing; there is nothing to roll "
                      "back.")
    known = load("input")["properties"]
    carried = {key: value for key, value in look.plan["options"].items()
               if key in CARRIED and value != known[key].get("default")}
    key = "cluster_id" if kind_of(look.plan) == CLUSTER else "instance_id"
    return {**carried, key: look.plan["cluster"]["id"], "datastore_version": version,
            **with_skip(more)}


def with_skip(more=None):
    """Return the inputs that a person gave, and the check that every rollback path skips."""
    skipped = dict.fromkeys([GOING_BACK, *(more or {}).get("skip_checks", ())])
    return {**(more or {}), "skip_checks": list(skipped)}


def _older(plan):
    if plan and plan["direction"] == "back":
        return reference(plan["to_version"])
    return version_before(plan) if plan else ""


def check(plan):
    """Refuse a rollback path that the workflow's own checks forbid, and one that is no way at all.

    :raises Refused: with the failing checks and their remedies.
    """
    name, version = plan["cluster"]["name"], called(plan["to_version"])
    words = noun(plan).capitalize()
    if not plan["ready"]:
        raise Refused(f"{words} {name} can't go back to {version}: {complaints(plan)}", plan)
    if not plan["waves"]:
        raise Refused(f"{words} {name} is on {version} already; there is nothing to roll back.",
                      plan)
