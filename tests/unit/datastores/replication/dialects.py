"""In which words each kind of server answers, with the real driver of each."""
from collections import Counter

from trove_upgrade.datastores import plugins
from trove_upgrade.datastores.mariadb_replication import MariaDBReplicationDriver
from trove_upgrade.datastores.mysql_replication import MySQLReplicationDriver, leading
from trove_upgrade.datastores.postgresql_replication import PostgreSQLReplicationDriver

UUID = "3e11fa47-71ca-11e1-9e33-c80aa942956{}"
WRITE_BYTES = 100 * 1024


class Postgres:
    """:cvar guest_fences: Trove's guest makes a source read-only before it promotes another."""

    driver = PostgreSQLReplicationDriver
    datastore, old, new = "postgresql", "16.4", "16.6"
    guest_fences = False

    @staticmethod
    def answer(model, node):
        fed = [one for one in model.nodes.values() if model.streams(one)]
        sync = "quorum" if model.synchronous else "async"
        position = (node.position + 1) * WRITE_BYTES
        return {"version": f"{node.version} (Debian)", "started": f"2026-01-01 {node.starts}",
                "system": "7", "paused": False, "position": position, "inserted": position,
                "fenced": node.fenced, "synchronous": model.synchronous, "trusted": True,
                "standby": not node.leads,
                "receiver": "streaming" if model.streams(node) else None,
                "known_as": "walreceiver", "delay": "0", "overrides": [], "lacking": [],
                "relaxed": [], "archiving": "", "logical": [],
                "unasked": [], "closed": False,
                "senders": [{"name": "walreceiver", "state": "streaming", "sync_state": sync}
                            for _ in fed] if node.leads else []}


class MySQL:
    driver = MySQLReplicationDriver
    datastore, old, new = "mysql", "8.0.40", "8.4.3"
    guest_fences = True

    @classmethod
    def answer(cls, model, node):
        """As the server would, in rows."""
        row = {"version": node.version, "log_bin": 1, "fast_shutdown": 1, "gtid_mode": "ON",
               "read_only": int(node.fenced or not node.leads),
               "started": 1700000000 + node.starts, **cls.written(model, node)}
        runs = "Yes" if model.streams(node) else "Connecting"
        status = None if node.leads else {
            "Replica_IO_Running": runs, "Replica_SQL_Running": "Yes", "Last_IO_Error": "",
            "Last_SQL_Error": "", "Seconds_Behind_Source":
            model.behind(node) if model.streams(node) else None, **cls.followed(node.follows)}
        return {**cls.driver.dialect.answer(row, cls.words(status)),
                **leading.answer({"log_slave_updates": "ON"}, {}, [], {}),
                "sources": int(not node.leads), "xa": 0, "may_fence": True,
                "plugins": plugins.answer([], [])}

    @staticmethod
    def written(model, node):
        written = Counter()
        for server, count in model.written_by(node.position):
            written[server] += count
        return {"server": UUID.format(node.number), "executed": ",\n".join(
            f"{UUID.format(server)}:1-{count}" for server, count in written.items())}

    @staticmethod
    def followed(number):
        return {"Source_UUID": UUID.format(number), "Auto_Position": 1}

    @staticmethod
    def words(status):
        return status


class MariaDB(MySQL):
    driver = MariaDBReplicationDriver
    datastore, old, new = "mariadb", "10.11.18", "10.11.19"

    @staticmethod
    def written(model, node):
        last = f"0-{10 + model.written_by(node.position)[-1][0]}-{node.position}"
        return {"server": 10 + node.number, "executed": last, "state": last}

    @staticmethod
    def followed(number):
        return {"Source_Server_Id": 10 + number, "Using_Gtid": "Slave_Pos"}

    @staticmethod
    def words(status):
        return status and {name.replace("Source", "Master").replace("Replica", "Slave"): value
                           for name, value in status.items()}


DIALECTS = [Postgres, MySQL, MariaDB]
