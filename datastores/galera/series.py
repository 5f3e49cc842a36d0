"""Which version may follow which: a table, and the few questions that are asked of it."""
import re

MARIADB, PXC = "MariaDB", "Percona XtraDB Cluster"

# Series that no upgrade may jump over, in order.
# MariaDB: "Upgrading Between Major Versions with Galera Cluster" has a page for each step, and
# knows no other; its long-term series since 10.6 are the steps. PXC: its upgrade guide; 5.6 must
# go by 5.7.
STEPS = {MARIADB: ((10, 4), (10, 5), (10, 6), (10, 11), (11, 4), (11, 8)),
         PXC: ((5, 7), (8, 0), (8, 4))}
# Series in which an older release reads what a newer one has written. MySQL 8.0 does not go back
# even to its last release (manual, "Downgrading MySQL"); 5.7 and 8.4 do, and so does MariaDB.
ONE_WAY = {(8, 0)}


def series_of(version: str) -> tuple[int, int]:
    """``"10.11.19"`` -> ``(10, 11)``."""
    first, second, *_ = [int(part) for part in re.findall(r"\d+", version)] + [0, 0]
    return first, second


def text_of(series: tuple[int, int]) -> str:
    return f"{series[0]}.{series[1]}"


def same(one: str, other: str) -> bool:
    """Both are of one series."""
    return series_of(one) == series_of(other)


def covers(version: str, release: str) -> bool:
    """``8.0`` covers 8.0.36, ``8.0.3`` does not."""
    wanted = re.findall(r"\d+", version)
    return re.findall(r"\d+", release)[:len(wanted)] == wanted


def reads_back(newer: str, older: str) -> bool:
    """A server of version `older` can run on a data directory that `newer` has run on."""
    return same(newer, older) and series_of(older) not in ONE_WAY


def path(origin: str, target: str) -> str:
    """Why target may not follow origin; empty when it may."""
    if product_of(origin) != product_of(target):
        return f"{target} is another product than {origin}."
    here, there = series_of(origin), series_of(target)
    if there == here:
        return ""
    if there < here:
        return f"{target} can't read the data of {origin}: the series differ."
    steps = STEPS[product_of(origin)]
    if there > steps[-1]:
        return f"{text_of(there)} is newer than this driver knows ({text_of(steps[-1])})."
    between = [step for step in steps if here < step < there]
    if between:
        return f"{origin} must first be brought to {text_of(between[0])}."
    return ""


def product_of(version: str) -> str:
    """By the number alone: MariaDB counts from 10 since it left MySQL's numbers."""
    return MARIADB if series_of(version) >= (10, 0) else PXC
