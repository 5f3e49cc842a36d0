"""The system tables of a member, as clients read them.

Stands for the keyspaces system, system_schema, system_virtual_schema and system_views ("Virtual
Tables" in Cassandra's manual; columns from `SystemKeyspace.java` and `db/virtual`). Which there are
depends on the version: peers_v2 and virtual tables came with 4.0, gossip_info and streaming with
4.1. The tables of system_schema are empty but for keyspaces.
"""
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .protocol import INVALID, Columns, CqlError
from .ring import NAMES

if TYPE_CHECKING:
    from .node import Node

Row = dict[str, Any]
MEBI = 2 ** 20
SHARED: Columns = [("data_center", "text"), ("rack", "text"), ("host_id", "uuid"),
                   ("release_version", "text"), ("schema_version", "uuid"),
                   ("tokens", "set<text>")]
COLUMNS: dict[str, Columns] = {
    "system.local": [
        ("key", "text"), *SHARED, ("bootstrapped", "text"), ("broadcast_address", "inet"),
        ("cluster_name", "text"), ("cql_version", "text"), ("gossip_generation", "int"),
        ("listen_address", "inet"), ("native_protocol_version", "text"), ("partitioner", "text"),
        ("rpc_address", "inet")],
    "system.peers": [("peer", "inet"), *SHARED, ("rpc_address", "inet")],
    "system.peers_v2": [("peer", "inet"), ("peer_port", "int"), *SHARED,
                        ("native_address", "inet"), ("native_port", "int")],
    "system_schema.keyspaces": [("keyspace_name", "text"), ("durable_writes", "boolean"),
                                ("replication", "map<text, text>")],
    **{f"system_schema.{name}": [("keyspace_name", "text")] for name in (
        "aggregates", "columns", "dropped_columns", "functions", "indexes", "tables", "triggers",
        "types", "views")},
    "system_virtual_schema.keyspaces": [("keyspace_name", "text")],
    "system_virtual_schema.tables": [("keyspace_name", "text"), ("table_name", "text"),
                                     ("comment", "text")],
    "system_virtual_schema.columns": [("keyspace_name", "text"), ("table_name", "text")],
    "system_views.disk_usage": [("keyspace_name", "text"), ("table_name", "text"),
                                ("mebibytes", "bigint")],
    "system_views.internode_outbound": [("address", "inet"), ("port", "int"), ("dc", "text"),
                                        ("rack", "text"), ("active_connections", "bigint")],
    "system_views.settings": [("name", "text"), ("value", "text")],
    "system_views.sstable_tasks": [("keyspace_name", "text"), ("table_name", "text"),
                                   ("task_id", "uuid"), ("kind", "text"), ("progress", "bigint"),
                                   ("total", "bigint"), ("unit", "text")],
    "system_views.gossip_info": [("address", "inet"), ("port", "int"), ("generation", "int"),
                                 ("heartbeat", "int"), ("status_with_port", "text")],
    "system_views.streaming": [("id", "timeuuid"), ("operation", "text"), ("status", "text")],
}
SINCE = {"system.peers_v2": (4, 0), "system_views.gossip_info": (4, 1),
         "system_views.streaming": (4, 1)}


