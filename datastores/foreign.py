"""What servers say is data: their texts are shown to people, and neither obeyed nor endless."""
LIMIT_CHARACTERS = 2000     # of one sentence for people


def shown(text: str, limit: int = LIMIT_CHARACTERS) -> str:
    """The text on one line, with all that a terminal would obey written out, cut to a length.

    :param limit: in characters.
    """
    cut = text if len(text) <= limit else f"{text[:limit]}..."
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in cut)
