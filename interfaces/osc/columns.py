"""What the commands show: text for people, plain data for -f json and yaml."""
import argparse
import dataclasses
import shlex

from cliff.columns import FormattableColumn

from ...planning.command_lines import PROGRAM, command, flag_of, option
from .. import report
from ..terminal import shown

OURS = "openstack database cluster upgrade"
VERBS = {"run": "start", "finalize": "finalize"}


class Text(FormattableColumn):
    """Lines for people beside the data they are made of: ``value`` is (data, lines)."""

    def human_readable(self):
        """The lines."""
        return "\n".join(shown(line).strip() for line in self._value[1])

    def machine_readable(self):
        """The data."""
        return self._value[0]


def of_upgrade(one):
    """Return {column: value} of an Upgrade that was just started."""
    return {"id": one.id, "kind": one.kind, "cluster": one.cluster,
            "datastore_version": one.datastore_version, "state": one.state,
            "created_at": one.created_at}


def program_of(app):
    """Return `openstack` with the cloud and region that were named, as words."""
    named = [("--os-cloud", "cloud"), ("--os-region-name", "region_name")]
    given = [(flag, getattr(getattr(app, "options", None), name, None)) for flag, name in named]
    return ["openstack", *(word for flag, value in given if value
                           for word in option(flag, value)), *OURS.split()[1:]]


def of_progress(look, program=()):
    """Return {column: value} of a Progress; ``program`` as `program_of` says."""
    result = look.result or {}
    members = [dataclasses.asdict(one) for one in look.members]
    done = sum(one.state == "upgraded" for one in look.members)
    return {
        "id": look.execution_id, "cluster": look.cluster, "from_version": look.from_version,
        "to_version": look.to_version, "state": look.state,
        "phase": look.phase_and_place,
        "status": result.get("status", ""), "elapsed_sec": round(look.elapsed_sec),
        "upgraded": f"{done}/{len(members)}",
        "members": Text((members, report.progress_lines(look))), "summary": look.message,
        "notes": _list(result.get("notes")), "undo": own_words(result.get("undo", ""), program),
        "resume": own_words(result.get("resume", ""), program)}


def of_plan(plan):
    """Return {column: value} of a plan."""
    members = {one["id"]: one for one in plan["members"]}
    order = [[members[one] for one in wave] for wave in plan["waves"]]
    return {
        "cluster": plan["cluster"]["name"], "datastore": plan["datastore"],
        "direction": plan["direction"], "from_version": plan["from_version"],
        "to_version": plan["to_version"]["name"], "ready": plan["ready"],
        "order": Text((order, report.order_lines(plan))),
        "checks": Text((plan["checks"], report.check_lines(plan))),
        "rollback_path": plan["rollback_path"], "point_of_no_return": plan["point_of_no_return"],
        "backup": plan["backup"],
        "finalize": Text((plan["finalize"], [": ".join(report.finalize_words(plan))])),
        "notes": _list(plan["notes"])}


def own_words(text, program=()):
    """Return a command of `trove-upgrade` as the one of this plugin that does the same."""
    if not text.startswith(f"{PROGRAM} "):
        return text
    _, verb, *options = shlex.split(text)
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("cluster_id", "instance_id", "datastore_version"):
        parser.add_argument(flag_of(name), dest=name)
    target, more = parser.parse_known_args(options)
    named = filter(None, (target.cluster_id or target.instance_id, target.datastore_version))
    return command(VERBS[verb], *named, program=program or OURS.split(), options=[
        *(["--replication-set"] if target.instance_id else []), *more])


def _list(lines):
    return Text((lines or [], lines or []))
