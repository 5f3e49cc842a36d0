"""A double of one Vertica node: `python -m trove_upgrade.lab.kinds.vertica.node --version V FILE`.

No Vertica server can be had from a public package index, so this process stands in for one. It
speaks Vertica's client protocol (wire.py), answers from system tables (tables.py), keeps each row
on two nodes and recovers (ring.py), converts its catalog and refuses what the real one refuses
(store.py). Beside the data it knows SHUTDOWN ("SHUTDOWN", manual of 11.0: refused while others are
connected, unless its argument is true; every node then ends).

What a real node would measure is read from `monitor.json` in its directory when there is one:
{catalog_kb, catalog_free_mb, memory_bytes, system_sessions: [type], transactions: [[user,
seconds]], projections: {name: is up to date}, backup_hours}.
"""
import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import ssl
import sys
from pathlib import Path

from . import tables
from .ring import SHUTDOWN, UP, Ring, Unsafe
from .store import CatalogError, Store
from .wire import Wire

UNSAFE_POLLS = 5
INSERT = re.compile(r"INSERT INTO public\.ledger ?\(key, value\) (?:VALUES|SELECT) ", re.IGNORECASE)
READ = re.compile(r"SELECT key, value FROM public\.ledger WHERE key (?:=|IN) ", re.IGNORECASE)
STOP = re.compile(r"SELECT SHUTDOWN ?\( ?'?(true|false|)'? ?\)", re.IGNORECASE)
TEXT = re.compile(r"'((?:[^']|'')*)'")
MONITOR = {"catalog_kb": 65536, "memory_bytes": 16 << 30, "system_sessions": [],
           "transactions": [], "backup_hours": None, "projections": {}, "catalog_free_mb": 4096}


