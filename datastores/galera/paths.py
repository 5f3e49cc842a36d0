"""Which version of MariaDB and of Percona XtraDB Cluster may follow which."""
import re

from ..paths import NoJump, NotOlder, Rule, Rules, series

MARIADB, PXC = "MariaDB", "Percona XtraDB Cluster"
BACK = NotOlder("the older series can't read the data of the newer one")
# MariaDB: "Upgrading Between Major Versions with Galera Cluster" has a page for each step, and
# knows no other; its long-term series since 10.6 are the steps. PXC: its upgrade guide; 5.6 must
# go by 5.7.
STEPS: dict[str, Rule] = {
    MARIADB: Rules(BACK, NoJump("10.4", "10.5", "10.6", "10.11", "11.4", "11.8")),
    PXC: Rules(BACK, NoJump("5.7", "8.0", "8.4"))}
# Series in which an older release does not read what a newer one has written. MySQL 8.0 does not
# go back even to its last release (manual, "Downgrading MySQL"); 5.7 and 8.4 do, and MariaDB does.
ONE_WAY = {(8, 0)}


class OfOneProduct(Rule):
    """The steps of the product that a version's number is of."""

    def verdict(self, origin: str, target: str) -> str:
        if product_of(origin) != product_of(target):
            return f"{target} is another product than {origin}."
        return STEPS[product_of(origin)].verdict(origin, target)


PATHS = OfOneProduct()


def product_of(version: str) -> str:
    """By the number alone: MariaDB counts from 10 since it left MySQL's numbers."""
    return MARIADB if series(version) >= (10, 0) else PXC


def same(one: str, other: str) -> bool:
    """Whether both are of one series."""
    return series(one) == series(other)


def covers(version: str, release: str) -> bool:
    """Whether a release is of a version: 8.0.36 is of 8.0, and not of 8.0.3."""
    wanted = re.findall(r"\d+", version)
    return re.findall(r"\d+", release)[:len(wanted)] == wanted


def reads_back(newer: str, older: str) -> bool:
    """Whether a server of version `older` can run on a data directory that `newer` has run on."""
    return same(newer, older) and series(older) not in ONE_WAY
