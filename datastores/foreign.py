"""What servers say is data: its texts are shown and cut, and its types are checked."""
from collections.abc import Mapping
from typing import Any

LIMIT_CHARACTERS = 2000     # of one sentence for people


def shown(text: str, limit: int = LIMIT_CHARACTERS) -> str:
    """The text on one line, with all that a terminal would obey written out, cut to a length.

    :param limit: in characters.
    """
    cut = text if len(text) <= limit else f"{text[:limit]}..."
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in cut)


def check_types(answer: Mapping[str, Any], types: Mapping[str, Any]) -> None:
    """Make sure that the values of an answer have these types.

    :param types: by key, of those that must be there.
    :raises TypeError: one has another, or is not there.
    """
    for key, wanted in types.items():
        if not isinstance(answer.get(key, NOTHING), wanted):
            raise TypeError(f"{key} can't be {answer.get(key)!r:.100}")


NOTHING = object()
