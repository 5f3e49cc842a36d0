"""Sets of transactions, as MySQL and as MariaDB write them down."""
import re

Intervals = list[tuple[int, int]]


def mysql_set(text: str) -> dict[str, Intervals]:
    """``uuid:1-5:7,uuid:tag:1-3`` as {uuid (with its tag): [(first, last)]}."""
    found: dict[str, Intervals] = {}
    for part in filter(None, (one.strip() for one in text.replace("\n", "").split(","))):
        uuid, *rest = part.lower().split(":")
        name = uuid
        for one in rest:
            if re.fullmatch(r"\d+(-\d+)?", one):
                first, _, last = one.partition("-")
                found.setdefault(name, []).append((int(first), int(last or first)))
            else:
                name = f"{uuid}:{one}"
    return found


def mysql_missing(whole: str, part: str) -> dict[str, int]:
    """How many transactions of `whole` are not in `part`, by uuid; only where there are any."""
    have = mysql_set(part)
    counted = {uuid: _size(intervals) - _shared(intervals, have.get(uuid, []))
               for uuid, intervals in mysql_set(whole).items()}
    return {uuid: count for uuid, count in counted.items() if count}


def _size(intervals: Intervals) -> int:
    return sum(last - first + 1 for first, last in intervals)


def _shared(some: Intervals, others: Intervals) -> int:
    """Intervals of one set don't overlap each other."""
    return sum(max(0, min(last, other_last) - max(first, other_first) + 1)
               for first, last in some for other_first, other_last in others)


def mariadb_position(text: str) -> dict[str, tuple[str, int]]:
    """``domain-server-sequence,...`` as {domain: (server, sequence)}."""
    parts = (one.strip().split("-") for one in text.split(",") if one.strip())
    return {domain: (server, int(sequence)) for domain, server, sequence in parts}


def mariadb_state(*texts: str) -> dict[tuple[str, str], int]:
    """The newest sequence of each (domain, server) in any of these positions and states.

    The last GTID of a domain hides those of other servers before it, which a state tells, too.
    """
    found: dict[tuple[str, str], int] = {}
    for one in filter(None, (part.strip() for text in texts for part in text.split(","))):
        domain, server, sequence = one.split("-")
        found[domain, server] = max(int(sequence), found.get((domain, server), 0))
    return found


def mariadb_missing(whole: str, part: str) -> dict[str, int]:
    """How many transactions `part` is behind `whole`, by domain; only where it is."""
    have = mariadb_position(part)
    counted = {domain: sequence - have.get(domain, ("", 0))[1]
               for domain, (_, sequence) in mariadb_position(whole).items()}
    return {domain: count for domain, count in counted.items() if count > 0}
