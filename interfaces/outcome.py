"""How an upgrade ended, as exit codes that scripts can use."""

OK, ERROR, USAGE = 0, 1, 2
REFUSED, ROLLED_BACK, NEEDS_A_PERSON, PAUSED, ABORTED, RUNNING = 3, 4, 5, 6, 7, 8
INTERRUPTED = 130       # as shells call Ctrl-C

MEANING = {
    OK: "upgraded, nothing to do, or a plan that is ready",
    ERROR: "an error of use or of a connection; nothing is known to have changed",
    USAGE: "the command line is not understood",
    REFUSED: "refused by preflight, before anything was touched",
    ROLLED_BACK: "a member failed; everything is back on the old version",
    NEEDS_A_PERSON: "failed or stopped; the report names what a person has to look at",
    PAUSED: "paused, or its engine was stopped; `trove-upgrade resume` goes on",
    ABORTED: "aborted",
    RUNNING: "still running, and not watched any more; `trove-upgrade watch` follows it",
    INTERRUPTED: "Ctrl-C before anything was asked for"}

BY_STATUS = {"upgraded": OK, "nothing_to_do": OK, "refused": REFUSED,
             "rolled_back": ROLLED_BACK, "stopped": NEEDS_A_PERSON, "failed": NEEDS_A_PERSON,
             "aborted": ABORTED}


def exit_code(look):
    """Return the exit code of a Progress."""
    if not look.ended:
        return PAUSED if look.state == "PAUSED" else RUNNING
    if look.state == "CANCELLED":
        return ABORTED
    status = (look.result or {}).get("status", "")
    if status == "planned":
        return OK if (look.plan or {}).get("ready", True) else REFUSED
    return BY_STATUS.get(status, OK if look.state == "SUCCESS" else NEEDS_A_PERSON)


def epilog():
    """The table of codes, for --help."""
    return "exit codes:\n" + "\n".join(f"  {code:<3}  {text}" for code, text in MEANING.items())
