"""Upgrades as a table that fits a terminal. Pure: no I/O."""
from .names import GAP, short
from .terminal import shown

NONE = "No upgrades yet."
NONE_SUCH = "No such upgrade."
HEADER = ("CLUSTER", "KIND", "TO", "STATE", "WHO", "BEGAN", "ID")
KINDS = {"upgrade": "upgrade", "plan": "dry run", "finalize": "finalise"}
STATES = {"RUNNING": "running", "IDLE": "running", "PAUSED": "paused", "CANCELLED": "aborted",
          "ERROR": "failed"}
BEGAN = 16          # characters of a time, down to the minute
SHORT_ID = 8        # characters of an id, where the whole has no room
LEAST = 7           # characters of a name that is shortened


def word(one):
    """Return how an upgrade stands: its result's own word where it has ended with one."""
    if one.status:
        return one.status.replace("_", " ")
    done = "finalised" if one.kind == "finalize" else "done"
    return STATES.get(one.state, done)


def lines(upgrades, names, width=None):
    """Return the table, a line each, with its header.

    :param names: how clusters, sets and versions are called, by what was asked for.
    :param width: characters that a line may have; None: as many as it takes.
    """
    rows = [(names.get(one.cluster, one.cluster), KINDS[one.kind],
             names.get(one.datastore_version, one.datastore_version) or "-", word(one),
             one.who or "-", one.created_at[:BEGAN], one.id) for one in upgrades]
    table = [HEADER, *([*map(shown, row)] for row in rows)]
    return [f"{(' ' * GAP).join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True))}"
            .rstrip() for sizes in [_widths(table, width)]
            for row in ([_cut(cell, size) for cell, size in zip(one, sizes, strict=True)]
                        for one in table)]


def _widths(table, width):
    sizes = [max(map(len, column)) for column in zip(*table, strict=True)]
    if width is None:
        return sizes
    over = sum(sizes) + GAP * (len(sizes) - 1) - width
    if over > 0:
        over -= sizes[-1] - min(sizes[-1], SHORT_ID)
        sizes[-1] = min(sizes[-1], SHORT_ID)
    for column in (0, 4, 2):                # the cluster's name, who, the version
        if over > 0:
            less = max(0, min(over, sizes[column] - LEAST))
            sizes[column], over = sizes[column] - less, over - less
    return sizes


def _cut(cell, size):
    """An id is known by its beginning, all else by its ends."""
    return cell[:size] if len(cell) == 36 and size == SHORT_ID else short(cell, size)
