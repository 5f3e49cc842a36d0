"""docs/chaos.md, of the logs of all campaigns."""
from pathlib import Path

from tests.chaos.rounds import Log, table

HEAD = """\
# Chaos: what happens to upgrades when something fails in the middle of them

Written by `make chaos`, from the logs in `docs/chaos/`. A campaign upgrades clusters beside each
other without an end. Four in ten have a member that does not come to the new version, and must be
rolled back. A fault begins when one of the upgrades comes to the moment; fault, moment and length
are chosen by the seed and the number of the round. The next fault comes when all upgrades that
were under way have begun another action, so one upgrade meets several. *At work again after*
counts from the fault's end until then.

Each upgrade is judged at its end: `upgraded`, or `rolled_back` for the one with the bad member; no
member upgraded twice, no more of them unavailable than a wave, the lock given back.
"""
GROUNDS = {
    "service": """\
## A Mistral service under Valkey clusters

Two APIs, two engines, three executors, RabbitMQ, MariaDB ([operating](operating.md)), real Trove
and Keystone. Clusters of six Valkey members, under a load that writes, reads and appends to lists.
Judged, too: no primary stopped while it leads, and in the load's ledger nothing failed, lost,
doubled or out of its order.
""",
    "simulated": """\
## The embedded engine

Four clusters of four members at once, of a simulated datastore whose members come back after half
a second. Judged, too: Trove is never asked twice to upgrade a member, nor while another one of its
cluster is away. A run whose plan was not in the backup that was restored plans anew, and is judged
by its lock and by who was away.
"""}


def page(logs: Path) -> str:
    """The page of the logs in this directory."""
    parts = [HEAD]
    for name, told in GROUNDS.items():
        for path in sorted(logs.glob(f"{name}-*.jsonl")):
            parts.append(f"{told}\n{_campaign(Log(path), path)}")
    return "\n".join(parts)


def _campaign(log: Log, path: Path) -> str:
    seed = path.stem.partition("-")[2]
    broken = sum(bool(one.broken) for one in log.upgrades.values())
    wrong = [" ".join(one.split())[:400] for one in log.wrong()]
    if lost := log.unfinished():
        wrong.append(f"not ended before the campaign did: upgrades {', '.join(map(str, lost))}")
    return (f"Seed {seed}: {len(log.rounds)} rounds, {len(log.upgrades)} upgrades, {broken} of "
            "them of a cluster with a bad member. "
            + (f"{_listed(wrong)}\n" if wrong else "Nothing was wrong.\n\n") + table(log) + "\n")


def _listed(wrong: list[str]) -> str:
    return "Wrong:\n\n" + "".join(f"- {one}\n" for one in wrong)