class Node:
    """One node, from the start of its process to its end."""

    def __init__(self, directory: Path, configuration: dict, version: str):
        self.directory, self.version = directory, version
        self.password = configuration["password"]
        self.port, self.address = configuration["port"], configuration["address"]
        self.tls = _tls(configuration.get("certificate"), configuration.get("authority"))
        self.store = Store(directory, version)
        self.ring = Ring(self.address, configuration["bus_port"], configuration["nodes"],
                         self.store, self.stop)
        self.sessions: set[str] = set()
        self.over = asyncio.Event()
        self.since = ""

    async def run(self) -> int:
        """The exit code."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.over.set)
        await self.ring.serve()
        if not await self._or_over(self.ring.join()):
            return 0
        self.store.convert()
        self.since = tables.moment()
        server = await asyncio.start_server(self._session, self.address, self.port)
        safe = await self._or_over(self._watch())
        server.close()
        if safe is None:
            return 0
        print("the cluster lost its quorum: this node is UNSAFE and shuts down", flush=True)
        return 1

    async def stop(self, end: bool) -> None:
        """The database is being shut down, by this node or by another.

        A node ends after its last answers; or soon, when who shuts down has gone meanwhile.
        """
        self.ring.states[self.address] = SHUTDOWN
        asyncio.get_running_loop().call_later(0.1 if end else 5, self.over.set)

    async def _or_over(self, work) -> bool | None:
        """True when the work is done; None when the node has to end before."""
        ended = asyncio.ensure_future(self.over.wait())
        task = asyncio.ensure_future(work)
        await asyncio.wait({ended, task}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if task.done():
            task.result()
            return True
        task.cancel()
        return None

    async def _watch(self) -> None:
        """Returns when too few nodes have been there for a while."""
        unsafe = 0
        while unsafe < UNSAFE_POLLS:
            await asyncio.sleep(0.1)
            await self.ring.look()
            down = self.ring.states[self.address] == SHUTDOWN
            unsafe = 0 if down or self.ring.is_safe() else unsafe + 1

    # A client's session
    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire, name = Wire(reader, writer), f"{self.name(self.address)}-{os.getpid()}:{id(writer):x}"
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            client = await wire.startup(self.tls)
            if client and await self._admit(wire, client):
                self.sessions.add(name)
                try:
                    await self._serve(wire, name)
                finally:
                    self.sessions.discard(name)
        with contextlib.suppress(OSError, ssl.SSLError):
            await wire.close()

    async def _admit(self, wire: Wire, client: dict[str, str]) -> bool:
        if self.ring.states[self.address] != UP:
            wire.error("57V03", "Cluster is shutting down", "FATAL")
        elif self.password and not await wire.authenticate(self.password):
            wire.error("28000", "Invalid username or password", "FATAL")
        else:
            wire.welcome(os.getpid(), client.get("autocommit", "off"))
            await wire.ready()
            return True
        await wire.ready()
        return False

    async def _serve(self, wire: Wire, name: str) -> None:
        while not self.over.is_set():
            kind, body = await wire.read()
            if kind == b"X":
                return
            if kind == b"Q":
                await self._answer(wire, body.rstrip(b"\0").decode(), name)
                await wire.ready()
            elif kind == b"S":
                await wire.ready()
            elif kind not in (b"H", b"c", b"f"):
                wire.error("0A000", "this double knows simple queries only")

    async def _answer(self, wire: Wire, query: str, name: str) -> None:
        query = " ".join(query.split()).rstrip("; ")
        try:
            if stop := STOP.fullmatch(query):
                await self._shut_down(wire, stop[1].lower() == "true")
            elif INSERT.match(query):
                await self._insert(wire, query)
            elif READ.match(query):
                keys = _texts(query)
                wire.rows(("key", "value"), (await self.ring.fetch(keys)).items(), "SELECT")
            elif query.upper() in ("COMMIT", "ROLLBACK"):
                wire.complete(query.upper())
            else:
                columns, rows = tables.select(query, self._functions(), self._rows(name))
                wire.rows(columns, rows, "SELECT")
        except tables.QueryError as error:
            wire.error(*error.args)
        except Unsafe as error:
            wire.error("57V03", f"Cluster is not safe: {error}")

    async def _insert(self, wire: Wire, query: str) -> None:
        if self.ring.states[self.address] != UP:
            raise Unsafe("the database is being shut down")
        texts = _texts(query)
        await self.ring.keep(dict(zip(texts[::2], texts[1::2], strict=True)))
        wire.rows(("OUTPUT",), [(len(texts) // 2,)], "INSERT")

    async def _shut_down(self, wire: Wire, forced: bool) -> None:
        if len(self.sessions) > 1 and not forced:
            wire.notice("Cannot shut down while users are connected")
            wire.rows(("SHUTDOWN",), [("Shutdown: aborting shutdown",)], "SELECT")
            return
        await self.stop(end=False)
        await self.ring.shut_down_others()
        await self.stop(end=True)
        wire.rows(("SHUTDOWN",), [("Shutdown: moveout complete",)], "SELECT")

    # What the system tables hold
    def name(self, address: str) -> str:
        return f"v_lab_node{self.ring.nodes.index(address) + 1:04}"

    def _functions(self) -> dict:
        return {"version": f"Vertica Analytic Database v{self.version}-0",
                "local_node_name": self.name(self.address), "sysdate": tables.moment()}

    def _rows(self, session: str) -> dict[str, list[tuple]]:
        states, nodes = self.ring.states, self.ring.nodes
        measured = self._measured()
        down = sum(state != UP for state in states.values())
        designed = 1 if len(nodes) > 2 else 0
        own = self.name(self.address)
        backup = measured["backup_hours"]
        return {
            "v_catalog.nodes": [(self.name(node), number, states[node], node, "PERMANENT")
                                for number, node in enumerate(nodes, start=1)],
            "v_monitor.system": [(designed, max(0, designed - down), len(nodes), down)],
            "v_monitor.node_states": [(self.since, own, UP)],
            "v_monitor.sessions": [(own, tables.USER, session, "", None)] + [
                (own, user, f"{own}:{number}", "", tables.moment(seconds))
                for number, (user, seconds) in enumerate(measured["transactions"])],
            "v_monitor.system_sessions": [(own, tables.USER, f"{own}:system", kind, 1)
                                          for kind in measured["system_sessions"]],
            "v_monitor.resource_pool_status": [(self.name(node), "metadata",
                                                measured["catalog_kb"]) for node in nodes],
            "v_catalog.projections": [("public", name, fresh)
                                      for name, fresh in measured["projections"].items()],
            "v_monitor.disk_storage": [(self.name(node), "/catalog", "CATALOG", 100,
                                        measured["catalog_free_mb"]) for node in nodes],
            "v_monitor.host_resources": [(node, measured["memory_bytes"]) for node in nodes],
            "v_monitor.database_backups": [] if backup is None else [
                (tables.moment(backup * 3600), own, tables.DATABASE, "")]}

    def _measured(self) -> dict:
        path = self.directory / "monitor.json"
        return MONITOR | (json.loads(path.read_text()) if path.exists() else {})


def _texts(query: str) -> list[str]:
    return [text.replace("''", "'") for text in TEXT.findall(query)]


def _tls(certificate: str | None, authority: str | None) -> ssl.SSLContext | None:
    """With a file that holds the node's key and certificate, and one of those who sign for clients:
    with it a client must show a certificate (Vertica's TLSMODE verify_ca)."""
    if not certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if authority:
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def main() -> int:
    parser = argparse.ArgumentParser(description="A double of one Vertica node")
    parser.add_argument("--version", required=True)
    parser.add_argument("configuration", type=Path)
    options = parser.parse_args()
    configuration = json.loads(options.configuration.read_text())

    async def run() -> int:
        return await Node(options.configuration.parent, configuration, options.version).run()
    try:
        return asyncio.run(run())
    except CatalogError as error:
        print(error, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
