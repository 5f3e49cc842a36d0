"""Names that fit a terminal: the middle is left out, and what all begin with is told once. Pure."""
import itertools

CUT = ".."
GAP = 2         # between two columns


def short(text, width):
    """Return a text of at most ``width`` characters, its middle left out: names differ at their
    ends."""
    if len(text) <= width:
        return text
    kept = max(width - len(CUT), 2)
    return f"{text[:kept - kept // 2]}{CUT}{text[-(kept // 2):]}"


def common_prefix(names):
    """Return what all names begin with, up to and with a separator; empty when it is not worth it.

    Of ``orders-eu-1`` and ``orders-eu-2`` it is ``orders-eu-``.
    """
    first, last = min(names, default=""), max(names, default="")
    same = "".join(one for one, _ in itertools.takewhile(
        lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    end = max(same.rfind(one) for one in "-_.") + 1
    return same[:end] if len(set(names)) > 1 and end > len(CUT) else ""


def fit(names, room):
    """Return ({name: as it is shown in ``room`` characters}, what was left out of all of them).

    :param room: None: as many as it takes.
    """
    if room is None or max(map(len, names), default=0) <= room:
        return {one: one for one in names}, ""
    prefix = common_prefix(names)
    return {one: short(CUT + one[len(prefix):] if prefix else one, room) for one in names}, prefix


def room_of(rows, column, width, gap=GAP):
    """Return how many characters a line of a table leaves for one of its columns; None for as many
    as it takes.

    :param rows: all of the same length, the header among them.
    :param width: of the line, in characters, or None.
    :param gap: before each column.
    """
    if width is None or not rows:
        return None
    sizes = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return max(width - sum(sizes) + sizes[column] - gap * len(sizes), len(CUT) + 2)


def told(prefix):
    """Return the words that tell once what was left out; empty for nothing."""
    return f" ({CUT} stands for {prefix})" if prefix else ""