class Tables:
    """What one member's tables hold now."""

    def __init__(self, node: "Node"):
        self._node = node

    def columns(self, table: str) -> Columns:
        """All columns; CqlError when this version has no such table."""
        since = SINCE.get(table, (4, 0) if table.startswith("system_vi") else (0, 0))
        if table not in COLUMNS or self._node.series < since:
            raise CqlError(INVALID, f"table {table} does not exist")
        return COLUMNS[table]

    def rows(self, table: str) -> list[Row]:
        maker = getattr(self, "_" + table.replace(".", "_"), None)
        return list(maker()) if maker else []

    def _system_local(self) -> Iterator[Row]:
        node, own = self._node, self._node.conf.own
        yield {"key": "local", **self._shared(own, node.state()), "bootstrapped": "COMPLETED",
               "broadcast_address": own.address, "listen_address": own.address,
               "rpc_address": own.address, "cluster_name": node.conf.cluster,
               "cql_version": "3.4.6", "native_protocol_version": "4",
               "gossip_generation": node.generation,
               "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner"}

    def _system_peers(self) -> Iterator[Row]:
        for link in self._node.links.values():
            if link.state:
                yield {"peer": link.peer.address, "rpc_address": link.peer.address,
                       **self._shared(link.peer, link.state)}

    def _system_peers_v2(self) -> Iterator[Row]:
        conf = self._node.conf
        for row in self._system_peers():
            yield {**row, "peer_port": conf.bus_port, "native_address": row["rpc_address"],
                   "native_port": conf.port}

    def _system_schema_keyspaces(self) -> Iterator[Row]:
        package = "org.apache.cassandra.locator."
        local = {"class": package + "LocalStrategy"}
        simple = {"class": package + "SimpleStrategy", "replication_factor": "1"}
        network = {"class": package + "NetworkTopologyStrategy",
                   **{dc: str(copies) for dc, copies in self._node.conf.replication.items()}}
        shop, = NAMES
        for name, replication in (("system", local), ("system_schema", local),
                                  ("system_traces", simple), ("system_auth", network),
                                  (shop, network)):
            yield {"keyspace_name": name, "durable_writes": True, "replication": replication}

    def _system_virtual_schema_tables(self) -> Iterator[Row]:
        for table in COLUMNS:
            keyspace, name = table.split(".")
            if keyspace == "system_views" and self._node.series >= SINCE.get(table, (4, 0)):
                yield {"keyspace_name": keyspace, "table_name": name, "comment": ""}

    def _system_views_disk_usage(self) -> Iterator[Row]:
        (keyspace, table), = NAMES.items()
        yield {"keyspace_name": keyspace, "table_name": table,
               "mebibytes": -(-self._node.storage.size() // MEBI)}

    def _system_views_internode_outbound(self) -> Iterator[Row]:
        for link in self._node.links.values():
            yield {"address": link.peer.address, "port": self._node.conf.bus_port,
                   "dc": link.peer.dc, "rack": link.peer.rack,
                   "active_connections": 3 if link.alive else 0}

    def _system_views_settings(self) -> Iterator[Row]:
        conf = self._node.conf
        seeds = ",".join(f"{one}:{conf.bus_port}" for one in conf.seeds)
        found = {"cluster_name": conf.cluster, "authenticator":
                 "PasswordAuthenticator" if conf.password else "AllowAllAuthenticator",
                 "commitlog_sync": "periodic", "commit_failure_policy": "stop",
                 "disk_failure_policy": "stop"}
        if self._node.series >= (4, 1):
            found["seed_provider.parameters"] = f"{{seeds={seeds}}}"
            found["commitlog_sync_period"] = "10000ms"
        else:
            found["seed_provider"] = f"SimpleSeedProvider{{seeds={seeds}}}"
            found["commitlog_sync_period_in_ms"] = "10000"
        if self._node.series >= (5, 0):
            found["storage_compatibility_mode"] = conf.mode
        for name, value in found.items():
            yield {"name": name, "value": value}

    def _system_views_sstable_tasks(self) -> Iterator[Row]:
        (keyspace, table), = NAMES.items()
        for kind in self._node.tasks():
            if kind != "streaming":
                yield {"keyspace_name": keyspace, "table_name": table, "kind": kind, "progress": 1,
                       "total": 2, "unit": "bytes", "task_id": str(uuid.uuid4())}

    def _system_views_gossip_info(self) -> Iterator[Row]:
        node = self._node
        known = {node.conf.address: node.state()} | {
            link.peer.address: link.state for link in node.links.values() if link.state}
        for address, state in known.items():
            yield {"address": address, "port": node.conf.bus_port, "heartbeat": state["heartbeat"],
                   "generation": state["generation"],
                   "status_with_port": f"{state['status']},-1"}

    def _system_views_streaming(self) -> Iterator[Row]:
        if "streaming" in self._node.tasks():
            yield {"id": str(uuid.uuid1()), "operation": "Rebuild", "status": "start"}

    @staticmethod
    def _shared(place, state: Row) -> Row:
        return {"data_center": place.dc, "rack": place.rack, "host_id": place.host_id,
                "release_version": state["version"], "schema_version": state["schema"],
                "tokens": {str(place.token)}}
