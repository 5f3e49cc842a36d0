"""Questions to a person at a terminal, on stderr: stdout may hold JSON."""
import sys

from ..terminal import shown


def is_terminal():
    """Whether somebody is there who could answer."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def confirm(question):
    """Return whether the answer is yes; anything else, an empty one too, is no."""
    return _answer(f"{question} [y/N] ") in ("y", "yes")


def choose(question, answers):
    """Return the one of ``answers`` (words) that is meant; its first letter will do.

    It is asked until it is understood; an end of input is the first one.
    """
    shown_answers = " | ".join(f"[{one[0]}]{one[1:]}" for one in answers)
    while True:
        said = _answer(f"{question} {shown_answers}: ")
        if said is None:
            return answers[0]
        found = [one for one in answers if said and one.startswith(said)]
        if found:
            return found[0]


def _answer(question):
    """The answer in small letters; None at the end of input."""
    print(shown(question), end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        return None
    return line.strip().lower()
