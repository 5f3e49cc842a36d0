"""In what the executors differed when an administrator last checked them: an environment of Mistral
in the service user's project, or in that of the one user there is. Plans tell it."""
import datetime

from ..planning.executors import LOOKS
from . import sessions
from .config import options
from .environments import Environments
from .sessions import Actor

NAME = "trove_upgrade.executors"
KNOWN = {*(what for what, _ in LOOKS), "clocks"}


def keep(actor: Actor, differing: list[str], now: datetime.datetime) -> None:
    """Note in what they differ; where they do not, delete what was noted."""
    notes = Environments(sessions.service() or actor)
    if not differing:
        notes.delete(NAME)
        return
    notes.write(NAME, {"differing": differing, "at": now.strftime("%Y-%m-%d %H:%M UTC")})


def note(actor: Actor) -> str:
    """A sentence for people who plan an upgrade; empty where nothing is known to differ."""
    own = sessions.service() or (actor if options().auth == "cloud" else None)
    found = (Environments(own).read(NAME) if own else None) or {}
    told = [one for one in found.get("differing", []) if one in KNOWN]
    if not told:
        return ""
    return (f"Mistral's executors differ, as a check of {found.get('at', 'late')} has found: "
            f"{', '.join(told)}. Let the operator run trove-upgrade doctor.")
