"""Where the site of the documentation tells more of a check or of an error's code.

`make docs` builds it; whoever serves it names the place in the variable TROVE_UPGRADE_DOCS, such as
https://docs.example.org/trove-upgrade.
"""
import os

PLACE = "TROVE_UPGRADE_DOCS"
CHECKS, CODES = "docs/checks.html", "docs/actions.html"


def more_on_checks(checks):
    """Return a line with a URL for each check that forbids the run; none where no site is known."""
    return _lines(CHECKS, (one["name"] for one in checks if not one["ok"] and not one["skipped"]))


def more_on_errors(errors):
    """Return a line with a URL for each code of a report's errors, as of :func:`more_on_checks`."""
    return _lines(CODES, (one["code"] for one in errors if one.get("code")))


def _lines(page, names):
    place = os.environ.get(PLACE, "").rstrip("/")
    return [f"  more: {place}/{page}#{name}" for name in dict.fromkeys(names)] if place else []
