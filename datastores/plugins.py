"""Plugins of MySQL and MariaDB that data or accounts need.

A server whose image lacks one starts, follows and says that it is well; then it refuses whoever
logs in by that plugin, or opens a table of that engine.
"""
from typing import Any

from .base import Facts
from .foreign import check_types
from .paths import series

# Without the others, such as of audit or semi-synchronous replication, nobody is refused. MySQL's
# keyrings may have become components, which are no plugins.
KINDS = ("STORAGE ENGINE", "AUTHENTICATION", "ENCRYPTION", "FTPARSER", "DATA TYPE", "FUNCTION")
ANSWER = {"active": list, "needed": list, "accounts": bool}
PARTS = 3       # of a version's number, which are compared


def answer(rows: Any, accounts: list[str] | None) -> dict[str, Any]:
    """``{active, needed, accounts}``: names of the active plugins, those of them that data or
    accounts need, and whether what accounts log in by could be asked.

    :param rows: (name, type, library) of each active plugin; a built-in one has no library.
    :param accounts: by which plugins accounts log in; None where that may not be asked.
    """
    loaded = {name for name, kind, library in rows if library and kind in KINDS}
    active = {name for name, _, _ in rows}
    found = {"active": sorted(active), "needed": sorted(loaded | active & set(accounts or ())),
             "accounts": accounts is not None}
    check_types(found, ANSWER)
    return found


NOT_ASKED = answer([], None)


def lacking(one: Facts, other: Facts) -> list[str]:
    """The plugins that a member lacks and another needs. An older one lacks none: newer releases
    bring plugins of their own, and nothing moves to an older one."""
    if series(one.version, PARTS) < series(other.version, PARTS):
        return []
    active = one.native["plugins"]["active"]
    return [f"{one.name} has not loaded the plugin {name}, which {other.name} needs"
            for name in other.native["plugins"]["needed"] if name not in active]


def notes(members: list[Facts]) -> list[str]:
    """What the plan tells of members whose accounts could not be asked about."""
    blind = [one.name for one in members if not one.native["plugins"]["accounts"]]
    return [f"By which plugins accounts log in on {', '.join(blind)} is not known, since the "
            "account of the access file may not read mysql.user: see that the new release has "
            "them (MySQL 8.4 switches mysql_native_password off, 9 has it no more)."
            ] if blind else []
