"""When a run may begin: people schedule runs for a window, and a late one must do nothing."""
import datetime

from ..schemas import UpgradeError


def check_start(latest_start: str, now: datetime.datetime) -> None:
    """Refuse a run that begins too late.

    :param latest_start: ISO 8601 with a zone, or empty: at any time.
    :param now: with a zone.
    :raises UpgradeError: code ``too_late``; ``bad_input``: it is no moment, or has no zone.
    """
    if not latest_start:
        return
    latest = moment(latest_start)
    if now > latest:
        raise UpgradeError("too_late", f"It was to begin by {latest_start}, and it is "
                           f"{now.astimezone(latest.tzinfo).isoformat(timespec='seconds')} now. "
                           "Nothing was locked or changed. Start it again with a later "
                           "latest_start, or without.", "stop")


def moment(text: str) -> datetime.datetime:
    """The moment that a text in ISO 8601 tells.

    :raises UpgradeError: code ``bad_input``: it is none, or has no zone.
    """
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UpgradeError("bad_input", f"The input is not understood: latest_start is {text!r}; "
                           "it must be a moment in ISO 8601 with a zone, such as "
                           "2026-01-31T04:00:00Z.", "stop")
    return found
