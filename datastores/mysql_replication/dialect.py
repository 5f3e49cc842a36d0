"""Where MySQL and MariaDB differ: statements, names of columns, sets of transactions, versions."""
import abc
import re
from typing import Any

from . import gtid
from .leading import new_words


class Dialect(abc.ABC):
    """:cvar title: what people call it.
    :cvar facts: one statement; its row is given to :meth:`answer`.
    :cvar exempt: the rights that write on while a server is read-only.
    :cvar fence_rights: the rights of which one lets an account make a server read-only.
    :cvar upgraded_by: when a newer server's system tables are upgraded.
    """

    title: str
    facts: str
    server_lasts: bool
    exempt: str
    fence_rights: frozenset[str]
    upgraded_by: str

    @abc.abstractmethod
    def status(self, version: str) -> str:
        """The statement that tells how a replica is: a row for each source that it follows."""

    @abc.abstractmethod
    def binlog_status(self, version: str) -> str:
        """The statement that tells which databases the binary log leaves out."""

    @abc.abstractmethod
    def answer(self, row: dict[str, Any], status: dict[str, Any] | None) -> dict[str, Any]:
        """``{version, server, identity, read_only, executed, state, gtid, binlog, fast_shutdown,
        following}``; following is ``{server, io, sql, errors, lag, gtid}``, None for a source."""

    @abc.abstractmethod
    def missing(self, source: dict[str, Any], replica: dict[str, Any]) -> int:
        """How many of the source's transactions the replica has not applied."""

    @abc.abstractmethod
    def strange(self, source: dict[str, Any], replica: dict[str, Any],
                others: list[dict[str, Any]]) -> bool:
        """Whether the replica has transactions that the source does not have.

        :param others: the other replicas, which may know older ones than the source does.
        """


class MySQL(Dialect):
    """5.7 and later; 8.0 is what it is tested on."""

    title = "MySQL"
    server_lasts = True            # server_uuid stands in the data directory (auto.cnf)
    exempt = "SUPER or CONNECTION_ADMIN"
    fence_rights = frozenset({"SUPER", "SYSTEM_VARIABLES_ADMIN"})
    upgraded_by = "when the server starts, before it answers, also if the start fails after that"
    facts = """
        select version() as version, @@server_uuid as server, @@global.read_only as read_only,
               @@global.gtid_executed as executed, @@global.gtid_mode as gtid_mode,
               @@global.log_bin as log_bin, @@global.innodb_fast_shutdown as fast_shutdown,
               cast(unix_timestamp() - (select variable_value
                   from performance_schema.global_status
                   where variable_name = 'Uptime') as signed) as started
        """

    def status(self, version: str) -> str:
        # 8.0.22 brought the new words, 8.4 took the old ones away.
        return "SHOW REPLICA STATUS" if numbers(version) >= (8, 0, 22) else "SHOW SLAVE STATUS"

    def binlog_status(self, version: str) -> str:
        return "SHOW BINARY LOG STATUS" if numbers(version) >= (8, 2) else "SHOW MASTER STATUS"

    def answer(self, row: dict[str, Any], status: dict[str, Any] | None) -> dict[str, Any]:
        following = status and {
            **_threads(status), "server": str(new_words(status).get("source_uuid") or ""),
            "gtid": str(new_words(status).get("auto_position")) == "1"}
        return {"version": plain(row["version"]), "server": row["server"],
                "identity": f"{row['server']}@{row['started']}", "state": "",
                "read_only": bool(int(row["read_only"])),
                "executed": row["executed"].replace("\n", ""), "gtid": row["gtid_mode"] == "ON",
                "binlog": bool(int(row["log_bin"])), "fast_shutdown": int(row["fast_shutdown"]),
                "following": following or None}

    def missing(self, source: dict[str, Any], replica: dict[str, Any]) -> int:
        return sum(gtid.mysql_missing(source["executed"], replica["executed"]).values())

    def strange(self, source: dict[str, Any], replica: dict[str, Any],
                others: list[dict[str, Any]]) -> bool:
        # The source's own go on while the members are asked one after the other.
        extra = gtid.mysql_missing(replica["executed"], source["executed"])
        return any(uuid.split(":")[0] != source["server"].lower() for uuid in extra)


class MariaDB(Dialect):
    """10.4 and later, replicating by GTID."""

    title = "MariaDB"
    server_lasts = False           # server_id is a setting
    exempt = "SUPER or READ ONLY ADMIN"
    # SUPER holds it no more since 10.11.
    fence_rights = frozenset({"READ_ONLY ADMIN", "READ ONLY ADMIN"})
    upgraded_by = "by mariadb-upgrade, which the image of Trove's guest runs when it starts"
    facts = """
        select version() as version, @@global.server_id as server,
               @@global.read_only as read_only, @@global.gtid_current_pos as executed,
               @@global.gtid_binlog_state as state, @@global.log_bin as log_bin,
               @@global.innodb_fast_shutdown as fast_shutdown,
               cast(unix_timestamp() - variable_value as signed) as started
        from information_schema.global_status where variable_name = 'UPTIME'
        """

    def status(self, version: str) -> str:
        return "SHOW ALL SLAVES STATUS"

    def binlog_status(self, version: str) -> str:
        return "SHOW MASTER STATUS"

    def answer(self, row: dict[str, Any], status: dict[str, Any] | None) -> dict[str, Any]:
        following = status and {
            **_threads(status), "server": str(new_words(status).get("source_server_id") or ""),
            "gtid": status.get("Using_Gtid", "No") != "No"}
        return {"version": plain(row["version"]), "server": str(row["server"]),
                "identity": f"{row['server']}@{row['started']}", "state": row["state"],
                "read_only": bool(int(row["read_only"])), "executed": row["executed"],
                "gtid": True, "binlog": bool(int(row["log_bin"])),
                "fast_shutdown": int(row["fast_shutdown"]), "following": following or None}

    def missing(self, source: dict[str, Any], replica: dict[str, Any]) -> int:
        return sum(gtid.mariadb_missing(source["executed"], replica["executed"]).values())

    def strange(self, source: dict[str, Any], replica: dict[str, Any],
                others: list[dict[str, Any]]) -> bool:
        # A binary log names no server that wrote before the log began: a source that was made of
        # a backup does not know its predecessors, but the others do.
        have = gtid.mariadb_state(*(one[key] for one in (source, *others)
                                    for key in ("state", "executed")))
        # The source's own go on while the members are asked one after the other.
        return any(sequence > have.get((domain, server), 0) and server != source["server"]
                   for (domain, server), sequence in gtid.mariadb_state(replica["state"]).items())


def plain(version: str) -> str:
    """``10.11.18-MariaDB-0+deb12u1`` -> ``10.11.18``."""
    found = re.match(r"\d+(\.\d+)*", version)
    return found[0] if found else version


def numbers(version: str) -> tuple[int, ...]:
    """``"10.11.18-MariaDB"`` -> ``(10, 11, 18)``, to be compared."""
    return tuple(int(one) for one in re.findall(r"\d+", plain(version)))


def _threads(status: dict[str, Any]) -> dict[str, Any]:
    found = new_words(status)
    lag = found.get("seconds_behind_source")
    errors = [str(found[name]) for name in ("last_io_error", "last_sql_error") if found.get(name)]
    return {"io": found["replica_io_running"], "sql": found["replica_sql_running"],
            "errors": errors, "lag": None if lag is None else int(lag)}
