"""Which version of MySQL and of MariaDB may follow which in place."""
from ..paths import NotOlder, Paths, Rules, SameSeries

BACK = NotOlder("it is older, and can't open a data directory that the newer one has started on",
                parts=4)
SAME_MAJOR = SameSeries("it is another major version, which Trove's guest refuses: make a new "
                        "instance from a dump")


def _steps(title: str, follows: dict[str, list[str]]) -> Rules:
    words = f"{title} {{end}} does not follow {{start}}: {{hint}}."
    return Rules(BACK, Paths(follows, source=title, skips=words, unknown=words), SAME_MAJOR)


# MySQL 8.4 manual, "Upgrade Paths". 8.4 is followed by 9.7, another major for Trove's guest.
MYSQL = _steps("MySQL", {"8.0": ["5.7"], "8.4": ["8.0"], "9.7": ["8.4"]})
# MariaDB's manual has one page for each of these steps ("Upgrading from ... to ...").
MARIADB = _steps("MariaDB", {"10.5": ["10.4"], "10.6": ["10.5"], "10.11": ["10.6"],
                             "11.4": ["10.11"], "11.8": ["11.4"]})
