"""What each demo promises, checked on its report."""
from collections.abc import Callable


def broken(kind: str, report: dict) -> list[str]:
    """The promises of this demo that did not come true; [] is a success."""
    return [text for text, holds in PROMISES[kind] if not holds(report)]


def _all_on(report: dict, version: str) -> bool:
    return all(member["evidence"] == version for member in report["members"])


def _failed_is_named(report: dict) -> bool:
    """The members that failed by the journal, and no others, are the ones the result names: in
    `failed`, or in `errors` where they have been put back since."""
    result = report["result"]
    happened = {member["name"] for member in report["members"] if member["failures"]}
    names = {member["id"]: member["name"] for member in report["members"]}
    named = {each["name"] if isinstance(each, dict) else each for each in result.get("failed", [])}
    named |= {names.get(error["instance"]) for error in result.get("errors", [])}
    return bool(happened) and happened == named


def _has_primaries(report: dict) -> bool:
    return any(member["role"] == "primary" for member in report["members"])


Promise = tuple[str, Callable[[dict], bool]]
NOTHING_LOST: Promise = (
    "no acknowledged write is lost or unreadable",
    lambda report: report["workload"]["lost"] == 0 and report["workload"]["unreadable"] == 0)
LISTS_TRUE: Promise = (
    "no acknowledged append is missing, there twice or out of its order, and nobody read a list "
    "without what they had appended",
    lambda report: not any(report["workload"][name] for name in (
        "missing", "duplicated", "reordered", "stale_reads")))
WHOLE: Promise = ("the cluster is whole by its own word", lambda report: report["cluster_whole"])
AGREED: Promise = (
    "Trove says that every member is active on the version that its server says",
    lambda report: all(member["trove"] == {"status": "ACTIVE", "version": member["evidence"]}
                       for member in report["members"]))
PROMISES: dict[str, list[Promise]] = {
    "demo": [
        ("every member's own server says the new version",
         lambda report: _all_on(report, report["to_version"])),
        ("no operation of the client failed, but in an outage that was told",
         lambda report: report["outage"] or report["workload"]["failed"] == 0),
        NOTHING_LOST, LISTS_TRUE,
        ("in every shard the replicas were back before the primary went",
         lambda report: not _has_primaries(report)
         or bool(report["replicas_first"]) and all(report["replicas_first"].values())),
        ("no member was stopped while it was a primary",
         lambda report: not report["stopped_as_primary"]),
        WHOLE, AGREED],
    "demo-failure": [
        ("every member's own server says the old version",
         lambda report: _all_on(report, report["from_version"])),
        NOTHING_LOST, LISTS_TRUE,
        ("a member failed, and the result names it and no other", _failed_is_named),
        WHOLE, AGREED],
    # Trove's own upgrade is measured, not judged: what it did stands in the report.
    "demo-upstream": [
        ("it could be measured", lambda report: report["workload"]["operations"] > 0)],
}
